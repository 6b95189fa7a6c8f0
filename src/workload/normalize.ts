import { addToFirst, addToSecond, FIRST_LANE, mix, SECOND_LANE, toHex } from "./fingerprint.ts";
import { classOf, FUNCTION, ROWS_WORD, VALUE_WORD } from "./keywords.ts";
import { COMMENT, END, Lexer, NUMBER, QUOTED, STRING, SYMBOL, WORD } from "./lexer.ts";
import { shapeOf } from "./shape.ts";

/*
 * Normalised statements: what statements that differ only in their values have in common. After the digests of
 * performance_schema and pt-fingerprint (Percona Toolkit); not equal to either.
 */

/** The longest digest text, in bytes of UTF-8; as `performance_schema_max_digest_length`. The rest does not count. */
export const MAX_DIGEST = 1024;

const decoder = new TextDecoder();

// What the last token written was, as far as the next one cares.
const NOTHING = 0;
/** After an opening parenthesis, a dot or an "@": no blank follows. */
const OPENED = 1;
const NAME = 2;
const LITERAL = 3;
const CLOSED = 4;
const OPERATOR = 5;
const WORD_KEY = 6;
const COMMA = 7;
const FUNCTION_NAME = 8;

const OPEN_PARENTHESIS = 40;
const CLOSE_PARENTHESIS = 41;
const PLUS = 43;
const COMMA_CHAR = 44;
const MINUS = 45;
const DOT = 46;
const SEMICOLON = 59;
const AMPERSAND = 38;
const COLON = 58;
const EXCLAMATION = 33;
const LESS = 60;
const EQUALS = 61;
const GREATER = 62;
const BAR = 124;
const QUESTION = 63;
const AT = 64;
const BLANK = 32;
/** The deepest parentheses whose lists are collapsed. */
const MAX_DEPTH = 64;

/**
 * Normalises statements, one at a time, into a buffer of its own: a digest that has been seen before costs no string. Not
 * re-entrant.
 *
 * - Literals are `?`, with their sign; so are NULL, TRUE, FALSE and DEFAULT where a value is assigned or listed.
 * - `?, ?, ?` is `?+`; a list of literals in parentheses is `(?+)`, however many there are.
 * - Of the rows of VALUES, and of equal lists in a row, the first is left.
 * - Comments are gone (executable ones are read as what they hold), blanks are one or none by the tokens, and a semicolon at
 *   the end is gone. Keywords are in capitals; names stay as they are.
 */
export class Normalizer {
  /** The fingerprint's halves. */
  high = 0;
  low = 0;

  readonly #lexer = new Lexer();
  readonly #out = new Uint8Array(MAX_DIGEST);
  #length = 0;
  #full = false;
  // Of each open parenthesis: where it is, whether it is a list of its own, and the list before it at the same depth.
  readonly #groupStart = new Int32Array(MAX_DEPTH);
  readonly #groupBare = new Uint8Array(MAX_DEPTH);
  readonly #siblingStart = new Int32Array(MAX_DEPTH + 1);
  readonly #siblingEnd = new Int32Array(MAX_DEPTH + 1);

  /**
   * Takes a statement in, which `read` is to normalise.
   * @returns its shape: for one whose digest is known by its shape, `read` is not needed
   */
  load(sql: string): number {
    const lexer = this.#lexer;
    lexer.reset(sql);
    return shapeOf(lexer.bytes, lexer.length);
  }

