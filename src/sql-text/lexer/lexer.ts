import type { Dialect } from "../dialect.ts";
import { isDigit, isHexDigit, isWordByte } from "./bytes.ts";
import { endOfComment, executedFrom } from "./comments.ts";
import { BACKSLASH_ESCAPES, endOfQuoted, endOfQuotedBy, type QuoteRules } from "./quotes.ts";
import { HASH_START, hashStep } from "./word-hash.ts";

/*
 * The tokens of MySQL's and MariaDB's SQL, as far as it takes to tell a literal from an identifier. Double quotes are strings
 * (ANSI_QUOTES is off). A backslash escapes, unless the caller sets other rules: a log does not always say which sql_mode a
 * session had, and quote-ambiguity.ts looks for what makes sense.
 */

/** The kinds of token. Numbers, since the compiler has no enums to erase, and comparing these is what the digest does most. */
export const END = 0;
/** An identifier, a keyword, or a name with digits and `$`. */
export const WORD = 1;
/** A name in backticks. */
export const QUOTED = 2;
/** A string with its introducer or prefix, a hexadecimal or bit literal, and `<secret>`. */
export const STRING = 3;
/** A number without its sign. */
export const NUMBER = 4;
/** Any other character, one at a time. */
export const SYMBOL = 5;
/** A comment. Of an executable comment only its marks are: `/*!50000`, and the star and slash at its end. */
export const COMMENT = 6;

const BACKTICK = 96;
const SINGLE = 39;
const DOUBLE = 34;
const MINUS = 45;
const DOT = 46;
const SLASH = 47;
const STAR = 42;
const HASH = 35;
const LF = 10;
const LESS = 60;

/** What redaction, and MySQL itself, write in the place of a secret. */
export const SECRET = "<secret>";
const SECRET_BYTES = [...SECRET].map((char) => char.charCodeAt(0));

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/** A buffer of up to this size is kept from one text to the next; a longer text gets one of its own. */
const KEPT_BUFFER_BYTES = 64 * 1024;

/** Reads one statement, or several, token by token into its own fields. */
export class Lexer {
  /** Of the token that was read last: its kind, its first character and the one after its last. */
  kind = END;
  start = 0;
  end = 0;
  /** The text ended amid the token: a string, a name or a comment that is not closed. */
  unterminated = false;
  /** The hash of a WORD, as wordHash makes it: computed here, since each of its bytes is read here anyway. */
  hash = 0;
  /** The text in UTF-8: faster to read than a string that may be a part of another. Two zeros end it. */
  bytes = new Uint8Array(1024);
  /** How many bytes the text has. */
  length = 0;
  /** How quotes end. Kept from one text to the next. */
  quoteRules: QuoteRules = BACKSLASH_ESCAPES;
  #text = "";
  #server: Dialect | null = null;
  /** Inside an executable comment. */
  #isInExecutable = false;

  constructor(text = "") {
    this.reset(text);
  }

  /**
   * Begins another text. Nothing is kept of the one before.
   * @param server the server that the text is for: the comments that it executes are read as what they hold. Null for those
   *   that either server executes
   */
  reset(text: string, server: Dialect | null = null): void {
    const needed = 3 * text.length + 2;
    if (needed > this.bytes.length || this.bytes.length > KEPT_BUFFER_BYTES) {
      this.bytes = new Uint8Array(Math.max(needed, 1024));
    }
    const length = text.length === 0 ? 0 : encoder.encodeInto(text, this.bytes).written;
    this.bytes[length] = 0;
    this.bytes[length + 1] = 0;
    this.#text = text;
    this.#server = server;
    this.length = length;
    this.rewind();
  }

  /** Begins the text again. */
  rewind(): void {
    this.kind = END;
    this.start = 0;
    this.end = 0;
    this.unterminated = false;
    this.#isInExecutable = false;
  }

