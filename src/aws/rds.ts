import {
  type AwsCredentials,
  type AwsResult,
  type AwsTarget,
  callAws,
  callAwsForBytes,
  malformed,
} from "./client.ts";
import { child, largeQueryResult, list, queryRequest, queryResult, text, type XmlObject } from "./query.ts";

/*
 * The actions of RDS that the service needs (RDS API reference, version 2014-10-31, Query protocol).
 */

const VERSION = "2014-10-31";

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

/** Calls one action and gives its result element. */
async function call(
  target: AwsTarget,
  credentials: AwsCredentials,
  action: string,
  parameters: Record<string, string>,
): Promise<AwsResult<XmlObject>> {
  const reply = await callAws(target, credentials, queryRequest("rds", action, VERSION, parameters));
  if (!reply.ok) return reply;
  const result = queryResult(reply.value, action);
  return result === undefined ? unreadable(action) : { ok: true, value: result };
}

const unreadable = (action: string) => malformed({ service: "rds", action });

/** More pages than a parameter group or a list of log files has: a guard against a reply that never ends. */
const MAX_PAGES = 50;

/** Calls one action for page after page, and gives the items of its list. */
async function callForAll(
  target: AwsTarget,
  credentials: AwsCredentials,
  action: string,
  parameters: Record<string, string>,
  [listName, itemName]: readonly [list: string, item: string],
): Promise<AwsResult<XmlObject[]>> {
  const found: XmlObject[] = [];
  let from: Record<string, string> = {};
  for (let page = 0; page < MAX_PAGES; page++) {
    const reply = await call(target, credentials, action, { ...parameters, ...from });
    if (!reply.ok) return reply;
    found.push(...list(child(reply.value, listName), itemName));
    const marker = text(reply.value, "Marker");
    if (!marker) return { ok: true, value: found };
    from = { Marker: marker };
  }
  return unreadable(action);
}

/** DescribeDBInstances of one instance. */
export async function describeInstance(
  target: AwsTarget,
  credentials: AwsCredentials,
  instance: string,
): Promise<AwsResult<DbInstance>> {
  const reply = await call(target, credentials, "DescribeDBInstances", { DBInstanceIdentifier: instance });
  if (!reply.ok) return reply;
  const described = toInstance(list(child(reply.value, "DBInstances"), "DBInstance")[0]);
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
  const group = list(child(described, "DBParameterGroups"), "DBParameterGroup")[0];
  const arn = text(described, "DBInstanceArn");
  const instance = {
    identifier: text(described, "DBInstanceIdentifier"),
    arn,
    cluster: text(described, "DBClusterIdentifier") || null,
    instanceClass: text(described, "DBInstanceClass") || null,
    storageType: text(described, "StorageType") || null,
    engine: text(described, "Engine"),
    engineVersion: text(described, "EngineVersion"),
    status: text(described, "DBInstanceStatus"),
    parameterGroup: text(group, "DBParameterGroupName"),
    parameterApplyStatus: text(group, "ParameterApplyStatus"),
    // An element for each change that is pending, and an empty one when there is none.
    pendingModified: child(described, "PendingModifiedValues") !== undefined,
    // arn:aws:rds:us-east-1:123456789012:db:name
    accountId: arn?.split(":")[4],
  };
  return isComplete(instance) ? instance : null;
}

