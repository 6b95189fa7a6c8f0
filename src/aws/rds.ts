import { type AwsCredentials, type AwsResult, type AwsTarget, callAws, malformed } from "./client.ts";
import { child, list, queryRequest, queryResult, text } from "./query.ts";

const VERSION = "2014-10-31";

/** What the service needs to know of an RDS instance. */
export interface DbInstance {
  /** `mysql`, `mariadb`, or another that RDS has. */
  engine: string;
  /** Such as `8.0.43`. */
  engineVersion: string;
  /** RDS's word for its state, such as `available` or `stopped`. */
  status: string;
  parameterGroup: string;
}

/** DescribeDBInstances of one instance (RDS API reference 2014-10-31). */
export async function describeInstance(
  target: AwsTarget,
  credentials: AwsCredentials,
  instance: string,
): Promise<AwsResult<DbInstance>> {
  const action = "DescribeDBInstances";
  const request = queryRequest("rds", action, VERSION, { DBInstanceIdentifier: instance });
  const reply = await callAws(target, credentials, request);
  if (!reply.ok) return reply;
  const found = list(child(queryResult(reply.value, action), "DBInstances"), "DBInstance")[0];
  const engine = text(found, "Engine");
  const engineVersion = text(found, "EngineVersion");
  const status = text(found, "DBInstanceStatus");
  const group = list(child(found, "DBParameterGroups"), "DBParameterGroup")[0];
  const parameterGroup = text(group, "DBParameterGroupName");
  if (
    engine === undefined ||
    engineVersion === undefined ||
    status === undefined ||
    parameterGroup === undefined
  ) {
    return malformed("rds");
  }
  return { ok: true, value: { engine, engineVersion, status, parameterGroup } };
}
