import type { Dialect } from "../dialect.ts";
import {
  AMID_NAME,
  BEFORE_NAME,
  BEFORE_OPERAND,
  classOf,
  DEFAULT_WORD,
  FROM,
  FUNCTION,
  NILADIC_FUNCTION,
  NO_KEYWORD,
  ROWS_WORD,
  SOFT_KEYWORD,
  STRING_AFTER_FROM,
  synonymOf,
  TEMPORAL,
  VALUE_WORD,
} from "../lexer/keywords.ts";
import { COMMENT, END, Lexer, NUMBER, QUOTED, STRING, SYMBOL, WORD } from "../lexer/lexer.ts";
import { wordHash } from "../lexer/word-hash.ts";
import { digestCacheKey } from "./digest-cache-key.ts";
import { DigestText } from "./digest-text.ts";
import { toHex } from "./fingerprint.ts";
import { Parentheses } from "./parentheses.ts";
import {
  isFollowedByParenthesis,
  isLiteralPrefix,
  nextNonBlank,
  putQuotedName,
  wordRole,
} from "./word-roles.ts";

/*
 * Normalised statements: what statements that differ only in their values have in common. After the digests of
 * performance_schema and pt-fingerprint (Percona Toolkit); not equal to either.
 */

/**
 * The version of these rules, and of the fingerprints that they make: 1 until names lost their backticks and NULL became a value.
 * Fingerprints of two versions are not to be compared.
 */
export const DIGEST_VERSION = 2;

// What the last token written was, as far as the next one cares.
const NOTHING = 0;
/** After an opening parenthesis: no blank follows. */
const OPENED = 1;
const NAME = 2;
const LITERAL = 3;
const CLOSED = 4;
const OPERATOR = 5;
const WORD_KEY = 6;
const COMMA = 7;
const FUNCTION_NAME = 8;
/** After a dot or an "@", where every word is a name: no blank follows. */
const PART = 9;
/** After a semicolon. */
const SEPARATED = 10;

const DOUBLE_QUOTE = 34;
const AMPERSAND = 38;
const OPEN_PARENTHESIS = 40;
const CLOSE_PARENTHESIS = 41;
const PLUS = 43;
const COMMA_CHAR = 44;
const MINUS = 45;
const DOT = 46;
const COLON = 58;
const SEMICOLON = 59;
const EXCLAMATION = 33;
const LESS = 60;
const EQUALS = 61;
const GREATER = 62;
const QUESTION = 63;
const AT = 64;
const UNDERSCORE = 95;
const BAR = 124;
const BLANK = 32;

const EXECUTE = wordHash("EXECUTE");

/**
 * Normalises statements, one at a time, into a buffer of its own: a digest that has been seen before costs no string. Not
 * re-entrant.
 *
 * - Literals are `?`, with their sign, their character set and DATE, TIME or TIMESTAMP before them; so are NULL, TRUE and FALSE
 *   where an operand stands, and DEFAULT where a value is assigned or listed. `IS NULL` and `NOT NULL` stay.
 * - `?, ?, ?` is `?+`; a list of literals in parentheses is `(?+)`, however many there are.
 * - Of the rows of VALUES, and of equal lists in a row, the first is left.
 * - Comments are gone (those that the server executes are read as what they hold), blanks are one or none by the tokens, and
 *   semicolons are gone but one between statements. Keywords are in capitals; names stay as they are.
 * - A name is without its quotes if it can be. Double quotes are a name's where one of them in the statement stands where only a
 *   name can: the session then runs with ANSI_QUOTES. Else they are a string's.
 */
export class Normalizer {
  readonly #lexer = new Lexer();
  readonly #out = new DigestText();
  readonly #lists = new Parentheses(this.#out);
  /** Whether names may stand in double quotes. */
  #ansiQuotes = false;
  /** The hash of the first word, and whether more than one statement was read. */
  #firstWord = 0;
  #isSeveral = false;

  /**
   * Takes a statement in, which `normalize` is to normalise.
   * @param server whose statement it is; null when that is not known
   * @returns the key by which its digest is cached, or NO_CACHE_KEY: if its digest is known, `normalize` is not needed
   */
  load(sql: string, server: Dialect | null = null): number {
    const lexer = this.#lexer;
    lexer.reset(sql, server);
    return digestCacheKey(lexer.bytes, lexer.length);
  }

