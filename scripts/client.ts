import { gunzipSync } from "node:zlib";
import { DEMO } from "./local.ts";

/** A capture as the API shows it, as far as the proofs read it. */
export interface Capture {
  id: number;
  status: string;
  start: string | null;
  end: string | null;
  reason: string | null;
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
  gaps: unknown[];
}

const POLL_MS = 250;

/** The demo account, using the service at an address. It signs in once: a session outlives the service's restart. */
export class Client {
  readonly #address: string;
  #cookie = "";

  constructor(address: string) {
    this.#address = address;
  }

  /** Makes a capture of an environment, by the environment's name. */
  async createCapture(
    name: string,
    environment: string,
    fields: Record<string, unknown> = {},
  ): Promise<Capture> {
    const environments = await this.#json<{ id: number; name: string }[]>("GET", "/api/environments");
    const envId = environments.find((known) => known.name === environment)?.id;
    if (envId === undefined) throw new Error(`There is no environment ${environment}`);
    return this.#json<Capture>("POST", "/api/captures", { name, envId, ...fields });
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
  events(id: number): Promise<{ time: string; to: string }[]> {
    return this.#json("GET", `/api/captures/${id}/events`);
  }

  summary(id: number): Promise<WorkloadSummary> {
    return this.#json("GET", `/api/captures/${id}/workload`);
  }

  /** All that a capture has stored. */
  async records(id: number): Promise<CapturedRecord[]> {
    const reply = await this.#download(id, "ndjson");
    const lines = gunzipSync(await reply.arrayBuffer())
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

  async #json<T>(method: string, path: string, body?: unknown): Promise<T> {
    const reply = await this.#fetch(method, path, body);
    if (!reply.ok) throw new Error(`${method} ${path} answered ${reply.status} ${await reply.text()}`);
    return (await reply.json()) as T;
  }

  async #fetch(method: string, path: string, body?: unknown): Promise<Response> {
    if (this.#cookie === "") await this.#signIn();
    return fetch(this.#address + path, {
      method,
      headers: { cookie: this.#cookie, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
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
