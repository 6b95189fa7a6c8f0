import { type AwsFailure, type AwsResult, awsTarget, isTransient } from "../aws/client.ts";
import { explain } from "../aws/explain.ts";
import { type DbInstance, type LogFile, listLogFiles } from "../aws/rds.ts";
import type { Env } from "../env.ts";
import { askAs, type EnvironmentAccess } from "../environments/credentials.ts";
import { GENERAL } from "../logs/general/kind.ts";

/*
 * Whether the servers of an instance write the log that its parameter group switches on.
 */

/** As much of a capture as its log needs. */
export interface LoggedCapture extends EnvironmentAccess {
  id: number;
  /** The instance's identifier. */
  instance: string;
}

/** Whether a capture's log is on; if not, what to do about it, and whether waiting may be enough. */
export type LogReadiness = { ready: true } | NotReady;
/** A log that is not on. */
export type NotReady = { ready: false; transient: boolean; reason: string };

/** For how long a status that is not what it should be may be the one from before the change. */
const STATUS_GRACE_MS = 60_000;

/**
 * Looks for a log file that was written after the log was switched on.
 * @param since when it was switched on; null when it was on before the captures
 * @param now when RDS was asked for the instance
 */
export async function logReadiness(
  env: Env,
  capture: LoggedCapture,
  instance: DbInstance,
  since: number | null,
  now: number,
): Promise<LogReadiness> {
  const { parameterGroup, parameterApplyStatus: status } = instance;
  // If RDS was asked before the change, its status says nothing about the change.
  if ((since !== null && now <= since) || status === "applying") {
    return notYet(
      `The change of the parameter group ${parameterGroup} is still being applied to ${capture.instance}`,
    );
  }
  const files = await listGeneralLogs(env, capture, now);
  if (!files.ok) return refusedByAws(files.failure, "rds:DescribeDBLogFiles", capture, parameterGroup);
  const oldest = writtenAfter(since, status, now);
  // Also for a group that waits for a reboot: another parameter may be why, and production is not rebooted for that.
  if (files.value.some(({ lastWritten }) => lastWritten > oldest)) return { ready: true };
  const reason = whyNotWritten(capture.instance, instance);
  return status === "in-sync" || now < (since ?? 0) + STATUS_GRACE_MS ? notYet(reason) : never(reason);
}

async function listGeneralLogs(env: Env, capture: LoggedCapture, now: number): Promise<AwsResult<LogFile[]>> {
  const files = await askAs(env, capture, now, (keys) =>
    listLogFiles(awsTarget(env, capture.region), keys, capture.instance, GENERAL.folder),
  );
  if (!files.ok) return files;
  return { ok: true, value: files.value.filter(({ name }) => name.startsWith(GENERAL.folder)) };
}

/** After when a file must have been written to show that the servers log, in milliseconds since the epoch. */
function writtenAfter(since: number | null, status: string, now: number): number {
  if (since !== null) return since;
  // The log was on before: where RDS says that the servers have the group, any file will do.
  return status === "in-sync" ? -1 : now - GENERAL.writtenEveryMs;
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

/** What AWS's failure means for the log: a missing permission is named with the resource that it is for. */
export function refusedByAws(
  failure: AwsFailure,
  action: string,
  { instance, region }: LoggedCapture,
  parameterGroup: string,
): NotReady {
  const lacksPermission =
    failure.kind === "denied" && FORBIDDEN.test(failure.code) && !failure.message.includes("sts:AssumeRole");
  if (!lacksPermission) {
    const transient = isTransient(failure) || BUSY.test(failure.code);
    return { ready: false, transient, reason: explain(failure, instance, region) };
  }
  const resource =
    action === "rds:DescribeDBLogFiles" ? `instance ${instance}` : `parameter group ${parameterGroup}`;
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
