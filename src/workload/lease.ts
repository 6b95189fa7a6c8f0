import { DurableObject } from "cloudflare:workers";
import { type AwsFailure, awsTarget } from "../aws/client.ts";
import { describeParameters, modifyParameters } from "../aws/rds.ts";
import { retryDelay } from "../captures/lifecycle.ts";
import type { Env } from "../env.ts";
import { askAs, type EnvironmentAccess } from "../environments/credentials.ts";
import { describeError, log } from "../log.ts";
import {
  calling,
  hold,
  IDLE,
  type LeaseState,
  letGo,
  nextCall,
  settled,
  wasModified,
  wasRead,
} from "./lease-state.ts";

/** A parameter group and how to reach it. */
export interface GroupAccess extends EnvironmentAccess {
  parameterGroup: string;
}

/** The name of the Durable Object that holds the leases of a parameter group. */
export function leaseName(region: string, accountId: string, parameterGroup: string): string {
  return `${region}/${accountId}/${parameterGroup}`;
}

/** What came of asking for the log, or of letting it go. */
export type LeaseResult = { ok: true } | { ok: false; failure: AwsFailure };

const PARAMETERS = ["general_log", "log_output"] as const;
/** How often a group is tried to be restored, with pauses up to a minute, before the captures of others have to do it. */
const MAX_RESTORES = 600;

/**
 * The leases on the general log of one parameter group, a Durable Object named by `leaseName`. Logging belongs to the group,
 * which all its instances and all their captures share: the first capture switches it on, the last one restores what was
 * found. Each state is stored before the call to AWS that follows from it, and calls are made one after the other, so that
 * captures which start and stop at once, or a crash between any two steps, never leave logging off under a running capture,
 * nor on after the last.
 */
export class LogLease extends DurableObject<Env> {
  /** The end of the queue in which the calls to AWS stand. */
  #queue: Promise<unknown> = Promise.resolve();

  /** Keeps the log on for a capture; safe to repeat. Not ok: the capture has its lease, and AWS would not switch the log on. */
  async acquire(captureId: number, access: GroupAccess): Promise<LeaseResult> {
    this.#access = access;
    this.#state = hold(this.#state, captureId);
    return this.#settle();
  }

  /** Gives a capture's lease back; safe to repeat. When it was the last and AWS does not restore the group, this tries on. */
  async release(captureId: number): Promise<void> {
    this.#state = letGo(this.#state, captureId);
    await this.ctx.storage.setAlarm(Date.now() + retryDelay(1, Math.random()));
    const result = await this.#settle();
    if (result.ok && this.#state.holders.length === 0) await this.ctx.storage.deleteAll();
  }

  /** The captures that hold a lease. */
  async holders(): Promise<readonly number[]> {
    return this.#state.holders;
  }

  /** Tries again to restore the group. */
  override async alarm(): Promise<void> {
    const { storage } = this.ctx;
    const attempt = (storage.kv.get<number>("attempt") ?? 1) + 1;
    if (attempt > MAX_RESTORES) return log.error("lease.restore.abandoned", { name: this.ctx.id.name ?? "" });
    storage.kv.put("attempt", attempt);
    // Before the call, which may be cut off.
    await storage.setAlarm(Date.now() + retryDelay(attempt, Math.random()));
    try {
      const result = await this.#settle();
      if (!result.ok) return;
      if (this.#state.holders.length === 0) await storage.deleteAll();
      else await storage.deleteAlarm();
    } catch (error) {
      log.error("lease.alarm.failed", describeError(error));
    }
  }

  get #state(): LeaseState {
    return this.ctx.storage.kv.get<LeaseState>("state") ?? IDLE;
  }

  set #state(state: LeaseState) {
    this.ctx.storage.kv.put("state", state);
  }

  get #access(): GroupAccess | undefined {
    return this.ctx.storage.kv.get<GroupAccess>("access");
  }

  set #access(access: GroupAccess) {
    this.ctx.storage.kv.put("access", access);
  }

  /** Asks of AWS what is to be asked, once those that stand before it have been answered. */
  #settle(): Promise<LeaseResult> {
    const mine = this.#queue.then(() => this.#callAws());
    this.#queue = mine.catch(() => undefined);
    return mine;
  }

  async #callAws(): Promise<LeaseResult> {
    for (;;) {
      const call = nextCall(this.#state);
      const access = this.#access;
      if (call.do === "rest" || access === undefined) {
        this.#state = settled(this.#state);
        return { ok: true };
      }
      const target = awsTarget(this.env, access.region);
      if (call.do === "read") {
        const read = await askAs(this.env, access, Date.now(), (credentials) =>
          describeParameters(target, credentials, access.parameterGroup, PARAMETERS),
        );
        if (!read.ok) return read;
        this.#state = wasRead(this.#state, Object.fromEntries(read.value));
      } else {
        this.#state = calling(this.#state);
        // On disk before AWS hears of it.
        await this.ctx.storage.sync();
        const { settings } = call;
        const modified = await askAs(this.env, access, Date.now(), (credentials) =>
          modifyParameters(target, credentials, access.parameterGroup, { ...settings }),
        );
        if (!modified.ok) return modified;
        this.#state = wasModified(this.#state, settings);
        log.info("lease.modified", {
          parameterGroup: access.parameterGroup,
          generalLog: settings.general_log,
        });
      }
    }
  }
}
