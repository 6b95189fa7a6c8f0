import { CommanderError } from "commander";
import pc from "picocolors";
import { CapturesError } from "../client/index.ts";
import type { Cli } from "./cli.ts";
import { EXIT, Failure } from "./failure.ts";
import { makeProgram } from "./program.ts";
import { clean, say } from "./terminal/print.ts";

/**
 * Runs a command line.
 * @param args what follows the program's name
 * @returns the exit code
 */
export async function runCli(args: readonly string[]): Promise<number> {
  const cli = makeCli();
  try {
    await makeProgram(cli).parseAsync(args, { from: "user" });
    return Number(process.exitCode ?? EXIT.done);
  } catch (error) {
    return sayFailure(cli, error);
  }
}

/** The streams, the environment and Ctrl-C of this process. */
function makeCli(): Cli {
  const { stdin, stdout: out, stderr: err, env } = process;
  const controller = new AbortController();
  const handlers: (() => void)[] = [() => controller.abort(new Failure("Interrupted", EXIT.interrupted))];
  process.on("SIGINT", () => handlers.at(-1)?.());
  // A reader such as head may close its end: that is no failure.
  out.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(EXIT.done);
    throw error;
  });
  return {
    env,
    out,
    err,
    isInteractive: Boolean(stdin.isTTY && err.isTTY && !env.CI),
    signal: controller.signal,
    global: {},
    takeInterrupt(handler) {
      handlers.push(handler);
      return () => {
        handlers.splice(handlers.indexOf(handler), 1);
      };
    },
  };
}

/** Says why a command ended, and which exit code that is. */
function sayFailure(cli: Cli, error: unknown): number {
  // commander has printed its message.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (error instanceof Failure) {
    say(cli, `${pc.red("error:")} ${clean(error.message)}`);
    if (error.hint !== null) say(cli, error.hint);
    return error.exitCode;
  }
  if (error instanceof CapturesError) {
    const id = error.requestId === null ? "" : pc.dim(` (request ${clean(error.requestId)})`);
    say(cli, `${pc.red("error:")} ${clean(error.message)}${id}`);
    return error.status === 401 ? EXIT.signedOut : EXIT.failed;
  }
  throw error;
}
