import { confirm, isCancel, password, select, text } from "@clack/prompts";
import type { Cli } from "../cli.ts";
import { EXIT, Failure } from "../failure.ts";

/*
 * Questions, on standard error, so that a result can go into a file meanwhile. Ctrl-C and Escape end the command. Where nobody can
 * be asked (`cli.isInteractive`), a command has to say which option it lacks instead.
 */

/** One of several answers. */
export interface Choice<Value> {
  value: Value;
  label: string;
  hint?: string;
  disabled?: boolean;
}

const streams = (cli: Cli, signal = cli.signal) => ({ input: process.stdin, output: cli.err, signal });

/** @throws Failure when somebody has pressed Ctrl-C; what the signal was aborted with */
function answered<Answer>(answer: Answer, signal: AbortSignal): Exclude<Answer, symbol> {
  if (isCancel(answer)) {
    signal.throwIfAborted();
    throw new Failure("Interrupted", EXIT.interrupted);
  }
  return answer as Exclude<Answer, symbol>;
}

/** Asks for a text; `validate` gives what is wrong with one. */
export async function askText(
  cli: Cli,
  message: string,
  { validate }: { validate?: (text: string) => string | undefined } = {},
): Promise<string> {
  const check = (value: string | undefined) => {
    const typed = value?.trim() ?? "";
    return typed === "" ? "Type something, or press Ctrl-C." : validate?.(typed);
  };
  const typed = await text({ ...streams(cli), message, validate: check });
  return answered(typed, cli.signal).trim();
}

/** Asks for a secret, which is not shown. */
export async function askSecret(cli: Cli, message: string): Promise<string> {
  const validate = (typed: string | undefined) =>
    typed?.trim() ? undefined : "Paste the secret, or press Ctrl-C.";
  return answered(await password({ ...streams(cli), message, validate }), cli.signal).trim();
}

/** Asks which one of several. @param signal ends the question, with what it was aborted with */
export async function askChoice<Value extends string | number>(
  cli: Cli,
  message: string,
  choices: readonly Choice<Value>[],
  signal: AbortSignal = cli.signal,
): Promise<Value> {
  // The library's type of an option depends on its value's, and can't be said for all of them at once.
  const options = choices as unknown as Parameters<typeof select<Value>>[0]["options"];
  const answer = await select<Value>({
    ...streams(cli, signal),
    message,
    options: [...options],
    maxItems: 12,
  });
  return answered(answer, signal) as Value;
}

/** Asks yes or no. @param initial what Enter alone means */
export async function askWhether(cli: Cli, message: string, initial = false): Promise<boolean> {
  return answered(await confirm({ ...streams(cli), message, initialValue: initial }), cli.signal);
}

/**
 * Asks whether to delete something.
 * @param what it is, such as `capture 7`
 * @param more what else to say of it to who is asked
 * @throws Failure when the answer is no, or nobody can be asked
 */
export async function confirmDeletion(cli: Cli, what: string, more: string): Promise<void> {
  if (!cli.isInteractive) throw new Failure(`Delete ${what}? Say --yes.`, EXIT.usage);
  if (!(await askWhether(cli, `Delete ${what} ${more}?`))) throw new Failure("Nothing was deleted");
}

/** What was written to standard input: its first line. @throws Failure when it is empty */
export async function readLine(what: string): Promise<string> {
  let text = "";
  for await (const part of process.stdin.setEncoding("utf8")) text += part;
  const line = text.split("\n")[0]?.trim() ?? "";
  if (line === "") throw new Failure(`Standard input has no ${what}`, EXIT.usage);
  return line;
}
