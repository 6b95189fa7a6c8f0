import type { LogKind } from "../kind.ts";
import { LogParser } from "./parser.ts";
import { GENERAL_LOG_SWITCH } from "./switch.ts";

const FOLDER = "general/";
/** Amazon's own sessions write to it so often, in milliseconds, whatever the clients do. */
const WRITTEN_EVERY_MS = 5 * 60_000;
/** How late Amazon's sessions may be. */
const LATE_MS = 60_000;

/** The general log: every statement that a server was sent, when it was sent. */
export const GENERAL: LogKind = {
  name: "general",
  folder: FOLDER,
  // Also MariaDB's has this name.
  liveFile: `${FOLDER}mysql-general.log`,
  parameters: GENERAL_LOG_SWITCH,
  writtenEveryMs: WRITTEN_EVERY_MS,
  maxSilenceMs: WRITTEN_EVERY_MS + LATE_MS,
  silent: "The general log was not written for more than six minutes: it was off, or the server was down",
  reopened:
    "The server opened its general log again: until then it had been switched off, or the server had been down",
  parser: (options) => new LogParser(options),
};
