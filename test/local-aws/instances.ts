import type { ParameterChange } from "./parameter-application.ts";

/** ParameterApplyStatus of an instance's parameter group. */
export const PARAMETER_APPLY_STATUSES = ["applying", "in-sync", "pending-reboot", "failed-to-apply"] as const;
export type ParameterApplyStatus = (typeof PARAMETER_APPLY_STATUSES)[number];

/** One DB instance, as far as DescribeDBInstances shows it and a test may change it. */
export interface Instance {
  /** DBInstanceIdentifier. */
  identifier: string;
  /** RDS's name of the engine: `mysql`, `mariadb`, `aurora-mysql`, `postgres` … */
  engine: string;
  engineVersion: string;
  /** DBInstanceStatus: `available`, `stopped`, `modifying` … */
  status: string;
  instanceClass: string;
  /** GiB; Aurora says 1, whatever it has. */
  allocatedStorage: number;
  /**
   * GiB of an Aurora instance's own, of which its logs may take 15 %: 32 in the small classes (Aurora User Guide, "Temporary storage
   * limits for Aurora MySQL"). DescribeDBInstances does not say it.
   */
  localStorage: number;
  /** `gp2`, `gp3`, `io1`, `aurora` … */
  storageType: string;
  /** DBClusterIdentifier; undefined for an instance that is in no cluster. */
  cluster: string | undefined;
  /** PendingModifiedValues: what waits for the maintenance window or a reboot, by RDS's names. */
  pendingModifiedValues: Readonly<Record<string, string>>;
  /** DBParameterGroupName. */
  parameterGroup: string;
  /** Anything but `in-sync` stays what it is; `in-sync` stands for what the group's changes say. */
  parameterApplyStatus: ParameterApplyStatus;
}

/** A DB parameter group and what people set in it. */
export interface ParameterGroup {
  name: string;
  /** DBParameterGroupFamily: the engine and its major version, such as `mysql8.0`. */
  family: string;
  /** What was set, by parameter name: DescribeDBParameters shows it at once. */
  values: Map<string, ParameterSetting>;
  /** What the servers of the group have by now of what was set. */
  effective: Map<string, string>;
  /** What is on its way to them, oldest first. */
  changes: ParameterChange[];
  /** Whether the latest change to arrive could not be applied. */
  hasFailed: boolean;
}

/** A parameter's value and how it was asked to be applied. */
export interface ParameterSetting {
  value: string;
  applyMethod: "immediate" | "pending-reboot";
}

/** What may be said of an instance when an account is made; the rest is plausible. */
export type InstanceOptions = Pick<Instance, "identifier"> & Partial<Instance>;

/** The instances of an account for which none were named: one for each case that the API tells apart. */
export const DEMO_INSTANCES: readonly InstanceOptions[] = [
  { identifier: "demo-mysql" },
  { identifier: "demo-mariadb", engine: "mariadb", engineVersion: "10.11.9" },
  { identifier: "demo-default-group", parameterGroup: "default.mysql8.0" },
  { identifier: "demo-postgres", engine: "postgres", engineVersion: "16.4" },
];

/** An instance with every property set: those given, and MySQL 8.0 with a parameter group of its own otherwise. */
export function makeInstance(options: InstanceOptions): Instance {
  return {
    engine: "mysql",
    engineVersion: "8.0.40",
    status: "available",
    instanceClass: "db.t3.medium",
    allocatedStorage: 100,
    localStorage: 32,
    storageType: "gp2",
    cluster: undefined,
    pendingModifiedValues: {},
    parameterGroup: `${options.identifier}-params`,
    parameterApplyStatus: "in-sync",
    ...options,
  };
}

/** A group can be changed unless it is one of RDS's own. */
export function isDefaultGroup(name: string): boolean {
  return name.startsWith("default.");
}

/** The parameter group family of an instance: `mysql8.4`, `aurora-mysql8.0` of `8.0.mysql_aurora.3.10.0`. */
export function familyOf({ engine, engineVersion }: Pick<Instance, "engine" | "engineVersion">): string {
  const [major = "", minor = ""] = engineVersion.split(".");
  return engine === "postgres" ? `${engine}${major}` : `${engine}${major}.${minor}`;
}
