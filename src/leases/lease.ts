import { DurableObject } from "cloudflare:workers";
import type { Env } from "../env.ts";
import type { EnvironmentAccess } from "../environments/credentials.ts";
import { explain } from "../environments/instance.ts";
import { leaseName, type ParameterGroup } from "../environments/parameter-group.ts";
import { armBy, isArmedBy } from "../lib/alarms.ts";
import { describeError, log } from "../lib/log.ts";
import { Unreadable } from "../lib/stored.ts";
import { GroupInAws, OWN_CODES } from "./group.ts";
import { type LeaseFailure, type Settled, settle } from "./settle.ts";
import {
  answersIfNobody,
  doubt,
  hasRoom,
  hold,
  IDLE,
  isIdle,
  type LeaseState,
  letGo,
  MAX_HOLDERS,
  RESTORE_APPLIES_MS,
} from "./state.ts";
import { LeaseStorage } from "./storage.ts";
import { entitledHolders, noteOwed, presentAccesses } from "./store.ts";

/**
 * What came of asking for the log. Log files that were written after `loggingSince` are the lease's; null when logging was on
 * before. Not ok: the capture has its lease all the same, and AWS would not switch the log on.
 */
export type LeaseResult = { ok: true; loggingSince: number | null } | { ok: false; failure: LeaseFailure };

const RELEASED: LeaseFailure = {
  kind: "rejected",
  code: "LeaseReleased",
  message: "The capture's lease was given back while it was asked for",
  action: "rds:ModifyDBParameterGroup",
};

const FULL: LeaseFailure = {
  kind: "rejected",
  code: "TooManyCaptures",
  message: `The log of the parameter group is needed by ${MAX_HOLDERS} captures already, which is the most`,
  action: "rds:ModifyDBParameterGroup",
};

/** The alarm that stands while another handler runs: should that one be cut off, this one comes. */
const WATCHDOG_MS = 2 * 60_000;
/** How often the holders of a lease are compared with what D1 says. */
export const REVIEW_MS = 10 * 60_000;
/** Pauses between attempts to restore a group grow to an hour, and to a day after a week. */
const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;
export const HOURLY_FOR_MS = 7 * DAY_MS;

/** What came of asking AWS, and the lease as it was then. */
interface SettledLease extends Pick<LeaseState, "holders" | "loggingSince"> {
  result: Settled;
}

/**
 * The leases on the general log of one parameter group, a Durable Object named by `leaseName`. Logging belongs to the group,
 * which all its instances and all their captures share: the first capture switches it on, the last one restores what was
 * found. Each state is on disk before the call to AWS that follows from it, and calls are made one after the other, so that
 * captures which start and stop at once, or a crash between any two steps, never leave logging off under a running capture,
 * nor on after the last. The alarm retries what could not be restored, notes it in D1, and releases holders without a row there.
 *
 * No credentials are kept here. AWS is asked with those that D1 has, at that moment, for the environments of the captures
 * which hold a lease or owe what the last one has left.
 */
export class LogLease extends DurableObject<Env> {
  readonly #stored = new LeaseStorage(this.ctx.storage.kv);
  /** The end of the queue in which the calls to AWS stand. */
  #queue: Promise<unknown> = Promise.resolve();
  /** Sealed credentials that are known to be of the group's account. */
  readonly #proven = new Set<string>();

  /**
   * Keeps the log on for a capture; safe to repeat. The capture's row in `log_leases` must be there before.
   * @param credentials those of the capture's environment, which are known to belong to the group's account
   * @param isDoubted whether to look if it still is on: somebody may have switched it off
   */
  async acquire(
    captureId: number,
    group: ParameterGroup,
    credentials: string | null,
    isDoubted = false,
  ): Promise<LeaseResult> {
    const stored = this.#stored;
    if (!hasRoom(stored.state, captureId)) return { ok: false, failure: FULL };
    stored.group = group;
    stored.dropOutdated();
    if (credentials !== null) this.#proven.add(credentials);
    const held = hold(stored.state, captureId);
    stored.state = isDoubted ? doubt(held, Date.now()) : held;
    // Before the calls, which may be cut off: the alarm asks whether the capture still needs the log.
    await armBy(this.ctx.storage, Date.now() + REVIEW_MS);
    const { result, holders, loggingSince } = await this.#settle(captureId);
    if (!result.ok) return result;
    return holders.includes(captureId) ? { ok: true, loggingSince } : { ok: false, failure: RELEASED };
  }

