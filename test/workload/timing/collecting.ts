import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Digests } from "../../../src/workload/digest.ts";
import type { Counted } from "../../../src/workload/timing/series.ts";
import type { SeriesState } from "../../../src/workload/timing/series-state.ts";
import { SeriesStore } from "../../../src/workload/timing/series-store.ts";
import { slowRecord } from "./records.ts";

export const SECOND = 1_000_000;

/** Runs with the database of a Durable Object of its own. */
export const inStorage = <T>(run: (sql: SqlStorage) => T): Promise<T> =>
  runInDurableObject(env.CAPTURE_RUNNER.getByName(crypto.randomUUID()), (_, { storage }) =>
    run(storage.sql),
  ) as Promise<T>;

/** A stream that is collected into a store, a step at a time. */
export class Collecting {
  readonly store: SeriesStore;
  readonly digests = new Digests();
  records = 0;

  constructor(sql: SqlStorage, stream: "general" | "slow" = "slow") {
    this.store = new SeriesStore(sql, stream);
  }

  /** One step of statements: at which second, which, and how long. */
  step(runs: readonly [second: number, statement: string, micros: number][]): boolean {
    const delta = this.store.delta();
    for (const [second, statement, micros] of runs) {
      const record = slowRecord(statement, micros, { timeMicros: second * SECOND });
      this.digests.addTimed(record);
      delta.addTimed(record, this.digests.counted as Counted);
    }
    const from = this.records;
    this.records += runs.length;
    return this.store.add(delta, this.digests, { from, to: this.records });
  }

  fingerprint(statement: string): string {
    const found = this.digests.toJSON().entries.find(({ example }) => example === statement);
    return found?.fingerprint ?? "";
  }
}

/** When each step begins, and how many statements ran in it. */
export const callsOf = (state: SeriesState | null) =>
  state?.starts.map((start, at) => [start, state.figures[at]?.[0]]);
