import { DurableObject } from "cloudflare:workers";
import { type Env, numberUpTo } from "../env.ts";
import type { EnvironmentAccess } from "../environments/credentials.ts";
import { leaseName, type ParameterGroup, type ParameterSettings } from "../environments/parameter-group.ts";
import type { GroupChanges } from "../environments/preflight/answers.ts";
import { armBy, isArmedBy, setWatchdog } from "../lib/alarms.ts";
import { describeError, log } from "../lib/log.ts";
import { retryDelay } from "../lib/retry.ts";
import { Unreadable } from "../lib/stored.ts";
import { GroupInAws } from "./group-in-aws.ts";
import {
  addHolder,
  answerIfNobody,
  capturesOf,
  forgetReleased,
  hasRoom,
  holds,
  leavers,
  letLeave,
  MAX_GRACE_MS,
  nextLeaving,
  ofUnknownEnvironment,
  owes,
  removeHolder,
  withEnvironments,
} from "./holders.ts";
import { IDLE, idsOf, isIdle, isUnchanged, type LeaseState } from "./lease-state.ts";
import type { LogTimes } from "./log-times.ts";
import { type Holder, isOnFor, pick, slowParameters } from "./needs.ts";
import { type EnvId, nextCall } from "./next-call.ts";
import { pendingChanges, withoutRows } from "./pending.ts";
import { type LeasedGroup, type LeaseFailure, type Reconciled, reconcile } from "./reconcile.ts";
import { FULL, RELEASED, UNKNOWN } from "./refusals.ts";
import { doubt, RESTORE_APPLIES_MS } from "./state.ts";
import { LeaseStorage } from "./storage.ts";
import {
  ableToRestore,
  currentAccess,
  deleteLease,
  entitledHolders,
  environmentsOfCaptures,
  type OwingCapture,
  recordKept,
  recordPendingChanges,
} from "./store.ts";

/**
 * What came of asking for a log: since when the logs are on, and what the slow log's parameters were before, as far as they are
 * leased. Not ok: the capture has its lease all the same, and AWS would not switch the log on.
 */
