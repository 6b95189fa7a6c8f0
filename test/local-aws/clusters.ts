import {
  familyOf,
  type Instance,
  type InstanceOptions,
  makeInstance,
  PARAMETER_APPLY_STATUSES,
} from "./instances.ts";

/** DBClusterParameterGroupStatus of a cluster's members: as with parameter groups of instances. */
export const CLUSTER_GROUP_STATUSES = PARAMETER_APPLY_STATUSES;

/** One DB cluster, as far as DescribeDBClusters shows it and a test may change it. Its members are instances of the account. */
export interface Cluster {
  /** DBClusterIdentifier. */
  identifier: string;
  /** `aurora-mysql`; `mysql` is a Multi-AZ DB cluster. */
  engine: string;
  engineVersion: string;
  /** `available`, `failing-over`, `stopped` … */
  status: string;
  /** DBClusterParameterGroup. */
  parameterGroup: string;
  /** What all its members say of that group. */
  parameterGroupStatus: (typeof CLUSTER_GROUP_STATUSES)[number];
  /** The identifier of the member that is the writer; the others are readers. */
  writer: string;
}

/** What may be said of a cluster when an account is made; the rest is plausible. */
export interface ClusterOptions {
  identifier: string;
  /** `aurora-mysql` unless told otherwise. */
  engine?: string;
  engineVersion?: string;
  status?: string;
  parameterGroup?: string;
  /** The writer first; unless told otherwise Aurora has a writer and a reader, and a Multi-AZ cluster two readers. */
  members?: readonly InstanceOptions[];
}

/** The cluster and its members, with every property set. */
export function makeCluster(options: ClusterOptions): { cluster: Cluster; members: Instance[] } {
  const { identifier, engine = "aurora-mysql" } = options;
  const isAurora = engine.startsWith("aurora");
  const engineVersion = options.engineVersion ?? (isAurora ? "8.0.mysql_aurora.3.10.0" : "8.4.7");
  const common = { cluster: identifier, engine, engineVersion };
  const members = (options.members ?? memberNames(identifier, isAurora)).map((member) =>
    makeInstance(
      isAurora
        ? { ...common, instanceClass: "db.r6g.large", storageType: "aurora", allocatedStorage: 1, ...member }
        : // Members of a Multi-AZ DB cluster have the default DB parameter group of their version; what is set, is set in the
          // DB cluster parameter group (RDS User Guide, "Parameter groups for Multi-AZ DB clusters").
          {
            ...common,
            instanceClass: "db.m6gd.large",
            storageType: "io1",
            parameterGroup: `default.${familyOf(common)}`,
            ...member,
          },
    ),
  );
  const cluster: Cluster = {
    identifier,
    engine,
    engineVersion,
    status: options.status ?? "available",
    parameterGroup: options.parameterGroup ?? `${identifier}-cluster-params`,
    parameterGroupStatus: "in-sync",
    writer: members[0]?.identifier ?? "",
  };
  return { cluster, members };
}

function memberNames(cluster: string, isAurora: boolean): InstanceOptions[] {
  const name = (number: number) => ({
    identifier: isAurora ? `${cluster}-${number}` : `${cluster}-instance-${number}`,
  });
  return isAurora ? [name(1), name(2)] : [name(1), name(2), name(3)];
}
