import { gunzipSync } from "node:zlib";
import { createAccountClient } from "../../src/client/account.ts";
import {
  type Capture,
  type CaptureEvent,
  type Client,
  createClient,
  type NewCapture,
  type Workload,
} from "../../src/client/index.ts";
import { DEMO, LOCAL_AWS } from "./local.ts";
import { withSession } from "./session.ts";

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

const POLL_MS = 250;

/** The demo account, using the service at an address. It signs in once: a session outlives the service's restart. */
export class DemoUser {
  /** The API, as the demo account. */
  readonly api: Client;
  readonly #environments = new Map<string, number>();

  /** @param patienceMs for how long a request without an answer, or with a 5xx, is retried: the service may be dead */
  constructor(address: string, patienceMs = 0) {
    const send = withSession((request) => sendPatiently(request, patienceMs));
    const account = createAccountClient({ baseUrl: address, fetch: send, retries: 0 });
    let signedIn: Promise<unknown> | undefined;
    this.api = createClient({
      baseUrl: address,
      retries: 0,
      fetch: async (request) => {
        signedIn ??= account.signIn({ email: DEMO.email, password: DEMO.password });
        await signedIn;
        return send(request);
      },
    });
  }

  /** Makes an environment of an instance of the local AWS's first account. */
  async createEnvironment(name: string, instance: string): Promise<void> {
    const { region, customer: credentials } = LOCAL_AWS;
    await this.api.environments.create({ name, region, instance, credentials });
  }

  /** Makes a capture of an environment, by the environment's name. Sent again, it is the same capture. */
  async createCapture(
    name: string,
    environment: string,
    fields: Omit<NewCapture, "name" | "envId"> = {},
  ): Promise<Capture> {
    const envId = await this.#environmentId(environment);
    return this.api.captures.create({ name, envId, ...fields }, { idempotencyKey: name });
  }

  async #environmentId(name: string): Promise<number> {
    if (!this.#environments.has(name)) {
      for (const known of await this.api.environments.list()) this.#environments.set(known.name, known.id);
    }
    const id = this.#environments.get(name);
    if (id === undefined) throw new Error(`There is no environment ${name}`);
    return id;
  }

  /** The captures of some environments, by their names; newest first. */
  async captures(environments: readonly string[]): Promise<Capture[]> {
    const ids = await Promise.all(environments.map((name) => this.#environmentId(name)));
    const all = await Array.fromAsync(this.api.captures.list());
    return all.filter(({ envId }) => ids.includes(envId));
  }

  /** Makes a capture and waits until it runs. */
  async startCapture(
    name: string,
    environment: string,
    fields: Omit<NewCapture, "name" | "envId"> = {},
  ): Promise<Capture> {
    const { id } = await this.createCapture(name, environment, fields);
    return this.waitFor(id, "RUNNING");
  }

  /** Waits until a capture has come to a state. */
  async waitFor(id: number, status: Capture["status"], withinMs = 120_000): Promise<Capture> {
    const deadline = Date.now() + withinMs;
    for (;;) {
      const capture = await this.api.captures.get(id);
      if (capture.status === status) return capture;
      if (capture.status === "FAILED" || Date.now() > deadline) {
        throw new Error(`The capture is not ${status} but ${JSON.stringify(capture)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  stop(id: number): Promise<Capture> {
    return this.api.captures.stop(id);
  }

  /** The transitions of a capture, oldest first. */
  events(id: number): Promise<CaptureEvent[]> {
    return this.api.captures.events(id);
  }

  /** What a capture recorded, in numbers. */
  workload(id: number): Promise<Workload> {
    return this.api.captures.workload(id);
  }

  /** Where a capture's metrics come from: `archive` once they are stored. */
  async metricsSource(id: number): Promise<"archive" | "cloudwatch"> {
    return (await this.api.captures.metrics(id)).source;
  }

  /** All that a capture has stored. */
  async records(id: number): Promise<CapturedRecord[]> {
    return readRecords(await this.api.captures.download(id));
  }

  /** The same as general-log text. */
  async logText(id: number): Promise<string> {
    return (await this.api.captures.download(id, { format: "log" })).text();
  }
}

/** The records of a downloaded workload. */
export async function readRecords(download: Response): Promise<CapturedRecord[]> {
  const lines = gunzipSync(new Uint8Array(await download.arrayBuffer()))
    .toString()
    .split("\n");
  lines.pop();
  return lines.map((line) => JSON.parse(line) as CapturedRecord);
}

/** Sends a request, and retries it for some time while there is no answer, or a 5xx. */
async function sendPatiently(request: Request, patienceMs: number): Promise<Response> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    try {
      const reply = await fetch(request.clone());
      // Read as a whole, so that a kill in the middle of the reply is retried too.
      const bytes = await reply.arrayBuffer();
      if (reply.status < 500 || Date.now() > deadline) return new Response(bytes, reply);
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
