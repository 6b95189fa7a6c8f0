import { statement } from "../db/statement.ts";
import type { Env } from "../env.ts";
import type { LogName } from "../logs/names.ts";
import type { NewGaps } from "../webhooks/facts.ts";
import { outboxSql, tellQueue } from "../webhooks/outbox.ts";
import type { Manifest } from "../workload/stored/manifest.ts";
import type { WorkloadState } from "../workload/workload-state.ts";

/** How many gaps one event describes. */
const MAX_DESCRIBED = 10;

const TELL = statement(
  outboxSql({
    type: "capture.gap",
    key: ":key",
    more: "json_object('gaps', json(:gaps))",
    captures: "select * from captures where id = :id and deleted_at is null",
  }),
);

/**
 * Tells webhooks of the gaps of a capture's logs, each once. How many were told is kept in the runner's storage; after a crash in
 * between, the same event is written again, and left out.
 */
export class GapWatch {
  readonly #storage: DurableObjectStorage;
  readonly #env: Env;
  readonly #state: () => WorkloadState | null;

  constructor(storage: DurableObjectStorage, env: Env, state: () => WorkloadState | null) {
    this.#storage = storage;
    this.#env = env;
    this.#state = state;
  }

  /** Looks for gaps that nobody was told of yet. */
  async look({ id }: { id: number }, now: number): Promise<void> {
    for (const manifest of this.#state()?.manifests ?? []) {
      const { log, gapCount } = manifest;
      const told = this.#storage.kv.get<number>(keyOf(log)) ?? 0;
      if (gapCount <= told) continue;
      const values = { id, now, key: `${log}:${gapCount}`, gaps: JSON.stringify(gapsSince(manifest, told)) };
      const { meta } = await TELL(this.#env.DB, values).run();
      this.#storage.kv.put(keyOf(log), gapCount);
      if (meta.changes > 0) await tellQueue(this.#env, id);
    }
  }
}

const keyOf = (log: LogName): string => `gapsTold:${log}`;

/** The gaps after the first so many. */
function gapsSince({ log, gaps, gapCount }: Manifest, told: number): NewGaps {
  return { log, count: gapCount - told, first: gaps.slice(told, told + MAX_DESCRIBED) };
}