  /** The text between two places. Places are counted in bytes, as `start` and `end` are. */
  slice(start: number, end = this.length): string {
    // Otherwise every character is one byte, and the places are those of the string.
    if (this.length !== this.#text.length) return decoder.decode(this.bytes.subarray(start, end));
    return this.#text.slice(start, end);
  }

  /**
   * Reads the next token and returns its kind. Blanks are skipped, comments are not.
   */
  next(): number {
    const { bytes } = this;
    const length = this.length;
    let at = this.end;
    while (at < length && (bytes[at] as number) <= 32) at++;
    this.start = at;
    if (at >= length) {
      this.end = at;
      this.kind = END;
      return END;
    }
    const code = bytes[at] as number;
    if (isWordByte(code)) {
      this.kind = isDigit(code) ? this.#number(at, code) : this.#word(at, code);
      return this.kind;
    }
    switch (code) {
      case SINGLE:
      case DOUBLE:
        this.#quoted(at, code);
        this.kind = STRING;
        return STRING;
      case BACKTICK:
        this.#quoted(at, code);
        this.kind = QUOTED;
        return QUOTED;
      case DOT:
        // `.5`, but not the dot of `t.5th`.
        if (isDigit(bytes[at + 1] as number) && !(at > 0 && mayEndName(bytes[at - 1] as number))) {
          this.kind = this.#number(at, code);
          return this.kind;
        }
        break;
      case HASH:
        this.#lineComment(at);
        return COMMENT;
      case MINUS:
        if ((bytes[at + 1] as number) === MINUS && (bytes[at + 2] as number) <= 32) {
          this.#lineComment(at);
          return COMMENT;
        }
        break;
      case SLASH:
        if ((bytes[at + 1] as number) === STAR) {
          this.#blockComment(at);
          return COMMENT;
        }
        break;
      case STAR:
        if (this.#isInExecutable && (bytes[at + 1] as number) === SLASH) {
          this.#isInExecutable = false;
          this.end = at + 2;
          this.kind = COMMENT;
          return COMMENT;
        }
        break;
      case LESS:
        if (this.#startsWith(SECRET_BYTES, at)) {
          this.end = at + SECRET.length;
          this.kind = STRING;
          return STRING;
        }
        break;
    }
    this.end = at + 1;
    this.kind = SYMBOL;
    return SYMBOL;
  }

  #word(start: number, first: number): number {
    const { bytes } = this;
    let at = start;
    let hash = HASH_START;
    for (let byte = first; isWordByte(byte); byte = bytes[++at] as number) hash = hashStep(hash, byte);
    this.hash = hash;
    this.end = at;
    const quote = bytes[at] as number;
    if (quote === SINGLE && at === start + 1) {
      // N'..', X'..', B'..'
      const prefix = first | 32;
      if (prefix === 110 || prefix === 120 || prefix === 98) {
        this.#quoted(at, quote);
        return STRING;
      }
    } else if (first === 95) {
      // _utf8mb4'..', with a blank too. A name that begins so and stands before a string can't be anything else.
      while (at < this.length && (bytes[at] as number) <= 32) at++;
      const next = bytes[at] as number;
      if (next === SINGLE || next === DOUBLE) {
        this.#quoted(at, next);
        return STRING;
      }
    }
    return WORD;
  }

  /** Number, hexadecimal or bit literal, or a name that begins with a digit. */
  #number(start: number, first: number): number {
    const { bytes } = this;
    let at = start;
    if (first === 48) {
      const mark = bytes[at + 1] as number;
      if (mark === 120 || mark === 98) {
        at += 2;
        while (isHexDigit(bytes[at] as number)) at++;
        if (at > start + 2 && !isWordByte(bytes[at] as number)) {
          this.end = at;
          return STRING;
        }
        at = start;
      }
    }
    while (isDigit(bytes[at] as number)) at++;
    if ((bytes[at] as number) === DOT) {
      at++;
      while (isDigit(bytes[at] as number)) at++;
    }
    const letter = (bytes[at] as number) | 32;
    if (letter === 101) {
      let exponent = at + 1;
      const sign = bytes[exponent] as number;
      if (sign === 43 || sign === MINUS) exponent++;
      if (isDigit(bytes[exponent] as number)) {
        while (isDigit(bytes[exponent] as number)) exponent++;
        at = exponent;
      }
    }
    this.end = at;
    if (!isWordByte(bytes[at] as number)) return NUMBER;
    // `2fa_codes` is a name; after a dot or an exponent it is a number and a name.
    for (let i = start; i < at; i++) if (!isWordByte(bytes[i] as number)) return NUMBER;
    while (isWordByte(bytes[at] as number)) at++;
    this.end = at;
    this.hash = 0;
    return WORD;
  }

  /** Runs to the closing quote. */
  #quoted(open: number, quote: number): void {
    const { bytes, length, quoteRules } = this;
    const end =
      quoteRules === BACKSLASH_ESCAPES
        ? endOfQuoted(bytes, length, open, quote)
        : endOfQuotedBy(quoteRules, bytes, length, open, quote);
    this.unterminated = end < 0;
    this.end = end < 0 ? this.length : end;
  }

  #lineComment(start: number): void {
    const newline = this.bytes.indexOf(LF, start);
    this.end = newline < 0 || newline > this.length ? this.length : newline;
    this.kind = COMMENT;
  }

  #blockComment(start: number): void {
    const { bytes, length } = this;
    this.kind = COMMENT;
    const content = executedFrom(bytes, start + 2, this.#server);
    if (content >= 0) {
      this.end = content;
      this.#isInExecutable = true;
      return;
    }
    const end = endOfComment(bytes, length, start + 2);
    this.unterminated = end < 0;
    this.end = end < 0 ? length : end;
  }

  #startsWith(word: readonly number[], at: number): boolean {
    return word.every((byte, index) => this.bytes[at + index] === byte);
  }
}

/** Whether a dot after this byte separates the parts of a name. */
function mayEndName(code: number): boolean {
  return isWordByte(code) || code === BACKTICK;
}