export type LeaseResult =
  | { ok: true; since: LogTimes; before: ParameterSettings }
  | { ok: false; failure: LeaseFailure };

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
 * one that needed it what was found is restored. Each state is on disk before the call to AWS that follows from it, and calls are
 * made one after the other, so that captures which start and stop at once, or a crash between any two steps, never leave logging
 * off under a running capture, nor on after the last. The alarm retries pending changes, records them in D1, and releases holders
 * without a row there.
 *
 * No credentials are kept here. Each call is for one environment, of a capture that holds a lease or is answerable for what it has
 * left, and AWS is asked with what D1 has at that moment as that environment's access, never with another's.
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
    const { state: before } = stored;
    if (!hasRoom(before, captureId)) return { ok: false, failure: FULL };
    stored.group = group;
    stored.dropOutdated();
    if (credentials !== null) this.#proven.add(credentials);
    const held = addHolder(before, holder);
    stored.state = isDoubted ? doubt(held, Date.now(), holder.envId) : held;
    // Before the calls, which may be cut off: the alarm asks whether the capture still needs the log.
    await armBy(this.ctx.storage, Date.now() + REVIEW_MS);
    const { result, state } = await this.#reconcile(captureId);
    const asked = state.holders.find((each) => each.captureId === captureId);
    if (asked === undefined) return { ok: false, failure: RELEASED };
    if (asked.envId === undefined) return { ok: false, failure: UNKNOWN };
    const failed = result.failures.get(asked.envId);
    // What was restored may be of the same capture, which was released and came back meanwhile.
    const isOn = failed === undefined || (failed.isRestoring && isOnFor(asked, state));
    if (!isOn) return { ok: false, failure: failed.failure };
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
    } else if (!owes(this.#stored.state, captureId)) {
      // Not before the calls are over that may be under way for it: its environment may be deleted after this.
      await this.#queue;
      return !owes(this.#stored.state, captureId);
    } else if (!atOnce) {
      // The alarm retries at its own pace.
      return false;
    }
    await armBy(this.ctx.storage, Date.now() + WATCHDOG_MS);
    await this.#reconcile();
    return !owes(this.#stored.state, captureId);
  }

  /**
   * A capture has ended: releases its lease after a grace, so that one that begins soon finds its logs on. Safe to repeat. Where
   * nothing would be restored, or there is no grace (LEASE_GRACE_MS), this is `release`. Whoever calls that ends the grace.
   * @returns whether no change is pending for the capture any more: false during the grace
   */
  async leave(captureId: number): Promise<boolean> {
    const stored = this.#stored;
    const { group } = stored;
    const grace = numberUpTo(this.env, "LEASE_GRACE_MS", MAX_GRACE_MS);
    const mayStay = () => {
      const { state } = stored;
      return holds(state, captureId) && !isUnchanged(state);
    };
    if (group === undefined || grace === 0 || !mayStay()) return this.release(captureId);
    const until = Date.now() + grace;
    // Before the grace begins: as long as D1 does not know of it, its environment could be given other credentials.
    await this.#recordKept(group, captureId, until + KEPT_SLACK_MS);
    if (!mayStay()) return this.release(captureId);
    stored.state = letLeave(stored.state, captureId, until);
    await armBy(this.ctx.storage, until);
    return false;
  }

  /** Resolves when the calls to AWS are over that are under way or queued. Later ones are made with what D1 says by then. */
  async settled(): Promise<void> {
    await this.#queue;
  }

  /** The captures that hold a lease. */
  async holders(): Promise<readonly number[]> {
    return idsOf(this.#stored.state.holders);
  }

  /** What captures have changed in the group at this moment, as a check of an environment shows it. */
  async changes(): Promise<GroupChanges> {
    const { state } = this.#stored;
    const captures = state.holders.filter(({ leavesAt }) => leavesAt === undefined).length;
    return { captures, before: isUnchanged(state) ? {} : state.found };
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
      if (!owes(this.#stored.state, captureId)) await deleteLease(this.env.DB, captureId, leaseName(group));
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

  /** Releases holders without a row in D1: they were released before they asked for the lease, or the row was lost. */
  async #releaseUnentitled(group: ParameterGroup): Promise<void> {
    const holders = await this.holders();
    if (holders.length === 0) return;
    const entitled = await entitledHolders(this.env.DB, leaseName(group), holders);
    const unentitled = holders.filter((captureId) => !entitled.includes(captureId));
    for (const captureId of unentitled) {
      log.warn("lease.review.released", { lease: leaseName(group), captureId });
      this.#removeHolder(captureId);
    }
    await this.#noteEnvironments();
    await this.#recordPending(group, withoutRows(this.#stored.state, unentitled));
  }

  /**
   * Brings the group to what its holders need, after the calls that are queued before, and sets the next alarm.
   * @param asker the capture that asks: its environment's part alone is done, which does not wait for the others'
   */
  #reconcile(asker?: number): Promise<ReconciledLease> {
    const mine = this.#queue.then(() => this.#reconcileNow(asker));
    this.#queue = mine.catch(() => undefined);
    return mine;
  }

  async #reconcileNow(asker?: number): Promise<ReconciledLease> {
    const { group } = this.#stored;
    // Everything was deleted while this stood in the queue.
    if (group === undefined) return { result: { until: null, failures: new Map() }, state: IDLE };
    await this.#noteEnvironments();
    await this.#forgetWhatNobodyCanRestore(group);
    const { holders } = this.#stored.state;
    const only = holders.find(({ captureId }) => captureId === asker)?.envId;
    const mayAsk = (envId: EnvId) => envId !== undefined && (asker === undefined || envId === only);
    const result = await reconcile(this.#leasedGroup(group), mayAsk);
    // The state that the result is of: it can change during the next wait.
    const { state } = this.#stored;
    await this.#setNextAlarm(state, result, asker !== undefined);
    await this.#recordPending(group, pendingChanges(group, state, result, mayAsk));
    return { result, state };
  }

  /** Looks up the environments of captures that an earlier version has stored without. */
  async #noteEnvironments(): Promise<void> {
    const unknown = ofUnknownEnvironment(this.#stored.state);
    if (unknown.length === 0) return;
    const environments = await environmentsOfCaptures(this.env.DB, unknown);
    this.#stored.state = withEnvironments(this.#stored.state, environments);
  }

  /** An environment's current access, on behalf of its captures. */
  #accessOf(group: ParameterGroup, envId: number): Promise<EnvironmentAccess | null> {
    return currentAccess(this.env.DB, leaseName(group), envId, capturesOf(this.#stored.state, envId));
  }

  /** The group as `reconcile` needs it: the state on disk, and AWS. */
  #leasedGroup(group: ParameterGroup): LeasedGroup {
    const stored = this.#stored;
    const accessOf = (envId: number) => this.#accessOf(group, envId);
    const aws = new GroupInAws(this.env, group, accessOf, this.#proven);
    return {
      now: () => Date.now(),
      state: () => stored.state,
      update: async (transition) => {
        stored.state = transition(stored.state);
        await this.ctx.storage.sync();
      },
      read: (by) => aws.read(by),
      describe: (by) => aws.describe(by),
      change: async ({ settings, by }) => {
        const changed = await aws.change({ settings, by });
        log.info("lease.change", {
          lease: leaseName(group),
          envId: by,
          settings: inWords(settings),
          outcome: changed.outcome,
          ...(changed.outcome === "accepted" ? {} : { code: changed.failure.code }),
        });
        return changed;
      },
    };
  }

  /** Forgets what only captures are answerable for whose environments are deleted, or have abandoned it. */
  async #forgetWhatNobodyCanRestore(group: ParameterGroup): Promise<void> {
    const released = idsOf(this.#stored.state.released);
    if (released.length === 0) return;
    const able = await ableToRestore(this.env.DB, leaseName(group), released);
    const unable = released.filter((captureId) => !able.includes(captureId));
    if (unable.length === 0) return;
    const { state, forgotten } = forgetReleased(this.#stored.state, unable);
    this.#stored.state = state;
    const settings = inWords(forgotten);
    if (settings !== "") {
      log.error("lease.forgotten", { lease: leaseName(group), settings, captureIds: unable.join() });
    }
  }

  /** Shows in D1 that the group is not restored, and why. If this fails, cron still records that a change is pending. */
  async #recordPending(group: ParameterGroup, owing: readonly OwingCapture[]): Promise<void> {
    if (owing.length === 0) return;
    try {
      await recordPendingChanges(this.env.DB, leaseName(group), owing, Date.now());
    } catch (error) {
      log.error("lease.owed.failed", { lease: leaseName(group), ...describeError(error) });
    }
  }

  /** Sets the alarm for what is left to do, or deletes everything. */
  async #setNextAlarm(state: LeaseState, { until, failures }: Reconciled, isPart: boolean): Promise<void> {
    const { storage } = this.ctx;
    const now = Date.now();
    if (isIdle(state)) {
      this.#stored.attempts = undefined;
      // The servers may still be about to apply it: a capture that starts meanwhile has to know.
      const applied = (state.restoredAt ?? 0) + RESTORE_APPLIES_MS;
      if (now < applied) return storage.setAlarm(applied);
      return storage.deleteAll();
    }
    const isLeft = isPart && !["rest", "wait"].includes(nextCall(state, now).do);
    if (failures.size === 0 && !isLeft) this.#stored.attempts = undefined;
    const times = [nextLeaving(state) ?? Infinity];
    if (failures.size > 0) times.push(now + this.#countFailure(state, now));
    else if (isLeft && this.#stored.attempts === undefined) times.push(now);
    // A failure may be another change whose answer was lost: without holders, its pauses are to grow all the same.
    if (failures.size === 0 || state.holders.length > 0) times.push(until ?? Infinity, now + REVIEW_MS);
    const at = Math.max(now + 1, Math.min(...times));
    // What others have left to do has its time.
    return isPart ? armBy(storage, at) : storage.setAlarm(at);
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
