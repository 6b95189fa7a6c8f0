import type { LogName } from "../../logs/names.ts";
import { Digests } from "../digest.ts";
import type { SeriesDelta } from "../timing/series.ts";
import { SeriesStore } from "../timing/series-store.ts";
import type { Problem } from "../workload-state.ts";
import { hasCollectorState, keepCollectorState, loadCollectorState } from "./collector-state.ts";
import type { FollowerState } from "./follower-state.ts";

/** What the collecting of a log continues from. */
export interface Kept {
  follower: FollowerState;
  digests: Digests;
}

/** What a step continues from, and what counts its records. */
export interface Taken {
  follower: FollowerState;
  counts: { digests: Digests; series: SeriesDelta };
}

/** What is known once the end of the log has been dealt with: why it is missing, null when it is not. */
export interface Closed {
  missing: string | null;
}

/**
 * What is kept of the collecting of one log in the capture's Durable Object. What is written without awaiting is one transaction
 * there, so a crash goes back to the step before, never into its middle.
 */
export class CollectorStorage {
  readonly #storage: DurableObjectStorage;
  readonly #kv: SyncKvStorage;
  readonly #log: LogName;
  /** What storage has, so that it need not be read for each step. Null while a step has it: it may fail half-way. */
  #kept: Kept | null = null;

  constructor(storage: DurableObjectStorage, log: LogName) {
    this.#storage = storage;
    this.#kv = storage.kv;
    this.#log = log;
  }

  /** Whether there is anything, also what can't be read. */
  get exists(): boolean {
    return this.#kept !== null || hasCollectorState(this.#kv, this.#log);
  }

  /**
   * What was kept last; null when nothing was.
   * @throws Unreadable
   */
  load(): Kept | null {
    if (this.#kept !== null) return this.#kept;
    const state = loadCollectorState(this.#kv, this.#log);
    if (state === null) return null;
    this.#kept = { follower: state.follower, digests: new Digests(state.digests) };
    return this.#kept;
  }

  /** As `load`, for a step that changes the digests. Unless the step is kept, the next one starts from what is in storage. */
  take(): Taken | null {
    const kept = this.load();
    this.#kept = null;
    if (kept === null) return null;
    const { follower, digests } = kept;
    return { follower, counts: { digests, series: this.series().delta() } };
  }

  /** Keeps where a log begins, with nothing counted. */
  begin(follower: FollowerState): void {
    this.#storage.transactionSync(() => {
      this.series().clear();
      this.#put(follower, new Digests());
    });
  }

  /**
   * Keeps what a step came to.
   * @returns false, and keeps nothing, if another step was kept since this one was taken
   */
  keep({ follower: before, counts }: Taken, follower: FollowerState): boolean {
    const { digests, series } = counts;
    const records = { from: before.manifest.records, to: follower.manifest.records };
    return this.#storage.transactionSync(() => {
      const isNew = this.series().add(series, digests, records);
      if (!isNew && this.load()?.follower.manifest.records !== records.from) return false;
      this.#put(follower, digests);
      return true;
    });
  }

  /** Keeps a state of which nothing is counted any more. */
  keepUncounted(follower: FollowerState): void {
    this.#put(follower, new Digests());
  }

  /** Forgets what it has read of storage, which is being deleted. */
  forget(): void {
    this.#kept = null;
  }

  /** How much ran in each step of time. Made anew for each use: the runner deletes all tables when it rests. */
  series(): SeriesStore {
    return new SeriesStore(this.#storage.sql, this.#log);
  }

  #put(follower: FollowerState, digests: Digests): void {
    keepCollectorState(this.#kv, { follower, digests: digests.toJSON() });
    this.#kept = { follower, digests };
  }

  /** When the log was last read to its end, in milliseconds since the epoch; null before the first time. */
  get caughtUpAt(): number | null {
    return this.#kv.get<number>(this.#key("caughtUpAt")) ?? null;
  }

  set caughtUpAt(time: number) {
    this.#kv.put(this.#key("caughtUpAt"), time);
  }

  /** Set once nothing is added any more. */
  get closed(): Closed | undefined {
    return this.#kv.get<Closed>(this.#key("closed"));
  }

  set closed(closed: Closed) {
    this.#kv.put<Closed>(this.#key("closed"), closed);
  }

  /** Whether what was closed has been stored for readers to find. */
  get isPublished(): boolean {
    return this.closed !== undefined && this.#kv.get<true>(this.#key("published")) === true;
  }

  /** Notes that what was closed has been stored; not where all was deleted meanwhile, by an alarm that ran at once. */
  notePublished(): void {
    if (this.closed !== undefined) this.#kv.put(this.#key("published"), true);
  }

  /** Why the log could not be read the last time, and since when; undefined when it could. */
  get problem(): Problem | undefined {
    return this.#kv.get<Problem>(this.#key("problem"));
  }

  set problem(problem: Problem | undefined) {
    if (problem === undefined) this.#kv.delete(this.#key("problem"));
    else this.#kv.put<Problem>(this.#key("problem"), problem);
  }

  /** When reading the rest was first tried: long after the end for a back-dated capture, and for one whose alarm was lost. */
  finishingSince(now: number): number {
    const since = this.#kv.get<number>(this.#key("finishingSince")) ?? now;
    this.#kv.put(this.#key("finishingSince"), since);
    return since;
  }

  /** The general log's keys are as they were before there was another. */
  #key(name: string): string {
    return this.#log === "general" ? name : `${this.#log}/${name}`;
  }
}
