import type { AwsCredentials, AwsResult } from "../../aws/client.ts";
import type { MetricPoint } from "../../aws/cloudwatch.ts";
import type { Simulated } from "../../aws/iam.ts";
import type { DbCluster, DbInstance, DbParameter } from "../../aws/rds.ts";
import type { LogFile } from "../../aws/rds-logs.ts";
import type { CallerIdentity } from "../../aws/sts.ts";
import type { ParameterSettings } from "../parameter-group.ts";
import type { PendingChange } from "../pending-changes.ts";
import type { RoleTrust } from "../role-trust.ts";

/*
 * What a preflight has found out, before it is judged. Null is what was not asked, since an answer before it was in the way.
 */

/** What came of a question; null when it was not asked. */
export type Answer<T> = AwsResult<T> | null;

/** An action of which only the permission is looked at. */
export type ProbedAction = "rds:ModifyDBParameterGroup" | "rds:ResetDBParameterGroup";

/** What captures have changed in a parameter group at this moment. */
export interface GroupChanges {
  /** How many captures need the group's logs. */
  captures: number;
  /** What they have changed, with the values from before; null for a parameter that had none of its own. */
  before: ParameterSettings;
}

/** What is known of the parameter group here; "unknown" when it could not be looked up. */
export type KnownChanges = GroupChanges | "unknown" | null;

/** What is to be looked at. */
export interface Subject {
  region: string;
  instance: string;
  /** Whether it is reached by a role or by an access key. */
  by: "role" | "key";
  /** Whether this service made the external id of the role, not a person. */
  isOwnId: boolean;
  /** The pending changes of the environment; none of one that is to be made. */
  pending: readonly PendingChange[];
}

/** All that was found out. */
export interface Answers {
  /** Keys to sign with: of a role, AWS was asked to assume it. */
  access: AwsResult<AwsCredentials>;
  /** Whose the access key is. Not asked of a role. */
  identity: Answer<CallerIdentity>;
  /** Whether the role can be assumed without its external id; null of an access key. */
  trust: RoleTrust | null;
  instance: Answer<DbInstance>;
  /** Of members of a cluster only. */
  cluster: Answer<DbCluster>;
  /** What people have set in the group. */
  parameters: Answer<Map<string, DbParameter>>;
  logFiles: Answer<LogFile[]>;
  download: Answer<unknown>;
  metrics: Answer<MetricPoint[][]>;
  /** What IAM's simulation says; mostly credentials may not ask it. */
  simulation: Answer<Map<ProbedAction, Simulated>>;
  /** Not asked where the simulation has the answer. */
  modify: Answer<unknown>;
  reset: Answer<unknown>;
  changes: KnownChanges;
}

/** What is answered where there are no keys to ask with. */
export const NOT_ASKED: Omit<Answers, "access" | "trust"> = {
  identity: null,
  instance: null,
  cluster: null,
  parameters: null,
  logFiles: null,
  download: null,
  metrics: null,
  simulation: null,
  modify: null,
  reset: null,
  changes: null,
};
