import { awsTarget } from "../aws/client.ts";
import { type DbInstance, describeCluster } from "../aws/rds.ts";
import type { Env } from "../env.ts";
import { type ClusterRole, roleIn } from "../environments/cluster-role.ts";
import { askAs } from "../environments/credentials.ts";
import { log } from "../lib/log.ts";
import { noteClusterRole, type RunnerRow } from "./runner-store.ts";

/** How often a running capture's instance is looked up in its cluster. Rarely: a failover changes nothing of what is recorded. */
const LOOK_EVERY_MS = 2 * 60_000;

/**
 * Which role a capture's instance has in its cluster. A failover makes a reader of the writer; the capture goes on with the instance
 * that it was made for. Credentials that may not ask for clusters leave it unknown, which is in the way of nothing.
 */
export class ClusterRoleWatch {
  readonly #storage: DurableObjectStorage;
  readonly #env: Env;

  constructor(storage: DurableObjectStorage, env: Env) {
    this.#storage = storage;
    this.#env = env;
  }

  /** The role of an instance that a capture is about to start with; null where it is in no cluster, or that is not known. */
  async atStart(capture: RunnerRow, { cluster }: DbInstance, now: number): Promise<ClusterRole | null> {
    const { kv } = this.#storage;
    if (cluster === null) {
      kv.delete("cluster");
      return null;
    }
    kv.put("cluster", cluster);
    kv.put("roleLookedAt", now);
    return this.#ask(capture, cluster, now);
  }

  /** Looks it up again if it is time, and notes it if it has changed. */
  async look(capture: RunnerRow, now: number): Promise<void> {
    const { kv } = this.#storage;
    const cluster = kv.get<string>("cluster");
    if (cluster === undefined || Math.abs(now - (kv.get<number>("roleLookedAt") ?? 0)) < LOOK_EVERY_MS)
      return;
    kv.put("roleLookedAt", now);
    const role = await this.#ask(capture, cluster, now);
    if (role === null || role === capture.clusterRole) return;
    await noteClusterRole(this.#env.DB, capture.id, role);
    log.info("capture.role.changed", { captureId: capture.id, cluster, from: capture.clusterRole, to: role });
  }

  async #ask(capture: RunnerRow, cluster: string, now: number): Promise<ClusterRole | null> {
    const { id, region, instance } = capture;
    const found = await askAs(this.#env, capture, now, (keys) =>
      describeCluster(awsTarget(this.#env, region), keys, cluster),
    );
    if (!found.ok) {
      log.warn("capture.role.unseen", { captureId: id, cluster, code: found.failure.code });
      return null;
    }
    return roleIn(found.value, instance);
  }
}
