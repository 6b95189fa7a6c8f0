import type { AwsFailure } from "../../aws/client.ts";
import { isDenied } from "../../aws/denials.ts";
import { roleIn } from "../cluster-role.ts";
import { ENGINES, type Unsuited, unsuitedCluster, unsuitedEngine, unsuitedGroup } from "../engines.ts";
import { isComingUp, isUp } from "../instance-status.ts";
import type { Answer, Answers, Subject } from "./answers.ts";
import type { Check } from "./checks.ts";
import { byFailure, inWords, NO_INSTANCE, notAsked, passed, toCheck } from "./words.ts";

/*
 * The checks of how the instance is reached, and how it is.
 */

/** Whether AWS accepts the key, or lets the role be assumed. */
export function checkCredentials({ access, identity, instance }: Answers, subject: Subject): Check {
  const id = "credentials";
  if (!access.ok) return byFailure(id, "error", access.failure, subject);
  if (subject.by === "role") return passed(id, "error", "AWS lets this service assume the role.");
  if (identity?.ok === true) {
    return passed(id, "error", `AWS accepts the access key, of the account ${identity.value.accountId}.`);
  }
  // Whoever lacks a permission is known to AWS.
  if (instance?.ok === true || (instance !== null && isDenied(instance.failure, "action"))) {
    return passed(id, "error", "AWS accepts the access key.");
  }
  const failure = [identity, instance].find(isRefused)?.failure ?? identity?.failure;
  return failure === undefined
    ? notAsked(id, "error", "AWS was not asked.")
    : byFailure(id, "error", failure, subject);
}

const isRefused = (answer: Answer<unknown>): answer is { ok: false; failure: AwsFailure } =>
  answer?.ok === false && (isDenied(answer.failure, "credentials") || isDenied(answer.failure, "region"));

/** Whether there is such an instance, as far as the credentials may know. */
export function checkInstance({ instance }: Answers, subject: Subject): Check {
  const id = "instance";
  if (instance === null)
    return notAsked(id, "error", "AWS was not asked: there are no credentials that it accepts.");
  if (instance.ok) {
    const { identifier, accountId } = instance.value;
    return passed(id, "error", `${identifier} is there, in ${subject.region} of the account ${accountId}.`);
  }
  const { failure } = instance;
  if (failure.kind === "not-found" || failure.kind === "rejected")
    return byFailure(id, "error", failure, subject);
  // The check of the credentials, or of the permission, says what to do.
  return notAsked(id, "error", inWords(failure, subject).detail);
}

/** Whether the server runs. */
export function checkState({ instance }: Answers): Check {
  const id = "state";
  if (instance?.ok !== true) return notAsked(id, "error", NO_INSTANCE);
  const { identifier, status } = instance.value;
  const is = `${identifier} is ${status}`;
  if (isUp(status)) return passed(id, "error", `${is}.`);
  if (isComingUp(status)) {
    const action = "Wait: it comes up by itself. A capture that starts meanwhile tries for ten minutes.";
    return toCheck(id, "failed", "warning", `${is}, and its server may be away.`, action);
  }
  return toCheck(id, "failed", "error", `${is}: its server does not run.`, whatToDo(status, identifier));
}

/** What to do about an instance that is down. */
function whatToDo(status: string, identifier: string): string {
  switch (status.toLowerCase()) {
    case "stopped":
    case "stopping":
      return `Start ${identifier}.`;
    case "deleting":
    case "delete-precheck":
      return "It will not come back: choose another instance.";
    case "storage-full":
      return `Give ${identifier} more storage.`;
    default:
      return `See the events of ${identifier} in the RDS console, which say what is wrong.`;
  }
}

/** Whether its engine has logs that can be captured. */
export function checkEngine({ instance }: Answers): Check {
  const id = "engine";
  if (instance?.ok !== true) return notAsked(id, "error", NO_INSTANCE);
  const { identifier, engine, engineVersion } = instance.value;
  const problem = unsuitedEngine(instance.value);
  if (problem !== null) return byUnsuited(problem);
  return passed(id, "error", `${identifier} runs ${ENGINES[engine]?.label ?? engine} ${engineVersion}.`);
}

