import type { ClusterOptions } from "./clusters.ts";
import { DEMO_INSTANCES, type InstanceOptions } from "./instances.ts";

/** What the account of the demonstration has: something of each kind that can be captured, and of some that can't. */
export const DEMO_ACCOUNT: { instances: readonly InstanceOptions[]; clusters: readonly ClusterOptions[] } = {
  instances: [
    ...DEMO_INSTANCES,
    { identifier: "demo-shop" },
    { identifier: "demo-mysql-84", engineVersion: "8.4.7" },
    { identifier: "demo-mysql-97", engineVersion: "9.7.0" },
    { identifier: "demo-mariadb-118", engine: "mariadb", engineVersion: "11.8.3" },
  ],
  clusters: [
    { identifier: "demo-aurora", engineVersion: "8.0.mysql_aurora.3.10.0" },
    { identifier: "demo-multi-az", engine: "mysql", engineVersion: "8.4.7" },
  ],
};
