import { equalJitter } from "../lib/retry.ts";
import { CapturesError, errorOf, requestIdOf } from "./error.ts";
import { nextOf } from "./next-page.ts";
import {
  openByClass,
  openByFetch,
  platformSocket,
  type WebSocketClass,
  type WebSocketLike,
} from "./socket.ts";

/** Where the API is, and who is calling. */
export interface ClientOptions {
  /** Where the service is, such as `https://captures.example.com`. */
  baseUrl: string;
  /** An API key; space around it is left out. Without one, requests have the session cookie that `fetch` sends, as in a browser. */
  apiKey?: string | undefined;
  /** What to send requests with; `fetch` unless given. */
  fetch?: ((request: Request) => Promise<Response>) | undefined;
  /**
   * What to watch captures with: the platform's `WebSocket` unless given, but not beside a `fetch` of your own, which it would go past;
   * null to ask now and then instead. Node.js 20 has none: give it the package ws's.
   */
  webSocket?: WebSocketClass | null | undefined;
  /** How often to try again after a 429, a 503 or a broken connection; 4 times unless given. */
  retries?: number | undefined;
  /** The longest pause between two tries, in seconds, also if the API asks for a longer one; 60 unless given. */
  maxRetryDelay?: number | undefined;
}

/** Options of every call. */
export interface CallOptions {
  /** Ends the call, and its retries. */
  signal?: AbortSignal | undefined;
}

/** Options of the calls that make a capture, an environment or a schedule. */
export interface CreateOptions extends CallOptions {
  /** The key of the request, so that sending it again makes no second one; a new key unless given. */
  idempotencyKey?: string | undefined;
}

/** A value of a query; none when it is undefined, several when it is a list. */
type QueryValue = string | number | boolean | Date | undefined | readonly string[];

/** One request of the API. */
export interface Call {
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** A path below the base URL, or a whole address of the API. */
  path: string;
  query?: Record<string, QueryValue>;
  json?: unknown;
  /** With a key, a POST can be retried although it may have been done. */
  idempotencyKey?: string;
  /** How often to try again, if not as often as other calls. */
  retries?: number;
  options?: CallOptions | undefined;
}

const FIRST_DELAY = 0.5;
const BOOKMARK = "X-D1-Bookmark";

/** Sends requests, retries them where that is safe, and makes errors of refusals. */
export class Transport {
  readonly #base: URL;
  readonly #headers: Record<string, string>;
  readonly #fetch: (request: Request) => Promise<Response>;
  readonly #webSocket: WebSocketClass | "fetch" | null;
  readonly #retries: number;
  readonly #maxDelay: number;
  /** The newest bookmark of a reply: the state of the database that was seen. */
  #bookmark = "";

  constructor({ baseUrl, apiKey, fetch: send, webSocket, retries = 4, maxRetryDelay = 60 }: ClientOptions) {
    this.#base = new URL(baseUrl);
    const key = apiKey?.trim();
    // What `fetch` says of such a header quotes it.
    if (key !== undefined && /[^ -~]/.test(key))
      throw new CapturesError("The API key has a character that no header may have");
    this.#headers = key === undefined ? {} : { Authorization: `Bearer ${key}` };
    this.#fetch = send ?? ((request) => fetch(request));
    this.#webSocket = webSocket === undefined ? platformSocket(send !== undefined) : webSocket;
    this.#retries = retries;
    this.#maxDelay = maxRetryDelay;
  }

  /** The JSON that the API answers. */
  async json<T>(call: Call): Promise<T> {
    return (await this.read<T>(call)).body;
  }

  /** The JSON that a GET is answered with. */
  get<T>(path: string, options?: CallOptions, query: Call["query"] = {}): Promise<T> {
    return this.json<T>({ method: "GET", path, query, options });
  }

  /** The text that a GET is answered with. A reply that breaks off is retried. */
  text(path: string, options?: CallOptions, query: Call["query"] = {}): Promise<string> {
    return this.#exchange({ method: "GET", path, query, options }, (reply) => reply.text());
  }

  /** The JSON that a change is answered with. */
  change<T>(
    method: Exclude<Call["method"], "GET">,
    path: string,
    options?: CallOptions,
    json?: object,
  ): Promise<T> {
    return this.json<T>({ method, path, json, options });
  }

  /** What a POST has made. Sent again with the same key, it makes no second one. */
  create<T>(
    path: string,
    json: object,
    { idempotencyKey = crypto.randomUUID(), signal }: CreateOptions = {},
  ): Promise<T> {
    return this.json<T>({ method: "POST", path, json, idempotencyKey, options: { signal } });
  }

