import { DurableObject } from "cloudflare:workers";
import { armBy, isArmedBy } from "../alarms.ts";
import type { Env } from "../env.ts";
import type { EnvironmentAccess } from "../environments/credentials.ts";
import { describeError, log } from "../log.ts";
import { Unreadable } from "../stored.ts";
import {
  type GroupAccess,
  type LogGroup,
  LogGroupInAws,
  leaseName,
  preferring,
  resealed,
  withAccess,
} from "./lease-group.ts";
import { type LeaseFailure, type Settled, settle } from "./lease-settle.ts";
import {
  hasRoom,
  hold,
  IDLE,
  isIdle,
  type LeaseState,
  letGo,
  MAX_HOLDERS,
  RESTORE_APPLIES_MS,
} from "./lease-state.ts";
import { LeaseStorage } from "./lease-storage.ts";
import { entitledHolders } from "./lease-store.ts";

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
/** Pauses between attempts to restore a group grow to this. */
const MAX_DELAY_MS = 60 * 60_000;
/** For how long that is tried. What was found is remembered after that, too, for the next capture. */
export const RESTORE_FOR_MS = 7 * 24 * 60 * 60_000;

/** What came of asking AWS, and the lease as it was then. */
interface SettledLease extends Pick<LeaseState, "holders" | "loggingSince"> {
  result: Settled;
}

/**
 * The leases on the general log of one parameter group, a Durable Object named by `leaseName`. Logging belongs to the group,
 * which all its instances and all their captures share: the first capture switches it on, the last one restores what was
 * found. Each state is on disk before the call to AWS that follows from it, and calls are made one after the other, so that
 * captures which start and stop at once, or a crash between any two steps, never leave logging off under a running capture,
 * nor on after the last. What is owed to AWS is tried by the alarm; what D1 does not know of is let go.
 */
export class LogLease extends DurableObject<Env> {
  readonly #stored = new LeaseStorage(this.ctx.storage.kv);
  /** The end of the queue in which the calls to AWS stand. */
  #queue: Promise<unknown> = Promise.resolve();

  /**
   * Keeps the log on for a capture; safe to repeat. The capture's row in `log_leases` must be there before.
   * @param access credentials that belong to the group's account
   */
  async acquire(captureId: number, group: LogGroup, access: EnvironmentAccess): Promise<LeaseResult> {
    const stored = this.#stored;
    const { envId, region, credentials } = access;
    const own: GroupAccess = { envId, region, credentials, isProven: true };
    if (!hasRoom(stored.state, captureId)) return { ok: false, failure: FULL };
    stored.group = group;
    stored.accesses = withAccess(stored.accesses, own);
    stored.abandoned = false;
    stored.state = hold(stored.state, captureId);
    // Before the calls, which may be cut off: the alarm asks whether the capture still needs the log.
    await armBy(this.ctx.storage, Date.now() + REVIEW_MS);
    const { result, holders, loggingSince } = await this.#settle(own);
    if (!result.ok) return result;
    return holders.includes(captureId) ? { ok: true, loggingSince } : { ok: false, failure: RELEASED };
  }

  /**
   * Gives a capture's lease back; safe to repeat. When it was the last and AWS does not restore the group, the alarm tries on.
   * @param access how the capture's environment is reached now, which may be by a newer key; null when it is deleted
   * @returns whether nothing is owed for the capture any more
   */
  async release(captureId: number, access: EnvironmentAccess | null): Promise<boolean> {
    const stored = this.#stored;
    const { group, state } = stored;
    if (group === undefined) return true;
    const isNews = access !== null && this.#isNew(access) && access.region === group.region;
    if (isNews) {
      const { envId, region, credentials } = access;
      stored.accesses = withAccess(stored.accesses, { envId, region, credentials, isProven: false });
    }
    if (state.holders.includes(captureId)) {
      stored.state = letGo(state, captureId);
      stored.attempts = undefined;
    } else if (this.#isSettled()) {
      return true;
    } else {
      // The alarm is at it, at its own pace, unless it was lost; a new key is worth an attempt.
      if (isNews || !(await isArmedBy(this.ctx.storage, Infinity))) {
        await armBy(this.ctx.storage, Date.now());
      }
      return false;
    }
    await armBy(this.ctx.storage, Date.now() + WATCHDOG_MS);
    await this.#settle();
    return this.#isSettled();
  }

