import { AURORA_GENERAL_LOG_SWITCH, GENERAL_LOG_SWITCH, type LogSwitch } from "../logs/general/switch.ts";
import { SLOW_LOG_SWITCH, type SlowLogSwitch } from "../logs/slow/switch.ts";

/*
 * What is known of each engine of RDS that can be captured. To accept another, describe it here, then follow the tests. A version
 * that is not known here is taken for one that works. This knows nothing of Workers: the API's description and the console use it too.
 */

/** Which metrics CloudWatch has of an instance (metrics/cloudwatch-metrics.ts): of RDS for MySQL and MariaDB, or of Aurora MySQL. */
export type MetricSet = "rds" | "aurora";

/** An engine of RDS. */
export interface Engine {
  /** What people call it. */
  label: string;
  /** The versions that are known to work, as people call them. */
  versions: string;
  /** How the families of its parameter groups begin: `mysql` of `mysql8.4`. */
  family: string;
  /** How its general log is switched on. */
  generalLog: LogSwitch;
  /** How its slow log is switched on, and what else can be set for it. */
  slowLog: SlowLogSwitch;
  /** What CloudWatch has of its instances. A metric that an instance does not publish has no points. */
  metrics: MetricSet;
  /** How long RDS keeps its log files, which are renamed at the top of each hour. */
  logsKept: string;
  /** Why one of its versions can't be captured; null for one that can, or that is not known. */
  whyNot(version: string): string | null;
}

/** The family of an instance's parameter groups, such as `aurora-mysql8.0`; null for an engine that is not known. */
export function familyOf({
  engine,
  engineVersion,
}: Pick<Suitable, "engine" | "engineVersion">): string | null {
  const known = engineOf(engine);
  const version = /^\d+\.\d+/.exec(engineVersion)?.[0];
  return known === undefined || version === undefined ? null : `${known.family}${version}`;
}

/** Whether a version such as `5.7.44` is older than another, such as `5.7`. */
function isOlder(version: string, than: string): boolean {
  const parts = version.split(".");
  for (const [i, other] of than.split(".").entries()) {
    const difference = Number(parts[i]) - Number(other);
    // A version that is written in another way is not known to be old.
    if (difference !== 0) return difference < 0;
  }
  return false;
}

const AURORA_1 =
  "Aurora MySQL 1 (MySQL 5.6), which AWS ended on 28 February 2023: only Aurora MySQL 2 and later can be captured";

/** The engines that can be captured, by RDS's names. */
export const ENGINES: Readonly<Record<string, Engine>> = {
  mysql: {
    label: "MySQL",
    versions: "5.7 to 9.7",
    family: "mysql",
    generalLog: GENERAL_LOG_SWITCH,
    slowLog: SLOW_LOG_SWITCH.mysql,
    metrics: "rds",
    // RDS User Guide, "Log rotation and retention for RDS for MySQL".
    logsKept: "two weeks, but no more than 2 % of the storage: the oldest files go first",
    whyNot: (version) =>
      isOlder(version, "5.7")
        ? `MySQL ${version}, whose logs are written in another form: only MySQL 5.7 and later can be captured`
        : null,
  },
  mariadb: {
    label: "MariaDB",
    versions: "10.6 to 11.8",
    family: "mariadb",
    generalLog: GENERAL_LOG_SWITCH,
    slowLog: SLOW_LOG_SWITCH.mariadb,
    metrics: "rds",
    // RDS User Guide, "Log rotation and retention for MariaDB".
    logsKept: "24 hours, and no more than 2 % of the storage: the largest files go first",
    whyNot: () => null,
  },
  "aurora-mysql": {
    label: "Aurora MySQL",
    versions: "2 and 3",
    family: "aurora-mysql",
    // Parameters of instances, not of the cluster: Aurora User Guide, "Aurora MySQL configuration parameters".
    generalLog: AURORA_GENERAL_LOG_SWITCH,
    slowLog: SLOW_LOG_SWITCH.auroraMysql,
    metrics: "aurora",
    // Aurora User Guide, "Log rotation and retention for Aurora MySQL".
    logsKept: "24 hours, or until they fill 15 % of the instance's local storage",
    // Such as `5.6.mysql_aurora.1.22.2`, of which the beginning is MySQL's.
    whyNot: (version) => (isOlder(version, "5.7") ? AURORA_1 : null),
  },
};

/** What is known of an engine, by RDS's name; undefined for one that can't be captured. */
export const engineOf = (name: string): Engine | undefined =>
  Object.hasOwn(ENGINES, name) ? ENGINES[name] : undefined;

/** Engines that can't be captured, and of which more can be said than that. */
const WHY_NOT_ENGINE: ReadonlyMap<string, string> = new Map([["aurora", AURORA_1]]);

/** Whether the workload of an engine of RDS can be captured. */
export const canCapture = (engine: string): boolean => engineOf(engine) !== undefined;

