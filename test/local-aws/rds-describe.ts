import type { Account } from "./accounts.ts";
import type { Cluster } from "./clusters.ts";
import type { Instance } from "./instances.ts";
import { settleParameters } from "./logging.ts";
import { applyStatus } from "./parameter-application.ts";
import { partitionOf } from "./partition.ts";
import type { QueryParameters, XmlElements } from "./query.ts";
import { arn, clusterNotFound, instanceNotFound, LIST_LIMITS, pageOf, refuseFilters } from "./rds-request.ts";
import type { Action, Call } from "./service.ts";

const ENDPOINT_PORTS: Record<string, number> = { postgres: 5432 };
const MYSQL_PORT = 3306;

/** The actions of RDS that say what databases there are. */
export const describeActions: Record<
  "DescribeDBClusters" | "DescribeDBInstances",
  Action<QueryParameters, XmlElements>
> = {
  DescribeDBInstances: {
    run: describeInstances,
    resource: ({ account }, parameters) => arn(account, "db", parameters.get("DBInstanceIdentifier") ?? "*"),
  },
  DescribeDBClusters: {
    run: describeClusters,
    resource: ({ account }, parameters) =>
      arn(account, "cluster", parameters.get("DBClusterIdentifier") ?? "*"),
  },
};

function describeInstances({ account, now }: Call, parameters: QueryParameters): XmlElements {
  refuseFilters(parameters);
  settleParameters(account, now);
  const identifier = parameters.get("DBInstanceIdentifier")?.toLowerCase();
  const instances = named([...account.instances.values()], identifier);
  if (identifier !== undefined && instances.length === 0) throw instanceNotFound(identifier);
  const { records, marker } = pageOf(account, parameters, instances, LIST_LIMITS);
  return {
    DBInstances: { DBInstance: records.map((instance) => describeInstance(account, instance, now)) },
    Marker: marker,
  };
}

function describeClusters({ account }: Call, parameters: QueryParameters): XmlElements {
  refuseFilters(parameters);
  const identifier = parameters.get("DBClusterIdentifier")?.toLowerCase();
  const clusters = named([...account.clusters.values()], identifier);
  if (identifier !== undefined && clusters.length === 0) throw clusterNotFound(identifier);
  const { records, marker } = pageOf(account, parameters, clusters, LIST_LIMITS);
  return {
    DBClusters: { DBCluster: records.map((cluster) => describeCluster(account, cluster)) },
    Marker: marker,
  };
}

/** All, or the one that is meant, in the order of their identifiers. */
function named<Item extends { identifier: string }>(all: readonly Item[], identifier?: string): Item[] {
  return all
    .filter((item) => identifier === undefined || item.identifier === identifier)
    .sort((a, b) => (a.identifier < b.identifier ? -1 : 1));
}

function describeInstance(account: Account, instance: Instance, now: number): XmlElements {
  const { identifier } = instance;
  const isAurora = instance.engine.startsWith("aurora");
  return {
    DBInstanceIdentifier: identifier,
    DBInstanceClass: instance.instanceClass,
    Engine: instance.engine,
    DBInstanceStatus: instance.status,
    MasterUsername: "admin",
    Endpoint: {
      Address: `${identifier}.${hostOf(account)}`,
      Port: ENDPOINT_PORTS[instance.engine] ?? MYSQL_PORT,
      HostedZoneId: "Z2R2ITUGPM61AM",
    },
    AllocatedStorage: instance.allocatedStorage,
    InstanceCreateTime: "2024-01-01T00:00:00.000Z",
    PreferredBackupWindow: "03:00-03:30",
    BackupRetentionPeriod: 7,
    DBSecurityGroups: {},
    VpcSecurityGroups: {
      VpcSecurityGroupMembership: { VpcSecurityGroupId: "sg-0123456789abcdef0", Status: "active" },
    },
    DBParameterGroups: {
      DBParameterGroup: {
        DBParameterGroupName: instance.parameterGroup,
        ParameterApplyStatus: applyStatus(account, instance, now),
      },
    },
    AvailabilityZone: `${account.region}${zoneOf(account, instance)}`,
    PreferredMaintenanceWindow: "sun:04:00-sun:04:30",
    PendingModifiedValues: { ...instance.pendingModifiedValues },
    MultiAZ: false,
    EngineVersion: instance.engineVersion,
    AutoMinorVersionUpgrade: true,
    StorageType: instance.storageType,
    DBClusterIdentifier: instance.cluster,
    StorageEncrypted: true,
    DbiResourceId: `db-${identifier.toUpperCase().replace(/[^A-Z0-9]/g, "")}${account.id}`,
    PromotionTier: isAurora ? 1 : undefined,
    PubliclyAccessible: false,
    DBInstanceArn: arn(account, "db", identifier),
  };
}

