import { type AwsFailure, type AwsResult, awsTarget, isTransient } from "../aws/client.ts";
import { denialOf } from "../aws/denials.ts";
import { explain } from "../aws/explain.ts";
import type { DbInstance } from "../aws/rds.ts";
import { type LogFile, listLogFiles } from "../aws/rds-logs.ts";
import type { Env } from "../env.ts";
import { askAs, type EnvironmentAccess } from "../environments/credentials.ts";
import type { ParameterSettings } from "../environments/parameter-group.ts";
import { UNKNOWN } from "../logs/files.ts";
import { GENERAL } from "../logs/general/kind.ts";
import { type CapturedLog, type LogName, logsOf } from "../logs/names.ts";
import { SLOW } from "../logs/slow/kind.ts";
import { type LogTimes, latestOf } from "./log-times.ts";
import { LATE_MS, RESTORE_APPLIES_MS, SOON_AGAIN_MS } from "./state.ts";

/*
 * Whether the servers of an instance write the logs that its parameter group switches on.
 */

/** As much of a capture as its logs need. */
export interface LoggedCapture extends EnvironmentAccess {
  id: number;
  /** The instance's identifier. */
  instance: string;
  log: CapturedLog;
  /** How long a statement runs at least that the slow log has to have; 0 for a capture of the general log alone. */
  minDurationMicros: number;
}

/** Whether a capture's logs are on; if not, what to do about it, and whether waiting may be enough. */
export type LogReadiness = Ready | NotReady;
/** Logs that are on. */
export interface Ready {
  ready: true;
  /** Absent for a capture of the general log alone. */
  timing?: SlowTiming;
}
/** A log that is not on. */
export type NotReady = { ready: false; transient: boolean; reason: string };

/** What is known of the slow log before a capture of it begins. */
export interface SlowTiming {
  /**
   * Sessions that connect after this are complete, in milliseconds since the epoch; null when they were so before any capture
   * changed the group. Sessions that were connected before may be missing until they reconnect.
   */
  completeSince: number | null;
  /** What the slow log's parameters were before captures changed them; null for one that had no value in the group. */
  before: ParameterSettings;
}

/** For how long a status that is not what it should be may be the one from before the change. */
const STATUS_GRACE_MS = 60_000;

/**
 * Looks for log files that were written after the logs were switched on.
 * @param lease what the lease said: since when the logs are on
 * @param now when RDS was asked for the instance
 */
export async function logReadiness(
  env: Env,
  capture: LoggedCapture,
  instance: DbInstance,
  { since, before }: { since: LogTimes; before: ParameterSettings },
  now: number,
): Promise<LogReadiness> {
  const kinds = logsOf(capture.log);
  if (kinds.includes("general")) {
    const general = await generalReadiness(env, capture, instance, since.general, now);
    if (!general.ready || !kinds.includes("slow")) return general;
  }
  const files = await listLogs(env, capture, SLOW.folder, now);
  if (!files.ok) return refusedByAws(files.failure, LIST, capture, instance.parameterGroup);
  const problem = slowProblem(capture.instance, instance, since, files.value, now);
  return problem ?? { ready: true, timing: { completeSince: completeSince(since, now), before } };
}

async function generalReadiness(
  env: Env,
  capture: LoggedCapture,
  instance: DbInstance,
  since: number | null,
  now: number,
): Promise<LogReadiness> {
  const { parameterGroup, parameterApplyStatus: status } = instance;
  if (isBeingApplied(since, status, now)) return stillApplied(capture.instance, instance);
  const files = await listLogs(env, capture, GENERAL.folder, now);
  if (!files.ok) return refusedByAws(files.failure, LIST, capture, parameterGroup);
  const oldest = writtenAfter(since, status, now);
  // Also for a group that waits for a reboot: another parameter may be why, and production is not rebooted for that.
  // Where RDS does not say when a file was written, the status and the time have to do.
  const isLongInSync = status === "in-sync" && now >= (since ?? 0) + LATE_MS;
  const isWritten = ({ lastWritten }: LogFile) =>
    lastWritten > oldest || (lastWritten === UNKNOWN && isLongInSync);
  if (files.value.some(isWritten)) return { ready: true };
  return notWritten("general", capture.instance, instance, since, now);
}

/**
 * What is in the way of a slow log's capture; null when nothing is. Its server writes a banner when the log is switched on, and
 * nothing when only its parameters are changed, or when it was on before: then the status and the time have to do.
 * @param since when the lease has changed it
 * @param files the slow log's
 */
