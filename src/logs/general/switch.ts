/*
 * How a log is switched on. This knows nothing of Workers: the description of the API and the console use it too, with the engines.
 */

/** How a log is switched on: by parameters of the instance's parameter group. */
export interface LogSwitch {
  /** The values with which the log is written to files, which RDS lets one download. */
  readonly on: Readonly<Record<string, string>>;
  /** What holds where a group has no value of its own. */
  readonly defaults: Readonly<Record<string, string>>;
}

/**
 * The general log's switch (RDS User Guide, "Accessing MySQL database logs" and "MariaDB database log files"). A lease knows its
 * parameter group and not the engine, so all engines have to be switched on in the same way.
 */
export const GENERAL_LOG_SWITCH = {
  on: { general_log: "1", log_output: "FILE" },
  defaults: { general_log: "0", log_output: "TABLE" },
} as const satisfies LogSwitch;

/** Aurora MySQL's, which writes to files where nobody says otherwise (Aurora User Guide, "Aurora MySQL slow query and general logs"). */
export const AURORA_GENERAL_LOG_SWITCH = {
  on: GENERAL_LOG_SWITCH.on,
  defaults: { ...GENERAL_LOG_SWITCH.defaults, log_output: "FILE" },
} as const satisfies LogSwitch;
