import { InvalidArgumentError } from "commander";
import { Failure } from "./failure.ts";
import { type Direction, parseDuration, parseMoment } from "./times.ts";

/*
 * How values of options are read: each of these is given to commander, which names the option when a value is refused.
 */

/** A duration in milliseconds. */
export const durationOption = (text: string): number => refusing(() => parseDuration(text));

/** A duration in milliseconds whose unit has to be said: a number alone would be seconds here, and is milliseconds in the API. */
export function durationWithUnitOption(text: string): number {
  if (/^\d+$/.test(text)) throw new InvalidArgumentError(`Say its unit, such as ${text}ms.`);
  return durationOption(text);
}

/** A moment; a time of day alone is the next or the last one. */
export const momentOption =
  (direction: Direction) =>
  (text: string): Date =>
    refusing(() => parseMoment(text, new Date(), direction));

/** A whole number from `least`, 1 unless given, to `most`. */
export const countOption =
  (most: number, least = 1) =>
  (text: string): number => {
    const count = /^\d{1,15}$/.test(text) ? Number(text) : -1;
    if (count < least || count > most)
      throw new InvalidArgumentError(`It has to be a number from ${least} to ${most}.`);
    return count;
  };

/** One of the API's words, in any letter case. */
export const wordOption =
  <Word extends string>(words: readonly Word[]) =>
  (text: string): Word => {
    const word = words.find((one) => one === text.toUpperCase());
    if (word === undefined) throw new InvalidArgumentError(`It has to be one of ${words.join(", ")}.`);
    return word;
  };

/** One of `KEY=VALUE`, which can be given several times. */
export function labelOption(text: string, before: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("It has to be KEY=VALUE.");
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

/** Such pairs as the API's filters have them: `branch:main`. */
export const pairsOf = (pairs: Readonly<Record<string, string>>): string[] =>
  Object.entries(pairs).map(([key, value]) => `${key}:${value}`);

/** The number of an AWS account: twelve digits. */
export function accountOption(text: string): string {
  if (!/^\d{12}$/.test(text)) throw new InvalidArgumentError("It has to be the twelve digits of an account.");
  return text;
}

const SIZES: Readonly<Record<string, number>> = { "": 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };

/** An amount of bytes: a number, or one with kB, MB, GB or TB (powers of 1,000). */
export function sizeOption(text: string): number {
  const found = /^(\d{1,15}(?:\.\d{1,3})?) ?([kMGT]B)?$/.exec(text);
  const bytes = found === null ? 0 : Math.round(Number(found[1]) * (SIZES[found[2] ?? ""] ?? 1));
  if (bytes < 1) throw new InvalidArgumentError("It has to be a size, such as 500MB.");
  return bytes;
}

/** What a reader gives, or commander's refusal in its words. */
function refusing<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Failure) throw new InvalidArgumentError(`${error.message}.`);
    throw error;
  }
}