  /** Normalises the statement and computes its fingerprint. Once only: what was loaded is let go. */
  normalize(): void {
    this.#ansiQuotes = false;
    if (!this.#write()) {
      this.#ansiQuotes = true;
      this.#lexer.rewind();
      this.#write();
    }
    this.#lexer.reset("");
    this.#out.hash();
  }

  /** The fingerprint's halves. */
  get high(): number {
    return this.#out.high;
  }
  get low(): number {
    return this.#out.low;
  }

  /** The digest of the statement read last. */
  text(): string {
    return this.#out.toString();
  }

  /** Whether nothing was left of the statement read last: it was comments only, or nothing at all. */
  get isEmpty(): boolean {
    return this.#out.length === 0;
  }

  /** Whether the statement read last is EXECUTE, and nothing else. */
  get isExecute(): boolean {
    return this.#firstWord === EXECUTE && !this.#isSeveral;
  }

  /** Writes the digest; false when a name in double quotes shows that all of them are names, and that it has to begin again. */
  #write(): boolean {
    const lexer = this.#lexer;
    const out = this.#out;
    const lists = this.#lists;
    const { bytes } = lexer;
    out.clear();
    lists.clear();
    this.#firstWord = 0;
    this.#isSeveral = false;
    let last = NOTHING;
    /** The class of the keyword that was written last. */
    let keyword = NO_KEYWORD;
    /** FROM may have a string behind it. */
    let stringAfterFrom = false;
    /** What stood before a plus or minus that was written last. */
    let beforeSign = -1;
    let signAt = 0;
    let comma = false;
    let semicolon = false;
    /** The depth at which the rows of VALUES stand, or -1. */
    let rowsDepth = -1;
    let firstRow = -1;

