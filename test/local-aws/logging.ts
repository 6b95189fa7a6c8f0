import type { Account } from "./accounts.ts";
import type { Instance, ParameterGroup } from "./instances.ts";
import { InstanceLog } from "./logs/instance-log.ts";
import { logForm } from "./logs/log-format.ts";
import { LOG_NAMES, type LogName, type LogSource } from "./logs/log-source.ts";
import { slowSettings } from "./logs/slow-settings.ts";
import { applyNextChange, effectiveValue } from "./parameter-application.ts";

/** Statements per second of an instance unless it is changed. */
const DEFAULT_RATE = 20;
const DEFAULT_SEED = 1;
const GIB = 1024 ** 3;
const DAY_MS = 86_400_000;

/**
 * Lets the parameter changes that are due take effect, each at its own moment: what the instances of its group logged
 * before and after is what it should be, however late someone looks.
 */
export function settleParameters(account: Account, now: number): void {
  for (let applied = applyNextChange(account, now); applied; applied = applyNextChange(account, now)) {
    for (const instance of account.instances.values()) {
      if (instance.parameterGroup === applied.group.name) followGroup(account, instance, applied.appliedAt);
    }
  }
}

/** Lets an instance log or not as its parameter group says, from a time on. */
export function followGroup(account: Account, instance: Instance, now: number): void {
  const group = account.parameterGroups.get(instance.parameterGroup);
  const isOn = (log: LogName) => group !== undefined && logsToFile(group, log);
  if (!LOG_NAMES.some(isOn) && !account.logs.has(instance.identifier)) return;
  const logs = instanceLogs(account, instance);
  if (logs === undefined) return;
  const { engine } = instance;
  for (const name of LOG_NAMES) {
    const log = logs[name];
    if (log.workload.engine !== engine) log.changeWorkload({ ...log.workload, engine }, now);
    if (name === "slow" && group !== undefined) {
      const since = log.isLogging || !isOn(name) ? log.settings.since : now;
      log.changeSettings(
        slowSettings((parameter) => effectiveValue(group, parameter), since),
        now,
      );
    }
    log.setLogging(isOn(name), now);
  }
}

/** The logs of an instance as they are now, or undefined for an engine that has none. */
export function logsOf(
  account: Account,
  instance: Instance,
  now: number,
): Readonly<Record<LogName, InstanceLog>> | undefined {
  settleParameters(account, now);
  const logs = instanceLogs(account, instance);
  for (const name of LOG_NAMES) logs?.[name].advance(now);
  return logs;
}

/** Every log file that an instance has now, by name, as DescribeDBLogFiles lists them. */
export function logFiles(account: Account, instance: Instance, now: number): LogSource[] {
  const logs = logsOf(account, instance, now);
  const disks = account.diskLogs.get(instance.identifier);
  const files = LOG_NAMES.flatMap((name): LogSource[] => {
    const log = logs?.[name];
    const disk = disks?.[name];
    if (disk === undefined) return log?.files() ?? [];
    const live = disk.look(now, log?.openedAt ?? 0);
    return live === undefined ? [] : [live];
  });
  return [errorLog(instance), ...files].sort((a, b) => (a.name < b.name ? -1 : 1));
}

const SWITCHES: Readonly<Record<LogName, string>> = { general: "general_log", slow: "slow_query_log" };

/** A log is written to a file only if both parameters say so. */
function logsToFile(group: ParameterGroup, log: LogName): boolean {
  const outputs = effectiveValue(group, "log_output")?.split(",") ?? [];
  return (
    effectiveValue(group, SWITCHES[log]) === "1" && outputs.includes("FILE") && !outputs.includes("NONE")
  );
}

function instanceLogs(
  account: Account,
  instance: Instance,
): Readonly<Record<LogName, InstanceLog>> | undefined {
  const { identifier, engine } = instance;
  if (logForm(engine) === undefined) return undefined;
  const known = account.logs.get(identifier);
  if (known !== undefined) return known;
  const owner = (others: () => InstanceLog) => () => ({
    form: logForm(instance.engine) ?? "mysql",
    engineVersion: instance.engineVersion,
    retention: retentionOf(instance),
    others: others().taken,
  });
  const workload = { instance: identifier, engine, seed: DEFAULT_SEED, rate: DEFAULT_RATE };
  const logs: Record<LogName, InstanceLog> = {
    general: new InstanceLog(
      "general",
      owner(() => logs.slow),
      workload,
    ),
    slow: new InstanceLog(
      "slow",
      owner(() => logs.general),
      workload,
    ),
  };
  account.logs.set(identifier, logs);
  return logs;
}

/**
 * How long RDS keeps log files: two weeks (MariaDB and Aurora: a day), or until they take 2 % of the storage; Aurora: 15 % of the
 * instance's local storage, which does not depend on what the cluster stores ("Overview of RDS for MySQL database logs", and its
 * neighbours of MariaDB and Aurora MySQL).
 */
function retentionOf({ engine, allocatedStorage, localStorage }: Instance): {
  maxAgeMs: number;
  maxBytes: number;
} {
  if (engine.startsWith("aurora")) return { maxAgeMs: DAY_MS, maxBytes: 0.15 * localStorage * GIB };
  return {
    maxAgeMs: engine === "mariadb" ? DAY_MS : 14 * DAY_MS,
    maxBytes: 0.02 * allocatedStorage * GIB,
  };
}

/** Every instance has an error log too, which is listed with the others. */
function errorLog({ engine }: Instance): LogSource {
  const name = engine === "postgres" ? "error/postgres.log" : "error/mysql-error.log";
  const bytes = Buffer.from("2024-01-01T00:00:00.000000Z 0 [System] The server is ready for connections.\n");
  return {
    name,
    size: bytes.length,
    lastWritten: Date.UTC(2024, 0, 1),
    hour: 0,
    read: (start, end) => bytes.subarray(start, end),
    stream: () => [bytes],
  };
}
