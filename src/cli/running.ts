import { spawn } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { constants as system } from "node:os";
import { delimiter, join } from "node:path";
import type { Cli } from "./cli.ts";
import { EXIT, Failure } from "./failure.ts";

/** Signals that end programs: a program that is run gets those that this one gets. */
const PASSED_ON = [
  "SIGINT",
  "SIGQUIT",
  "SIGTERM",
  "SIGHUP",
  "SIGUSR1",
  "SIGUSR2",
] as const satisfies readonly NodeJS.Signals[];
/** Those that a terminal sends to all programs in its foreground, so that the program has got it already. */
const FROM_TERMINAL: readonly NodeJS.Signals[] = ["SIGINT", "SIGQUIT"];

/**
 * Sees whether a program can be run, before anything else is done for it.
 * @throws Failure with the exit code that a shell has for it
 */
export function requireProgram(program: string, path: string): void {
  const files = program.includes("/")
    ? [program]
    : path.split(delimiter).map((folder) => join(folder || ".", program));
  const isThere = files.filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile());
  if (isThere.length === 0) throw new Failure(`${program}: there is no such program`, EXIT.notFound);
  if (!isThere.some(isExecutable)) throw new Failure(`${program} can't be executed`, EXIT.notExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Runs a program with this one's streams, and passes signals on to it.
 * @param takeSignals has signals call a function, until the function that it gives back is called
 * @returns its exit code; of one that a signal has ended 128 and the signal's number, as shells say it
 */
export async function runProgram(
  command: readonly string[],
  takeSignals: Cli["takeSignals"],
): Promise<number> {
  const [program = "", ...args] = command;
  const child = spawn(program, args, { stdio: "inherit" });
  const release = takeSignals(PASSED_ON, (signal) => {
    if (!(process.stdin.isTTY && FROM_TERMINAL.includes(signal))) child.kill(signal);
  });
  try {
    return await new Promise((resolve) => {
      child.once("error", ({ code }: NodeJS.ErrnoException) =>
        resolve(code === "ENOENT" ? EXIT.notFound : EXIT.notExecutable),
      );
      child.once("exit", (code, signal) =>
        resolve(code ?? 128 + (signal === null ? 0 : system.signals[signal])),
      );
    });
  } finally {
    release();
  }
}