    for (let kind = lexer.next(); kind !== END && !out.isFull; kind = lexer.next()) {
      if (kind === COMMENT) continue;
      const { start, end } = lexer;
      const first = bytes[start] as number;
      if (kind === STRING && first === DOUBLE_QUOTE) {
        if (this.#ansiQuotes) {
          kind = QUOTED;
        } else {
          const afterFrom =
            keyword === FROM &&
            !stringAfterFrom &&
            (lists.depth === 0 || lists.isList) &&
            bytes[nextNonBlank(lexer)] !== AT;
          const afterKeyword = last === WORD_KEY && (keyword === BEFORE_NAME || afterFrom);
          const afterDot = last === PART && out.last === DOT;
          if ((!comma && (afterKeyword || afterDot)) || bytes[nextNonBlank(lexer)] === DOT) return false;
        }
      }
      /** What stands here is a name. */
      const isNamed = last === WORD_KEY && !comma && (keyword === BEFORE_NAME || keyword === FROM);
      let literal = kind === STRING || kind === NUMBER || (kind === SYMBOL && first === QUESTION);
      let word = NO_KEYWORD;
      if (kind === WORD) {
        if (last === PART) {
          // `@@GLOBAL.x`; else a name, whatever it says.
          const isScope = out.last === AT && out.bytes[out.length - 2] === AT;
          if (isScope && classOf(lexer.hash) === SOFT_KEYWORD) word = SOFT_KEYWORD;
        } else {
          word = wordRole(lexer, classOf(lexer.hash), isNamed);
          if (
            (word === TEMPORAL || first === UNDERSCORE) &&
            isLiteralPrefix(lexer, word === TEMPORAL, this.#ansiQuotes)
          )
            continue;
          if (word === TEMPORAL) word = NO_KEYWORD;
          if (word === VALUE_WORD) {
            literal =
              comma ||
              last === OPENED ||
              last === OPERATOR ||
              (last === WORD_KEY && keyword === BEFORE_OPERAND);
          } else if (word === DEFAULT_WORD) {
            const equals = last === OPERATOR && out.last === EQUALS;
            const listed = (last === OPENED && lists.isList) || (comma && last === LITERAL);
            const inRow = rowsDepth >= 0 && lists.depth > rowsDepth && (last === OPENED || comma);
            literal = (equals || listed || inRow) && !isFollowedByParenthesis(lexer);
          }
        }
        if (this.#firstWord === 0) this.#firstWord = lexer.hash;
      }
      if (
        rowsDepth >= 0 &&
        lists.depth === rowsDepth &&
        !(kind === SYMBOL && (first === COMMA_CHAR || first === OPEN_PARENTHESIS))
      ) {
        if (last !== WORD_KEY) rowsDepth = -1;
      }
      if (kind === SYMBOL && first === SEMICOLON) {
        if (out.length > 0) {
          semicolon = true;
          last = SEPARATED;
          beforeSign = -1;
        }
        continue;
      }
      if (semicolon) {
        out.put(SEMICOLON);
        semicolon = false;
        this.#isSeveral = true;
      }

      if (literal) {
        if (beforeSign >= 0) {
          // The sign of a number, not a difference.
          if (
            beforeSign !== NAME &&
            beforeSign !== LITERAL &&
            beforeSign !== CLOSED &&
            beforeSign !== FUNCTION_NAME
          ) {
            out.length = signAt;
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
          if (comma && out.bytes[out.length - 1] === QUESTION) out.put(PLUS);
        } else {
          if (comma) this.#putComma();
          else if (isBlankAfter(last)) out.put(BLANK);
          out.put(QUESTION);
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
        if (first === CLOSE_PARENTHESIS) {
          if (comma) this.#putComma();
          comma = false;
          out.put(CLOSE_PARENTHESIS);
          const isRow = lists.depth - 1 === rowsDepth;
          if (lists.close(isRow ? firstRow : -1) && isRow && firstRow < 0) firstRow = out.length;
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
          if (bare && isBlankAfter(last)) out.put(BLANK);
          lists.open(bare);
          out.put(OPEN_PARENTHESIS);
          last = OPENED;
          beforeSign = -1;
          continue;
        }
        if (first === DOT) {
          out.put(DOT);
          last = PART;
          beforeSign = -1;
          continue;
        }
        if (first === AT) {
          // An account's host, or a variable.
          if (isBlankAfter(last) && last !== NAME && last !== LITERAL) out.put(BLANK);
          out.put(AT);
          last = PART;
          beforeSign = -1;
          continue;
        }
        const joined =
          last === OPERATOR && bytes[start - 1] === out.bytes[out.length - 1] && joins(bytes, start);
        const sign = first === MINUS || first === PLUS;
        if (sign) {
          beforeSign = last;
          signAt = last === COMMA ? out.length - 2 : out.length;
        } else {
          beforeSign = -1;
        }
        if (!joined && isBlankAfter(last)) out.put(BLANK);
        if (joined && out.last === EXCLAMATION) {
          // `!=` is `<>`.
          out.length--;
          out.put(LESS);
          out.put(GREATER);
        } else {
          out.put(first);
        }
        last = OPERATOR;
        continue;
      }

      if (comma) {
        this.#putComma();
        comma = false;
      } else if (isBlankAfter(last)) {
        out.put(BLANK);
      }
      beforeSign = -1;
      // A name is still to come.
      if (!(word === AMID_NAME && isNamed)) keyword = word;
      if (kind === QUOTED) {
        putQuotedName(out, lexer, last === PART, isNamed);
        last = NAME;
      } else if (word === NO_KEYWORD) {
        out.putText(bytes, start, end);
        last = NAME;
      } else {
        const synonym = synonymOf(lexer.hash);
        if (synonym === undefined) out.putCapitals(bytes, start, end);
        else out.putText(synonym, 0, synonym.length);
        if (word === SOFT_KEYWORD) last = NAME;
        else last = word === FUNCTION || word === NILADIC_FUNCTION ? FUNCTION_NAME : WORD_KEY;
        if (word === STRING_AFTER_FROM) stringAfterFrom = true;
        if (word === ROWS_WORD && rowsDepth < 0) {
          rowsDepth = lists.depth;
          firstRow = -1;
        }
      }
    }
    return true;
  }

  /** After the comma was taken back: only whether it was a literal matters. */
  #lastBeforeComma(): number {
    const { bytes, length } = this.#out;
    const code = bytes[length - 1];
    const before = bytes[length - 2];
    return code === QUESTION || (code === PLUS && before === QUESTION) ? LITERAL : CLOSED;
  }

  #putComma(): void {
    this.#out.put(COMMA_CHAR);
    this.#out.put(BLANK);
  }
}

/** Whether a blank separates what is written next from what was written last. */
function isBlankAfter(last: number): boolean {
  return last !== NOTHING && last !== OPENED && last !== COMMA && last !== PART;
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
  /** The normalised statement, at most MAX_DIGEST_BYTES long. */
  text: string;
}

/** Normalises one statement of this server; null when that is not known. */
export function digestOf(sql: string, server: Dialect | null = null): Digest {
  shared.load(sql, server);
  shared.normalize();
  return { fingerprint: toHex(shared.high, shared.low), text: shared.text() };
}
