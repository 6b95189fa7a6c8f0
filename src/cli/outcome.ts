import type { Capture } from "../client/index.ts";
import type { Cli } from "./cli.ts";
import { colorsFor } from "./terminal/colors.ts";
import { formatBetween, formatTime } from "./terminal/format.ts";
import { paintStatus } from "./terminal/status.ts";
import { clean } from "./terminal/text.ts";

/** How a capture is, in a line: its state, when it was, and the reason if there is one. */
export function saidOf(cli: Cli, { id, status, start, end, reason }: Capture): string {
  const colors = colorsFor(cli, cli.out);
  const span =
    start === null
      ? ""
      : end === null
        ? ` since ${formatTime(start)}`
        : `, ${formatTime(start)} to ${formatTime(end)} (${formatBetween(start, end)})`;
  const why = reason === null ? "" : `: ${clean(reason)}`;
  return `Capture ${id}: ${paintStatus(colors, status)}${span}${why}`;
}
