import { type AwsCredentials, type AwsResult, awsTarget } from "../../aws/client.ts";
import { type DbCluster, type DbInstance, describeClusters, describeInstances } from "../../aws/rds.ts";
import type { Env } from "../../env.ts";
import { roleIn } from "../cluster-role.ts";
import { inOneSentence, unsuited } from "../engines.ts";
import type { InstanceList, ListedInstance } from "./replies.ts";

/**
 * The instances of an account and region, by name: those that can be captured, and why others can't. Where the credentials may
 * not ask for clusters, nobody is told which of their instances is the writer. An instance's ARN has the account.
 * @param until when AWS has to have answered all pages, in milliseconds since the epoch
 */
export async function listInstances(
  env: Env,
  region: string,
  keys: AwsCredentials,
  until: number,
): Promise<AwsResult<InstanceList>> {
  const target = { ...awsTarget(env, region), until };
  const [instances, clusters] = await Promise.all([
    describeInstances(target, keys),
    describeClusters(target, keys),
  ]);
  if (!instances.ok) return instances;
  const known = new Map(clusters.ok ? clusters.value.map((cluster) => [cluster.id, cluster]) : []);
  const listed = instances.value
    .map((instance) => toListed(instance, known))
    .sort((a, b) => (a.instance < b.instance ? -1 : 1));
  return { ok: true, value: { accountId: instances.value[0]?.accountId ?? null, instances: listed } };
}

function toListed(instance: DbInstance, clusters: ReadonlyMap<string, DbCluster>): ListedInstance {
  const { identifier, engine, engineVersion, status, cluster, parameterGroup } = instance;
  const found = cluster === null ? undefined : clusters.get(cluster);
  const problem = unsuited(instance);
  return {
    instance: identifier,
    engine,
    engineVersion,
    status,
    cluster,
    role: found === undefined ? null : roleIn(found, identifier),
    parameterGroup,
    capturable: problem === null,
    why: problem === null ? null : `${inOneSentence(problem)}.`,
  };
}
