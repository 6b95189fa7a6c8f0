import type { ParameterSettings } from "../environments/parameter-group.ts";
import { GENERAL_LOG_SWITCH } from "../logs/general/switch.ts";
import type { CapturedLog, LogName } from "../logs/names.ts";
import { SLOW_LOG_SWITCH } from "../logs/slow/switch.ts";

/*
 * What captures need of a parameter group: which parameters, and the values that these are to have. Pure.
 */

/** A capture that holds a lease, and what it needs. */
export interface Holder {
  captureId: number;
  /** Its environment, with whose access AWS is asked for it. Absent in what an earlier version has stored, until it is looked up. */
  envId?: number;
  log: CapturedLog;
  /** How long a statement runs at least that the slow log has to have; 0 for a capture of the general log alone. */
  minDurationMicros: number;
  /** Whether RDS has to be asked what holds where the group has no value of its own: its engine has other defaults than the most. */
  hasOwnDefaults?: true;
  /** Whether its environment is known to be able to change the group: AWS has confirmed a change of its own. */
  canChange?: true;
  /** Of a capture that has ended: until when its logs stay on, in milliseconds since the epoch. */
  leavesAt?: number;
}

/**
 * The optional parameters of the slow log that a group has and that can be changed, and `log_output`, each with the value that
 * holds where the group has none of its own. Null until RDS was asked for them; without `log_output` in what an earlier version
 * has stored, and where the group has one of its own.
 */
export type Offered = Readonly<Record<string, string>> | null;

/** Who needs which values, and what was found. */
export interface Needs {
  readonly holders: readonly Holder[];
  /** What the leased parameters had before. */
  readonly found: ParameterSettings;
  readonly offered: Offered;
}

/** What holds where a group has no value of its own, unless RDS has said otherwise (`defaultOf`). */
const DEFAULTS: Readonly<Record<string, string>> = {
  ...GENERAL_LOG_SWITCH.defaults,
  ...SLOW_LOG_SWITCH.mysql.defaults,
};

const GENERAL_NAMES = Object.keys(GENERAL_LOG_SWITCH.on);
const SLOW_NAMES = Object.keys(SLOW_LOG_SWITCH.mysql.on);
/** The values that optional parameters are given. */
const OPTIONAL_ON: Readonly<Record<string, string>> = {
  ...SLOW_LOG_SWITCH.mysql.optional.on,
  ...SLOW_LOG_SWITCH.mariadb.optional.on,
};

/** All parameters that a lease may change. */
export const LEASED_PARAMETERS: readonly string[] = [
  ...new Set([...GENERAL_NAMES, ...SLOW_NAMES, ...Object.keys(OPTIONAL_ON)]),
];

/** Whether one of some holders needs a kind of log. */
export function isNeeded(holders: readonly Holder[], kind: LogName): boolean {
  return holders.some(({ log }) => log === kind || log === "both");
}

/** The parameters of the logs that some holders need; of the slow log none before it is known what the group offers. */
export function neededParameters(holders: readonly Holder[], offered: Offered): ReadonlySet<string> {
  return new Set([
    ...(isNeeded(holders, "general") ? GENERAL_NAMES : []),
    ...(offered !== null && isNeeded(holders, "slow") ? slowParameters(offered) : []),
  ]);
}

/** Whether one of the parameters that a capture needs is such. */
export function needsOne(holder: Holder, offered: Offered, isSuch: (name: string) => boolean): boolean {
  return [...neededParameters([holder], offered)].some(isSuch);
}

/** The parameters of a group's slow log. */
export function slowParameters(offered: Offered): string[] {
  return [...new Set([...SLOW_NAMES, ...Object.keys(offered ?? {})])];
}

/** Whether a parameter is one of the general log's. */
export const isOfGeneralLog = (name: string): boolean => GENERAL_NAMES.includes(name);

/** Whether a parameter switches a log on and off. */
export const isLogSwitch = (name: string): boolean => name === "general_log" || name === "slow_query_log";

/** What the needs of all holders call for. Of the leased parameters, the others are to have what was found. */
export function neededSettings({ holders, found, offered }: Needs): ParameterSettings {
  const values = {
    ...(isNeeded(holders, "slow") ? slowValues(holders, found, offered) : {}),
    // A general log that was on before the first capture is left as it is.
    ...(isNeeded(holders, "general") && !isOn(found, offered) ? GENERAL_LOG_SWITCH.on : {}),
  };
  const leased = Object.entries(values).filter(([name]) => name in found);
  return Object.fromEntries(leased.map(([name, value]) => [name, asFound(name, value, found)]));
}

/** A value in the words in which it was found, where it is the same, such as `ON` for `1`. */
function asFound(name: string, value: string, found: ParameterSettings): string {
  const own = found[name] ?? null;
  return own !== null && isSameValue(name, own, value) ? own : value;
}

