import { Lexer } from "../lexer/lexer.ts";

/** What is taken out of a text, in bytes of UTF-8, and what comes in its place. */
export interface Replacement {
  start: number;
  end: number;
  by: string;
}

const lexer = new Lexer();

/** A text with its replacements made. They are in order, and do not overlap. */
export function applyReplacements(text: string, replacements: readonly Replacement[]): string {
  if (replacements.length === 0) return text;
  // Its `slice` takes places in bytes.
  lexer.reset(text);
  let result = "";
  let at = 0;
  for (const { start, end, by } of replacements) {
    result += lexer.slice(at, start) + by;
    at = Math.min(end, lexer.length);
  }
  result += lexer.slice(at);
  lexer.reset("");
  return result;
}
