import type { AwsCredentials, AwsFailure, AwsResult, AwsTarget } from "./client.ts";
import { child, list, text, word, type XmlObject } from "./query.ts";
import { call, callForAll, unreadable } from "./rds-call.ts";

/*
 * The actions of RDS that the service needs (RDS API reference, version 2014-10-31, Query protocol).
 */

/** What the service needs to know of an RDS instance. */
export interface DbInstance {
  /** RDS's name of it, in lower case. */
  identifier: string;
  /** Such as `arn:aws:rds:us-east-1:123456789012:db:name`. */
  arn: string;
  /** The cluster that it is a member of: Aurora's, or a Multi-AZ DB cluster. Null for an instance alone. */
  cluster: string | null;
  /** Such as `db.r6g.large`, or `db.serverless`; null where RDS does not say. */
  instanceClass: string | null;
  /** Such as `gp3` or `aurora`; null where RDS does not say. */
  storageType: string | null;
  /** `mysql`, `mariadb`, or another that RDS has. */
  engine: string;
  /** Such as `8.0.43`. */
  engineVersion: string;
  /** RDS's word for its state, such as `available` or `stopped`. */
  status: string;
  parameterGroup: string;
  /** How far changes of the parameter group have come: `applying`, `in-sync`, `pending-reboot` or `failed-to-apply`. */
  parameterApplyStatus: string;
  /** Whether changes of the instance wait for its maintenance window or a reboot. Changes of parameters are not among them. */
  pendingModified: boolean;
  /** The AWS account that the instance belongs to, out of its ARN. */
  accountId: string;
}

/** What the service needs to know of a cluster: Aurora's, or a Multi-AZ DB cluster. */
export interface DbCluster {
  /** RDS's name of it, in lower case. */
  id: string;
  /** `aurora-mysql` of an Aurora cluster; `mysql` of a Multi-AZ DB cluster. */
  engine: string;
  /** Such as `8.0.mysql_aurora.3.10.0`. */
  engineVersion: string;
  /** RDS's word for its state, such as `available`. */
  status: string;
  /** Its instances, in RDS's order. */
  members: DbClusterMember[];
}

/** An instance of a cluster. */
export interface DbClusterMember {
  /** The instance's identifier. */
  instance: string;
  /** Whether the instance is the one that takes writes; the others are readers. */
  isWriter: boolean;
  /** How far changes of the cluster's own parameter group have come for it; null where RDS does not say. */
  parameterGroupStatus: string | null;
}

/** The failure of a reply that lists nothing where one thing was asked for: as RDS says it itself. */
function isNotThere(action: string, code: string, name: string): { ok: false; failure: AwsFailure } {
  const operation = `rds:${action}`;
  const message = `${operation} has listed nothing of the name ${name}`;
  return { ok: false, failure: { kind: "not-found", code, operation, message } };
}

/** DescribeDBInstances of one instance. */
export async function describeInstance(
  target: AwsTarget,
  credentials: AwsCredentials,
  instance: string,
): Promise<AwsResult<DbInstance>> {
  const reply = await call(target, credentials, "DescribeDBInstances", { DBInstanceIdentifier: instance });
  if (!reply.ok) return reply;
  const instances = child(reply.value, "DBInstances");
  if (instances === undefined) return isNotThere("DescribeDBInstances", "DBInstanceNotFound", instance);
  const described = toInstance(list(instances, "DBInstance")[0]);
  return described === null ? unreadable("DescribeDBInstances") : { ok: true, value: described };
}

/**
 * DescribeDBInstances of all instances of the account in the region, of every engine. One that RDS does not describe in full, as
 * while it is being made, is left out.
 */
export async function describeInstances(
  target: AwsTarget,
  credentials: AwsCredentials,
): Promise<AwsResult<DbInstance[]>> {
  const all = await callForAll(target, credentials, "DescribeDBInstances", { MaxRecords: "100" }, [
    "DBInstances",
    "DBInstance",
  ]);
  if (!all.ok) return all;
  return { ok: true, value: all.value.map(toInstance).filter((instance) => instance !== null) };
}

function toInstance(described: XmlObject | undefined): DbInstance | null {
  const group = groupInUse(list(child(described, "DBParameterGroups"), "DBParameterGroup"));
  const arn = known(described, "DBInstanceArn");
  const instance = {
    identifier: known(described, "DBInstanceIdentifier"),
    arn,
    cluster: word(described, "DBClusterIdentifier"),
    instanceClass: word(described, "DBInstanceClass"),
    storageType: word(described, "StorageType"),
    engine: known(described, "Engine"),
    engineVersion: known(described, "EngineVersion"),
    status: known(described, "DBInstanceStatus"),
    parameterGroup: known(group, "DBParameterGroupName"),
    parameterApplyStatus: known(group, "ParameterApplyStatus"),
    // An element for each change that is pending, and an empty one when there is none.
    pendingModified: child(described, "PendingModifiedValues") !== undefined,
    // arn:aws:rds:us-east-1:123456789012:db:name
    accountId: arn?.split(":")[4],
  };
  return isComplete(instance) ? instance : null;
}

/**
 * The parameter group that the servers follow. An instance has one, in a list whose order RDS does not document: should it show
 * two while one replaces the other, that is the one they have taken over already.
 */
function groupInUse(groups: readonly XmlObject[]): XmlObject | undefined {
  const inState = (status: string) => groups.find((group) => word(group, "ParameterApplyStatus") === status);
  return inState("in-sync") ?? inState("applying") ?? groups[0];
}

