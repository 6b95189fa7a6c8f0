import { EXIT, type ExitCode, Failure } from "./failure.ts";

/** What a key is made of: what a header may have, and no space. */
const KEY = /^[!-~]{1,200}$/;

/**
 * A key as somebody gave it, without the space around it, such as the line feed of a file.
 * @param what where it is from, for the message
 * @throws Failure for what can be no key; the message does not quote it, since most of it may be one
 */
export function readKey(text: string, what: string, exitCode: ExitCode = EXIT.usage): string {
  const key = text.trim();
  if (!KEY.test(key)) throw new Failure(`${what} is no API key`, exitCode);
  return key;
}
