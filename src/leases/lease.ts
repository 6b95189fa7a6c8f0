import { DurableObject } from "cloudflare:workers";
import { explain } from "../aws/explain.ts";
import { type Env, numberUpTo } from "../env.ts";
import type { EnvironmentAccess } from "../environments/credentials.ts";
import { leaseName, type ParameterGroup, type ParameterSettings } from "../environments/parameter-group.ts";
import { armBy, isArmedBy, setWatchdog } from "../lib/alarms.ts";
import { describeError, log } from "../lib/log.ts";
import { retryDelay } from "../lib/retry.ts";
import { Unreadable } from "../lib/stored.ts";
import { GroupInAws, OWN_CODES } from "./group-in-aws.ts";
import { IDLE, type LeaseState } from "./lease-state.ts";
import type { LogTimes } from "./log-times.ts";
import { type Holder, pick, slowParameters } from "./needs.ts";
import { type LeasedGroup, type LeaseFailure, type Reconciled, reconcile } from "./reconcile.ts";
import {
  addHolder,
  answerIfNobody,
  doubt,
  hasRoom,
  holds,
  isIdle,
  isUnchanged,
  leavers,
  letLeave,
  MAX_GRACE_MS,
  MAX_HOLDERS,
  nextLeaving,
  owedSettings,
  RESTORE_APPLIES_MS,
  removeHolder,
} from "./state.ts";
import { LeaseStorage } from "./storage.ts";
import { currentAccesses, deleteLease, entitledHolders, recordKept, recordPendingChange } from "./store.ts";

/**
 * What came of asking for a log: since when the logs are on, and what the slow log's parameters were before, as far as they are
 * leased. Not ok: the capture has its lease all the same, and AWS would not switch the log on.
 */
export type LeaseResult =
  | { ok: true; since: LogTimes; before: ParameterSettings }
  | { ok: false; failure: LeaseFailure };

const RELEASED: LeaseFailure = {
  kind: "rejected",
  code: "LeaseReleased",
  operation: null,
  message: "The capture's lease was given back while it was asked for",
  action: "rds:ModifyDBParameterGroup",
};

const FULL: LeaseFailure = {
  kind: "rejected",
  code: "TooManyCaptures",
  operation: null,
  message: `The log of the parameter group is needed by ${MAX_HOLDERS} captures already, which is the most`,
  action: "rds:ModifyDBParameterGroup",
};

/** The alarm that is set while a handler runs: it comes if the handler is cut off. */
const WATCHDOG_MS = 2 * 60_000;
/** How much later than the lease's own alarm cron looks after the lease of a capture that has ended. */
const KEPT_SLACK_MS = 60_000;
/** How often the holders of a lease are compared with what D1 says. */
export const REVIEW_MS = 10 * 60_000;
/** Pauses between attempts to restore a group grow from a second to an hour, and to a day after a week. */
const FIRST_PAUSE_MS = 1000;
const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;
export const HOURLY_FOR_MS = 7 * DAY_MS;

/** What came of asking AWS, and the lease as it was then. */
interface ReconciledLease {
  result: Reconciled;
  state: LeaseState;
}

/**
 * The leases on the logs of one parameter group, a Durable Object named by `leaseName`. Logging belongs to the group, which all
 * its instances and all their captures share: the first capture that needs a parameter sets it, and a short grace after the last
 * one that needed it what was found is restored. Each state is on disk before the call to AWS that follows from it, and calls are made one
 * after the other, so that captures which start and stop at once, or a crash between any two steps, never leave logging off under
 * a running capture, nor on after the last. The alarm retries pending changes, records them in D1, and releases holders without a
 * row there.
 *
 * No credentials are kept here. AWS is asked with those that D1 has, at that moment, for the environments of the captures
 * which hold a lease, or are answerable for what the last one has left.
 */
export class LogLease extends DurableObject<Env> {
  readonly #stored = new LeaseStorage(this.ctx.storage.kv);
  /** The end of the queue of calls to AWS. */
  #queue: Promise<unknown> = Promise.resolve();
  /** Sealed credentials that are known to be of the group's account. */
  readonly #proven = new Set<string>();

