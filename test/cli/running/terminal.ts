import { spawn } from "node:child_process";
import { stripVTControlCharacters } from "node:util";
import { commandLine, type Ran, type World } from "./world.ts";

/** A terminal in which a command runs: somebody who reads and types. */
export interface Terminal {
  /** All that was written to it, with its escapes. */
  raw(): string;
  /** Waits until it has shown a text since the last that was waited for. @throws Error when that takes too long */
  shows(text: RegExp): Promise<void>;
  type(text: string): void;
  /** Sends a signal to the command. */
  signal(signal: NodeJS.Signals): void;
  /** How the command ended; `out` has all that was shown, without escapes. */
  ended: Promise<Ran>;
}

/** Python's module makes the terminal: Node.js has none, and `script` of util-linux ends with its input. */
const PTY = `
import os, pty, select, signal, sys
child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
for number in (signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, lambda number, frame: os.kill(child, number))
sources = [terminal, 0]
while True:
    ready = select.select(sources, [], [])[0]
    try:
        shown = os.read(terminal, 65536) if terminal in ready else None
    except OSError:
        break
    if shown == b"":
        break
    if shown is not None:
        os.write(1, shown)
    if 0 in ready:
        typed = os.read(0, 65536)
        if typed == b"":
            sources = [terminal]
        else:
            os.write(terminal, typed)
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
sys.exit(code if code >= 0 else 128 - code)
`;

const PATIENCE_MS = 90_000;
export const KEYS = { ctrlC: "\x03", enter: "\r", down: "\x1b[B" };

/** Runs `captures` in a terminal of 24 rows and 100 columns. */
export function inTerminal(
  world: World,
  args: readonly string[],
  { env = {} }: { env?: Record<string, string> } = {},
): Terminal {
  const { program, before, options } = commandLine(world, { NO_COLOR: "", CI: "", TERM: "xterm", ...env });
  const sized = ["sh", "-c", 'stty rows 24 cols 100; exec "$@"', "sh"];
  const child = spawn("python3", ["-c", PTY, ...sized, program, ...before, ...args], options);
  let [shown, seen] = ["", 0];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (data) => {
      shown += data;
    });
  }
  const text = () => stripVTControlCharacters(shown).replaceAll("\r", "");
  const ended = new Promise<Ran>((resolve) =>
    child.on("close", (code) => resolve({ code, out: text(), err: "" })),
  );
  return {
    raw: () => shown,
    async shows(pattern) {
      const until = Date.now() + PATIENCE_MS;
      for (;;) {
        const found = pattern.exec(text().slice(seen));
        if (found !== null) {
          seen += found.index + found[0].length;
          return;
        }
        if (Date.now() > until || child.exitCode !== null) {
          child.kill("SIGTERM");
          throw new Error(`The terminal did not show ${pattern}, but:\n${text().slice(seen)}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    type: (keys) => void child.stdin.write(keys),
    signal: (signal) => void child.kill(signal),
    ended,
  };
}
