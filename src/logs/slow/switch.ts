import type { LogSwitch } from "../general/switch.ts";

/*
 * How the slow query log is switched on. Like the general log's switch, this knows nothing of Workers.
 */

/** How the slow log is switched on, and what it may have besides. */
export interface SlowLogSwitch extends LogSwitch {
  /**
   * What keeps the log whole and makes it say more. A server may lack one of these parameters, and RDS may not let it be changed:
   * DescribeDBParameters says so.
   */
  readonly optional: LogSwitch;
}

/** The parameters that each server has (MySQL and MariaDB references, "The Slow Query Log"). */
const REQUIRED = {
  on: {
    slow_query_log: "1",
    // In seconds. A capture that asks for longer statements alone sets its own.
    long_query_time: "0",
    log_output: "FILE",
  },
  defaults: { slow_query_log: "0", long_query_time: "10", log_output: "TABLE" },
} as const satisfies LogSwitch;

/** Optional parameters that both servers have. */
const OPTIONAL = {
  // ALTER, CREATE INDEX, ANALYZE and their like are statements too.
  log_slow_admin_statements: "1",
  // A statement that examines few rows is left out otherwise.
  min_examined_row_limit: "0",
  // With it, MySQL's log_throttle_queries_not_using_indexes leaves statements out, also where long_query_time is 0.
  log_queries_not_using_indexes: "0",
} as const;

const OPTIONAL_DEFAULTS = { min_examined_row_limit: "0", log_queries_not_using_indexes: "0" } as const;

/** MySQL's. */
const MYSQL = {
  ...REQUIRED,
  optional: {
    // Since 8.0.14: bytes, errors and temporary tables of each statement.
    on: { ...OPTIONAL, log_slow_extra: "1" },
    defaults: { ...OPTIONAL_DEFAULTS, log_slow_admin_statements: "0", log_slow_extra: "0" },
  },
} as const satisfies SlowLogSwitch;

/** Aurora MySQL's: as MySQL's, but where nobody says otherwise it is written to files. */
const AURORA_MYSQL = {
  ...MYSQL,
  defaults: { ...REQUIRED.defaults, log_output: "FILE" },
} as const satisfies SlowLogSwitch;

/** MariaDB's. */
const MARIADB = {
  ...REQUIRED,
  optional: {
    on: {
      ...OPTIONAL,
      // Scans, sorts and temporary tables. Not `explain`, which costs time for each statement.
      log_slow_verbosity: "query_plan",
      // Every statement, not one of many.
      log_slow_rate_limit: "1",
    },
    defaults: {
      ...OPTIONAL_DEFAULTS,
      log_slow_admin_statements: "1",
      // By default it is empty, which RDS takes for no value at all. This word has no effect.
      log_slow_verbosity: "microtime",
      log_slow_rate_limit: "1",
    },
  },
} as const satisfies SlowLogSwitch;

/** The slow log's switch for each server. They are switched on alike, and differ in what is optional and in defaults. */
export const SLOW_LOG_SWITCH = { mysql: MYSQL, mariadb: MARIADB, auroraMysql: AURORA_MYSQL } as const;

/** The parameters that only say how much an entry has: whatever they are, no statement is left out. */
export const SLOW_LOG_DETAILS: ReadonlySet<string> = new Set(["log_slow_extra", "log_slow_verbosity"]);

/** The switch of the server that has these parameters: a lease knows its parameter group and not the engine. */
export function slowLogSwitchOf(parameters: { has(name: string): boolean }): SlowLogSwitch {
  return parameters.has("log_slow_verbosity") ? SLOW_LOG_SWITCH.mariadb : SLOW_LOG_SWITCH.mysql;
}