/** What the slow log has to have. What it has already is left as it is. */
function slowValues(
  holders: readonly Holder[],
  found: ParameterSettings,
  offered: Offered,
): Record<string, string> {
  const isFoundOn = isYes(effective(found, "slow_query_log", offered));
  const isFine = isFoundOn && threshold(found, offered) <= neededSeconds(holders);
  const values: Record<string, string> = {};
  if (!isFoundOn) values.slow_query_log = "1";
  if (!isFine) values.long_query_time = inSeconds(neededMicros(holders));
  // Also where people have it in tables and files, or every statement would go to the table.
  if (!isFine || !writesFiles(found, offered)) values.log_output = "FILE";
  for (const name of Object.keys(offered ?? {}).filter((offer) => offer in OPTIONAL_ON)) {
    const value = optionalValue(name, found);
    if (!isSameValue(name, found[name] ?? null, value, offered)) values[name] = value;
  }
  return values;
}

/** The value that an optional parameter is to have. To a list of words, the one that captures need is added. */
function optionalValue(name: string, found: ParameterSettings): string {
  const on = OPTIONAL_ON[name] ?? "";
  if (name !== "log_slow_verbosity") return on;
  const words = (found[name] ?? "").split(",").filter(Boolean);
  if (words.some((word) => /^(all|full)$/i.test(word))) return words.join();
  return words.some((word) => word.toLowerCase() === on) ? words.join() : [...words, on].join();
}

function neededMicros(holders: readonly Holder[]): number {
  const needs = holders.filter(({ log }) => log !== "general");
  return Math.min(...needs.map(({ minDurationMicros }) => minDurationMicros));
}

const neededSeconds = (holders: readonly Holder[]) => neededMicros(holders) / 1_000_000;

/** Microseconds as the servers take seconds: without an exponent. */
function inSeconds(micros: number): string {
  return (micros / 1_000_000).toFixed(6).replace(/\.?0+$/, "");
}

const effective = (settings: ParameterSettings, name: string, offered: Offered) =>
  settings[name] ?? defaultOf(name, offered) ?? "";
const isYes = (value: string) => /^(1|on)$/i.test(value);
const writesFiles = (settings: ParameterSettings, offered: Offered) =>
  effective(settings, "log_output", offered).toUpperCase().split(",").includes("FILE");
const threshold = (settings: ParameterSettings, offered: Offered) =>
  Number(effective(settings, "long_query_time", offered));

/** Whether a general log is written to files. */
export function isOn(settings: ParameterSettings, offered: Offered = null): boolean {
  return isYes(effective(settings, "general_log", offered)) && writesFiles(settings, offered);
}

/** Whether two values of a parameter come to the same for the servers; null where the group has none of its own. */
export function isSameValue(
  name: string,
  one: string | null,
  other: string | null,
  offered: Offered = null,
): boolean {
  const default_ = defaultOf(name, offered);
  return normal(name, one ?? default_) === normal(name, other ?? default_);
}

function normal(name: string, value: string | null): string | number | null {
  if (value === null) return null;
  if (name === "long_query_time") return Number(value);
  const words = value.toUpperCase().split(",").sort().join();
  return words === "ON" ? "1" : words === "OFF" ? "0" : words;
}

/** Whether two settings come to the same for the servers, in the parameters of either. */
export function isSame(one: ParameterSettings, other: ParameterSettings, offered: Offered = null): boolean {
  const names = [...Object.keys(one), ...Object.keys(other)];
  return names.every((name) => isSameValue(name, one[name] ?? null, other[name] ?? null, offered));
}

/** Whether a value does for a log that is needed, although it is not the one that was set. */
export function isEnough(
  name: string,
  value: string | null,
  wanted: string | null,
  offered: Offered = null,
): boolean {
  const [is, should] = [{ [name]: value }, { [name]: wanted }];
  switch (name) {
    case "log_output":
      return writesFiles(is, offered) && writesFiles(should, offered);
    case "long_query_time":
      return threshold(is, offered) <= threshold(should, offered);
    default:
      return false;
  }
}

/** What is known of a group: what it had of the leased parameters before, what it offers, and what it has. */
type Known = Omit<Needs, "holders"> & { readonly has: ParameterSettings };

/** Whether a group is known to have all that a capture needs; also if it has more, such as shorter statements. */
export function isOnFor(holder: Holder, known: Known): boolean {
  const { found, has, offered } = known;
  if (offered === null && isNeeded([holder], "slow")) return false;
  const names = [...neededParameters([holder], offered)];
  return names.every((name) => name in found && name in has) && mayBeOnFor(holder, known);
}

/** Whether a group has all that a capture needs as far as is known: what it has of a parameter may be unknown. */
export function mayBeOnFor(holder: Holder, { found, has, offered }: Known): boolean {
  const needed = neededSettings({ holders: [holder], found, offered });
  return Object.entries(needed).every(([name, value]) => {
    const is = has[name];
    return is === undefined || isSameValue(name, is, value, offered) || isEnough(name, is, value, offered);
  });
}

/** What holds where a group has no value of its own, as far as it is known. */
export function defaultOf(name: string, offered: Offered): string | null {
  return offered?.[name] ?? DEFAULTS[name] ?? null;
}

/** Some of a map's settings; null for those that it does not have. */
export function pick(settings: ParameterSettings, names: Iterable<string>): ParameterSettings {
  return Object.fromEntries([...names].map((name) => [name, settings[name] ?? null]));
}
