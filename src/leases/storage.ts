import * as z from "zod";
import { type ParameterGroup, parameterGroupSchema } from "../environments/parameter-group.ts";
import { lazy } from "../lib/lazy.ts";
import { storedFormat } from "../lib/stored.ts";
import { IDLE, type LeaseState } from "./lease-state.ts";
import { leaseFormat } from "./stored-state.ts";

/** How a lease stores its group. */
const groupFormat = storedFormat("lease's parameter group", 1, parameterGroupSchema);

const attemptsSchema = lazy(() => z.object({ count: z.number(), since: z.number() }));

/** The attempts that AWS has failed so far, and when the first was. */
export type Attempts = z.output<ReturnType<typeof attemptsSchema>>;

const attemptsFormat = storedFormat("lease's attempts", 1, attemptsSchema);

/**
 * What a lease's Durable Object has stored. What can't be read is never taken for nothing: the group may have to be
 * restored. Each getter throws Unreadable.
 */
export class LeaseStorage {
  readonly #kv: SyncKvStorage;

  constructor(kv: SyncKvStorage) {
    this.#kv = kv;
  }

  /** The parameter group; undefined while there is nothing. */
  get group(): ParameterGroup | undefined {
    const stored = this.#kv.get("group");
    return stored === undefined ? undefined : groupFormat.read(stored);
  }

  set group(group: ParameterGroup) {
    this.#kv.put("group", groupFormat.write(group));
  }

  get state(): LeaseState {
    const stored = this.#kv.get("state");
    return stored === undefined ? IDLE : leaseFormat.read(stored);
  }

  set state(state: LeaseState) {
    this.#kv.put("state", leaseFormat.write(state));
  }

  /** Undefined while AWS has not failed. */
  get attempts(): Attempts | undefined {
    const stored = this.#kv.get("attempts");
    return stored === undefined ? undefined : attemptsFormat.read(stored);
  }

  set attempts(attempts: Attempts | undefined) {
    if (attempts === undefined) this.#kv.delete("attempts");
    else this.#kv.put("attempts", attemptsFormat.write(attempts));
  }

  /** Deletes what earlier versions stored and nothing reads: sealed credentials, and that they had stopped retrying. */
  dropOutdated(): void {
    for (const key of ["accesses", "abandoned"]) this.#kv.delete(key);
  }
}