  /** The captures that hold a lease. */
  async holders(): Promise<readonly number[]> {
    return this.#stored.state.holders;
  }

  /** Does what is owed to AWS, and compares the holders with what D1 says. */
  override async alarm(): Promise<void> {
    const { storage } = this.ctx;
    // Before anything that can be slow or cut off.
    await storage.setAlarm(Date.now() + WATCHDOG_MS);
    try {
      const { group } = this.#stored;
      if (group === undefined) return await storage.deleteAlarm();
      await this.#reseal();
      await this.#review(group);
      await this.#settle();
    } catch (error) {
      // The watchdog tries again; thrown on, it would be given up after six times.
      log.error("lease.alarm.failed", { lease: this.ctx.id.name, ...describeError(error) });
      // Only another version of the service can read it, and until one comes what is owed stays owed.
      if (error instanceof Unreadable) await storage.setAlarm(Date.now() + MAX_DELAY_MS);
    }
  }

  /** Whether nothing is owed to the group, or nothing more can be done. */
  #isSettled(): boolean {
    const { state, abandoned } = this.#stored;
    return state.holders.length > 0 || isIdle(state) || abandoned;
  }

  #isNew({ credentials }: EnvironmentAccess): boolean {
    return credentials !== null && !this.#stored.accesses.some((known) => known.credentials === credentials);
  }

  /** Seals with the key in use what an older one sealed: every lease that needs its credentials does so within an hour. */
  async #reseal(): Promise<void> {
    const stored = this.#stored;
    const renewed = await resealed(this.env, stored.accesses);
    if (renewed.size === 0) return;
    // As they are now, not before the sealing.
    stored.accesses = stored.accesses.map((way) => ({
      ...way,
      credentials: renewed.get(way.credentials ?? "") ?? way.credentials,
    }));
  }

  /** Lets go of captures that have no row: their lease was given back before it was asked for, or their row was lost. */
  async #review(group: LogGroup): Promise<void> {
    const stored = this.#stored;
    const { holders } = stored.state;
    if (holders.length === 0) return;
    const entitled = await entitledHolders(this.env.DB, leaseName(group), holders);
    for (const captureId of holders) {
      if (entitled.includes(captureId)) continue;
      log.warn("lease.review.released", { lease: leaseName(group), captureId });
      stored.state = letGo(stored.state, captureId);
    }
  }

  /** Asks of AWS what is to be asked, once those that stand before it have been answered, and sets the alarm. */
  #settle(own?: GroupAccess): Promise<SettledLease> {
    const mine = this.#queue.then(() => this.#settleNow(own));
    this.#queue = mine.catch(() => undefined);
    return mine;
  }

  async #settleNow(own?: GroupAccess): Promise<SettledLease> {
    const stored = this.#stored;
    const { group } = stored;
    // What was put away while this stood in the queue.
    if (group === undefined) return { result: { ok: true, until: null }, ...IDLE };
    // Who asks is refused for what their own credentials lack.
    const accesses = own === undefined ? stored.accesses : preferring(stored.accesses, own);
    const aws = new LogGroupInAws(this.env, group, accesses, (worked) => {
      const known = stored.accesses;
      const [first] = known;
      if (first?.credentials !== worked.credentials || !first?.isProven) {
        stored.accesses = preferring(known, worked);
      }
    });
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
    const { holders, loggingSince } = stored.state;
    await this.#arm(group, result);
    return { result, holders, loggingSince };
  }

  /** Sets the alarm for what is left to do, or puts everything away. */
  async #arm(group: LogGroup, settled: Settled): Promise<void> {
    const { storage } = this.ctx;
    const stored = this.#stored;
    const now = Date.now();
    const { state } = stored;
    if (!settled.ok && !isIdle(state)) {
      const attempts = stored.attempts ?? { count: 0, since: now };
      attempts.count++;
      stored.attempts = attempts;
      if (state.holders.length === 0 && now > attempts.since + RESTORE_FOR_MS) {
        stored.abandoned = true;
        const { code } = settled.failure;
        log.error("lease.restore.abandoned", { lease: leaseName(group), attempts: attempts.count, code });
        return storage.deleteAlarm();
      }
      const longest = state.holders.length > 0 ? REVIEW_MS : MAX_DELAY_MS;
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
