import {
  type AwsCredentials,
  type AwsFailure,
  type AwsResult,
  type AwsTarget,
  awsTarget,
} from "../../aws/client.ts";
import { getMetricData, type MetricPoint } from "../../aws/cloudwatch.ts";
import { simulatePolicy } from "../../aws/iam.ts";
import {
  type DbInstance,
  describeCluster,
  describeParameters,
  modifyParameters,
  resetParameters,
} from "../../aws/rds.ts";
import { downloadLogPortion, listLogFiles } from "../../aws/rds-logs.ts";
import { callerIdentity } from "../../aws/sts.ts";
import { type Env, positiveNumber } from "../../env.ts";
import { describeError, log } from "../../lib/log.ts";
import { freshCredentials, type StoredCredentials } from "../credentials.ts";
import { findInstance } from "../instance.ts";
import type { ParameterGroup } from "../parameter-group.ts";
import { trustOf } from "../role-trust.ts";
import {
  type Answers,
  type GroupChanges,
  type KnownChanges,
  NOT_ASKED,
  type ProbedAction,
} from "./answers.ts";
import { LOG_PARAMETERS } from "./group-checks.ts";
import { METRICS_MINUTES } from "./instance-checks.ts";
import { siblingOf, simulationOf } from "./permission-checks.ts";

/*
 * Asks AWS what a preflight has to know, by at most 13 calls (AssumeRole among them) in at most four rounds: those of a round are
 * made at once. No call changes anything. The two that look like changes name a parameter that no parameter group has, and AWS
 * refuses them for that, or for a permission that is missing, whichever it sees first: the permission.
 */

/** How long all of it may take, in time limits of one call. */
const LIMIT_IN_CALLS = 2;
/** When all calls that begin now have to be answered, in milliseconds since the epoch. */
export const timeLimit = (env: Env): number =>
  Date.now() + LIMIT_IN_CALLS * positiveNumber(env, "AWS_TIMEOUT_MS");
/** No family of parameter groups has it: their names are those of the servers' variables. */
export const NO_PARAMETER = "captures_preflight_no_such_parameter";
/** A log file that is not there: the permissions to list and to download show without anything being read. */
const NO_FILE = "error/captures-preflight-no-such-file.log";

/** What to ask about. */
export interface Asking {
  region: string;
  instance: string;
  credentials: StoredCredentials;
  /** The sealed credentials, under which keys of a role are cached; null while they are not sealed. */
  sealed: string | null;
  /** Looks up what captures have changed in a group. */
  changes: (group: ParameterGroup) => Promise<GroupChanges>;
}

/** Asks all of it. */
export async function ask(env: Env, asking: Asking, now: number): Promise<Answers> {
  const { region, credentials, sealed } = asking;
  const until = timeLimit(env);
  const trust = trustOf(env, region, credentials);
  const access = await freshCredentials(env, region, credentials, sealed, now);
  const rounds = access.ok ? await askWith(env, asking, access.value, until) : NOT_ASKED;
  return { ...rounds, access, trust: await trust };
}

async function askWith(
  env: Env,
  asking: Asking,
  keys: AwsCredentials,
  until: number,
): Promise<typeof NOT_ASKED> {
  const { region, instance: name, credentials } = asking;
  const within = limited(env, region, until);
  const isRole = "roleArn" in credentials;
  const [identity, instance, logFiles, download, metrics] = await Promise.all([
    isRole ? null : within("sts:GetCallerIdentity", (target) => callerIdentity(target, keys)),
    within("rds:DescribeDBInstances", (target) => findInstance(target, keys, name)),
    within("rds:DescribeDBLogFiles", (target) => listLogFiles(target, keys, name, NO_FILE)),
    within("rds:DownloadDBLogFilePortion", (target) =>
      downloadLogPortion(target, keys, name, NO_FILE, { lines: 1 }),
    ),
    within("cloudwatch:GetMetricData", (target) => askMetrics(target, keys, name)),
  ]);
  const first = { ...NOT_ASKED, identity, instance, logFiles, download, metrics };
  if (!instance.ok) return first;
  const found = instance.value;
  const { arn, cluster: clusterName, parameterGroup } = found;
  const principal = isRole ? credentials.roleArn : userOf(identity?.ok === true ? identity.value.arn : "");
  const [cluster, parameters, simulation, changes] = await Promise.all([
    clusterName === null
      ? null
      : within("rds:DescribeDBClusters", (target) => describeCluster(target, keys, clusterName)),
    within("rds:DescribeDBParameters", (target) =>
      describeParameters(target, keys, parameterGroup, LOG_PARAMETERS, "user"),
    ),
    principal === null
      ? null
      : within("iam:SimulatePrincipalPolicy", (target) =>
          simulatePolicy(target, keys, principal, PROBED, siblingOf(arn, "pg", parameterGroup)),
        ),
    knownChanges(asking, found),
  ]);
  const isOpen = (action: ProbedAction) => simulationOf(action, { simulation }) === null;
  const [modify, reset] = await Promise.all([
    isOpen("rds:ModifyDBParameterGroup")
      ? within("rds:ModifyDBParameterGroup", (target) =>
          modifyParameters(target, keys, parameterGroup, { [NO_PARAMETER]: "1" }),
        )
      : null,
    isOpen("rds:ResetDBParameterGroup")
      ? within("rds:ResetDBParameterGroup", (target) =>
          resetParameters(target, keys, parameterGroup, [NO_PARAMETER]),
        )
      : null,
  ]);
  return { ...first, cluster, parameters, simulation, changes, modify, reset };
}

const PROBED: readonly ProbedAction[] = ["rds:ModifyDBParameterGroup", "rds:ResetDBParameterGroup"];

/** The ARN if it is a user's: IAM simulates what the root of an account may do for nobody. */
const userOf = (arn: string): string | null => (/:user\//.test(arn) ? arn : null);

/** Makes calls that have to be answered by a moment, in milliseconds since the epoch. */
function limited(env: Env, region: string, until: number) {
  const target = awsTarget(env, region);
  return async <T>(
    operation: string,
    call: (target: AwsTarget) => Promise<AwsResult<T>>,
  ): Promise<AwsResult<T>> => {
    const left = until - Date.now();
    if (left <= 0) return { ok: false, failure: tooLate(operation) };
    return call({ ...target, timeoutMs: Math.min(target.timeoutMs, left) });
  };
}

function tooLate(operation: string): AwsFailure {
  const message = `${operation} was not asked: the calls before it took too long`;
  return { kind: "timeout", code: "Timeout", operation, message };
}

function askMetrics(
  target: AwsTarget,
  keys: AwsCredentials,
  instance: string,
): Promise<AwsResult<MetricPoint[][]>> {
  const end = Math.ceil(Date.now() / 60_000) * 60_000;
  const start = end - METRICS_MINUTES * 60_000;
  // Every engine has it.
  return getMetricData(target, keys, { instance, metrics: ["CPUUtilization"], start, end, period: 60 });
}

async function knownChanges({ region, changes }: Asking, instance: DbInstance): Promise<KnownChanges> {
  const { accountId, parameterGroup } = instance;
  try {
    return await changes({ region, accountId, parameterGroup });
  } catch (error) {
    log.warn("environment.changes.away", describeError(error));
    return "unknown";
  }
}
