import { Buffer } from "node:buffer";
import { caseVariants, foldCase } from "./letter-case.ts";

/*
 * Finds text in JSON that is not parsed, nor even decoded: a regular expression for the bytes of NDJSON, each as one character
 * (Latin-1). V8 searches such text at some 4 GB a second; UTF-8 with anything beyond ASCII takes several times as long to decode
 * alone.
 */

/** A pattern is of so many characters at most: those that follow don't make what is found much rarer. */
const MAX_CHARACTERS = 40;

/** U+FFFD stands for half a surrogate pair too, which JSON.stringify escapes. */
const REPLACEMENT = "\uFFFD";
const HALF_PAIR = "\\\\u[dD][89a-fA-F][0-9a-fA-F]{2}";

/** The escapes of JSON that have a letter of their own (RFC 8259, section 7). */
const SHORT_ESCAPES: Record<string, string> = {
  "\b": "b",
  "\t": "t",
  "\n": "n",
  "\f": "f",
  "\r": "r",
};

/** How a character of a text may be written in the bytes of a JSON string. */
export interface WrittenCharacter {
  /** The source of a regular expression for it. */
  pattern: string;
  /** All that it may be written as; null where these are too many. */
  texts: readonly string[] | null;
}

/**
 * How a text is written in the bytes of a JSON string that has it, in any case of letters: character by character, as far as that makes
 * what is found much rarer. It may be found elsewhere too, such as `n` in the escape of a newline: what is found is to be parsed and
 * looked at again.
 */
export const writtenCharacters = (text: string): WrittenCharacter[] =>
  [...foldCase(text)].slice(0, MAX_CHARACTERS).map(writtenCharacter);

/** The source of a regular expression for a text, of its `writtenCharacters`. */
export const jsonPattern = (text: string): string =>
  writtenCharacters(text)
    .map(({ pattern }) => pattern)
    .join("");

function writtenCharacter(character: string): WrittenCharacter {
  const texts = textsOf(character);
  const patterns = texts.map((text) => RegExp.escape(text));
  if (character === REPLACEMENT) return { pattern: `(?:${patterns.join("|")}|${HALF_PAIR})`, texts: null };
  // V8 compares letters of a class faster than alternatives.
  if (patterns.length > 1 && texts.every(({ length }) => length === 1)) {
    return { pattern: `[${patterns.join("")}]`, texts };
  }
  return { pattern: patterns.length === 1 ? (patterns[0] as string) : `(?:${patterns.join("|")})`, texts };
}

function textsOf(character: string): string[] {
  if (character === '"' || character === "\\") return [`\\${character}`];
  if (character >= " ") return caseVariants(character).map(utf8Text);
  const code = character.charCodeAt(0).toString(16).padStart(4, "0");
  const short = SHORT_ESCAPES[character];
  const long = new Set([`\\u${code}`, `\\u${code.toUpperCase()}`]);
  return [...(short === undefined ? [] : [`\\${short}`]), ...long];
}

/** A text's UTF-8, each byte as one character. */
export const utf8Text = (text: string): string => Buffer.from(text, "utf8").toString("latin1");