  /** What a list has, read a page at a time, and only as far as somebody reads. Each page links to the next one. */
  async *list<T>(
    path: string,
    query: Call["query"] = {},
    options?: CallOptions,
  ): AsyncGenerator<T, void, undefined> {
    let call: Call | null = { method: "GET", path, query, options };
    while (call !== null) {
      const page: { body: T[]; headers: Headers } = await this.read(call);
      yield* page.body;
      const next = nextOf(page.headers);
      call = next === null ? null : { method: "GET", path: next, options };
    }
  }

  /** The JSON that the API answers, with the headers of the reply. A reply that breaks off is retried as if there was none. */
  read<T>(call: Call): Promise<{ body: T; headers: Headers }> {
    return this.#exchange(call, async (reply) => ({
      body: parse(reply, await reply.text()) as T,
      headers: reply.headers,
    }));
  }

  /** The reply, which is no refusal. Its body is still to be read. */
  send(call: Call): Promise<Response> {
    return this.#exchange(call, async (reply) => reply);
  }

  /**
   * Opens a WebSocket, if that is possible here.
   * @throws CapturesError when the reply is none
   */
  async open(call: Call): Promise<WebSocketLike | null> {
    const request = this.#requestOf(call);
    if (this.#webSocket === null) return null;
    return this.#webSocket === "fetch"
      ? openByFetch(request, this.#fetch)
      : openByClass(request, this.#webSocket);
  }

  /**
   * Sends a request until there is a reply that is no refusal, and reads that.
   * @throws CapturesError for a refusal, or when there is no reply; what the signal was aborted with
   */
  async #exchange<T>(call: Call, read: (reply: Response) => Promise<T>): Promise<T> {
    const request = this.#requestOf(call);
    const isRepeatable = call.method !== "POST" || call.idempotencyKey !== undefined;
    for (let tries = 1; ; tries++) {
      const outcome = await this.#try(request.clone(), read);
      if (!(outcome instanceof CapturesError)) return outcome;
      const delay = outcome.retryAfter ?? equalJitter(FIRST_DELAY * 2 ** (tries - 1), Math.random());
      const isWorthIt =
        isTransient(outcome) && tries <= (call.retries ?? this.#retries) && delay <= this.#maxDelay;
      // A rate limit refuses before anything is done.
      const isSafe = isRepeatable || outcome.status === 429;
      if (!isSafe || !isWorthIt) throw outcome;
      await pause(delay, request.signal);
    }
  }

  #requestOf({ method, path, query = {}, json, idempotencyKey, options }: Call): Request {
    const url = new URL(path, this.#base);
    // A link in a reply must not send the key to another host.
    if (url.origin !== this.#base.origin)
      throw new CapturesError(`${url.origin} is not ${this.#base.origin}`);
    for (const [name, value] of Object.entries(query)) {
      for (const one of Array.isArray(value) ? value : [value]) {
        if (one !== undefined)
          url.searchParams.append(name, one instanceof Date ? one.toISOString() : String(one));
      }
    }
    const headers = new Headers(this.#headers);
    // A structured field's string, as the header's draft asks for.
    if (idempotencyKey !== undefined) headers.set("Idempotency-Key", JSON.stringify(idempotencyKey));
    if (json !== undefined) headers.set("Content-Type", "application/json");
    // So that a read sees earlier writes, whichever replica answers.
    if (method === "GET" && this.#bookmark !== "") headers.set(BOOKMARK, this.#bookmark);
    return new Request(url, {
      method,
      headers,
      ...(json !== undefined && { body: JSON.stringify(json) }),
      ...(options?.signal && { signal: options.signal }),
    });
  }

  async #try<T>(request: Request, read: (reply: Response) => Promise<T>): Promise<T | CapturesError> {
    let reply: Response | undefined;
    try {
      reply = await this.#fetch(request);
      const bookmark = reply.headers.get(BOOKMARK) ?? "";
      // Bookmarks sort by age, and replies may arrive out of order.
      if (bookmark > this.#bookmark) this.#bookmark = bookmark;
      return reply.ok ? await read(reply) : await errorOf(reply, Date.now());
    } catch (cause) {
      request.signal.throwIfAborted();
      if (cause instanceof CapturesError) return cause;
      if (reply === undefined) return new CapturesError("The service could not be reached", { cause });
      return new CapturesError("The service's reply broke off", { requestId: requestIdOf(reply), cause });
    }
  }
}

/**
 * The value of a reply's body.
 * @throws CapturesError when it is not JSON, as the reply of a proxy may be
 */
function parse(reply: Response, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const details = { status: reply.status, requestId: requestIdOf(reply), cause };
    throw new CapturesError(`The service answered ${reply.status} with no JSON`, details);
  }
}

/** Whether a retry may succeed. */
const isTransient = ({ status }: CapturesError): boolean =>
  status === null || status === 429 || status === 503;

/** Waits, unless the signal ends it. */
export function pause(seconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    };
    const abort = () => {
      end();
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      end();
      resolve();
    }, seconds * 1000);
    signal?.addEventListener("abort", abort);
  });
}
