import { Digests } from "../digest.ts";
import type { Problem } from "../workload-state.ts";
import { keepCollectorState, loadCollectorState } from "./collector-state.ts";
import type { FollowerState } from "./follower-state.ts";

/** What a collector continues from. */
export interface Kept {
  follower: FollowerState;
  digests: Digests;
}

/** What is known once the end of the log has been dealt with: why it is missing, null when it is not. */
export interface Closed {
  missing: string | null;
}

/**
 * What a collector keeps in its Durable Object's storage. What is written without awaiting is one transaction there, so a crash goes
 * back to the step before, never into its middle.
 */
export class CollectorStorage {
  readonly #kv: SyncKvStorage;
  /** What storage has, so that it need not be read for each step. Null while a step has it: it may fail half-way. */
  #kept: Kept | null = null;

  constructor({ kv }: DurableObjectStorage) {
    this.#kv = kv;
  }

  /**
   * What was kept last; null when nothing was.
   * @throws Unreadable
   */
  load(): Kept | null {
    if (this.#kept !== null) return this.#kept;
    const state = loadCollectorState(this.#kv);
    if (state === null) return null;
    this.#kept = { follower: state.follower, digests: new Digests(state.digests) };
    return this.#kept;
  }

  /** As `load`, for a step that changes the digests: unless it keeps them, what storage has counts again. */
  take(): Kept | null {
    const kept = this.load();
    this.#kept = null;
    return kept;
  }

  /** Keeps what a step came to. */
  keep(follower: FollowerState, digests: Digests): void {
    keepCollectorState(this.#kv, { follower, digests: digests.toJSON() });
    this.#kept = { follower, digests };
  }

  /** When the log was last read to its end, in milliseconds since the epoch; null before the first time. */
  get caughtUpAt(): number | null {
    return this.#kv.get<number>("caughtUpAt") ?? null;
  }

  set caughtUpAt(time: number) {
    this.#kv.put("caughtUpAt", time);
  }

  /** Set once nothing is added any more. */
  get closed(): Closed | undefined {
    return this.#kv.get<Closed>("closed");
  }

  set closed(closed: Closed) {
    this.#kv.put<Closed>("closed", closed);
  }

  /** Why the log could not be read the last time, and since when; undefined when it could. */
  get problem(): Problem | undefined {
    return this.#kv.get<Problem>("problem");
  }

  set problem(problem: Problem | undefined) {
    if (problem === undefined) this.#kv.delete("problem");
    else this.#kv.put<Problem>("problem", problem);
  }

  /** When the rest was first tried to be read: long after the end for a back-dated capture, and for one whose alarm was lost. */
  finishingSince(now: number): number {
    const since = this.#kv.get<number>("finishingSince") ?? now;
    this.#kv.put("finishingSince", since);
    return since;
  }
}