/** DescribeDBClusters of one cluster (RDS API reference, "DBCluster" and "DBClusterMember"). */
export async function describeCluster(
  target: AwsTarget,
  credentials: AwsCredentials,
  id: string,
): Promise<AwsResult<DbCluster>> {
  const reply = await call(target, credentials, "DescribeDBClusters", { DBClusterIdentifier: id });
  if (!reply.ok) return reply;
  const found = list(child(reply.value, "DBClusters"), "DBCluster")[0];
  const members = list(child(found, "DBClusterMembers"), "DBClusterMember").map((member) => ({
    instance: text(member, "DBInstanceIdentifier"),
    isWriter: text(member, "IsClusterWriter") === "true",
    parameterGroupStatus: text(member, "DBClusterParameterGroupStatus") || null,
  }));
  const cluster = {
    id: text(found, "DBClusterIdentifier"),
    engine: text(found, "Engine"),
    engineVersion: text(found, "EngineVersion"),
    status: text(found, "Status"),
    members: members.filter(isComplete),
  };
  return isComplete(cluster) ? { ok: true, value: cluster } : unreadable("DescribeDBClusters");
}

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
    const name = text(parameter, "ParameterName");
    if (name !== undefined && names.includes(name)) found.set(name, toParameter(parameter, source));
  }
  return { ok: true, value: found };
}

/** @param asked the source that was asked for: where a reply has none, as moto's, it is that */
function toParameter(parameter: XmlObject, asked: "user" | undefined): DbParameter {
  return {
    value: text(parameter, "ParameterValue") ?? null,
    isOwn: (text(parameter, "Source") ?? asked) === "user",
    isChangeable: text(parameter, "IsModifiable") === "true" && text(parameter, "ApplyType") === "dynamic",
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

/** A log file of an instance. */
export interface LogFile {
  /** Such as `general/mysql-general.log`. */
  name: string;
  /** When it was last written, in milliseconds since the epoch. */
  lastWritten: number;
  /** Bytes. */
  size: number;
}

/** DescribeDBLogFiles: the log files whose name contains a text, oldest first. */
export async function listLogFiles(
  target: AwsTarget,
  credentials: AwsCredentials,
  instance: string,
  contains: string,
): Promise<AwsResult<LogFile[]>> {
  const asked = { DBInstanceIdentifier: instance, FilenameContains: contains };
  const all = await callForAll(target, credentials, "DescribeDBLogFiles", asked, [
    "DescribeDBLogFiles",
    "DescribeDBLogFilesDetails",
  ]);
  if (!all.ok) return all;
  const files: LogFile[] = [];
  for (const details of all.value) {
    const file = {
      name: text(details, "LogFileName"),
      lastWritten: Number(text(details, "LastWritten")),
      size: Number(text(details, "Size")),
    };
    if (!isComplete(file) || Number.isNaN(file.lastWritten) || Number.isNaN(file.size))
      return unreadable("DescribeDBLogFiles");
    files.push(file);
  }
  files.sort((a, b) => a.lastWritten - b.lastWritten);
  return { ok: true, value: files };
}

/** A stretch of a log file. */
export interface LogPortion {
  /** UTF-8: where the log has none, RDS has put U+FFFD. */
  data: Uint8Array;
  /** Where the next stretch begins: opaque. */
  marker: string;
  /** Whether there is more of the file now. */
  pending: boolean;
}

/**
 * DownloadDBLogFilePortion: the stretch of a log file that begins at a marker; `0` is the beginning of the file, and without
 * one it is the file's newest lines.
 */
export async function downloadLogPortion(
  target: AwsTarget,
  credentials: AwsCredentials,
  instance: string,
  file: string,
  from: { marker?: string | undefined; lines?: number },
): Promise<AwsResult<LogPortion>> {
  const action = "DownloadDBLogFilePortion";
  const request = queryRequest("rds", action, VERSION, {
    DBInstanceIdentifier: instance,
    LogFileName: file,
    ...(from.marker === undefined ? {} : { Marker: from.marker }),
    ...(from.lines === undefined ? {} : { NumberOfLines: String(from.lines) }),
  });
  const reply = await callAwsForBytes(target, credentials, request);
  if (!reply.ok) return reply;
  const portion = largeQueryResult(reply.value, action, "LogFileData");
  const marker = text(portion?.result, "Marker");
  if (portion === undefined || marker === undefined) return unreadable(action);
  const pending = text(portion.result, "AdditionalDataPending") === "true";
  return { ok: true, value: { data: portion.text, marker, pending } };
}
