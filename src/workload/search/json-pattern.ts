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

/**
 * The source of a regular expression that is found in the bytes of a JSON string wherever a text is in its value, in any case of
 * letters. It may be found elsewhere too, such as `n` in the escape of a newline: what is found is to be parsed and looked at again.
 */
export function jsonPattern(text: string): string {
  return [...foldCase(text)].slice(0, MAX_CHARACTERS).map(characterPattern).join("");
}

function characterPattern(character: string): string {
  if (character === '"' || character === "\\") return `\\\\\\${character}`;
  if (character < " ") return controlPattern(character);
  const variants = caseVariants(character);
  const patterns = variants.map((variant) => bytesPattern(variant));
  if (character === REPLACEMENT) patterns.push(HALF_PAIR);
  if (patterns.length === 1) return patterns[0] as string;
  return character <= "\x7f" ? `[${variants.join("")}]` : `(?:${patterns.join("|")})`;
}

function controlPattern(character: string): string {
  const code = character.charCodeAt(0).toString(16).padStart(4, "0");
  const long = `\\\\u${code.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`)}`;
  const short = SHORT_ESCAPES[character];
  return short === undefined ? long : `(?:\\\\${short}|${long})`;
}

const bytesPattern = (character: string): string =>
  [...utf8Text(character)].map((byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`).join("");

/** A text's UTF-8, each byte as one character. */
export const utf8Text = (text: string): string => Buffer.from(text, "utf8").toString("latin1");
