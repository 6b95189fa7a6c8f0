import { Agent, type IncomingHttpHeaders, request } from "node:http";

/** A request to send. */
export interface Sent {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

/** What a request was answered. */
export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/** What a stretch of load came to. */
export interface Load {
  requests: number;
  seconds: number;
}

/** A connection that was open before was closed before anything was answered. */
class ClosedError extends Error {}

/** Sends requests over connections that stay open. */
export class Client {
  readonly address: string;
  readonly #agent: Agent;
  readonly #hostname: string;
  readonly #port: string;
  readonly #connections: number;

  /** @param connections how many requests are on their way at a time, at most */
  constructor(address: string, connections: number) {
    this.address = address;
    this.#connections = connections;
    ({ hostname: this.#hostname, port: this.#port } = new URL(address));
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections, scheduling: "fifo" });
  }

  /**
   * Sends one request. Once more if the connection was closed just as it was used again: workerd closes those that were idle for a
   * while, and has seen nothing of the request then (Node.js, `request.reusedSocket`).
   */
  async send(sent: Sent): Promise<Answer> {
    try {
      return await this.#send(sent);
    } catch (error) {
      if (!(error instanceof ClosedError)) throw error;
      return this.#send(sent);
    }
  }

  #send({ method, path, headers = {}, body }: Sent): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          host: this.#hostname,
          port: this.#port,
          agent: this.#agent,
          method,
          path,
          headers: body === undefined ? headers : { ...headers, "content-length": Buffer.byteLength(body) },
        },
        (reply) => {
          const chunks: Buffer[] = [];
          reply.on("data", (chunk: Buffer) => chunks.push(chunk));
          reply.once("error", reject);
          reply.once("end", () =>
            resolve({
              status: reply.statusCode ?? 0,
              headers: reply.headers,
              text: Buffer.concat(chunks).toString(),
            }),
          );
        },
      );
      sent.once("error", (error: NodeJS.ErrnoException) =>
        reject(sent.reusedSocket && error.code === "ECONNRESET" ? new ClosedError(error.message) : error),
      );
      sent.end(body);
    });
  }

  /** Sends one request that has to succeed. @returns the JSON that it answered */
  async json<T>(sent: Sent): Promise<T> {
    const { status, text } = await this.send(sent);
    if (status >= 300)
      throw new Error(`${sent.method} ${sent.path} answered ${status} ${text.slice(0, 300)}`);
    return JSON.parse(text) as T;
  }

  /**
   * Keeps all connections busy for some time.
   * @param next the request to send next; null when there are no more
   * @throws Error when one is answered with anything but success: a refusal would be measured instead
   */
  async load(milliseconds: number, next: () => Sent | null): Promise<Load> {
    const began = performance.now();
    const until = began + milliseconds;
    let requests = 0;
    const one = async () => {
      while (performance.now() < until) {
        const sent = next();
        if (sent === null) return;
        const { status, text } = await this.send(sent);
        if (status !== 200)
          throw new Error(`${sent.method} ${sent.path} answered ${status} ${text.slice(0, 300)}`);
        requests++;
      }
    };
    await Promise.all(Array.from({ length: this.#connections }, one));
    return { requests, seconds: (performance.now() - began) / 1000 };
  }

  close(): void {
    this.#agent.destroy();
  }
}
