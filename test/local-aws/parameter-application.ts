import type { Account } from "./accounts.ts";
import type { Instance, ParameterApplyStatus, ParameterGroup, ParameterSetting } from "./instances.ts";
import { parametersOf } from "./parameters.ts";

/** How an account's parameter changes take effect. */
export interface ParameterApplication {
  /** From ModifyDBParameterGroup to the moment when the servers have the values. */
  delayMs: number;
  /** How long DescribeDBInstances still says what it said before the change, as the real one does for a moment. */
  staleMs: number;
  /** Whether changes fail: the servers never get the values, and the status ends as `failed-to-apply`. */
  fails: boolean;
}

export const DEFAULT_APPLICATION: ParameterApplication = { delayMs: 1_000, staleMs: 0, fails: false };

/** Values on their way to the servers. Times are epoch milliseconds. */
export interface ParameterChange {
  /** Undefined for a parameter that is to have no value of its own any more. */
  values: ReadonlyMap<string, string | undefined>;
  shownAt: number;
  appliesAt: number;
  fails: boolean;
}

/** Sends a group's new values on their way, those that need no reboot. */
export function startApplying(
  { parameterApplication: { delayMs, staleMs, fails } }: Account,
  group: ParameterGroup,
  settings: readonly [name: string, setting: ParameterSetting | { value: undefined; applyMethod: string }][],
  now: number,
): void {
  const immediate = settings.filter(([, { applyMethod }]) => applyMethod === "immediate");
  if (immediate.length === 0) return;
  // One change after the other: a delay that was made shorter lets none overtake.
  const appliesAt = Math.max(now + delayMs, group.changes.at(-1)?.appliesAt ?? 0);
  const values = new Map(immediate.map(([name, { value }]) => [name, value]));
  group.changes.push({ values, shownAt: now + staleMs, appliesAt, fails });
}

/** Takes the next change of an account's groups that is due and lets it take effect, or returns undefined. */
export function applyNextChange(
  account: Account,
  now: number,
): { group: ParameterGroup; appliedAt: number } | undefined {
  const group = [...account.parameterGroups.values()]
    .filter(({ changes }) => (changes[0]?.appliesAt ?? Infinity) <= now)
    .sort((a, b) => (a.changes[0]?.appliesAt ?? 0) - (b.changes[0]?.appliesAt ?? 0))[0];
  const change = group?.changes.shift();
  if (group === undefined || change === undefined) return undefined;
  group.hasFailed = change.fails;
  for (const [name, value] of change.fails ? [] : change.values) {
    if (value === undefined) group.effective.delete(name);
    else group.effective.set(name, value);
  }
  return { group, appliedAt: change.appliesAt };
}

/** What DescribeDBInstances says of an instance's parameter group, once the changes that are due took effect. */
export function applyStatus(account: Account, instance: Instance, now: number): ParameterApplyStatus {
  // What a test has set, and a reboot that is awaited, say more than the changes.
  if (instance.parameterApplyStatus !== "in-sync") return instance.parameterApplyStatus;
  const group = account.parameterGroups.get(instance.parameterGroup);
  if (group?.changes.some(({ shownAt }) => shownAt <= now)) return "applying";
  return group?.hasFailed ? "failed-to-apply" : "in-sync";
}

/** The value that the servers of a group have; undefined for one that only the engine knows. */
export function effectiveValue(group: ParameterGroup, name: string): string | undefined {
  const definition = parametersOf(group.family).find((candidate) => candidate.name === name);
  return group.effective.get(name) ?? definition?.defaultValue;
}
