/*
 * What a preflight answers: whether captures of an instance will work, point by point. This knows nothing of Workers: the
 * description of the API and the console use it too.
 */

/** How a check came out; `unknown` when AWS could not say, or was not asked because of another check that failed. */
export const CHECK_STATUSES = ["passed", "failed", "unknown"] as const;
/** How a check came out. */
export type CheckStatus = (typeof CHECK_STATUSES)[number];

/** `error` for what keeps captures from working while it fails, `warning` for what makes them poorer or less safe. */
export const CHECK_SEVERITIES = ["error", "warning"] as const;
/** How bad it is if a check fails. */
export type CheckSeverity = (typeof CHECK_SEVERITIES)[number];

/** The actions of AWS that an environment's credentials need, as IAM names them. */
export const PERMISSIONS = [
  "rds:DescribeDBInstances",
  "rds:DescribeDBClusters",
  "rds:DescribeDBParameters",
  "rds:ModifyDBParameterGroup",
  "rds:ResetDBParameterGroup",
  "rds:DescribeDBLogFiles",
  "rds:DownloadDBLogFilePortion",
  "cloudwatch:GetMetricData",
] as const;
/** An action of AWS that an environment's credentials need. */
export type Permission = (typeof PERMISSIONS)[number];

/** The ids of checks, in the order in which a preflight lists them; those of permissions come before `logging`. */
export type CheckId =
  /** AWS accepts the key, or lets the role be assumed. */
  | "credentials"
  /** The role can be assumed with its own external id alone. Roles only. */
  | "external-id"
  | "instance"
  /** The instance's status as AWS names it. */
  | "state"
  | "engine"
  /** What a cluster's instance can do. Members of clusters only. */
  | "cluster"
  /** Whether the parameter group can be changed. */
  | "parameter-group"
  /** Whether the servers have what the group says. */
  | "pending-reboot"
  | `permission:${Permission}`
  /** What is logged now. */
  | "logging"
  /** What captures have changed in the group, and whether the values from before are kept. */
  | "restore"
  /** Whether CloudWatch has metrics of the instance. */
  | "metrics";

/** One point of a preflight. */
export interface Check {
  /** A `CheckId`; one that is stored may be of an older version of the service. */
  id: string;
  /** What is checked, in a few words. */
  title: string;
  status: CheckStatus;
  severity: CheckSeverity;
  /** What was found. */
  detail: string;
  /** What to do about it; null when nothing is to be done. */
  action: string | null;
}

/** Whether captures will work: `not-ready` while a check of severity `error` fails. */
export type Readiness = "ready" | "not-ready";

/**
 * What some checks come to.
 * @param before what holds where nothing failed and something of severity `error` is unknown: AWS may not have been able to say
 */
export function readiness(checks: readonly Check[], before: Readiness = "ready"): Readiness {
  const severe = checks.filter(({ severity }) => severity === "error");
  if (severe.some(({ status }) => status === "failed")) return "not-ready";
  return severe.every(({ status }) => status === "passed") ? "ready" : before;
}
