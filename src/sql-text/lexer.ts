import type { Dialect } from "./dialect.ts";

/*
 * The tokens of MySQL's and MariaDB's SQL, as far as it takes to tell a literal from an identifier. Double quotes are strings
 * (ANSI_QUOTES is off); whether a backslash escapes is the lexer's reading, and it does unless another one is asked for. A log
 * does not always say which mode a session had: readings.ts chooses.
 */

/** How quotes end. ESCAPES: sql_mode's default, and a client whose characters have no backslash in them. */
export const ESCAPES = 0;
/** NO_BACKSLASH_ESCAPES: a backslash is a character like any other. */
export const PLAIN = 1;
/**
 * A client in gbk, big5, sjis, cp932 or gb18030, in which the second byte of a character may be that of a backslash or a
 * backtick. What is left of such a character in a text that was decoded as UTF-8 is something beyond ASCII before it, which here
 * takes it along.
 */
export const WIDE = 2;
/** One of ESCAPES, PLAIN and WIDE. */
export type Reading = typeof ESCAPES | typeof PLAIN | typeof WIDE;

/** The kinds of token. Numbers, since the compiler has no enums to erase, and comparing these is what the digest does most. */
export const END = 0;
/** An identifier, a keyword, or a name with digits and `$`. */
export const WORD = 1;
/** A name in backticks. */
export const QUOTED = 2;
/** A string with its introducer or prefix, a hexadecimal or bit literal, and `<secret>`, as redaction and MySQL write it. */
export const STRING = 3;
/** A number without its sign. */
export const NUMBER = 4;
/** Any other character, one at a time. */
export const SYMBOL = 5;
/** A comment. The marks around an executable comment (`/*!50000`, and the star and slash at its end) are, its content is not. */
export const COMMENT = 6;

const BACKTICK = 96;
const SINGLE = 39;
const DOUBLE = 34;
const BACKSLASH = 92;
const EXCLAMATION = 33;
const CAPITAL_M = 77;
const MINUS = 45;
const DOT = 46;
const SLASH = 47;
const STAR = 42;
const HASH = 35;
const LF = 10;
const LESS = 60;

/** How redaction writes what it has removed: as MySQL itself does. */
export const SECRET = "<secret>";
const SECRET_BYTES = [...SECRET].map((char) => char.charCodeAt(0));

/** 1 for each character that a name may have without quotes. Control characters are blanks, so that none comes into a digest. */
const WORD_CHARS = new Uint8Array(256);
for (let code = 0; code < 256; code++) {
  if (code >= 128 || /[0-9A-Za-z_$]/.test(String.fromCharCode(code))) WORD_CHARS[code] = 1;
}

/** Whether a name may have this byte of UTF-8 without quotes. */
export function isWordChar(byte: number): boolean {
  return WORD_CHARS[byte] === 1;
}

/** Whether this byte is one of the digits 0 to 9. */
export function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/** The room for a statement that is kept from one to the next; a longer one gets its own. */
const ROOM_BYTES = 64 * 1024;

const HASH_START = 0x811c9dc5 | 0;

function hashStep(hash: number, byte: number): number {
  return Math.imul(hash ^ (byte | 32), 0x01000193);
}

/** A word's hash (FNV-1a, 32 bits) without regard to the case of ASCII letters. */
export function wordHash(word: string): number {
  let hash = HASH_START;
  for (const byte of encoder.encode(word)) hash = hashStep(hash, byte);
  return hash;
}

/**
 * The hash of what stands between two places, as wordHash makes it; 0 when it could not stand there without quotes, since it is
 * no word or would be read as a number.
 */
export function hashOfName(bytes: Uint8Array, start: number, end: number): number {
  if (start === end) return 0;
  let at = start;
  while (isDigit(bytes[at] as number)) at++;
  const letter = (bytes[at] as number) | 32;
  // `1`, and what may be `1e5`, `0x1F` or `0b1`.
  if (at > start && (at >= end || letter === 98 || letter === 101 || letter === 120)) return 0;
  let hash = HASH_START;
  for (at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (!isWordChar(byte)) return 0;
    hash = hashStep(hash, byte);
  }
  return hash;
}

/** Reads one statement, or several, token by token into its own fields. */
export class Lexer {
  /** Of the token that was read last: its kind, its first character and the one after its last. */
  kind = END;
  start = 0;
  end = 0;
  /** The token was cut off by the text's end: a string, a name or a comment that is not closed. */
  unterminated = false;
  /** The hash of a WORD, as wordHash makes it: read here already, where each of its characters passes by. */
  hash = 0;
  /** The text in UTF-8: faster to read than a string that may be a part of another. Two zeros end it. */
  bytes = new Uint8Array(1024);
  /** How many bytes the text has. */
  length = 0;
  /** How quotes end. Stays from one text to the next. */
  reading: Reading = ESCAPES;
  #text = "";
  #server: Dialect | null = null;
  /** Inside an executable comment. */
  #executable = false;

  constructor(text = "") {
    this.reset(text);
  }