/** A cluster as the API reference's DBCluster has it (RDS, version 2014-10-31). */
function describeCluster(account: Account, cluster: Cluster): XmlElements {
  const { identifier, engine } = cluster;
  const isAurora = engine.startsWith("aurora");
  const members = membersOf(account, identifier);
  const host = (kind: string) => `${identifier}.${kind}-${hostOf(account)}`;
  return {
    AllocatedStorage: isAurora ? 1 : members[0]?.allocatedStorage,
    AvailabilityZones: { AvailabilityZone: ["a", "b", "c"].map((zone) => account.region + zone) },
    BackupRetentionPeriod: 7,
    DBClusterIdentifier: identifier,
    DBClusterParameterGroup: cluster.parameterGroup,
    DBSubnetGroup: "default",
    Status: cluster.status,
    EarliestRestorableTime: "2024-01-01T00:00:00.000Z",
    Endpoint: host("cluster"),
    ReaderEndpoint: host("cluster-ro"),
    MultiAZ: members.length > 1,
    Engine: engine,
    EngineVersion: cluster.engineVersion,
    Port: MYSQL_PORT,
    MasterUsername: "admin",
    PreferredBackupWindow: "03:00-03:30",
    PreferredMaintenanceWindow: "sun:04:00-sun:04:30",
    ReadReplicaIdentifiers: {},
    DBClusterMembers: {
      DBClusterMember: members.map((member) => ({
        DBInstanceIdentifier: member.identifier,
        IsClusterWriter: member.identifier === cluster.writer,
        DBClusterParameterGroupStatus: cluster.parameterGroupStatus,
        PromotionTier: 1,
      })),
    },
    VpcSecurityGroups: {
      VpcSecurityGroupMembership: { VpcSecurityGroupId: "sg-0123456789abcdef0", Status: "active" },
    },
    HostedZoneId: "Z2R2ITUGPM61AM",
    StorageEncrypted: true,
    DbClusterResourceId: `cluster-${identifier.toUpperCase().replace(/[^A-Z0-9]/g, "")}${account.id}`,
    DBClusterArn: arn(account, "cluster", identifier),
    ClusterCreateTime: "2024-01-01T00:00:00.000Z",
    EngineMode: "provisioned",
    DeletionProtection: true,
    HttpEndpointEnabled: false,
    ...(members.some(({ instanceClass }) => instanceClass === "db.serverless")
      ? { ServerlessV2ScalingConfiguration: { MinCapacity: 0.5, MaxCapacity: 16 } }
      : {}),
  };
}

/** How the names of an account's databases end. */
function hostOf({ id, region }: Account): string {
  return `c${id}.${region}.rds.${partitionOf(region).dnsSuffix}`;
}

function membersOf(account: Account, cluster: string): Instance[] {
  return named([...account.instances.values()].filter((instance) => instance.cluster === cluster));
}

/** Each member of a cluster is in a zone of its own. */
function zoneOf(account: Account, { identifier, cluster }: Instance): string {
  const place =
    cluster === undefined ? 0 : membersOf(account, cluster).findIndex((one) => one.identifier === identifier);
  return "abc".charAt(place % 3);
}