export function slowProblem(
  name: string,
  instance: DbInstance,
  since: LogTimes,
  files: readonly LogFile[],
  now: number,
): NotReady | null {
  const { parameterApplyStatus: status } = instance;
  const changed = latestOf(since.slow, since.threshold);
  if (isBeingApplied(changed, status, now)) return stillApplied(name, instance);
  const isWrittenAfter = (time: number) => files.some(({ lastWritten }) => lastWritten > time);
  // A log that was on already, which the lease could not know, has no new banner.
  const isLongInSync = status === "in-sync" && now >= (since.slow ?? 0) + LATE_MS;
  if (since.slow !== null && !isWrittenAfter(since.slow) && !isLongInSync) {
    return notWritten("slow", name, instance, since.slow, now);
  }
  const { threshold } = since;
  // The change that has switched it on: the banner shows that the servers have it.
  if (since.slow !== null && (threshold === null || threshold <= since.slow)) return null;
  const settled = threshold === null ? now - GENERAL.writtenEveryMs : threshold + SOON_AGAIN_MS;
  if (status !== "in-sync") {
    return isWrittenAfter(settled) ? null : notWritten("slow", name, instance, changed, now);
  }
  return now >= settled ? null : stillApplied(name, instance);
}

/** Since when sessions that connect are complete, for a slow log that is ready. */
export function completeSince(since: LogTimes, now: number): number | null {
  const changed = latestOf(since.slow, since.threshold);
  // The servers have had it for some seconds, or for less than RESTORE_APPLIES_MS after it was changed.
  return changed === null ? null : Math.min(now, changed + RESTORE_APPLIES_MS);
}

const LIST = "rds:DescribeDBLogFiles";

/** If RDS was asked before the change, its status says nothing about the change. */
function isBeingApplied(since: number | null, status: string, now: number): boolean {
  return (since !== null && now <= since) || status === "applying";
}

function stillApplied(name: string, { parameterGroup }: DbInstance): NotReady {
  return notYet(`The change of the parameter group ${parameterGroup} is still being applied to ${name}`);
}

function notWritten(
  kind: LogName,
  name: string,
  instance: DbInstance,
  since: number | null,
  now: number,
): NotReady {
  const reason = whyNotWritten(kind, name, instance);
  const isFresh = instance.parameterApplyStatus === "in-sync" || now < (since ?? 0) + STATUS_GRACE_MS;
  return isFresh ? notYet(reason) : never(reason);
}

async function listLogs(
  env: Env,
  capture: LoggedCapture,
  folder: string,
  now: number,
): Promise<AwsResult<LogFile[]>> {
  const files = await askAs(env, capture, now, (keys) =>
    listLogFiles(awsTarget(env, capture.region), keys, capture.instance, folder),
  );
  if (!files.ok) return files;
  return { ok: true, value: files.value.filter(({ name }) => name.startsWith(folder)) };
}

/** After when a file must have been written to show that the servers log, in milliseconds since the epoch. */
function writtenAfter(since: number | null, status: string, now: number): number {
  if (since !== null) return since;
  // The log was on before: where RDS says that the servers have the group, any file will do.
  return status === "in-sync" ? -1 : now - GENERAL.writtenEveryMs;
}

function whyNotWritten(
  kind: LogName,
  name: string,
  { parameterGroup, parameterApplyStatus: status }: DbInstance,
): string {
  switch (status) {
    case "in-sync":
      return `RDS shows no ${kind} log file of ${name} that was written since logging was switched on in ${parameterGroup}`;
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

/** What AWS's failure means for the log: a missing permission is named with the resource that it is for. */
export function refusedByAws(
  failure: AwsFailure,
  action: string,
  { instance, region }: LoggedCapture,
  parameterGroup: string,
): NotReady {
  const denial = denialOf(failure);
  const isOfIdentity = denial === null || (denial.policy === "identity-based policy" && !denial.isExplicit);
  const lacksPermission =
    failure.kind === "denied" &&
    FORBIDDEN.test(failure.code) &&
    isOfIdentity &&
    !failure.message.includes("sts:AssumeRole");
  if (!lacksPermission) {
    const transient = isTransient(failure) || BUSY.test(failure.code);
    return { ready: false, transient, reason: explain(failure, instance, region) };
  }
  const resource = action === LIST ? `instance ${instance}` : `parameter group ${parameterGroup}`;
  return never(
    `The environment's credentials lack a permission: allow them ${action} on the ${resource} in IAM (${failure.code})`,
  );
}

/** The log is not on yet: waiting may be enough. */
export function notYet(reason: string): NotReady {
  return { ready: false, transient: true, reason };
}

/** The log can't be on until somebody does something about it. */
export function never(reason: string): NotReady {
  return { ready: false, transient: false, reason };
}