  /**
   * Begins another text. Of the one before nothing is kept.
   * @param server whose executable comments are read as what they hold, and all others as comments; null for both servers'
   */
  reset(text: string, server: Dialect | null = null): void {
    const room = 3 * text.length + 2;
    if (room > this.bytes.length || this.bytes.length > ROOM_BYTES) {
      this.bytes = new Uint8Array(Math.max(room, 1024));
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
    this.#executable = false;
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
    if (isWordChar(code)) {
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
        if (isDigit(bytes[at + 1] as number) && !(at > 0 && follows(bytes[at - 1] as number))) {
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
        if (this.#executable && (bytes[at + 1] as number) === SLASH) {
          this.#executable = false;
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
    for (let byte = first; isWordChar(byte); byte = bytes[++at] as number) hash = hashStep(hash, byte);
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
        if (at > start + 2 && !isWordChar(bytes[at] as number)) {
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
    if (!isWordChar(bytes[at] as number)) return NUMBER;
    // `2fa_codes` is a name; after a dot or an exponent it is a number and a name.
    for (let i = start; i < at; i++) if (!isWordChar(bytes[i] as number)) return NUMBER;
    while (isWordChar(bytes[at] as number)) at++;
    this.end = at;
    this.hash = 0;
    return WORD;
  }

  /** Runs to the closing quote. */
  #quoted(open: number, quote: number): void {
    const { bytes, length, reading } = this;
    const end =
      reading === ESCAPES
        ? endOfQuoted(bytes, length, open, quote)
        : endOfQuotedAs(reading, bytes, length, open, quote);
    this.unterminated = end < 0;
    this.end = end < 0 ? this.length : end;
  }

  #lineComment(start: number): void {
    const newline = this.bytes.indexOf(LF, start);
    this.end = newline < 0 || newline > this.length ? this.length : newline;
    this.kind = COMMENT;
  }

  #blockComment(start: number): void {
    const { bytes } = this;
    this.kind = COMMENT;
    const mark = executableMark(bytes, start + 2);
    if (mark >= 0) {
      let at = mark + 1;
      let version = 0;
      for (; isDigit(bytes[at] as number); at++) version = version * 10 + (bytes[at] as number) - 48;
      if (!runs(this.#server, mark > start + 2, version)) {
        this.#plainComment(start);
        return;
      }
      this.end = at;
      this.#executable = true;
      return;
    }
    this.#plainComment(start);
  }

  #plainComment(start: number): void {
    const end = endOfComment(this.bytes, this.length, start + 2);
    this.unterminated = end < 0;
    this.end = end < 0 ? this.length : end;
  }

  #startsWith(word: readonly number[], at: number): boolean {
    return word.every((byte, index) => this.bytes[at + index] === byte);
  }
}

/**
 * Finds the closing quote of a string or a name, past doubled ones and, except in names, escaped ones.
 * @param bytes the text, ended by two zeros
 * @param length without these
 * @param open where the opening quote is, which is `quote`
 * @returns where what comes after it begins, or -1 when it is not closed
 */
export function endOfQuoted(bytes: Uint8Array, length: number, open: number, quote: number): number {
  let at = open + 1;
  while (at < length) {
    const code = bytes[at] as number;
    if (code === quote) {
      if ((bytes[at + 1] as number) !== quote) return at + 1;
      at += 2;
    } else if (code === BACKSLASH && quote !== BACKTICK) {
      at += 2;
    } else {
      at++;
    }
  }
  return -1;
}

/** What endOfQuoted finds, by another reading than the default. */
function endOfQuotedAs(
  reading: Reading,
  bytes: Uint8Array,
  length: number,
  open: number,
  quote: number,
): number {
  let at = open + 1;
  while (at < length) {
    const code = bytes[at] as number;
    if (reading === WIDE && code >= 0x80 && isTrail(bytes[at + 1] as number)) {
      at += 2;
    } else if (code === quote) {
      if ((bytes[at + 1] as number) !== quote) return at + 1;
      at += 2;
    } else if (reading === WIDE && code === BACKSLASH && quote !== BACKTICK) {
      at += 2;
    } else {
      at++;
    }
  }
  return -1;
}

/** Whether this byte may be the second of a character and mean something by itself. */
function isTrail(byte: number): boolean {
  return byte === BACKSLASH || byte === BACKTICK;
}

/**
 * Where the exclamation mark is that has a comment run, `/*!50000 ...` or MariaDB's `/*M!100100 ...`; -1 for any other comment.
 * @param start where the comment's content begins
 */
export function executableMark(bytes: Uint8Array, start: number): number {
  const at = bytes[start] === CAPITAL_M ? start + 1 : start;
  return bytes[at] === EXCLAMATION ? at : -1;
}

/** Versions of MySQL that MariaDB never was: what a comment keeps for them it does not run. */
const FIRST_FOREIGN = 50_700;
const LAST_FOREIGN = 99_999;
/** `/*!99999 ...` and `/*!999999 ...` are the idioms for never. */
const NEVER_IN_MYSQL = 99_999;
const NEVER_IN_MARIADB = 999_999;

/**
 * Whether a server runs an executable comment: MySQL's Lex_input_stream in sql_lex.cc, where `/*M!` is a plain comment, and
 * MariaDB's. A server's own version is taken to be as high as the comment asks for.
 */
function runs(server: Dialect | null, isMariadbs: boolean, version: number): boolean {
  if (server === null) return true;
  if (server !== "mariadb") return !isMariadbs && version < NEVER_IN_MYSQL;
  const isForeign = !isMariadbs && version >= FIRST_FOREIGN && version <= LAST_FOREIGN;
  return !isForeign && version < NEVER_IN_MARIADB;
}

/**
 * Finds the end of a comment that is not run.
 * @param start where the comment's content begins
 * @returns where what comes after it begins, or -1 when it is not closed
 */
export function endOfComment(bytes: Uint8Array, length: number, start: number): number {
  let at = bytes.indexOf(SLASH, start + 1);
  while (at >= 0 && bytes[at - 1] !== STAR) at = bytes.indexOf(SLASH, at + 1);
  return at < 0 || at >= length ? -1 : at + 1;
}

/** Whether a dot after this byte separates the parts of a name. */
function follows(code: number): boolean {
  return isWordChar(code) || code === BACKTICK;
}

function isHexDigit(code: number): boolean {
  const lower = code | 32;
  return isDigit(code) || (lower >= 97 && lower <= 102);
}
