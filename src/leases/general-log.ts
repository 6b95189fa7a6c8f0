import type { DbInstance } from "../aws/rds.ts";
import { type Env, leaseOf } from "../env.ts";
import {
  canCapture,
  engineLabels,
  hasOwnDefaults,
  inOneSentence,
  unsuited,
} from "../environments/engines.ts";
import { groupOf, leaseName, type ParameterGroup } from "../environments/parameter-group.ts";
import { describeError, log } from "../lib/log.ts";
import { GENERAL } from "../logs/general/kind.ts";
import { type LogName, logsOf } from "../logs/names.ts";
import type { LeaseResult } from "./lease.ts";
import {
  type LoggedCapture,
  type LogReadiness,
  logReadiness,
  never,
  notYet,
  refusedByAws,
} from "./log-readiness.ts";
import { type LogTimes, latestOf } from "./log-times.ts";
import { releaseLease } from "./release.ts";
import { readLease, recordLease } from "./store.ts";

/*
 * Switches the logs of a capture's instance on and keeps them on, for the capture's runner. Nothing is kept here: the lease's
 * Durable Object knows the group, and D1 knows which capture has a lease.
 */

/**
 * Switches the logs of a capture's instance on, or sees how far that has come; safe to repeat, and meant to be, until they are
 * ready. After this `releaseLease` must be called, also when they never became ready; if the caller dies before, cron does it
 * when the capture has ended.
 *
 * Ready means that the servers have the change, not that AWS has it: a log file must have been written after the change was
 * sent. That the instance is in-sync is not enough, as it may be so from before; nor is a file, which may be an earlier
 * capture's. So the first call after which a log had to be switched on is never ready: ask RDS for the instance again.
 * @param capture must be STARTING or RUNNING in D1
 * @param instance what RDS said of the instance, not before `now`
 * @param now when RDS was asked
 * @returns for a capture of the slow log also its timing, as it is now
 */
export async function switchOn(
  env: Env,
  capture: LoggedCapture,
  instance: DbInstance,
  now: number,
): Promise<LogReadiness> {
  const impossible = whyNever(capture, instance);
  if (impossible !== null) return never(impossible);
  const group = groupOfInstance(capture, instance);
  const { parameterGroup } = group;
  const obstacle = await recordOnly(env, capture.id, group, now);
  if (obstacle !== null) return notYet(obstacle);
  const lease = await acquire(env, capture, instance, group);
  if (lease === null) return notYet(`The lease on the log of ${parameterGroup} could not be asked for`);
  if (!lease.ok) return refusedByAws(lease.failure, lease.failure.action, capture, parameterGroup);
  return logReadiness(env, capture, instance, lease, now);
}

/** Why each kind of log is off, or was; without those that are on as far as is known. */
export type WhyOff = Partial<Record<LogName, string>>;

/**
 * Looks whether the logs of a running capture are still on, and switches on again what somebody has switched off; also if
 * the instance has another parameter group: the capture's lease moves with it. Safe to repeat.
 * @param since when each of the capture's logs was last written, or last known to be on, in milliseconds since the epoch
 * @param instance what RDS said of the instance, not before `now`
 */
export async function keepOn(
  env: Env,
  capture: LoggedCapture,
  instance: DbInstance,
  since: Partial<Record<LogName, number>>,
  now: number,
): Promise<WhyOff> {
  const kinds = logsOf(capture.log);
  const impossible = whyNever(capture, instance);
  if (impossible !== null) return ofEach(kinds, () => impossible);
  const group = groupOfInstance(capture, instance);
  const { parameterGroup } = group;
  const before = await readLease(env.DB, capture.id);
  const isMoved = before !== null && before.leaseName !== leaseName(group);
  const moved = isMoved ? `${capture.instance} was given the parameter group ${parameterGroup}` : null;
  const obstacle = await recordOnly(env, capture.id, group, now);
  if (obstacle !== null) return ofEach(kinds, () => moved && `${moved}. ${obstacle}`);
  const lease = await acquire(env, capture, instance, group, true);
  if (lease === null) return ofEach(kinds, () => moved);
  if (!lease.ok) return ofEach(kinds, (kind) => whyRefused(kind, lease, capture, parameterGroup) ?? moved);
  return ofEach(kinds, (kind) => {
    const silentSince = since[kind] ?? now;
    const seenOff = kind === "general" ? lease.since.general : lastOff(lease.since, isMoved);
    if (seenOff === null || seenOff <= silentSince)
      return whySilent(kind, capture, instance, now - silentSince);
    return moved === null
      ? `The ${kind} log was switched off in the parameter group ${parameterGroup}, and is switched on again`
      : `${moved}, in which the ${kind} log was off`;
  });
}