/** DescribeDBClusters of one cluster (RDS API reference, "DBCluster" and "DBClusterMember"). */
export async function describeCluster(
  target: AwsTarget,
  credentials: AwsCredentials,
  id: string,
): Promise<AwsResult<DbCluster>> {
  const reply = await call(target, credentials, "DescribeDBClusters", { DBClusterIdentifier: id });
  if (!reply.ok) return reply;
  const clusters = child(reply.value, "DBClusters");
  if (clusters === undefined) return isNotThere("DescribeDBClusters", "DBClusterNotFoundFault", id);
  const described = toCluster(list(clusters, "DBCluster")[0]);
  return described === null ? unreadable("DescribeDBClusters") : { ok: true, value: described };
}

/** DescribeDBClusters of all clusters of the account in the region. One that RDS does not describe in full is left out. */
export async function describeClusters(
  target: AwsTarget,
  credentials: AwsCredentials,
): Promise<AwsResult<DbCluster[]>> {
  const all = await callForAll(target, credentials, "DescribeDBClusters", { MaxRecords: "100" }, [
    "DBClusters",
    "DBCluster",
  ]);
  if (!all.ok) return all;
  return { ok: true, value: all.value.map(toCluster).filter((cluster) => cluster !== null) };
}

function toCluster(described: XmlObject | undefined): DbCluster | null {
  const members = list(child(described, "DBClusterMembers"), "DBClusterMember").map((member) => ({
    instance: known(member, "DBInstanceIdentifier"),
    isWriter: word(member, "IsClusterWriter") === "true",
    parameterGroupStatus: word(member, "DBClusterParameterGroupStatus"),
  }));
  const cluster = {
    id: known(described, "DBClusterIdentifier"),
    engine: known(described, "Engine"),
    engineVersion: known(described, "EngineVersion"),
    status: known(described, "Status"),
    members: members.filter(isComplete),
  };
  return isComplete(cluster) ? cluster : null;
}

/** What an element has to say; undefined where RDS does not. */
const known = (element: XmlObject | undefined, name: string): string | undefined =>
  word(element, name) ?? undefined;

/** A value without the fields that are undefined: those that RDS left out. */
type Complete<T> = { [K in keyof T]: Exclude<T[K], undefined> };

function isComplete<T extends object>(value: T): value is T & Complete<T> {
  return Object.values(value).every((field) => field !== undefined);
}

/** A parameter of a group. */
export interface DbParameter {
  /** Null where the group has none, and RDS does not say what the engine's is. */
  value: string | null;
  /** Whether somebody set it. The value is RDS's or the engine's otherwise. */
  isOwn: boolean;
  /** Whether RDS lets it be changed, and servers take it over without a reboot. */
  isChangeable: boolean;
}

/**
 * DescribeDBParameters: some parameters of a group. One that the group's family does not have is absent.
 * @param source `user` for those only that people have set
 */
export async function describeParameters(
  target: AwsTarget,
  credentials: AwsCredentials,
  group: string,
  names: readonly string[],
  source?: "user",
): Promise<AwsResult<Map<string, DbParameter>>> {
  const asked = {
    DBParameterGroupName: group,
    MaxRecords: "100",
    ...(source === undefined ? {} : { Source: source }),
  };
  const all = await callForAll(target, credentials, "DescribeDBParameters", asked, [
    "Parameters",
    "Parameter",
  ]);
  if (!all.ok) return all;
  const found = new Map<string, DbParameter>();
  for (const parameter of all.value) {
    const name = word(parameter, "ParameterName");
    if (name !== null && names.includes(name)) found.set(name, toParameter(parameter, source));
  }
  return { ok: true, value: found };
}

/** @param asked the source that was asked for: where a reply has none, as moto's, it is that */
function toParameter(parameter: XmlObject, asked: "user" | undefined): DbParameter {
  const isOwn = (word(parameter, "Source") ?? asked) === "user";
  return {
    // An empty value is one if somebody has given it. Otherwise it is how RDS says that there is none.
    value: (isOwn ? text(parameter, "ParameterValue") : word(parameter, "ParameterValue")) ?? null,
    isOwn,
    isChangeable: word(parameter, "IsModifiable") === "true" && word(parameter, "ApplyType") === "dynamic",
  };
}

/** ModifyDBParameterGroup: gives dynamic parameters their values at once, for every instance of the group. */
export async function modifyParameters(
  target: AwsTarget,
  credentials: AwsCredentials,
  group: string,
  values: Record<string, string>,
): Promise<AwsResult<void>> {
  const parameters: Record<string, string> = { DBParameterGroupName: group };
  for (const [i, [name, value]] of Object.entries(values).entries()) {
    const prefix = `Parameters.Parameter.${i + 1}`;
    parameters[`${prefix}.ParameterName`] = name;
    parameters[`${prefix}.ParameterValue`] = value;
    parameters[`${prefix}.ApplyMethod`] = "immediate";
  }
  const reply = await call(target, credentials, "ModifyDBParameterGroup", parameters);
  return reply.ok ? { ok: true, value: undefined } : reply;
}

/**
 * ResetDBParameterGroup of some dynamic parameters: takes the values away that people set, at once, for every instance of
 * the group, so that those of RDS or the engine hold again.
 */
export async function resetParameters(
  target: AwsTarget,
  credentials: AwsCredentials,
  group: string,
  names: readonly [string, ...string[]],
): Promise<AwsResult<void>> {
  // All parameters of the group are reset unless it is told not to.
  const parameters: Record<string, string> = { DBParameterGroupName: group, ResetAllParameters: "false" };
  for (const [i, name] of names.entries()) {
    parameters[`Parameters.Parameter.${i + 1}.ParameterName`] = name;
    parameters[`Parameters.Parameter.${i + 1}.ApplyMethod`] = "immediate";
  }
  const reply = await call(target, credentials, "ResetDBParameterGroup", parameters);
  return reply.ok ? { ok: true, value: undefined } : reply;
}
