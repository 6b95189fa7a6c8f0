import pc from "picocolors";

/** How texts are coloured; each function gives its text back where there are to be no colours. */
export type Colors = ReturnType<typeof pc.createColors>;

/**
 * The colours for a stream: for a terminal unless NO_COLOR is set (https://no-color.org), for files and pipes if FORCE_COLOR is set.
 */
export function colorsFor(
  cli: { env: Readonly<Record<string, string | undefined>> },
  stream: { isTTY?: boolean | undefined },
): Colors {
  const { NO_COLOR = "", FORCE_COLOR = "", TERM } = cli.env;
  const isForced = FORCE_COLOR !== "" && FORCE_COLOR !== "0";
  return pc.createColors(NO_COLOR === "" && (isForced || (stream.isTTY === true && TERM !== "dumb")));
}
