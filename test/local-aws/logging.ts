import type { Account } from "./accounts.ts";
import type { Instance, ParameterGroup } from "./instances.ts";
import { InstanceLog } from "./logs/instance-log.ts";
import { logForm } from "./logs/log-format.ts";
import type { LogSource } from "./logs/log-source.ts";
import { applyNextChange, effectiveValue } from "./parameter-application.ts";

/** Statements per second of an instance unless it is changed. */
const DEFAULT_RATE = 20;
const DEFAULT_SEED = 1;
const GIB = 1024 ** 3;

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
  const isLogging = group !== undefined && logsToFile(group);
  if (!isLogging && !account.logs.has(instance.identifier)) return;
  const log = instanceLog(account, instance);
  if (log === undefined) return;
  const { engine } = instance;
  if (log.workload.engine !== engine) log.changeWorkload({ ...log.workload, engine }, now);
  log.setLogging(isLogging, now);
}

/** The general log of an instance as it is now, or undefined for an engine that has none. */
export function logOf(account: Account, instance: Instance, now: number): InstanceLog | undefined {
  settleParameters(account, now);
  const log = instanceLog(account, instance);
  log?.advance(now);
  return log;
}

/** Every log file that an instance has now, by name, as DescribeDBLogFiles lists them. */
export function logFiles(account: Account, instance: Instance, now: number): LogSource[] {
  const log = logOf(account, instance, now);
  const disk = account.diskLogs.get(instance.identifier);
  const live = disk?.look(now);
  const general = disk === undefined ? (log?.files() ?? []) : live === undefined ? [] : [live];
  return [errorLog(instance), ...general].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** General logging writes to a file only if both parameters say so. */
function logsToFile(group: ParameterGroup): boolean {
  const outputs = effectiveValue(group, "log_output")?.split(",") ?? [];
  return (
    effectiveValue(group, "general_log") === "1" && outputs.includes("FILE") && !outputs.includes("NONE")
  );
}

function instanceLog(account: Account, instance: Instance): InstanceLog | undefined {
  const { identifier, engine } = instance;
  if (logForm(engine) === undefined) return undefined;
  const known = account.logs.get(identifier);
  if (known !== undefined) return known;
  const owner = () => ({
    form: logForm(instance.engine) ?? "mysql",
    engineVersion: instance.engineVersion,
    storage: instance.allocatedStorage * GIB,
  });
  const workload = { instance: identifier, engine, seed: DEFAULT_SEED, rate: DEFAULT_RATE };
  const log = new InstanceLog(owner, workload);
  account.logs.set(identifier, log);
  return log;
}

/** Every instance has a log that is not the general one: who doesn't filter, gets it. */
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
