import type { Cli } from "../cli.ts";
import { say } from "./print.ts";
import { type ProgressState, progressLine } from "./progress-line.ts";

/** A line that shows how work gets on, until it is ended. */
export interface Progress {
  update(state: ProgressState): void;
  /** Takes the line away, so that something else can be printed. A later update draws it again. */
  clear(): void;
}

/** How often a file or a pipe gets a line. */
const PLAIN_EVERY_MS = 30_000;
/** How often a terminal's line is drawn at most. */
const DRAW_EVERY_MS = 100;
/**
 * Shows how work gets on, on standard error: in a terminal one line that is drawn again and again, elsewhere a plain line when what
 * goes on changes, and now and then. It is no library's: those that exist take over Ctrl-C, or print escapes into files.
 */
export function showProgress(cli: Cli): Progress {
  if (cli.global.quiet) return { update() {}, clear() {} };
  return isDrawable(cli) ? drawnProgress(cli) : plainProgress(cli);
}

const isDrawable = (cli: Cli): boolean => Boolean(cli.err.isTTY) && cli.env.TERM !== "dumb" && !cli.env.CI;

function drawnProgress(cli: Cli): Progress {
  let [drawnAt, last] = [0, ""];
  return {
    update(state) {
      const line = progressLine(state, cli.err.columns ?? 80);
      const now = performance.now();
      if (line === last || (now - drawnAt < DRAW_EVERY_MS && last !== "")) return;
      cli.err.write(`\r${line}\x1b[K`);
      [drawnAt, last] = [now, line];
    },
    clear() {
      if (last !== "") cli.err.write("\r\x1b[K");
      last = "";
    },
  };
}

function plainProgress(cli: Cli): Progress {
  let [saidAt, last] = [0, ""];
  return {
    update(state) {
      const now = performance.now();
      if (state.label === last && now - saidAt < PLAIN_EVERY_MS) return;
      say(cli, [state.label, ...state.details].join(", "));
      [saidAt, last] = [now, state.label];
    },
    clear() {},
  };
}