/** What a cluster's instance is there; null for an instance alone. */
export function checkCluster({ instance, cluster }: Answers, subject: Subject): Check | null {
  const id = "cluster";
  if (instance?.ok !== true || instance.value.cluster === null) return null;
  const { identifier, cluster: name } = instance.value;
  const problem = unsuitedCluster(instance.value);
  if (problem !== null) return byUnsuited(problem);
  const member = `${identifier} is a member of the cluster ${name}`;
  if (cluster?.ok !== true) {
    const why = cluster === null ? "" : ` ${inWords(cluster.failure, subject).detail}`;
    return toCheck(
      id,
      "unknown",
      "warning",
      `${member}. Whether it is the writer or a reader is not known.${why}`,
      "Captures work all the same, but don't say it when a failover makes a reader of the instance.",
    );
  }
  const role = roleIn(cluster.value, identifier);
  if (role === null) return notAsked(id, "warning", `${member}, which does not list it as one just now.`);
  return passed(id, "warning", `${member}: it is ${role === "writer" ? "the writer" : "a reader"} now.`);
}

/** Whether the parameter group can be changed at all. */
export function checkParameterGroup({ instance, parameters, modify }: Answers): Check {
  const id = "parameter-group";
  if (instance?.ok !== true) return notAsked(id, "error", NO_INSTANCE);
  const { identifier, parameterGroup } = instance.value;
  const problem = unsuitedGroup(instance.value);
  if (problem !== null) return byUnsuited(problem);
  const failures = [parameters, modify].map((answer) => (answer?.ok === false ? answer.failure.code : ""));
  if (failures.some((code) => code.startsWith("DBParameterGroupNotFound"))) {
    const detail = `There is no parameter group ${parameterGroup} in the account that the credentials are of.`;
    return toCheck(
      id,
      "failed",
      "error",
      detail,
      `See which parameter group ${identifier} has in the RDS console.`,
    );
  }
  if (failures.some((code) => code.startsWith("InvalidDBParameterGroupState"))) {
    const detail = `RDS says that ${parameterGroup} can't be changed just now.`;
    return toCheck(id, "unknown", "error", detail, "Check again in some minutes.");
  }
  return passed(
    id,
    "error",
    `${identifier} uses the parameter group ${parameterGroup}, which is not Amazon's own. A capture changes it for all instances that use it.`,
  );
}

/**
 * Whether the server has what its group says. One that waits for a reboot can be captured: changes of dynamic parameters, as those of
 * the logs are, reach it without one (RDS and Aurora User Guides, "Associating a DB parameter group with a DB instance").
 */
export function checkPendingReboot({ instance }: Answers): Check {
  const id = "pending-reboot";
  if (instance?.ok !== true) return notAsked(id, "warning", NO_INSTANCE);
  const { identifier, parameterGroup, parameterApplyStatus: status, pendingModified } = instance.value;
  const others = pendingModified ? " Other changes of the instance wait for its maintenance window." : "";
  switch (status) {
    case "in-sync":
      return passed(id, "warning", `${identifier} has all that ${parameterGroup} says.${others}`);
    case "applying":
      return passed(
        id,
        "warning",
        `A change of ${parameterGroup} is just being applied to ${identifier}.${others}`,
      );
    case "pending-reboot":
      return toCheck(
        id,
        "failed",
        "warning",
        `Something in ${parameterGroup} reaches ${identifier} with its next reboot only: it may be a group that was assigned to it ` +
          `since the last one, or a static parameter. Logs can be switched without a reboot.${others}`,
        `Capture a minute and see. If the log is not written, reboot ${identifier}.`,
      );
    case "failed-to-apply":
      return toCheck(
        id,
        "failed",
        "error",
        `RDS could not apply ${parameterGroup} to ${identifier}.${others}`,
        `See the events of ${identifier} in the RDS console, and correct the parameter that they name.`,
      );
    default:
      return notAsked(id, "warning", `RDS calls ${parameterGroup} of ${identifier} ${status}.${others}`);
  }
}

/** Whether CloudWatch has anything of the instance. */
export function checkMetrics({ metrics }: Answers, subject: Subject): Check {
  const id = "metrics";
  if (metrics === null)
    return notAsked(id, "warning", "AWS was not asked: there are no credentials that it accepts.");
  if (!metrics.ok) return notAsked(id, "warning", inWords(metrics.failure, subject).detail);
  const isThere = metrics.value.some((points) => points.length > 0);
  if (isThere) return passed(id, "warning", `CloudWatch has metrics of ${subject.instance}.`);
  return toCheck(
    id,
    "failed",
    "warning",
    `CloudWatch has no metrics of ${subject.instance} of the last ${METRICS_MINUTES} minutes.`,
    "If the instance was just made or started, wait some minutes. A capture works without them, and has none then.",
  );
}

/** How far back a preflight looks for metrics, in minutes: the newest ones are some minutes old. */
export const METRICS_MINUTES = 15;

function byUnsuited({ because, reason, action }: Unsuited): Check {
  return toCheck(because, "failed", "error", `${reason}.`, `${action}.`);
}
