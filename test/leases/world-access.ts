/** Which environments have access to the simulated AWS of world-group.ts, and whether each is used for its own captures alone. */
import { capturesOf } from "../../src/leases/holders.ts";
import type { LeaseState } from "../../src/leases/lease-state.ts";
import { type Holder, neededParameters } from "../../src/leases/needs.ts";
import type { Change, EnvId } from "../../src/leases/next-call.ts";

/** Whether a parameter's value is on. */
export const isYes = (value: string | null | undefined): boolean => value === "1" || value === "ON";
/** A threshold in seconds; the servers' default where there is none. */
export const seconds = (time: string | null | undefined): number => Number(time ?? "10");

/** The access of the environments whose captures share the group. */
export class Access {
  readonly faults: string[];
  /** The environments that AWS denies everything. */
  readonly denied = new Set<EnvId>();
  /** The environments that AWS never lets change the group. */
  readonly readers = new Set<EnvId>();
  readonly #deleted = new Set<EnvId>();
  /** The environments that AWS has failed since the lease began to ask it. */
  readonly failed = new Set<EnvId>();
  /** The environments whose captures have, or may have, what a parameter was changed to. */
  readonly #users = new Map<string, Set<EnvId>>();

  /** @param faults gets what should not have happened */
  constructor(faults: string[]) {
    this.faults = faults;
  }

  /** Whether an environment has access on behalf of captures: none once they have all left. */
  isGiven(envId: EnvId, state: LeaseState): boolean {
    const { holding, released } = capturesOf(state, envId);
    return holding.length + released.length > 0;
  }

  /** Whether AWS denies an environment a call. */
  isDenied(envId: EnvId, kind: string): boolean {
    return this.denied.has(envId) || (kind === "change" && this.readers.has(envId));
  }

  /** Deletes an environment, which can't be while it has captures in the lease. */
  delete(envId: EnvId, state: LeaseState): void {
    if (!this.isGiven(envId, state)) this.#deleted.add(envId);
  }

  isDeleted(envId: EnvId): boolean {
    return this.#deleted.has(envId);
  }

  /** AWS is asked with the access of an environment that there is, and of the asker's alone where one asks. */
  checkSigner(by: EnvId, mayAsk: (envId: EnvId) => boolean): void {
    if (by === undefined || this.#deleted.has(by))
      this.faults.push("used the access of a deleted environment");
    if (!mayAsk(by)) this.faults.push("used the access of another environment than the asker's");
  }

  /**
   * A change is what the captures of its environment need, or what only they have left to be restored.
   * @param state that in which it was decided on
   */
  checkPurpose({ to, settings, by }: Change, state: LeaseState, mayAsk: (envId: EnvId) => boolean): void {
    const { holders, offered } = state;
    const own = holders.filter(({ envId }) => envId === by);
    const ownNeeds = neededParameters(own, offered);
    const needed = neededParameters(holders, offered);
    for (const [name, value] of Object.entries(settings)) {
      if (to === "logging") {
        this.#use(name, by);
        if (!ownNeeds.has(name)) this.faults.push(`switched ${name} on for another environment`);
        if (name === "long_query_time") this.#checkThreshold(value, own, state);
      } else if (needed.has(name)) {
        if (!ownNeeds.has(name)) this.faults.push(`restored ${name} for another environment that needs it`);
      } else {
        this.#checkRestored(name, by, state, mayAsk);
      }
    }
  }

  /** A threshold is that of the environment's own captures, or one that others have. */
  #checkThreshold(
    value: string | null,
    own: readonly Holder[],
    { holders, answerable, found }: LeaseState,
  ): void {
    const others = holders.filter(({ captureId }) => answerable.includes(captureId));
    const isTheirs = [...own, ...others].some(
      ({ minDurationMicros }) => minDurationMicros / 1_000_000 === seconds(value),
    );
    if (value !== found.long_query_time && !isTheirs) this.faults.push("set a threshold of nobody who may");
  }

  /**
   * A parameter is restored for the capture that was released last, unless AWS has failed that one's environment, or another that is
   * answerable for it too asks for itself.
   */
  #checkRestored(name: string, by: EnvId, { released }: LeaseState, mayAsk: (envId: EnvId) => boolean): void {
    if (!this.#users.get(name)?.has(by)) this.faults.push(`restored ${name} for another environment`);
    // The output waits for logs that are another's to switch off, who may be answerable for it too.
    if (name === "log_output") return;
    const last = released.findLast(({ names }) => names.includes(name));
    if (last?.envId !== by && mayAsk(last?.envId) && !this.failed.has(last?.envId))
      this.faults.push(`restored ${name} for the one that was released last`);
  }

  /** Notes who has what was changed: who is answerable, the lease says. */
  note({ holders, answerable, found, offered }: LeaseState): void {
    for (const holder of holders.filter(({ captureId }) => answerable.includes(captureId))) {
      for (const name of neededParameters([holder], offered))
        if (name in found) this.#use(name, holder.envId);
    }
  }

  #use(name: string, envId: EnvId): void {
    this.#users.set(name, (this.#users.get(name) ?? new Set()).add(envId));
  }

  /** A parameter is as it was before. */
  forget(name: string): void {
    this.#users.delete(name);
  }
}