  /**
   * Keeps a capture's logs on; safe to repeat. The capture's row in `log_leases` must be there before.
   * @param credentials those of the capture's environment, which are known to belong to the group's account
   * @param isDoubted whether to look if the log still is on: somebody may have switched it off
   */
  async acquire(
    holder: Holder,
    group: ParameterGroup,
    credentials: string | null,
    isDoubted = false,
  ): Promise<LeaseResult> {
    const stored = this.#stored;
    const { captureId } = holder;
    if (!hasRoom(stored.state, captureId)) return { ok: false, failure: FULL };
    stored.group = group;
    stored.dropOutdated();
    if (credentials !== null) this.#proven.add(credentials);
    const held = addHolder(stored.state, holder);
    stored.state = isDoubted ? doubt(held, Date.now()) : held;
    // Before the calls, which may be cut off: the alarm asks whether the capture still needs the log.
    await armBy(this.ctx.storage, Date.now() + REVIEW_MS);
    const { result, state } = await this.#reconcile(captureId);
    if (!result.ok && !result.isRestoring) return { ok: false, failure: result.failure };
    if (!holds(state, captureId)) return { ok: false, failure: RELEASED };
    const leased = slowParameters(state.offered).filter((name) => name in state.found);
    return { ok: true, since: state.since, before: pick(state.found, leased) };
  }

  /**
   * Releases a capture's lease; safe to repeat. When it was the last and AWS does not restore the group, the alarm retries.
   * @param atOnce whether to ask AWS now even if the alarm is between two retries
   * @returns whether no change is pending for the capture any more
   */
  async release(captureId: number, atOnce = false): Promise<boolean> {
    if (this.#stored.group === undefined) return true;
    await this.#replaceLostAlarm();
    if (this.#removeHolder(captureId)) {
      // The first attempt for this capture: pauses are short again.
      this.#stored.attempts = undefined;
    } else if (!this.#isPendingFor(captureId)) {
      return true;
    } else if (!atOnce) {
      // The alarm retries at its own pace.
      return false;
    }
    await armBy(this.ctx.storage, Date.now() + WATCHDOG_MS);
    await this.#reconcile();
    return !this.#isPendingFor(captureId);
  }

  /**
   * A capture has ended: releases its lease after a grace, so that one that begins soon finds its logs on. Safe to repeat. Where
   * nothing would be restored, or there is no grace (LEASE_GRACE_MS), this is `release`. Whoever calls that ends the grace.
   * @returns whether no change is pending for the capture any more: false during the grace
   */
  async leave(captureId: number): Promise<boolean> {
    const stored = this.#stored;
    const { group, state } = stored;
    const grace = numberUpTo(this.env, "LEASE_GRACE_MS", MAX_GRACE_MS);
    if (group === undefined || !holds(state, captureId) || isUnchanged(state) || grace === 0) {
      return this.release(captureId);
    }
    const until = Date.now() + grace;
    stored.state = letLeave(state, captureId, until);
    await armBy(this.ctx.storage, until);
    await this.#recordKept(group, captureId, until + KEPT_SLACK_MS);
    return false;
  }

  /** The captures that hold a lease. */
  async holders(): Promise<readonly number[]> {
    return this.#stored.state.holders.map(({ captureId }) => captureId);
  }

  /** Makes sure that the alarm comes by a time: it may have been lost, or what it waits for may have happened. */
  async wake(at: number): Promise<void> {
    const { storage } = this.ctx;
    if (this.#stored.group !== undefined) await armBy(storage, at);
  }

  /** Compares the holders with what D1 says, and retries pending changes. */
  override async alarm(): Promise<void> {
    const { storage } = this.ctx;
    await setWatchdog(storage, WATCHDOG_MS);
    try {
      const { group } = this.#stored;
      if (group === undefined) return await storage.deleteAlarm();
      this.#stored.dropOutdated();
      await this.#releaseUnentitled(group);
      const left = this.#releaseLeavers();
      await this.#reconcile();
      await this.#deleteLeases(group, left);
    } catch (error) {
      // The watchdog tries again. If this were thrown, Workers would stop retrying after six times.
      log.error("lease.alarm.failed", { lease: this.ctx.id.name, ...describeError(error) });
      // Only another version of the service can read it: until one is deployed, the change stays pending.
      if (error instanceof Unreadable) await storage.setAlarm(Date.now() + HOUR_MS);
    }
  }

  /** Sets an alarm for now where there is none that will come. */
  async #replaceLostAlarm(): Promise<void> {
    const { storage } = this.ctx;
    if (!(await isArmedBy(storage, Infinity))) await armBy(storage, Date.now());
  }

  /** Removes a capture from the holders. Returns whether it was one. */
  #removeHolder(captureId: number): boolean {
    const { state } = this.#stored;
    this.#stored.state = answerIfNobody(removeHolder(state, captureId), captureId);
    return holds(state, captureId);
  }

