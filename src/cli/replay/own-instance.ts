/*
 * Whether a replay's target is an instance that captures are made of: to replay there is hardly ever meant.
 */

/** What of an environment says which instance it is. */
export interface Instance {
  name: string;
  region: string;
  instance: string;
  cluster: string | null;
}

/** `INSTANCE.HASH.REGION.rds.amazonaws.com`, `CLUSTER.cluster-HASH…`, `CLUSTER.cluster-ro-HASH…`, in each partition. */
const RDS =
  /^([a-z0-9-]+)\.(?:(?:cluster|proxy)-(?:ro-|custom-)?)?[a-z0-9]+\.([a-z0-9-]+)\.rds\.(?:amazonaws|[a-z0-9.-]*aws|sc2s|c2s)[a-z0-9.-]*$/;

/** Whether a host name is one that RDS gives. */
export const isRdsHost = (host: string): boolean => RDS.test(normal(host));

/**
 * The environment whose instance, or whose instance's cluster, a host name leads to; null when there is none.
 * @param hosts the name as it was given, and those that DNS says it stands for
 */
export function ownInstance(hosts: readonly string[], instances: readonly Instance[]): Instance | null {
  for (const host of hosts) {
    const [, id, region] = RDS.exec(normal(host)) ?? [];
    if (id === undefined) continue;
    const found = instances.find(
      (one) =>
        one.region === region && (one.instance.toLowerCase() === id || one.cluster?.toLowerCase() === id),
    );
    if (found !== undefined) return found;
  }
  return null;
}

const normal = (host: string): string => host.toLowerCase().replace(/\.$/, "");
