import { END, Lexer, SYMBOL } from "../../sql-text/lexer/lexer.ts";

/*
 * The values that a prepared statement was executed with. A log does not have them: it has the statement's text with each question
 * mark replaced by its value, as a literal (`Item_param::query_val_str` in MySQL's and MariaDB's sources). So both texts are held
 * side by side: what stands between the question marks is the same in both, and what stands in their places are the values.
 */

/** A value, as it is bound again. */
export type BoundValue =
  | { type: "null" }
  /** Of 64 bits, in decimal. */
  | { type: "integer"; text: string }
  /** With a fraction, or with more digits than an integer has. */
  | { type: "decimal"; text: string }
  | { type: "double"; value: number }
  /** Also dates and times: the servers make them of text. */
  | { type: "text"; text: string }
  /** In hexadecimal. */
  | { type: "bytes"; hex: string };

const QUESTION = 63;
const lexer = new Lexer();

/** A prepared statement's text. */
export class PreparedText {
  readonly sql: string;
  /** What stands before, between and behind its question marks. */
  readonly #pieces: readonly string[];

  constructor(sql: string) {
    this.sql = sql;
    const pieces: string[] = [];
    lexer.reset(sql);
    let from = 0;
    for (let kind = lexer.next(); kind !== END; kind = lexer.next()) {
      if (kind !== SYMBOL || lexer.bytes[lexer.start] !== QUESTION) continue;
      pieces.push(lexer.slice(from, lexer.start));
      from = lexer.end;
    }
    pieces.push(lexer.slice(from).trimEnd());
    lexer.reset("");
    this.#pieces = pieces;
  }

  /** How many values it takes. */
  get values(): number {
    return this.#pieces.length - 1;
  }

  /** Whether a text begins as this one does, up to the first value: only then it may be an execution of it. */
  mayBe(executed: string): boolean {
    return executed.startsWith(this.#pieces[0] as string);
  }

  /**
   * The values of an execution.
   * @param executed its text in the log
   * @param escapes whether a backslash escapes in the session's strings
   * @returns null when it is none of this statement, or its values can't be told from it
   */
  valuesOf(executed: string, escapes = true): BoundValue[] | null {
    const pieces = this.#pieces;
    const first = pieces[0] as string;
    const last = pieces.length - 1;
    if (last === 0) return executed.trimEnd() === first ? [] : null;
    if (!executed.startsWith(first)) return null;
    const values: BoundValue[] = [];
    let at = first.length;
    for (let piece = 1; piece <= last; piece++) {
      const read = readLiteral(executed, at, escapes);
      if (read === null) return null;
      values.push(read.value);
      const between = pieces[piece] as string;
      if (!executed.startsWith(between, read.end)) return null;
      at = read.end + between.length;
    }
    return executed.slice(at).trim() === "" ? values : null;
  }
}

const NUMBER = /[+-]?(?:\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?/iy;
const HEX = /0x([0-9a-f]*)|x'([0-9a-f]*)'/iy;
const NULL_WORD = /null/iy;
/** What may stand before a quote: how MariaDB writes times, and an introducer of a character set. */
const PREFIX = /(?:date|time|timestamp|n|_\w+ ?)?(?=')/iy;
/** The most digits that are surely of 64 bits. */
const INTEGER_DIGITS = 18;

interface Read {
  value: BoundValue;
  end: number;
}

/** The literal that stands at a place; null when there is none. */
function readLiteral(text: string, at: number, escapes: boolean): Read | null {
  const hex = matchAt(HEX, text, at);
  if (hex !== null) return { value: { type: "bytes", hex: hex[1] ?? hex[2] ?? "" }, end: HEX.lastIndex };
  const number = matchAt(NUMBER, text, at);
  if (number !== null) return { value: numberOf(number), end: NUMBER.lastIndex };
  if (matchAt(NULL_WORD, text, at) !== null) return { value: { type: "null" }, end: NULL_WORD.lastIndex };
  if (matchAt(PREFIX, text, at) === null) return null;
  return readQuoted(text, PREFIX.lastIndex, escapes);
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function numberOf([text, fraction, exponent]: RegExpExecArray): BoundValue {
  if (exponent !== undefined) return { type: "double", value: Number(text) };
  const isInteger = fraction === undefined && !text.startsWith(".") && text.length <= INTEGER_DIGITS;
  return { type: isInteger ? "integer" : "decimal", text };
}

const ESCAPED: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", 0: "\0", b: "\b", Z: "\x1a" };

/** A string in single quotes; null when it is not closed. */
function readQuoted(text: string, open: number, escapes: boolean): Read | null {
  let value = "";
  let copied = open + 1;
  for (let at = open + 1; at < text.length; at++) {
    const character = text[at];
    if (character === "\\" && escapes) {
      const next = text[at + 1] as string;
      if (next === undefined) return null;
      value += text.slice(copied, at) + (ESCAPED[next] ?? next);
      at++;
      copied = at + 1;
    } else if (character === "'") {
      value += text.slice(copied, at);
      if (text[at + 1] !== "'") return { value: { type: "text", text: value }, end: at + 1 };
      at++;
      // The second of a pair is the character itself.
      copied = at;
    }
  }
  return null;
}