  /**
   * Gives a capture's lease back; safe to repeat. When it was the last and AWS does not restore the group, the alarm tries on.
   * @param atOnce whether AWS is to be asked now even if the alarm is at it, at its own pace
   * @returns whether nothing is owed for the capture any more
   */
  async release(captureId: number, atOnce = false): Promise<boolean> {
    const { storage } = this.ctx;
    const stored = this.#stored;
    if (stored.group === undefined) return true;
    // The alarm is at what is owed, at its own pace, unless it was lost.
    if (!(await isArmedBy(storage, Infinity))) await armBy(storage, Date.now());
    const { state } = stored;
    const isHolder = state.holders.includes(captureId);
    stored.state = answersIfNobody(letGo(state, captureId), captureId);
    if (isHolder) stored.attempts = undefined;
    else if (!this.#owes(captureId)) return true;
    else if (!atOnce) return false;
    await armBy(storage, Date.now() + WATCHDOG_MS);
    await this.#settle();
    return !this.#owes(captureId);
  }

  /** The captures that hold a lease. */
  async holders(): Promise<readonly number[]> {
    return this.#stored.state.holders;
  }

  /** Makes sure that the alarm comes by a time, should it have been lost, or something have changed that it waits for. */
  async wake(at: number): Promise<void> {
    const { storage } = this.ctx;
    if (this.#stored.group !== undefined) await armBy(storage, at);
  }

  /** Does what is owed to AWS, and compares the holders with what D1 says. */
  override async alarm(): Promise<void> {
    const { storage } = this.ctx;
    // Before anything that can be slow or cut off.
    await storage.setAlarm(Date.now() + WATCHDOG_MS);
    try {
      const { group } = this.#stored;
      if (group === undefined) return await storage.deleteAlarm();
      this.#stored.dropOutdated();
      await this.#review(group);
      await this.#settle();
    } catch (error) {
      // The watchdog tries again; thrown on, it would be given up after six times.
      log.error("lease.alarm.failed", { lease: this.ctx.id.name, ...describeError(error) });
      // Only another version of the service can read it, and until one comes what is owed stays owed.
      if (error instanceof Unreadable) await storage.setAlarm(Date.now() + HOUR_MS);
    }
  }

  /** Whether something is owed to the group for a capture that has let go. */
  #owes(captureId: number): boolean {
    const { holders, answerable } = this.#stored.state;
    return !holders.includes(captureId) && answerable.includes(captureId);
  }

  /** Lets go of captures that have no row: their lease was given back before it was asked for, or their row was lost. */
  async #review(group: ParameterGroup): Promise<void> {
    const stored = this.#stored;
    const { holders } = stored.state;
    if (holders.length === 0) return;
    const entitled = await entitledHolders(this.env.DB, leaseName(group), holders);
    for (const captureId of holders) {
      if (entitled.includes(captureId)) continue;
      log.warn("lease.review.released", { lease: leaseName(group), captureId });
      stored.state = answersIfNobody(letGo(stored.state, captureId), captureId);
    }
  }

