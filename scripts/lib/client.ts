import { gunzipSync } from "node:zlib";
import { DEMO, LOCAL_AWS } from "./local.ts";

/** A capture as the API shows it, as far as the proofs read it. */
export interface Capture {
  id: number;
  status: string;
  start: string | null;
  scheduledStart: string | null;
  scheduledEnd: string | null;
  end: string | null;
  reason: string | null;
}

/** A move as a capture's history has it. */
export interface CaptureEvent {
  time: string;
  from: string | null;
  to: string;
  actor: { type: string };
  reason: string | null;
}

/** A reply that is a refusal. */
export class RefusedError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** A line of a downloaded workload. */
export interface CapturedRecord {
  time: string;
  threadId: number;
  user: string | null;
  host: string | null;
  command: string;
  statement: string;
  truncated?: true;
}

/** The manifest of a workload, as far as the proofs read it. */
export interface WorkloadSummary {
  records: number;
  statements: number;
  /** Records by command, such as `Query`. */
  commands: Record<string, number>;
  storedBytes: number;
  gapCount: number;
  gaps: { from: string; to: string; cause: string }[];
}

const POLL_MS = 250;

/** The demo account, using the service at an address. It signs in once: a session outlives the service's restart. */
export class Client {
  readonly #address: string;
  readonly #patienceMs: number;
  readonly #environments = new Map<string, number>();
  #cookie = "";

  /** @param patienceMs for how long a request is sent again that nobody answers, or with a 5xx: the service may be dead */
  constructor(address: string, patienceMs = 0) {
    this.#address = address;
    this.#patienceMs = patienceMs;
  }

  /** Makes an environment of an instance of the local AWS's first account. */
  async createEnvironment(name: string, instance: string): Promise<void> {
    const { region, customer: credentials } = LOCAL_AWS;
    await this.#json("POST", "/api/environments", { name, region, instance, credentials });
  }

  /** Makes a capture of an environment, by the environment's name. Sent again, it is the same capture. */
  async createCapture(
    name: string,
    environment: string,
    fields: Record<string, unknown> = {},
  ): Promise<Capture> {
    const envId = await this.#environmentId(environment);
    return this.#json(
      "POST",
      "/api/captures",
      { name, envId, ...fields },
      { "idempotency-key": `"${name}"` },
    );
  }

  async #environmentId(name: string): Promise<number> {
    if (!this.#environments.has(name)) {
      const all = await this.#json<{ id: number; name: string }[]>("GET", "/api/environments");
      for (const environment of all) this.#environments.set(environment.name, environment.id);
    }
    const id = this.#environments.get(name);
    if (id === undefined) throw new Error(`There is no environment ${name}`);
    return id;
  }

  /** The captures of all environments, newest first. */
  captures(): Promise<Capture[]> {
    return this.#json("GET", "/api/captures?limit=1000");
  }

  /** Makes a capture and waits until it runs. */
  async startCapture(name: string, environment: string): Promise<Capture> {
    const { id } = await this.createCapture(name, environment);
    return this.waitFor(id, "RUNNING");
  }

  /** Waits until a capture has come to a state. */
  async waitFor(id: number, status: string, withinMs = 120_000): Promise<Capture> {
    const deadline = Date.now() + withinMs;
    for (;;) {
      const capture = await this.#json<Capture>("GET", `/api/captures/${id}`);
      if (capture.status === status) return capture;
      if (capture.status === "FAILED" || Date.now() > deadline) {
        throw new Error(`The capture is not ${status} but ${JSON.stringify(capture)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  stop(id: number): Promise<Capture> {
    return this.#json("POST", `/api/captures/${id}/stop`);
  }

  /** The moves of a capture, oldest first. */
  events(id: number): Promise<CaptureEvent[]> {
    return this.#json("GET", `/api/captures/${id}/events`);
  }

  summary(id: number): Promise<WorkloadSummary> {
    return this.#json("GET", `/api/captures/${id}/workload`);
  }

  /** Where a capture's metrics come from: `archive` once they are stored. */
  async metricsSource(id: number): Promise<string | null> {
    return (await this.#fetch("GET", `/api/captures/${id}/metrics`)).headers.get("x-metrics-source");
  }

  /** All that a capture has stored. */
  async records(id: number): Promise<CapturedRecord[]> {
    const reply = await this.#download(id, "ndjson");
    const lines = gunzipSync(new Uint8Array(await reply.arrayBuffer()))
      .toString()
      .split("\n");
    lines.pop();
    return lines.map((line) => JSON.parse(line) as CapturedRecord);
  }

  /** The same as general-log text. */
  async logText(id: number): Promise<string> {
    return (await this.#download(id, "log")).text();
  }

  async #download(id: number, format: "ndjson" | "log"): Promise<Response> {
    const reply = await this.#fetch("GET", `/api/captures/${id}/workload/download?format=${format}`);
    if (!reply.ok) throw new Error(`The download answered ${reply.status} ${await reply.text()}`);
    return reply;
  }

  /** @throws RefusedError for a reply that is none of success */
  async #json<T>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<T> {
    const reply = await this.#fetch(method, path, body, headers);
    if (reply.ok) return (await reply.json()) as T;
    throw new RefusedError(reply.status, `${method} ${path} answered ${reply.status} ${await reply.text()}`);
  }

  async #fetch(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const deadline = Date.now() + this.#patienceMs;
    for (;;) {
      try {
        if (this.#cookie === "") await this.#signIn();
        const reply = await fetch(this.#address + path, {
          method,
          headers: { cookie: this.#cookie, "content-type": "application/json", ...headers },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        // Whole, or whoever reads it is told in the middle that the service is dead.
        const bytes = await reply.arrayBuffer();
        if (reply.status < 500 || Date.now() > deadline) return new Response(bytes, reply);
      } catch (error) {
        if (Date.now() > deadline) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async #signIn(): Promise<void> {
    const { email, password } = DEMO;
    const reply = await fetch(`${this.#address}/api/auth/sign-in/email`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ email, password }),
    });
    if (!reply.ok) throw new Error(`Signing in answered ${reply.status} ${await reply.text()}`);
    this.#cookie = (reply.headers.getSetCookie()[0] ?? "").split(";")[0] ?? "";
  }
}