/** When the slow log was last seen off. In a group that is new to the capture, it was off until a change gave it what it needs. */
function lastOff({ slow, threshold, slowSeenOff }: LogTimes, isMoved: boolean): number | null {
  return latestOf(slow, slowSeenOff, isMoved ? threshold : null);
}

function ofEach(kinds: readonly LogName[], why: (kind: LogName) => string | null): WhyOff {
  const found = kinds.flatMap((kind) => {
    const cause = why(kind);
    return cause === null ? [] : [[kind, cause] as const];
  });
  return Object.fromEntries(found);
}

const CHANGES: ReadonlySet<string> = new Set(["rds:ModifyDBParameterGroup", "rds:ResetDBParameterGroup"]);

/** Why a log is off when AWS refuses a change; null when it could not be looked at, which does not say that it is off. */
function whyRefused(
  kind: LogName,
  { failure }: Extract<LeaseResult, { ok: false }>,
  capture: LoggedCapture,
  parameterGroup: string,
): string | null {
  if (!CHANGES.has(failure.action)) return null;
  const { reason } = refusedByAws(failure, failure.action, capture, parameterGroup);
  return `The ${kind} log is off in the parameter group ${parameterGroup}, and can't be switched on. ${reason}`;
}

/**
 * What is wrong with a log that is on and was not written for so long (milliseconds); null while it may be nothing. The silence
 * of a slow log says nothing: sessions that were connected before it was switched on are not in it.
 */
function whySilent(
  kind: LogName,
  { instance: name }: LoggedCapture,
  { parameterGroup, parameterApplyStatus: status }: DbInstance,
  silence: number,
): string | null {
  if (kind === "slow" || silence <= GENERAL.maxSilenceMs) return null;
  return (
    `The general log of ${name} is not written, although it is on in the parameter group ${parameterGroup}, whose ` +
    `status is ${status}`
  );
}

/** Why an instance can't log at all, and what to do; null when it can. */
function whyNever({ instance: name }: LoggedCapture, instance: DbInstance): string | null {
  const { engine } = instance;
  const found = unsuited(instance);
  // One of those that this service does not know is more than a version that can't be captured.
  if (found?.because === "engine" && !canCapture(engine)) {
    return `${name} runs ${engine}, which has no general log: only ${engineLabels("and")} on RDS can be captured`;
  }
  return found && inOneSentence(found);
}

function groupOfInstance({ region }: LoggedCapture, instance: DbInstance): ParameterGroup {
  return { region, accountId: instance.accountId, parameterGroup: instance.parameterGroup };
}

/**
 * Records in D1 that the capture asks for the lease on this group, and for no other: if the instance had another group before,
 * that one's lease is released first.
 * @returns what prevents it, or null
 */
async function recordOnly(
  env: Env,
  captureId: number,
  group: ParameterGroup,
  now: number,
): Promise<string | null> {
  const name = leaseName(group);
  let recorded = await recordLease(env.DB, captureId, name, now);
  if (recorded !== null && recorded !== name) {
    if (!(await releaseLease(env, captureId).catch(() => false))) {
      return `The parameter group ${groupOf(recorded).parameterGroup}, which the instance had before, is not restored yet`;
    }
    recorded = await recordLease(env.DB, captureId, name, now);
  }
  return recorded === name ? null : "The capture is not starting any more";
}

/** Asks the lease's Durable Object; null when it can't be reached. */
async function acquire(
  env: Env,
  capture: LoggedCapture,
  instance: DbInstance,
  group: ParameterGroup,
  isDoubted = false,
): Promise<LeaseResult | null> {
  const { id, envId, credentials, log: captured, minDurationMicros } = capture;
  const defaults = hasOwnDefaults(instance.engine) ? { hasOwnDefaults: true as const } : {};
  const holder = { captureId: id, envId, log: captured, minDurationMicros, ...defaults };
  try {
    return await leaseOf(env, leaseName(group)).acquire(holder, group, credentials, isDoubted);
  } catch (error) {
    // It was moved or reset. The capture may have its lease or not: the next attempt asks again.
    log.warn("lease.acquire.failed", { captureId: id, lease: leaseName(group), ...describeError(error) });
    return null;
  }
}
