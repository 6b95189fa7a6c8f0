import { join } from "node:path";
import { startLocalAws } from "../../test/local-aws/server.ts";
import type { Bench } from "../measure.ts";
import { Service, serviceWorker } from "../service.ts";
import { Workerd } from "../workerd.ts";
import { SHARDS_PATH } from "./calls.ts";

/** What the processes have used and hold. */
export interface Usage {
  /**
   * CPU time so far, in milliseconds: of the process with the API and D1, of all shards together, and of this process, which is
   * AWS.
   */
  cpuMs: { api: number; shards: number; aws: number };
  /** How many files and connections each has open, that with the API first. */
  openFiles: number[];
}

/**
 * The platform's parts, each in a process of its own: one has the API and D1, every other a shard of the captures' Durable Objects.
 * Their data are in memory.
 */
export class Platform {
  readonly service: Service;
  readonly #shards: readonly Workerd[];

  private constructor(service: Service, shards: readonly Workerd[]) {
    this.service = service;
    this.#shards = shards;
  }

  /** Starts the service with its runners in so many processes. */
  static async start(bench: Bench, shards: number): Promise<Platform> {
    const aws = await startLocalAws({ port: 0 });
    const folder = bench.memoryFolder();
    const worker = await serviceWorker(bench, aws, "bench/worker/sharded.ts");
    const api = await Workerd.start([worker], join(folder, "api"));
    const variables = { D1_URL: api.databasesAddress, D1_NAME: worker.databases.DB as string };
    const shard = await serviceWorker(bench, aws, "bench/worker/shard.ts", variables);
    const others: Workerd[] = [];
    for (let i = 0; i < shards; i++) others.push(await Workerd.start([shard], join(folder, `shard-${i}`)));
    const service = await Service.on(api, aws);
    const addresses = others.map((other) => other.address(shard.name));
    await service.client.send({ method: "PUT", path: SHARDS_PATH, body: JSON.stringify(addresses) });
    return new Platform(service, others);
  }

  /** What its processes have used until now, and hold now. */
  usage(): Usage {
    const { workerd: api } = this.service;
    const shards = this.#shards.reduce((sum, shard) => sum + shard.cpuMs(), 0);
    const { user, system } = process.cpuUsage();
    return {
      cpuMs: { api: api.cpuMs(), shards, aws: (user + system) / 1000 },
      openFiles: [api, ...this.#shards].map((workerd) => workerd.openFiles()),
    };
  }

  async stop(): Promise<void> {
    for (const shard of this.#shards) await shard.stop();
    await this.service.stop();
  }
}
