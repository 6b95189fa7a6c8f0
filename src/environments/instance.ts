import {
  type AwsCredentials,
  type AwsFailure,
  type AwsResult,
  type AwsTarget,
  awsTarget,
} from "../aws/client.ts";
import { type DbCluster, type DbInstance, describeCluster, describeInstance } from "../aws/rds.ts";
import type { Env } from "../env.ts";
import { roleOf } from "./cluster-role.ts";
import { inOneSentence, isInMultiAzCluster, unsuitedCluster, unsuitedEngine } from "./engines.ts";

/** DescribeDBInstances, refusing an instance whose workload can't be captured, whatever is changed about it. */
export async function inspectInstance(
  env: Env,
  region: string,
  instance: string,
  credentials: AwsCredentials,
): Promise<AwsResult<DbInstance>> {
  const found = await describeInstance(awsTarget(env, region), credentials, instance);
  if (!found.ok) return found;
  const engine = unsuitedEngine(found.value);
  if (engine !== null) return refused("UnsupportedEngine", engine.reason);
  const cluster = unsuitedCluster(found.value);
  return cluster === null ? found : refused("UnsupportedCluster", inOneSentence(cluster));
}

/**
 * DescribeDBInstances for somebody who chooses the instance, whether or not it can be captured: a cluster's identifier is refused with
 * the names of its instances, or because of its engine. Where the credentials may not ask for clusters, it is an instance that does not exist.
 */
export async function findInstance(
  target: AwsTarget,
  credentials: AwsCredentials,
  instance: string,
): Promise<AwsResult<DbInstance>> {
  const found = await describeInstance(target, credentials, instance);
  if (found.ok || !found.failure.code.startsWith("DBInstanceNotFound")) return found;
  const cluster = await describeCluster(target, credentials, instance);
  return cluster.ok ? refused("NotAnInstance", choiceOf(cluster.value)) : found;
}

/** Which instances a cluster has to choose from, in words; none where its engine can't be captured. */
function choiceOf({ id, engine, engineVersion, members }: DbCluster): string {
  const unsuited = unsuitedEngine({ identifier: `The cluster ${id}`, engine, engineVersion });
  if (unsuited !== null) return inOneSentence(unsuited);
  const is = `${id} is a cluster, and a capture is made of one instance`;
  if (members.length === 0) return `${is}. It has no instances`;
  const roles = members.map((member) => `${member.instance} (${roleOf(member)})`);
  const names = new Intl.ListFormat("en", { type: "conjunction" }).format(roles);
  if (!isInMultiAzCluster({ engine, cluster: id })) return `${is}. Its instances are ${names}`;
  return (
    `${is}. This is a Multi-AZ DB cluster, whose logs are switched for all of its instances at once: so those, ${names}, can't ` +
    "be captured"
  );
}

function refused(code: string, message: string): { ok: false; failure: AwsFailure } {
  return { ok: false, failure: { kind: "rejected", code, operation: null, message } };
}
