import { setTimeout as pause } from "node:timers/promises";
import { control } from "../scripts/lib/control.ts";
import { LOCAL_AWS } from "../scripts/lib/local.ts";
import { type Client as Api, type Capture, createClient } from "../src/client/index.ts";
import { type LocalAws, startLocalAws } from "../test/local-aws/server.ts";
import type { Database } from "./database.ts";
import { Client } from "./load.ts";
import type { Bench } from "./measure.ts";
import { type Caller, migrate, signUp } from "./seed.ts";
import { Workerd, type WorkerSpec } from "./workerd.ts";

/** An environment, and the key of the AWS account that stands behind it alone. */
export interface BenchEnvironment {
  id: number;
  accessKeyId: string;
  instance: string;
}

const NAME = "service";
const CONNECTIONS = 16;

/** The service's Worker, as the bench runs it on a local AWS. */
export async function serviceWorker(
  bench: Bench,
  aws: LocalAws,
  entry: string,
  variables: Record<string, string> = {},
): Promise<WorkerSpec> {
  return {
    name: NAME,
    bundle: await bench.bundled(entry),
    databases: { DB: NAME },
    variables: {
      AWS_ENDPOINT_URL: aws.url,
      AWS_ACCESS_KEY_ID: LOCAL_AWS.worker.accessKeyId,
      AWS_SECRET_ACCESS_KEY: LOCAL_AWS.worker.secretAccessKey,
      LOG_SETTLE_MS: "300",
      // Each capture is to find what the first one found.
      LEASE_GRACE_MS: "0",
      ...variables,
    },
  };
}

/** The whole service on a local AWS: one Worker with its own runners, and somebody who is signed in. */
export class Service {
  readonly workerd: Workerd;
  readonly database: Database;
  readonly client: Client;
  readonly caller: Caller;
  /** The API, as the one who is signed in. */
  readonly api: Api;
  readonly #aws: LocalAws;

  private constructor(workerd: Workerd, database: Database, client: Client, caller: Caller, aws: LocalAws) {
    this.workerd = workerd;
    this.database = database;
    this.client = client;
    this.caller = caller;
    this.#aws = aws;
    this.api = createClient({
      baseUrl: client.address,
      retries: 0,
      fetch: (request) => {
        for (const [name, value] of Object.entries(caller.headers)) request.headers.set(name, value);
        return fetch(request);
      },
    });
  }

  /**
   * Starts a service, with an empty database.
   * @param entry the main module: that of the service, or one that has the service in it
   * @param folder where its data are
   */
  static async start(
    bench: Bench,
    entry = "src/index.ts",
    variables: Record<string, string> = {},
    folder = bench.folder(),
  ): Promise<Service> {
    const aws = await startLocalAws({ port: 0 });
    const workerd = await Workerd.start([await serviceWorker(bench, aws, entry, variables)], folder);
    return Service.on(workerd, aws);
  }

  /** The same on a Worker `serviceWorker()` that runs, with an empty database. */
  static async on(workerd: Workerd, aws: LocalAws): Promise<Service> {
    const database = workerd.database(NAME);
    await migrate(database);
    const client = new Client(workerd.address(NAME), CONNECTIONS);
    return new Service(workerd, database, client, await signUp(client), aws);
  }

  /** Makes an environment on an AWS account of its own. */
  async createEnvironment(name: string): Promise<BenchEnvironment> {
    const account = await this.control<{
      accessKeyId: string;
      secretAccessKey: string;
      region: string;
      instance: string;
    }>("POST", "accounts", {});
    const { accessKeyId, secretAccessKey, region, instance } = account;
    await this.control("PUT", "parameter-application", { accessKeyId, delayMs: 0 });
    const credentials = { accessKeyId, secretAccessKey };
    const { id } = await this.api.environments.create({ name, region, instance, credentials });
    return { id, accessKeyId, instance };
  }

  /** Waits until a capture has come to a state. */
  async waitFor(id: number, status: Capture["status"]): Promise<Capture> {
    const deadline = Date.now() + 60_000;
    for (;;) {
      const capture = await this.api.captures.get(id);
      if (capture.status === status) return capture;
      if (Date.now() > deadline) throw new Error(`Not ${status} but ${JSON.stringify(capture)}`);
      await pause(50);
    }
  }

  /** Runs the cron of every minute now. */
  cron(): Promise<void> {
    return this.workerd.scheduled(NAME);
  }

  /** Tells the local AWS something (test/local-aws/control.ts). */
  control<T = void>(method: string, path: string, body?: unknown): Promise<T> {
    return control<T>(this.#aws.url, method, path, body);
  }

  async stop(): Promise<void> {
    this.client.close();
    await this.workerd.stop();
    await this.#aws.close();
  }
}