  /** Normalises the statement and computes its fingerprint. Once only: what was loaded is let go. */
  read(): void {
    const lexer = this.#lexer;
    const { bytes } = lexer;
    this.#length = 0;
    this.#full = false;
    let last = NOTHING;
    /** What stood before a plus or minus that was written last. */
    let beforeSign = -1;
    let signAt = 0;
    let comma = false;
    let semicolons = 0;
    let depth = 0;
    /** The depth at which the rows of VALUES stand, or -1. */
    let rowsDepth = -1;
    let firstRow = -1;
    this.#siblingEnd[0] = -1;

    for (let kind = lexer.next(); kind !== END && !this.#full; kind = lexer.next()) {
      if (kind === COMMENT) continue;
      const { start, end } = lexer;
      const first = bytes[start] as number;
      let literal = kind === STRING || kind === NUMBER || (kind === SYMBOL && first === QUESTION);
      let word = 0;
      if (kind === WORD) {
        word = classOf(lexer.hash);
        if (word === VALUE_WORD) {
          const equals = last === OPERATOR && this.#out[this.#length - 1] === EQUALS;
          const listed = (last === OPENED && depth > 0 && this.#bare(depth)) || (comma && last === LITERAL);
          literal = equals || listed || (rowsDepth >= 0 && depth > rowsDepth && (last === OPENED || comma));
        }
      }
      if (
        rowsDepth >= 0 &&
        depth === rowsDepth &&
        !(kind === SYMBOL && (first === COMMA_CHAR || first === OPEN_PARENTHESIS))
      ) {
        if (last !== WORD_KEY) rowsDepth = -1;
      }
      for (; semicolons > 0; semicolons--) this.#put(SEMICOLON);

      if (literal) {
        if (beforeSign >= 0) {
          // The sign of a number, not a difference.
          if (beforeSign !== NAME && beforeSign !== LITERAL && beforeSign !== CLOSED) {
            this.#length = signAt;
            last = beforeSign;
            beforeSign = -1;
            if (last === COMMA) {
              comma = true;
              last = this.#lastBeforeComma();
            }
          }
        }
        if (last === LITERAL && (comma || kind === STRING)) {
          // A list, or strings that stand side by side, which are one.
          if (comma && this.#out[this.#length - 1] === QUESTION) this.#put(PLUS);
        } else {
          if (comma) this.#putComma();
          else if (last !== NOTHING && last !== OPENED) this.#put(BLANK);
          this.#put(QUESTION);
        }
        comma = false;
        last = LITERAL;
        beforeSign = -1;
        continue;
      }

      if (kind === SYMBOL) {
        if (first === COMMA_CHAR) {
          if (comma) this.#putComma();
          comma = true;
          beforeSign = -1;
          continue;
        }
        if (first === SEMICOLON) {
          semicolons++;
          continue;
        }
        if (first === CLOSE_PARENTHESIS) {
          if (comma) this.#putComma();
          comma = false;
          this.#put(CLOSE_PARENTHESIS);
          if (depth > 0) {
            if (depth <= MAX_DEPTH) {
              const isRow = depth - 1 === rowsDepth;
              if (this.#closeGroup(depth, isRow && firstRow >= 0 ? firstRow : -1) && isRow && firstRow < 0) {
                firstRow = this.#length;
              }
            }
            depth--;
          }
          last = CLOSED;
          beforeSign = -1;
          continue;
        }
        if (comma) {
          this.#putComma();
          last = COMMA;
          comma = false;
        }
        if (first === OPEN_PARENTHESIS) {
          const bare = last !== NAME && last !== FUNCTION_NAME;
          if (bare && last !== NOTHING && last !== OPENED && last !== COMMA) this.#put(BLANK);
          depth++;
          if (depth <= MAX_DEPTH) {
            this.#groupStart[depth - 1] = this.#length;
            this.#groupBare[depth - 1] = bare ? 1 : 0;
            this.#siblingEnd[depth] = -1;
          }
          this.#put(OPEN_PARENTHESIS);
          last = OPENED;
          beforeSign = -1;
          continue;
        }
        if (first === DOT) {
          this.#put(DOT);
          last = OPENED;
          beforeSign = -1;
          continue;
        }
        if (first === AT) {
          if (last !== NOTHING && last !== OPENED && last !== COMMA && last !== NAME && last !== LITERAL)
            this.#put(BLANK);
          this.#put(AT);
          last = OPENED;
          beforeSign = -1;
          continue;
        }
        const joined =
          last === OPERATOR && bytes[start - 1] === this.#out[this.#length - 1] && joins(bytes, start);
        const sign = first === MINUS || first === PLUS;
        if (sign) {
          beforeSign = last;
          signAt = last === COMMA ? this.#length - 2 : this.#length;
        } else {
          beforeSign = -1;
        }
        if (!joined && last !== NOTHING && last !== OPENED && last !== COMMA) this.#put(BLANK);
        this.#put(first);
        last = OPERATOR;
        continue;
      }

      if (comma) {
        this.#putComma();
        comma = false;
      } else if (last !== NOTHING && last !== OPENED) {
        this.#put(BLANK);
      }
      beforeSign = -1;
      if (word === 0) {
        this.#putText(bytes, start, end);
        last = NAME;
      } else {
        this.#putCapitals(bytes, start, end);
        last = word === FUNCTION ? FUNCTION_NAME : WORD_KEY;
        if (word === ROWS_WORD && rowsDepth < 0) {
          rowsDepth = depth;
          firstRow = -1;
        }
      }
      // A name without an end was cut off, and may hold anything.
      if (kind === QUOTED && lexer.unterminated) this.#out[this.#length - 1] = QUESTION;
    }
    lexer.reset("");
    this.#hash();
  }

  /** The digest of the statement read last. */
  text(): string {
    return decoder.decode(this.#out.subarray(0, this.#length));
  }

  #bare(depth: number): boolean {
    return depth <= MAX_DEPTH && this.#groupBare[depth - 1] === 1;
  }

  /** After the comma was taken back: only whether it was a literal matters. */
  #lastBeforeComma(): number {
    const code = this.#out[this.#length - 1];
    const before = this.#out[this.#length - 2];
    return code === QUESTION || (code === PLUS && before === QUESTION) ? LITERAL : CLOSED;
  }

  /**
   * Collapses the list that was just closed: one of literals only to `(?+)`, and one that repeats the list before it, or is a
   * further row (`rowEnd` is where the first one ends), to nothing.
   * @returns whether it was a list of its own, not the arguments of a function
   */
  #closeGroup(depth: number, rowEnd: number): boolean {
    if (this.#groupBare[depth - 1] !== 1) {
      this.#siblingEnd[depth - 1] = -1;
      return false;
    }
    const out = this.#out;
    const start = this.#groupStart[depth - 1] as number;
    const inside = this.#length - start - 2;
    if (out[start + 1] === QUESTION && (inside === 1 || (inside === 2 && out[start + 2] === PLUS))) {
      this.#length = start + 2;
      this.#put(PLUS);
      this.#put(CLOSE_PARENTHESIS);
    }
    if (rowEnd >= 0) {
      this.#length = rowEnd;
      this.#full = false;
      return true;
    }
    const siblingStart = this.#siblingStart[depth - 1] as number;
    const siblingEnd = this.#siblingEnd[depth - 1] as number;
    const size = this.#length - start;
    if (siblingEnd >= 0 && siblingEnd + 2 === start && siblingEnd - siblingStart === size) {
      let same = true;
      for (let at = 0; at < size && same; at++) same = out[siblingStart + at] === out[start + at];
      if (same) {
        this.#length = siblingEnd;
        return true;
      }
    }
    this.#siblingStart[depth - 1] = start;
    this.#siblingEnd[depth - 1] = this.#length;
    return true;
  }

