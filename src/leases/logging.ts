import { type AwsFailure, awsTarget, isTransient } from "../aws/client.ts";
import { type DbInstance, listLogFiles } from "../aws/rds.ts";
import type { Env } from "../env.ts";
import { askAs, type EnvironmentAccess } from "../environments/credentials.ts";
import { explain } from "../environments/instance.ts";
import { leaseName, type ParameterGroup } from "../environments/parameter-group.ts";
import { describeError, log } from "../lib/log.ts";
import { MAX_SILENCE_MS, WRITTEN_EVERY_MS } from "../logs/files.ts";
import type { LeaseResult } from "./lease.ts";
import { forgetLease, type NotedLease, noteLease, owedLeases, readLease } from "./store.ts";

/*
 * Logging on and off, for a capture's runner. Nothing is kept here: the lease's Durable Object knows the group, and D1 knows
 * which capture has a lease.
 */

/** As much of a capture as its log needs. */
export interface LoggedCapture extends EnvironmentAccess {
  id: number;
  /** The instance's identifier. */
  instance: string;
}

/** Whether a capture's log is on; if not, what to do about it, and whether waiting may be enough. */
export type Logging = { ready: true } | NotReady;
type NotReady = { ready: false; transient: boolean; reason: string };

const HAS_GENERAL_LOG = ["mysql", "mariadb"];
/** Where RDS has the general logs of both engines. */
const GENERAL_LOGS = "general/";
/** For how long a status that is not what it should be may be the one from before the change. */
const STATUS_GRACE_MS = 60_000;

/**
 * Switches the general log of a capture's instance on, or sees how far that has come; safe to repeat, and meant to be, until
 * it is ready. Once this was called `letGo` must be, too, also when it never became ready; should the caller die before, cron
 * does it when the capture has ended.
 *
 * Ready means that the servers have the change, not that AWS has it: a log file must have been written after the change was
 * sent. That the instance is in-sync is not enough, as it may be so from before; nor is a file, which may be an earlier
 * capture's. So the first call after which the log had to be switched on is never ready: ask RDS for the instance again.
 * @param capture must be STARTING or RUNNING in D1
 * @param instance what RDS said of the instance, not before `now`
 * @param now when RDS was asked
 */
export async function switchOn(
  env: Env,
  capture: LoggedCapture,
  instance: DbInstance,
  now: number,
): Promise<Logging> {
  const impossible = whyNever(capture, instance);
  if (impossible !== null) return never(impossible);
  const { accountId, parameterGroup } = instance;
  const group: ParameterGroup = { region: capture.region, accountId, parameterGroup };
  const hindered = await note(env, capture.id, group, now);
  if (hindered !== null) return notYet(hindered);
  const lease = await acquire(env, capture, group);
  if (lease === null) return notYet(`The lease on the log of ${parameterGroup} could not be asked for`);
  if (!lease.ok) return refused(lease.failure, lease.failure.action, capture, parameterGroup);
  return isApplied(env, capture, instance, lease.loggingSince, now);
}

/**
 * Looks whether the log of a running capture is still on, and switches it on again if somebody has switched it off, or has given
 * the instance another parameter group: the capture's lease goes with the instance. Safe to repeat.
 * @param since when the log was last written
 * @param instance what RDS said of the instance, not before `now`
 * @returns why the log is off, or was since then; null when nothing says that it was
 */