  /** Releases the captures whose grace is over. Returns them. */
  #releaseLeavers(): number[] {
    const left = leavers(this.#stored.state, Date.now());
    // As for a release: pauses are short at first.
    if (left.length > 0) this.#stored.attempts = undefined;
    for (const captureId of left) this.#removeHolder(captureId);
    return left;
  }

  /** Deletes the rows of captures for which no change is pending. If this fails, cron does it. */
  async #deleteLeases(group: ParameterGroup, captureIds: readonly number[]): Promise<void> {
    for (const captureId of captureIds) {
      if (!this.#isPendingFor(captureId)) await deleteLease(this.env.DB, captureId, leaseName(group));
    }
  }

  /** Lets cron leave a capture's lease alone for a while. If this fails, cron ends the grace. */
  async #recordKept(group: ParameterGroup, captureId: number, until: number): Promise<void> {
    try {
      await recordKept(this.env.DB, captureId, leaseName(group), until);
    } catch (error) {
      log.warn("lease.kept.failed", { lease: leaseName(group), captureId, ...describeError(error) });
    }
  }

  /** Whether a capture that holds no lease is answerable for a change that is not undone. */
  #isPendingFor(captureId: number): boolean {
    const { state } = this.#stored;
    return !holds(state, captureId) && state.answerable.includes(captureId);
  }

  /** Releases holders without a row in D1: they were released before they asked for the lease, or the row was lost. */
  async #releaseUnentitled(group: ParameterGroup): Promise<void> {
    const holders = await this.holders();
    if (holders.length === 0) return;
    const entitled = await entitledHolders(this.env.DB, leaseName(group), holders);
    for (const captureId of holders) {
      if (entitled.includes(captureId)) continue;
      log.warn("lease.review.released", { lease: leaseName(group), captureId });
      this.#removeHolder(captureId);
    }
  }

  /**
   * Brings the group to what its holders need, after the calls that are queued before, and sets the next alarm.
   * @param asker the capture that asks. AWS is asked with its environment's credentials alone then: they may lack a permission
   */
  #reconcile(asker?: number): Promise<ReconciledLease> {
    const mine = this.#queue.then(() => this.#reconcileNow(asker));
    this.#queue = mine.catch(() => undefined);
    return mine;
  }

  async #reconcileNow(asker?: number): Promise<ReconciledLease> {
    const { group } = this.#stored;
    // Everything was deleted while this stood in the queue.
    if (group === undefined) return { result: { ok: true, until: null }, state: IDLE };
    const accesses = () => this.#accesses(group, asker);
    await this.#forgetIfNobodyCanRestore(group, accesses);
    const result = await reconcile(this.#leasedGroup(group, accesses));
    // The state that the result is of: it can change during the next wait.
    const { state } = this.#stored;
    await this.#setNextAlarm(result);
    await this.#recordPendingChange(group, state, result);
    return { result, state };
  }

  /** The current ways to reach the group for a capture that asks, or else for the holders and those who are answerable. */
  #accesses(group: ParameterGroup, asker?: number): Promise<EnvironmentAccess[]> {
    const { holders, answerable } = this.#stored.state;
    const holding = holders.map(({ captureId }) => captureId);
    const captureIds = asker === undefined ? [...new Set([...answerable, ...holding])] : [asker];
    return currentAccesses(this.env.DB, leaseName(group), captureIds);
  }

  /** The group as `reconcile` needs it: the state on disk, and AWS. */
  #leasedGroup(group: ParameterGroup, accesses: () => Promise<EnvironmentAccess[]>): LeasedGroup {
    const stored = this.#stored;
    const aws = new GroupInAws(this.env, group, accesses, this.#proven);
    return {
      now: () => Date.now(),
      state: () => stored.state,
      update: async (transition) => {
        stored.state = transition(stored.state);
        await this.ctx.storage.sync();
      },
      read: () => aws.read(),
      describe: () => aws.describe(),
      change: async ({ settings }) => {
        const changed = await aws.change(settings);
        log.info("lease.change", {
          lease: leaseName(group),
          settings: inWords(settings),
          outcome: changed.outcome,
          ...(changed.outcome === "accepted" ? {} : { code: changed.failure.code }),
        });
        return changed;
      },
    };
  }

  /** Forgets what was found once those who are answerable have abandoned it, or their environments are deleted. */
  async #forgetIfNobodyCanRestore(
    group: ParameterGroup,
    accesses: () => Promise<EnvironmentAccess[]>,
  ): Promise<void> {
    const isPending = () =>
      this.#stored.state.holders.length === 0 && this.#stored.state.answerable.length > 0;
    if (!isPending() || (await accesses()).length > 0 || !isPending()) return;
    const { found, answerable } = this.#stored.state;
    log.error("lease.forgotten", {
      lease: leaseName(group),
      settings: inWords(found),
      captureIds: answerable.join(),
    });
    this.#stored.state = IDLE;
  }

  /** Shows in D1 that the group is not restored, and why. If this fails, cron still records that a change is pending. */
  async #recordPendingChange(group: ParameterGroup, state: LeaseState, result: Reconciled): Promise<void> {
    const settings = owedSettings(state);
    const owing = state.answerable.filter((captureId) => !holds(state, captureId));
    if (Object.keys(settings).length === 0 || owing.length === 0) return;
    const pending = { reason: whyPending(group, result), settings };
    try {
      await recordPendingChange(this.env.DB, leaseName(group), owing, pending, Date.now());
    } catch (error) {
      log.error("lease.owed.failed", { lease: leaseName(group), ...describeError(error) });
    }
  }

  /** Sets the alarm for what is left to do, or deletes everything. */
  async #setNextAlarm(result: Reconciled): Promise<void> {
    const { storage } = this.ctx;
    const now = Date.now();
    const { state } = this.#stored;
    const leaving = nextLeaving(state) ?? Infinity;
    if (!result.ok && !isIdle(state)) {
      const retry = now + this.#countFailure(state, now);
      return storage.setAlarm(Math.max(now + 1, Math.min(retry, leaving)));
    }
    this.#stored.attempts = undefined;
    if (!isIdle(state)) {
      const until = (result.ok ? result.until : null) ?? Infinity;
      return storage.setAlarm(Math.max(now + 1, Math.min(until, now + REVIEW_MS, leaving)));
    }
    // The servers may still be about to apply it: a capture that starts meanwhile has to know.
    const until = (state.restoredAt ?? 0) + RESTORE_APPLIES_MS;
    if (now < until) return storage.setAlarm(until);
    await storage.deleteAll();
  }

  /** Counts an attempt that AWS has failed. Returns the pause before the next, in milliseconds. */
  #countFailure({ holders }: LeaseState, now: number): number {
    const { count, since } = this.#stored.attempts ?? { count: 0, since: now };
    this.#stored.attempts = { count: count + 1, since };
    const longest = now < since + HOURLY_FOR_MS ? HOUR_MS : DAY_MS;
    return retryDelay(count + 1, Math.random(), {
      first: FIRST_PAUSE_MS,
      longest: holders.length > 0 ? REVIEW_MS : longest,
    });
  }
}

/** Settings as a line of the service's log has them, such as `general_log=0, log_output=`: that one has no value of its own. */
function inWords(settings: ParameterSettings): string {
  const words = Object.entries(settings).map(([name, value]) => `${name}=${value ?? ""}`);
  return words.join(", ");
}

/** Why a group is not restored, in words a person can act on. */
function whyPending({ region, parameterGroup }: ParameterGroup, result: Reconciled): string {
  if (result.ok) {
    return `A change of ${parameterGroup} whose answer was lost may still arrive at AWS: it is looked at once more after that`;
  }
  const { failure } = result;
  if (OWN_CODES.has(failure.code)) return failure.message;
  return `${failure.action} on ${parameterGroup}: ${explain(failure, parameterGroup, region)}`;
}