  #put(code: number): void {
    if (this.#length < MAX_DIGEST) this.#out[this.#length++] = code;
    else this.#full = true;
  }

  #putComma(): void {
    this.#put(COMMA_CHAR);
    this.#put(BLANK);
  }

  #putText(bytes: Uint8Array, start: number, end: number): void {
    const out = this.#out;
    let length = this.#length;
    const stop = Math.min(end, start + MAX_DIGEST - length);
    for (let at = start; at < stop; at++) out[length++] = bytes[at] as number;
    this.#length = length;
    if (stop < end) this.#cut();
  }

  /** Keywords have letters and underscores only, and of those the mask makes capitals. */
  #putCapitals(bytes: Uint8Array, start: number, end: number): void {
    const from = this.#length;
    this.#putText(bytes, start, end);
    const out = this.#out;
    for (let at = from; at < this.#length; at++) out[at] = (out[at] as number) & 0xdf;
  }

  /** The digest is full: it ends with a whole character. */
  #cut(): void {
    this.#full = true;
    const out = this.#out;
    let lead = this.#length - 1;
    while (lead > 0 && ((out[lead] as number) & 0xc0) === 0x80) lead--;
    if ((out[lead] as number) >= 0x80) this.#length = lead;
  }

  #hash(): void {
    const out = this.#out;
    const length = this.#length;
    let first = FIRST_LANE;
    let second = SECOND_LANE;
    for (let at = 0; at < length; at++) {
      const code = out[at] as number;
      first = addToFirst(first, code);
      second = addToSecond(second, code);
    }
    this.low = mix(first, second);
    this.high = mix(second, this.low);
  }
}

/** Whether the operator goes on with the character at `at`: `<=`, `!=`, `:=`, `->>`. A sign after an operator does not. */
function joins(bytes: Uint8Array, at: number): boolean {
  const before = bytes[at - 1];
  switch (bytes[at]) {
    case EQUALS:
      return before === LESS || before === GREATER || before === EXCLAMATION || before === COLON;
    case GREATER:
      return before === LESS || before === MINUS || before === GREATER || before === EQUALS;
    case LESS:
      return before === LESS;
    case BAR:
    case AMPERSAND:
      return before === bytes[at];
    default:
      return false;
  }
}

const shared = new Normalizer();

/** A statement's normalised form. */
export interface Digest {
  /** 64 bits in hexadecimal: the same wherever and whenever it is computed. Not cryptographic. */
  fingerprint: string;
  /** The normalised statement, at most MAX_DIGEST long. */
  text: string;
}

/** Normalises one statement. */
export function digestOf(sql: string): Digest {
  shared.load(sql);
  shared.read();
  return { fingerprint: toHex(shared.high, shared.low), text: shared.text() };
}
