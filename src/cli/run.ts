import { CommanderError } from "commander";
import { CapturesError } from "../client/index.ts";
import type { Cli } from "./cli.ts";
import { EXIT, type ExitCode, Failure } from "./failure.ts";
import { STANDARD_OUTPUT, writeFailure } from "./files/write-failure.ts";
import { makeProgram } from "./program.ts";
import { colorsFor } from "./terminal/colors.ts";
import { clean } from "./terminal/text.ts";

/**
 * Runs a command line.
 * @param args what follows the program's name
 * @returns the exit code
 */
export async function runCli(args: readonly string[]): Promise<number> {
  const cli = makeCli();
  process.on("uncaughtException", (error) => process.exit(sayFailure(cli, error)));
  try {
    await makeProgram(cli).parseAsync(args, { from: "user" });
    return Number(process.exitCode ?? EXIT.done);
  } catch (error) {
    return sayFailure(cli, error);
  }
}

/** The streams, the environment and the signals of this process. */
function makeCli(): Cli {
  const { stdin, stdout: out, stderr: err, env } = process;
  const controller = new AbortController();
  const takeSignals = signalsOf(controller);
  // A reader such as head may close its end: that is no failure.
  for (const [stream, file] of [
    [out, STANDARD_OUTPUT],
    [err, "Standard error"],
  ] as const) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(EXIT.done);
      throw writeFailure(file, error);
    });
  }
  return {
    env,
    out,
    err,
    isInteractive: Boolean(stdin.isTTY && err.isTTY && !env.CI),
    signal: controller.signal,
    global: {},
    takeInterrupt: (handler) => takeSignals(["SIGINT"], handler),
    takeSignals,
  };
}

/** The signals that end a command, and what is said of each. */
const ENDING = {
  SIGINT: ["Interrupted", EXIT.interrupted],
  SIGTERM: ["Terminated", EXIT.terminated],
  SIGHUP: ["The terminal was closed", EXIT.hungUp],
} as const satisfies Partial<Record<NodeJS.Signals, readonly [string, ExitCode]>>;

/** Has signals abort a controller, unless somebody takes them. @returns what takes them */
function signalsOf(controller: AbortController): Cli["takeSignals"] {
  const takers: { signals: readonly NodeJS.Signals[]; handler: (signal: NodeJS.Signals) => void }[] = [];
  const onSignal = (signal: NodeJS.Signals) => {
    const taker = takers.findLast(({ signals }) => signals.includes(signal));
    if (taker !== undefined) return taker.handler(signal);
    const [message, code] = ENDING[signal as keyof typeof ENDING] ?? [];
    if (message === undefined) return;
    // Whoever asks twice does not want to wait.
    if (controller.signal.aborted) process.exit(code);
    controller.abort(new Failure(message, code));
  };
  for (const signal of Object.keys(ENDING)) process.on(signal, onSignal);
  return (signals, handler) => {
    const taker = { signals, handler };
    takers.push(taker);
    const others = signals.filter((signal) => !(signal in ENDING));
    for (const signal of others) process.on(signal, onSignal);
    return () => {
      const at = takers.indexOf(taker);
      if (at === -1) return;
      takers.splice(at, 1);
      for (const signal of others) process.off(signal, onSignal);
    };
  };
}

/** Says why a command ended, and which exit code that is. */
function sayFailure(cli: Cli, error: unknown): number {
  // commander has printed its message.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  const colors = colorsFor(cli, cli.err);
  const say = (line: string) => void cli.err.write(`${line}\n`);
  if (cli.env.CAPTURES_DEBUG === "1" && error instanceof Error) say(error.stack ?? "");
  if (error instanceof Failure) {
    say(`${colors.red("error:")} ${clean(error.message)}`);
    if (error.hint !== null) say(clean(error.hint));
    return error.exitCode;
  }
  if (error instanceof CapturesError) {
    const id = error.requestId === null ? "" : colors.dim(` (request ${clean(error.requestId)})`);
    say(`${colors.red("error:")} ${clean(error.message)}${id}`);
    if (error.status !== 401) return EXIT.failed;
    say("Run captures login, or set CAPTURES_KEY.");
    return EXIT.signedOut;
  }
  say(`${colors.red("error:")} ${clean(error instanceof Error ? error.message : String(error))}`);
  return EXIT.failed;
}