export async function keepOn(
  env: Env,
  capture: LoggedCapture,
  instance: DbInstance,
  since: number,
  now: number,
): Promise<string | null> {
  const impossible = whyNever(capture, instance);
  if (impossible !== null) return impossible;
  const { accountId, parameterGroup } = instance;
  const group: ParameterGroup = { region: capture.region, accountId, parameterGroup };
  const noted = await readLease(env.DB, capture.id);
  const isMoved = noted !== null && noted.leaseName !== leaseName(group);
  const moved = isMoved ? `${capture.instance} was given the parameter group ${parameterGroup}` : null;
  const hindered = await note(env, capture.id, group, now);
  if (hindered !== null) return moved && `${moved}. ${hindered}`;
  const lease = await acquire(env, capture, group, true);
  if (lease === null) return moved;
  if (!lease.ok) {
    // That it can't be looked at does not say that it is off.
    if (!CHANGES.has(lease.failure.action)) return moved;
    const { reason } = refused(lease.failure, lease.failure.action, capture, parameterGroup);
    return `The general log is off in the parameter group ${parameterGroup}, and can't be switched on. ${reason}`;
  }
  if (lease.loggingSince === null || lease.loggingSince <= since) {
    if (now - since <= MAX_SILENCE_MS) return null;
    const { parameterApplyStatus: status } = instance;
    return `The general log of ${capture.instance} is not written, although it is on in the parameter group ${parameterGroup}, whose status is ${status}`;
  }
  return moved === null
    ? `The general log was switched off in the parameter group ${parameterGroup}, and is switched on again`
    : `${moved}, in which the general log was off`;
}

const CHANGES: ReadonlySet<string> = new Set(["rds:ModifyDBParameterGroup", "rds:ResetDBParameterGroup"]);

/**
 * Gives the log of a capture back, if it has one; safe to repeat, at any time and for any capture, also one that is erased.
 * @returns whether nothing is owed any more. If not, the lease's Durable Object tries on, and cron comes back to it: the
 *   caller need not.
 */
export async function letGo(env: Env, captureId: number): Promise<boolean> {
  const lease = await readLease(env.DB, captureId);
  return lease === null || giveBack(env, lease);
}

/**
 * Gives a lease back, and forgets it once that is confirmed: what was found is restored, or another capture needs the log.
 * @param atOnce whether AWS is to be asked now even if the lease is between two attempts
 * @throws Error when the lease's Durable Object or D1 can't be reached
 */
export async function giveBack(
  env: Env,
  { captureId, leaseName }: NotedLease,
  atOnce = false,
): Promise<boolean> {
  const isDone = await env.LOG_LEASE.getByName(leaseName).release(captureId, atOnce);
  if (isDone) await forgetLease(env.DB, captureId, leaseName);
  return isDone;
}

/** More groups than an environment comes to owe. */
const MAX_OWED = 20;

/** Tries at once to give back what an environment owes. What fails is left to the leases' alarms, and said in D1. */
export async function giveBackOwed(env: Env, envId: number): Promise<void> {
  for (const lease of await owedLeases(env.DB, envId, MAX_OWED)) {
    try {
      await giveBack(env, lease, true);
    } catch (error) {
      log.warn("lease.release.failed", { envId, lease: lease.leaseName, ...describeError(error) });
    }
  }
}

/** Makes sure that leases come to look after their groups by a time. What fails is left to cron. */
export async function wakeLeases(env: Env, leaseNames: readonly string[], at: number): Promise<void> {
  for (const name of leaseNames) {
    try {
      await env.LOG_LEASE.getByName(name).wake(at);
    } catch (error) {
      log.warn("lease.wake.failed", { lease: name, ...describeError(error) });
    }
  }
}

/** Why an instance can't log at all, and what to do; null when it can. */
function whyNever({ instance: name }: LoggedCapture, { engine, parameterGroup }: DbInstance): string | null {
  if (!HAS_GENERAL_LOG.includes(engine)) {
    return `${name} runs ${engine}, which has no general log: only MySQL and MariaDB on RDS can be captured`;
  }
  if (parameterGroup.startsWith("default.")) {
    return (
      `${name} uses the parameter group ${parameterGroup}, which is Amazon's own and can't be changed: create a ` +
      `parameter group of the same family, assign it to ${name}, and reboot ${name}`
    );
  }
  return null;
}

/** Notes in D1 that the capture asks for this lease. Returns what stands in the way, or null. */
async function note(env: Env, captureId: number, group: ParameterGroup, now: number): Promise<string | null> {
  const name = leaseName(group);
  let noted = await noteLease(env.DB, captureId, name, now);
  if (noted !== null && noted !== name) {
    // The instance was given another group since: the one before gets its own back first.
    if (!(await letGo(env, captureId).catch(() => false))) {
      return `The parameter group ${noted.split("/")[2]}, which the instance had before, is not restored yet`;
    }
    noted = await noteLease(env.DB, captureId, name, now);
  }
  return noted === name ? null : "The capture is not starting any more";
}

