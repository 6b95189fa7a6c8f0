import type { Dialect } from "../dialect.ts";
import { classOf, DEFAULT_WORD, NO_KEYWORD, SOFT_KEYWORD, TEMPORAL, VALUE_WORD } from "../lexer/keywords.ts";
import { COMMENT, END, Lexer, NUMBER, QUOTED, STRING, WORD } from "../lexer/lexer.ts";
import { wordHash } from "../lexer/word-hash.ts";
import { digestCacheKey } from "./digest-cache-key.ts";
import { DigestWriter } from "./digest-writer.ts";
import { toHex } from "./fingerprint.ts";
import { isFollowedByParenthesis, isLiteralPrefix, wordRole } from "./word-roles.ts";

/*
 * Normalised statements, or digests: what statements that differ only in their values have in common. Like the digests of
 * performance_schema and of pt-fingerprint (Percona Toolkit), but not equal to either.
 */

/**
 * The version of these rules, and of the fingerprints that they make. Before 2, names kept their backticks, and NULL was no value.
 * Fingerprints of two versions are not to be compared.
 */
export const DIGEST_VERSION = 2;

const DOUBLE_QUOTE = 34;
const QUESTION = 63;
const UNDERSCORE = 95;

const EXECUTE = wordHash("EXECUTE");
/** What names tables within the parentheses of a row begins with one of these. */
const SELECT = wordHash("SELECT");
const TABLE = wordHash("TABLE");

/**
 * Normalises statements, one at a time, into a buffer of its own: a digest that has been seen before costs no string. Not
 * re-entrant.
 *
 * - Literals are `?`, with their sign, their character set and DATE, TIME or TIMESTAMP before them; so are NULL, TRUE and FALSE
 *   where an operand stands, and DEFAULT where a value is assigned or listed. `IS NULL` and `NOT NULL` stay.
 * - `?, ?, ?` is `?+`; a list of literals in parentheses is `(?+)`, however many there are.
 * - Of the rows of VALUES, and of equal lists in a row, only the first is written.
 * - Comments are left out (those that the server executes are read as what they hold). Between two tokens is one blank or none,
 *   whatever there was, and between two statements one semicolon. Keywords are in capitals; names stay as they are.
 * - A name is written without its quotes if it can stand without them. Double quotes are those of names if one of them in the
 *   statement stands where only a name can: the session then runs with ANSI_QUOTES. Otherwise they are those of strings.
 */
export class Normalizer {
  readonly #lexer = new Lexer();
  readonly #writer = new DigestWriter();
  /** Whether names may stand in double quotes. */
  #ansiQuotes = false;
  /** The hash of the first word; 0 before it. */
  #firstWord = 0;

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

  /** Normalises the statement and computes its fingerprint. Once only: the statement that was loaded is released. */
  normalize(): void {
    this.#ansiQuotes = false;
    if (!this.#write()) {
      this.#ansiQuotes = true;
      this.#lexer.rewind();
      this.#write();
    }
    this.#lexer.reset("");
    this.#writer.out.hash();
  }

  /** The fingerprint's halves. */
  get high(): number {
    return this.#writer.out.high;
  }
  get low(): number {
    return this.#writer.out.low;
  }

  /** The digest of the statement normalised last. */
  text(): string {
    return this.#writer.out.toString();
  }

  /** Whether nothing was left of the statement normalised last: it was comments only, or nothing at all. */
  get isEmpty(): boolean {
    return this.#writer.out.length === 0;
  }

  /** Whether the statement normalised last is EXECUTE, and nothing else. */
  get isExecute(): boolean {
    return this.#firstWord === EXECUTE && !this.#writer.isSeveral;
  }

  /**
   * Whether others of the same digest may have other tables than the statement normalised last: it has a query, or
   * a semicolon, in a row of VALUES that is not the first, or is longer than what is normalised.
   */
  get mayHaveMoreTables(): boolean {
    return this.#writer.mayLeaveOutTables || this.#writer.out.isFull;
  }

  /** Writes the digest; false when a name in double quotes shows that all of them are names, and that it has to begin again. */
  #write(): boolean {
    const lexer = this.#lexer;
    const writer = this.#writer;
    const { out } = writer;
    const { bytes } = lexer;
    this.#firstWord = 0;
    writer.clear();
    for (let kind = lexer.next(); kind !== END && !out.isFull; kind = lexer.next()) {
      switch (kind) {
        case COMMENT:
          break;
        case WORD:
          this.#word();
          break;
        case QUOTED:
          writer.quotedName(lexer);
          break;
        case NUMBER:
          writer.literal(false);
          break;
        case STRING:
          if (bytes[lexer.start] !== DOUBLE_QUOTE) writer.literal(true);
          else if (this.#ansiQuotes) writer.quotedName(lexer);
          else if (writer.isQuotedNamePlace(lexer)) return false;
          else writer.literal(true);
          break;
        default:
          // A literal that redaction has replaced.
          if (bytes[lexer.start] === QUESTION) writer.literal(false);
          else writer.symbol(bytes, lexer.start);
      }
    }
    return true;
  }

  /** Writes the word that the lexer has read: as a name, a keyword, or a literal such as NULL. */
  #word(): void {
    const lexer = this.#lexer;
    const writer = this.#writer;
    const wordClass = classOf(lexer.hash);
    const isUnderscored = lexer.bytes[lexer.start] === UNDERSCORE;
    if (wordClass === NO_KEYWORD && !isUnderscored) {
      // Most words. What follows is only for others.
      this.#noteFirstWord();
      writer.name(lexer);
      return;
    }
    if (lexer.hash === SELECT || lexer.hash === TABLE) writer.noteQuery();
    if (writer.isPartOfName) {
      this.#noteFirstWord();
      // `@@GLOBAL.x`; else a name, whatever it says.
      if (wordClass === SOFT_KEYWORD && writer.isScope) writer.keyword(lexer, SOFT_KEYWORD);
      else writer.name(lexer);
      return;
    }
    const role = wordRole(lexer, wordClass, writer.isNamePlace);
    const isTemporal = role === TEMPORAL;
    if ((isTemporal || isUnderscored) && isLiteralPrefix(lexer, isTemporal, this.#ansiQuotes)) return;
    this.#noteFirstWord();
    if (role === NO_KEYWORD || isTemporal) writer.name(lexer);
    else if (this.#isLiteral(role)) writer.literal(false);
    else writer.keyword(lexer, role);
  }

  /** Whether a keyword is a value where it stands. */
  #isLiteral(role: number): boolean {
    if (role === VALUE_WORD) return this.#writer.isOperandPlace;
    return role === DEFAULT_WORD && this.#writer.isAssignedPlace && !isFollowedByParenthesis(this.#lexer);
  }

  #noteFirstWord(): void {
    if (this.#firstWord === 0) this.#firstWord = this.#lexer.hash;
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
