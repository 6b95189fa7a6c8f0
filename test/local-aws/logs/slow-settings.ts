/** What the parameters of a server say of its slow log. Nothing here imports Node: the tests run in workerd. */

/** MariaDB's parts of log_slow_verbosity that are played. */
export const VERBOSITY = ["query_plan", "innodb", "explain"] as const;
export type Verbosity = (typeof VERBOSITY)[number];

/** How a server writes its slow log. */
export interface SlowSettings {
  /** long_query_time, in microseconds: what took longer is written. */
  thresholdMicros: number;
  /** min_examined_row_limit. */
  minExaminedRows: number;
  /** log_queries_not_using_indexes: these are written whatever they took. Its throttle is not played. */
  logsFullScans: boolean;
  /** log_slow_rate_limit, of MariaDB: one of so many is written. Here it is a random one. */
  rateLimit: number;
  /** log_slow_extra, of MySQL. */
  hasExtra: boolean;
  /** log_slow_verbosity, of MariaDB. */
  verbosity: readonly Verbosity[];
  /** Since when the log is on, in epoch milliseconds: deaf sessions are those that connected before. */
  since: number;
}

/** Every statement is written, always, with the fewest figures. */
export const EVERYTHING: SlowSettings = {
  thresholdMicros: 0,
  minExaminedRows: 0,
  logsFullScans: false,
  rateLimit: 1,
  hasExtra: false,
  verbosity: [],
  since: -Infinity,
};

/** Every statement is written, with all figures that the server has. */
export const FULL: SlowSettings = { ...EVERYTHING, hasExtra: true, verbosity: VERBOSITY };

/** The engine's own default of long_query_time, in seconds. */
const DEFAULT_THRESHOLD = "10";
const SAME_AS: Readonly<Record<string, readonly Verbosity[]>> = {
  full: VERBOSITY,
  all: VERBOSITY,
  engine: ["innodb"],
};

/** The settings of a server. @param parameter a parameter's value, or undefined where only the engine knows it */
export function slowSettings(parameter: (name: string) => string | undefined, since: number): SlowSettings {
  const isOn = (name: string) => /^(1|on)$/i.test(parameter(name) ?? "");
  const words = (parameter("log_slow_verbosity") ?? "").toLowerCase().split(",");
  return {
    thresholdMicros: Math.round(Number(parameter("long_query_time") ?? DEFAULT_THRESHOLD) * 1e6),
    minExaminedRows: Number(parameter("min_examined_row_limit") ?? 0),
    logsFullScans: isOn("log_queries_not_using_indexes"),
    rateLimit: Number(parameter("log_slow_rate_limit") ?? 1),
    hasExtra: isOn("log_slow_extra"),
    verbosity: VERBOSITY.filter((one) => words.some((word) => word === one || SAME_AS[word]?.includes(one))),
    since,
  };
}
