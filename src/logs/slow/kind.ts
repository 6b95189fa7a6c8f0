import type { LogKind } from "../kind.ts";
import { SlowLogParser } from "./parser.ts";
import type { ParsedAsSlow } from "./parser-state.ts";
import { SLOW_LOG_SWITCH } from "./switch.ts";

const FOLDER = "slowquery/";

/** The slow log: what ran for at least `long_query_time`, when it ended, and how long it took. */
export const SLOW: LogKind<ParsedAsSlow> = {
  name: "slow",
  folder: FOLDER,
  // Also MariaDB's has this name.
  liveFile: `${FOLDER}mysql-slowquery.log`,
  // The servers' switches differ in what is optional only.
  parameters: SLOW_LOG_SWITCH.mysql,
  // Sessions that were connected before it was switched on are not logged: that it is silent says nothing.
  writtenEveryMs: Number.POSITIVE_INFINITY,
  maxSilenceMs: Number.POSITIVE_INFINITY,
  silent: "The slow log was not written",
  reopened:
    "The server opened its slow log again: until then it had been switched off, or the server had been down",
  parser: (options) => new SlowLogParser(options),
};