/** Whether where people have set nothing, the log of an engine is written to another place than MySQL's on RDS. */
export function hasOwnDefaults(engine: string): boolean {
  const known = engineOf(engine);
  return (
    known !== undefined && known.generalLog.defaults.log_output !== GENERAL_LOG_SWITCH.defaults.log_output
  );
}

/** Which metrics an instance has. @param engine RDS's name; null where it was not kept, which is not Aurora */
export const metricSetOf = (engine: string | null): MetricSet =>
  (engine === null ? undefined : engineOf(engine)?.metrics) ?? "rds";

/** What keeps an instance from ever being captured, and what to do about it. */
export interface Unsuited {
  /** The check (preflight/checks.ts) that fails for it. */
  because: "engine" | "cluster" | "parameter-group";
  /** In words, without a full stop. */
  reason: string;
  /** In words, without a full stop. */
  action: string;
}

/** As much of an instance as decides whether it can be captured: a part of `DbInstance` (aws/rds.ts). */
export interface Suitable {
  identifier: string;
  /** RDS's name of it. */
  engine: string;
  engineVersion: string;
  /** The cluster that it is a member of; null when it is of none. */
  cluster: string | null;
  parameterGroup: string;
}

/** What keeps an instance from ever being captured, whatever the permissions are; null when nothing does. */
export function unsuited(instance: Suitable): Unsuited | null {
  return unsuitedEngine(instance) ?? unsuitedCluster(instance) ?? unsuitedGroup(instance);
}

/** How the engine keeps an instance from ever being captured; null when it does not. */
export function unsuitedEngine({
  identifier,
  engine,
  engineVersion,
}: Pick<Suitable, "identifier" | "engine" | "engineVersion">): Unsuited | null {
  const known = engineOf(engine);
  const why = known?.whyNot(engineVersion) ?? WHY_NOT_ENGINE.get(engine);
  const action = `Choose an instance that runs ${engineLabels("or")}`;
  if (why !== undefined) return { because: "engine", reason: `${identifier} runs ${why}`, action };
  if (known !== undefined) return null;
  const reason = `${identifier} runs ${engine}; only ${engineLabels("and")} on RDS can be captured`;
  return { because: "engine", reason, action };
}

/**
 * Whether an instance is a member of a Multi-AZ DB cluster, which is not Aurora's. Instances and clusters of Neptune and DocumentDB are
 * described by RDS, too (RDS API reference, "DescribeDBClusters").
 */
export const isInMultiAzCluster = ({ engine, cluster }: Pick<Suitable, "engine" | "cluster">): boolean =>
  cluster !== null && !/^(aurora|neptune|docdb)/.test(engine);

/**
 * How the cluster does; null when it does not. In a Multi-AZ DB cluster each instance has the default DB parameter group, the cluster's parameter
 * group holds for all of them, and an instance can't be modified (RDS User Guide, "Overview of parameter groups", "Modifying a
 * Multi-AZ DB cluster for Amazon RDS"). Whether the log files of a member can be read is not documented.
 */
export function unsuitedCluster(instance: Suitable): Unsuited | null {
  const { identifier, cluster } = instance;
  if (!isInMultiAzCluster(instance)) return null;
  return {
    because: "cluster",
    reason:
      `${identifier} is a member of the Multi-AZ DB cluster ${cluster}, in which RDS gives every instance Amazon's own parameter ` +
      "group. Logs are switched by the cluster's parameter group there, for all of its instances at once, which captures don't do",
    action: "Choose an instance of Aurora MySQL, or one that is in no cluster",
  };
}

/** How the parameter group does; null when it does not. */
export function unsuitedGroup(instance: Suitable): Unsuited | null {
  const { identifier, parameterGroup } = instance;
  if (!parameterGroup.startsWith("default.")) return null;
  const family = familyOf(instance);
  const named = family === null ? "" : ` (${family})`;
  return {
    because: "parameter-group",
    reason: `${identifier} uses the parameter group ${parameterGroup}, which is Amazon's own and can't be changed`,
    action: `Create a parameter group of the same family${named}, assign it to ${identifier}, and reboot ${identifier}`,
  };
}

/** What keeps an instance from being captured, with what to do, as one sentence without a full stop. */
export const inOneSentence = ({ reason, action }: Unsuited): string =>
  `${reason}: ${action.charAt(0).toLowerCase()}${action.slice(1)}`;

/** The engines that can be captured in words, such as `MySQL, MariaDB and Aurora MySQL`. */
export function engineLabels(word: "and" | "or"): string {
  return inWords(
    Object.values(ENGINES).map(({ label }) => label),
    word,
  );
}

/** RDS's names of the engines that can be captured, as a description quotes them. */
export function engineNames(): string {
  return inWords(
    Object.keys(ENGINES).map((name) => `\`${name}\``),
    "or",
  );
}

function inWords(items: string[], word: string): string {
  return [items.slice(0, -1).join(", "), items.at(-1)].filter(Boolean).join(` ${word} `);
}
