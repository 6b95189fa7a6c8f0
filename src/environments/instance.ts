import { type AwsCredentials, type AwsResult, awsTarget } from "../aws/client.ts";
import { type DbInstance, describeInstance } from "../aws/rds.ts";
import type { Env } from "../env.ts";
import { canCapture, engineLabels } from "./engines.ts";

/** DescribeDBInstances, refusing an engine whose workload can't be captured. */
export async function inspectInstance(
  env: Env,
  region: string,
  instance: string,
  credentials: AwsCredentials,
): Promise<AwsResult<DbInstance>> {
  const found = await describeInstance(awsTarget(env, region), credentials, instance);
  if (!found.ok || canCapture(found.value.engine)) return found;
  const message = `${instance} runs ${found.value.engine}; only ${engineLabels("and")} on RDS can be captured`;
  return { ok: false, failure: { kind: "rejected", code: "UnsupportedEngine", operation: null, message } };
}
