import type { Cli } from "../cli.ts";

/** A terminal's other screen, which leaves what was there before as it was. */
export interface Screen {
  /** What it shows from now on; lines that have no room are left out. */
  draw(lines: readonly string[]): void;
  /** Gives the terminal back as it was. A second call does nothing. */
  close(): void;
}

const ENTER = "\x1b[?1049h\x1b[?25l\x1b[H\x1b[2J";
const LEAVE = "\x1b[?25h\x1b[?1049l";

/** Whether there is a terminal that can be drawn on and asked for keys. */
export const hasScreen = (cli: Cli): boolean =>
  Boolean(cli.out.isTTY && process.stdin.isTTY) && cli.env.TERM !== "dumb";

/**
 * Opens the other screen, and has keys read one by one. It is closed also when the process ends otherwise, and left while it is
 * suspended by Ctrl-Z.
 * @param onKey told of each key, Ctrl-C as `\x03`
 * @param onResize told that there is another number of rows or columns
 */
export function openScreen(cli: Cli, onKey: (key: string) => void, onResize: () => void): Screen {
  const { out } = cli;
  const { stdin } = process;
  let isOpen = false;
  const enter = () => {
    isOpen = true;
    stdin.setRawMode(true);
    out.write(ENTER);
  };
  const leave = () => {
    if (!isOpen) return;
    isOpen = false;
    stdin.setRawMode(false);
    out.write(LEAVE);
  };
  const onData = (data: Buffer) => {
    for (const key of data.toString("utf8")) {
      if (key !== "\x1a") onKey(key);
      else {
        leave();
        process.kill(process.pid, "SIGTSTP");
      }
    }
  };
  const onContinue = () => {
    enter();
    onResize();
  };
  process.once("exit", leave);
  process.on("SIGCONT", onContinue);
  out.on("resize", onResize);
  stdin.on("data", onData).resume();
  enter();
  return {
    draw(lines) {
      if (!isOpen) return;
      const shown = lines.slice(0, out.rows).map((line) => `${line}\x1b[K`);
      out.write(`\x1b[H${shown.join("\r\n")}\x1b[J`);
    },
    close() {
      process.off("exit", leave);
      process.off("SIGCONT", onContinue);
      out.off("resize", onResize);
      stdin.off("data", onData).pause();
      leave();
    },
  };
}