  /**
   * Asks of AWS what is to be asked, once those that stand before it have been answered, and sets the alarm.
   * @param asker the capture that asks, whose environment's credentials alone are used then: it is refused for what they lack
   */
  #settle(asker?: number): Promise<SettledLease> {
    const mine = this.#queue.then(() => this.#settleNow(asker));
    this.#queue = mine.catch(() => undefined);
    return mine;
  }

  async #settleNow(asker?: number): Promise<SettledLease> {
    const stored = this.#stored;
    const { group } = stored;
    // What was put away while this stood in the queue.
    if (group === undefined) return { result: { ok: true, until: null }, ...IDLE };
    const accesses = () => this.#accesses(group, asker);
    await this.#forgetIfNobodyOwes(group, accesses);
    const aws = new GroupInAws(this.env, group, accesses, this.#proven);
    const result = await settle({
      now: () => Date.now(),
      state: () => stored.state,
      update: async (verb) => {
        stored.state = verb(stored.state);
        await this.ctx.storage.sync();
      },
      read: () => aws.read(),
      change: async (settings) => {
        const changed = await aws.change(settings);
        log.info("lease.change", {
          lease: leaseName(group),
          generalLog: settings.general_log ?? null,
          outcome: changed.outcome,
          ...(changed.outcome === "accepted" ? {} : { code: changed.failure.code }),
        });
        return changed;
      },
    });
    // As it is now, not after the next wait.
    const { state } = stored;
    await this.#arm(result);
    await this.#noteOwed(group, state, result);
    return { result, holders: state.holders, loggingSince: state.loggingSince };
  }

  /** The present ways to reach the group for a capture that asks; else for those that hold a lease or owe. */
  #accesses(group: ParameterGroup, asker?: number): Promise<EnvironmentAccess[]> {
    const { holders, answerable } = this.#stored.state;
    const captureIds = asker === undefined ? [...new Set([...answerable, ...holders])] : [asker];
    return presentAccesses(this.env.DB, leaseName(group), captureIds);
  }

  /** What was found is forgotten once those who owe it have abandoned it, or their environments are gone. */
  async #forgetIfNobodyOwes(
    group: ParameterGroup,
    accesses: () => Promise<EnvironmentAccess[]>,
  ): Promise<void> {
    const isOwed = () => this.#stored.state.holders.length === 0 && this.#stored.state.answerable.length > 0;
    if (!isOwed() || (await accesses()).length > 0 || !isOwed()) return;
    const { found, answerable } = this.#stored.state;
    log.error("lease.forgotten", {
      lease: leaseName(group),
      generalLog: found?.general_log ?? null,
      logOutput: found?.log_output ?? null,
      captureIds: answerable.join(),
    });
    this.#stored.state = IDLE;
  }

  /** Shows in D1 what is owed to the group, and why. Cron has noted already that something is, should this fail. */
  async #noteOwed(
    group: ParameterGroup,
    { holders, answerable, found }: LeaseState,
    result: Settled,
  ): Promise<void> {
    if (holders.length > 0 || found === null || answerable.length === 0) return;
    const owed = { reason: whyOwed(group, result), settings: found };
    try {
      await noteOwed(this.env.DB, leaseName(group), answerable, owed, Date.now());
    } catch (error) {
      log.error("lease.owed.failed", { lease: leaseName(group), ...describeError(error) });
    }
  }

  /** Sets the alarm for what is left to do, or puts everything away. */
  async #arm(settled: Settled): Promise<void> {
    const { storage } = this.ctx;
    const now = Date.now();
    const stored = this.#stored;
    const { state } = stored;
    if (!settled.ok && !isIdle(state)) {
      const attempts = stored.attempts ?? { count: 0, since: now };
      attempts.count++;
      stored.attempts = attempts;
      const patience = now < attempts.since + HOURLY_FOR_MS ? HOUR_MS : DAY_MS;
      const longest = state.holders.length > 0 ? REVIEW_MS : patience;
      return storage.setAlarm(now + restoreDelay(attempts.count, longest, Math.random()));
    }
    stored.attempts = undefined;
    if (!isIdle(state)) {
      const until = settled.ok ? settled.until : null;
      return storage.setAlarm(Math.max(now + 1, Math.min(until ?? Infinity, now + REVIEW_MS)));
    }
    // The servers may still be about to apply it: a capture that starts meanwhile has to know.
    const until = (state.restoredAt ?? 0) + RESTORE_APPLIES_MS;
    if (now < until) return storage.setAlarm(until);
    await storage.deleteAll();
  }
}

const FIRST_DELAY_MS = 1000;

/** Twice as long each time, half of it at random ("equal jitter"). */
function restoreDelay(attempt: number, longest: number, random: number): number {
  const ceiling = Math.min(longest, FIRST_DELAY_MS * 2 ** Math.min(attempt - 1, 30));
  return Math.max(1, Math.round(ceiling / 2 + (ceiling / 2) * random));
}

/** Why a group is not given back, in words a person can act on. */
function whyOwed({ region, parameterGroup }: ParameterGroup, result: Settled): string {
  if (result.ok) {
    return `A change of ${parameterGroup} whose answer was lost may still arrive at AWS: it is looked at once more after that`;
  }
  const { failure } = result;
  if (OWN_CODES.has(failure.code)) return failure.message;
  return `${failure.action} on ${parameterGroup}: ${explain(failure, parameterGroup, region)}`;
}
