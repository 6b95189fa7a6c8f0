import { Lexer, SECRET } from "./lexer.ts";

export { SECRET };

/** What is taken out of a text, in bytes of UTF-8, and what comes in its place. */
export interface Cut {
  start: number;
  end: number;
  by: string;
}

const whole = new Lexer();

/** A text without what is cut out of it: the cuts are in order, and none is in another. */
export function withoutCuts(text: string, cuts: readonly Cut[]): string {
  if (cuts.length === 0) return text;
  whole.reset(text);
  let left = "";
  let at = 0;
  for (const { start, end, by } of cuts) {
    left += whole.slice(at, start) + by;
    at = Math.min(end, whole.length);
  }
  left += whole.slice(at);
  whole.reset("");
  return left;
}
