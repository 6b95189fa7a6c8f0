import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** A line of output is quoted up to so many characters. */
const MAX_SAID = 4000;

/**
 * Runs a program to its end.
 * @returns what it printed
 * @throws Error with the last of its output when it fails
 */
export async function run(
  command: string,
  args: readonly string[],
  { cwd, env = {} }: { cwd?: string; env?: Record<string, string> } = {},
): Promise<string> {
  try {
    const options = { cwd, env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 };
    return (await promisify(execFile)(command, args, options)).stdout;
  } catch (error) {
    const { stdout = "", stderr = "", message } = error as Error & { stdout?: string; stderr?: string };
    throw new Error(
      `${command} ${args.join(" ")}: ${`${stdout}\n${stderr}`.trim().slice(-MAX_SAID) || message}`,
    );
  }
}

/** Throws when something is not as it has to be. */
export function expectThat(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new Error(otherwise);
}