async function acquire(
  env: Env,
  capture: LoggedCapture,
  group: ParameterGroup,
  isDoubted = false,
): Promise<LeaseResult | null> {
  const { id, credentials } = capture;
  try {
    return await env.LOG_LEASE.getByName(leaseName(group)).acquire(id, group, credentials, isDoubted);
  } catch (error) {
    // It was moved or reset. The capture may have its lease or not: the next attempt asks again.
    log.warn("lease.acquire.failed", { captureId: id, lease: leaseName(group), ...describeError(error) });
    return null;
  }
}

/** Whether the servers have the change. */
async function isApplied(
  env: Env,
  capture: LoggedCapture,
  instance: DbInstance,
  since: number | null,
  now: number,
): Promise<Logging> {
  const { parameterGroup, parameterApplyStatus: status } = instance;
  const applying = `The change of the parameter group ${parameterGroup} is still being applied to ${capture.instance}`;
  // What is known of the instance is from before the change.
  if (since !== null && now <= since) return notYet(applying);
  if (status === "applying") return notYet(applying);
  const files = await askAs(env, capture, now, (keys) =>
    listLogFiles(awsTarget(env, capture.region), keys, capture.instance, GENERAL_LOGS),
  );
  if (!files.ok) return refused(files.failure, "rds:DescribeDBLogFiles", capture, parameterGroup);
  const writtenAfter = since ?? (status === "in-sync" ? -1 : now - WRITTEN_EVERY_MS);
  const isWritten = files.value.some(
    ({ name, lastWritten }) => name.startsWith(GENERAL_LOGS) && lastWritten > writtenAfter,
  );
  // Also for a group that waits for a reboot: another parameter may be why, and production is not rebooted for that.
  if (isWritten) return { ready: true };
  const reason = whyNotWritten(capture.instance, instance);
  return status === "in-sync" || now < (since ?? 0) + STATUS_GRACE_MS ? notYet(reason) : never(reason);
}

function whyNotWritten(name: string, { parameterGroup, parameterApplyStatus: status }: DbInstance): string {
  switch (status) {
    case "in-sync":
      return `RDS shows no general log file of ${name} that was written since logging was switched on in ${parameterGroup}`;
    case "pending-reboot":
      return (
        `${name} has not taken the parameter group ${parameterGroup} over yet, its status is pending-reboot: ` +
        `reboot ${name}, then capture again`
      );
    case "failed-to-apply":
      return (
        `RDS could not apply the parameter group ${parameterGroup} to ${name}, its status is failed-to-apply: see the ` +
        `events of ${name} in the RDS console, correct the parameter they name, then capture again`
      );
    default:
      return `RDS calls the parameter group ${parameterGroup} of ${name} ${status}: it has to be in-sync`;
  }
}

/** RDS's words for "not at this moment", which come as HTTP 400. */
const BUSY = /^(InvalidDBParameterGroupState|InvalidDBInstanceState|DBInstanceNotReady)/;
/** Known keys that lack a permission, as opposed to keys that AWS does not know. */
const FORBIDDEN = /^(AccessDenied|UnauthorizedOperation|NotAuthorized)/;

function refused(
  failure: AwsFailure,
  action: string,
  { instance, region }: LoggedCapture,
  parameterGroup: string,
): NotReady {
  const transient = isTransient(failure) || BUSY.test(failure.code);
  if (
    failure.kind !== "denied" ||
    !FORBIDDEN.test(failure.code) ||
    failure.message.includes("sts:AssumeRole")
  ) {
    return { ready: false, transient, reason: explain(failure, instance, region) };
  }
  const resource =
    action === "rds:DescribeDBLogFiles" ? `instance ${instance}` : `parameter group ${parameterGroup}`;
  return never(
    `The environment's credentials lack a permission: allow them ${action} on the ${resource} in IAM (${failure.code})`,
  );
}

function notYet(reason: string): NotReady {
  return { ready: false, transient: true, reason };
}

function never(reason: string): NotReady {
  return { ready: false, transient: false, reason };
}
