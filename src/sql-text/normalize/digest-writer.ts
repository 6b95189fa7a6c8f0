import {
  AMID_NAME,
  BEFORE_NAME,
  BEFORE_OPERAND,
  FROM,
  FUNCTION,
  NILADIC_FUNCTION,
  NO_KEYWORD,
  ROWS_WORD,
  SOFT_KEYWORD,
  STRING_AFTER_FROM,
  synonymOf,
} from "../lexer/keywords.ts";
import type { Lexer } from "../lexer/lexer.ts";
import { DigestText } from "./digest-text.ts";
import { Parentheses } from "./parentheses.ts";
import { nextNonBlank, putQuotedName } from "./word-roles.ts";

/*
 * Writes a normalised statement, token by token: where blanks go, what signs belong to, and which lists and rows are collapsed.
 */

// What the token written last was, as far as the next one depends on it. First those behind which no blank stands.
const NOTHING = 0;
/** An opening parenthesis. */
const OPENED = 1;
const COMMA = 2;
/** A dot or an "@", behind which every word is a name. */
const PART = 3;
const NAME = 4;
const LITERAL = 5;
const CLOSED = 6;
const OPERATOR = 7;
const WORD_KEY = 8;
const FUNCTION_NAME = 9;
const SEPARATED = 10;

const BLANK = 32;
const EXCLAMATION = 33;
const AMPERSAND = 38;
const OPEN_PARENTHESIS = 40;
const CLOSE_PARENTHESIS = 41;
const PLUS = 43;
const COMMA_CHAR = 44;
const MINUS = 45;
const DOT = 46;
const COLON = 58;
const SEMICOLON = 59;
const LESS = 60;
const EQUALS = 61;
const GREATER = 62;
const QUESTION = 63;
const AT = 64;
const BAR = 124;

/** Writes one normalised statement after the other into a buffer of its own. */
export class DigestWriter {
  readonly out = new DigestText();
  readonly #parentheses = new Parentheses(this.out);
  #last = NOTHING;
  /** The class of the keyword that was written last; NO_KEYWORD after a name. */
  #keyword = NO_KEYWORD;
  /** FROM may have a string behind it. */
  #isStringAfterFrom = false;
  /** What stood before a plus or minus that was written last, and where that was written; -1 when it was none. */
  #beforeSign = -1;
  #signAt = 0;
  /** A comma, or a semicolon, is written once it is known what follows it. */
  #hasComma = false;
  #hasSemicolon = false;
  /** The depth at which the rows of VALUES stand, or -1; and where the first of them ended, or -1. */
  #rowsDepth = -1;
  #firstRowEnd = -1;
  /** Whether more than one statement was written. */
  isSeveral = false;
  /** Whether a row that is not written, since it is not the first of VALUES, may name a table: it has a query, or a semicolon. */
  mayLeaveOutTables = false;

  /** Begins another statement. */
  clear(): void {
    this.out.clear();
    this.#parentheses.clear();
    this.#last = NOTHING;
    this.#keyword = NO_KEYWORD;
    this.#isStringAfterFrom = false;
    this.#beforeSign = -1;
    this.#hasComma = false;
    this.#hasSemicolon = false;
    this.#rowsDepth = -1;
    this.#firstRowEnd = -1;
    this.isSeveral = false;
    this.mayLeaveOutTables = false;
  }

  // What the place says of the token that is to come.

  /** Whether it stands behind a dot or an "@", where every word is a name. */
  get isPartOfName(): boolean {
    return this.#last === PART;
  }

  /** Whether it stands behind the "@@" of a system variable, where a scope such as GLOBAL may be. */
  get isScope(): boolean {
    const { bytes, length } = this.out;
    return this.#last === PART && bytes[length - 1] === AT && bytes[length - 2] === AT;
  }

  /** Whether it stands behind a keyword that a name follows. */
  get isNamePlace(): boolean {
    const keyword = this.#keyword;
    return this.#last === WORD_KEY && !this.#hasComma && (keyword === BEFORE_NAME || keyword === FROM);
  }

  /** Whether it stands where an operand may, so that NULL is a value. */
  get isOperandPlace(): boolean {
    const last = this.#last;
    if (this.#hasComma || last === OPENED || last === OPERATOR) return true;
    return last === WORD_KEY && this.#keyword === BEFORE_OPERAND;
  }

  /** Whether it stands where a value is assigned or listed, so that DEFAULT is one. */
  get isAssignedPlace(): boolean {
    const last = this.#last;
    if (last === OPERATOR && this.out.last === EQUALS) return true;
    if (last === OPENED) return this.#parentheses.isList || this.#isInRow();
    return this.#hasComma && (last === LITERAL || this.#isInRow());
  }

  /**
   * Whether the string in double quotes that the lexer has read stands where only a name can: the session then runs with
   * ANSI_QUOTES.
   */
  isQuotedNamePlace(lexer: Lexer): boolean {
    const next = lexer.bytes[nextNonBlank(lexer)];
    if (next === DOT) return true;
    if (this.#hasComma) return false;
    if (this.#last === PART) return this.out.last === DOT;
    if (this.#last !== WORD_KEY) return false;
    if (this.#keyword === BEFORE_NAME) return true;
    if (this.#keyword !== FROM || this.#isStringAfterFrom || next === AT) return false;
    // Else it may be `TRIM(LEADING 'x' FROM "y")`.
    return this.#parentheses.depth === 0 || this.#parentheses.isList;
  }

  #isInRow(): boolean {
    return this.#rowsDepth >= 0 && this.#parentheses.depth > this.#rowsDepth;
  }

  /** What comes next begins a query, or ends a statement. */
  noteQuery(): void {
    if (this.#firstRowEnd >= 0 && this.#isInRow()) this.mayLeaveOutTables = true;
  }

  // The tokens.

  /** A literal, of which nothing is left but that it is one. Strings that stand side by side are one. */
  literal(isString: boolean): void {
    this.#begin();
    if (this.#beforeSign >= 0) this.#takeSign();
    const { out } = this;
    const hasComma = this.#hasComma;
    if (this.#last === LITERAL && (hasComma || isString)) {
      if (hasComma && out.last === QUESTION) out.put(PLUS);
    } else {
      if (hasComma) this.#putComma();
      else if (isBlankAfter(this.#last)) out.put(BLANK);
      out.put(QUESTION);
    }
    this.#hasComma = false;
    this.#last = LITERAL;
    this.#beforeSign = -1;
  }

  /** Makes the sign that was written last a part of the literal that follows it, if it is that of a number, not a difference. */
  #takeSign(): void {
    const before = this.#beforeSign;
    if (before === NAME || before === LITERAL || before === CLOSED || before === FUNCTION_NAME) return;
    this.out.length = this.#signAt;
    this.#beforeSign = -1;
    if (before !== COMMA) {
      this.#last = before;
      return;
    }
    // The comma before it was taken back as well.
    this.#hasComma = true;
    const { bytes, length } = this.out;
    const isList = bytes[length - 1] === PLUS && bytes[length - 2] === QUESTION;
    this.#last = isList || bytes[length - 1] === QUESTION ? LITERAL : CLOSED;
  }

  /** A name without quotes, as it is written. */
  name({ bytes, start, end }: Lexer): void {
    this.#beginWord();
    this.#keyword = NO_KEYWORD;
    this.out.putText(bytes, start, end);
    this.#last = NAME;
  }

  /** A name in quotes, which the lexer has read. */
  quotedName(lexer: Lexer): void {
    const isNamePlace = this.isNamePlace;
    this.#beginWord();
    this.#keyword = NO_KEYWORD;
    putQuotedName(this.out, lexer, this.#last === PART, isNamePlace);
    this.#last = NAME;
  }

  /** A keyword, in capitals. @param role its class (keywords.ts) in this place */
  keyword({ bytes, start, end, hash }: Lexer, role: number): void {
    // `TABLE IF NOT EXISTS x`: the name is still to come.
    const isAmidName = role === AMID_NAME && this.isNamePlace;
    this.#beginWord();
    if (!isAmidName) this.#keyword = role;
    const synonym = synonymOf(hash);
    if (synonym === undefined) this.out.putCapitals(bytes, start, end);
    else this.out.putText(synonym, 0, synonym.length);
    if (role === SOFT_KEYWORD) this.#last = NAME;
    else this.#last = role === FUNCTION || role === NILADIC_FUNCTION ? FUNCTION_NAME : WORD_KEY;
    if (role === STRING_AFTER_FROM) this.#isStringAfterFrom = true;
    if (role === ROWS_WORD && this.#rowsDepth < 0) {
      this.#rowsDepth = this.#parentheses.depth;
      this.#firstRowEnd = -1;
    }
  }

  /** A character that is part of no word and no literal, at `at`. */
  symbol(bytes: Uint8Array, at: number): void {
    const code = bytes[at] as number;
    switch (code) {
      case COMMA_CHAR:
        this.#comma();
        break;
      case OPEN_PARENTHESIS:
        this.#open();
        break;
      case CLOSE_PARENTHESIS:
        this.#close();
        break;
      case DOT:
      case AT:
        this.#part(code);
        break;
      case SEMICOLON:
        this.#semicolon();
        break;
      default:
        this.#operator(bytes, at, code);
    }
  }

  /** Semicolons at the beginning and at the end are not written, and of several in a row one is. */
  #semicolon(): void {
    this.noteQuery();
    this.#endRows();
    if (this.out.length === 0) return;
    this.#hasSemicolon = true;
    this.#last = SEPARATED;
    this.#beforeSign = -1;
  }

  #comma(): void {
    if (this.#hasSemicolon) this.#putSemicolon();
    if (this.#hasComma) this.#putComma();
    this.#hasComma = true;
    this.#beforeSign = -1;
  }

  #open(): void {
    if (this.#hasSemicolon) this.#putSemicolon();
    if (this.#hasComma) this.#endComma();
    const last = this.#last;
    const isList = last !== NAME && last !== FUNCTION_NAME;
    if (isList && isBlankAfter(last)) this.out.put(BLANK);
    this.#parentheses.open(isList);
    this.out.put(OPEN_PARENTHESIS);
    this.#last = OPENED;
    this.#beforeSign = -1;
  }

  #close(): void {
    this.#begin();
    const { out } = this;
    if (this.#hasComma) this.#putComma();
    this.#hasComma = false;
    out.put(CLOSE_PARENTHESIS);
    const isRow = this.#parentheses.depth - 1 === this.#rowsDepth;
    const isList = this.#parentheses.close(isRow ? this.#firstRowEnd : -1);
    if (isList && isRow && this.#firstRowEnd < 0) this.#firstRowEnd = out.length;
    this.#last = CLOSED;
    this.#beforeSign = -1;
  }

  /** A dot, or the "@" of an account's host or of a variable. */
  #part(code: number): void {
    this.#begin();
    if (this.#hasComma) this.#endComma();
    const last = this.#last;
    if (code === AT && isBlankAfter(last) && last !== NAME && last !== LITERAL) this.out.put(BLANK);
    this.out.put(code);
    this.#last = PART;
    this.#beforeSign = -1;
  }

  #operator(bytes: Uint8Array, at: number, code: number): void {
    this.#begin();
    if (this.#hasComma) this.#endComma();
    const { out } = this;
    const last = this.#last;
    const isJoined = last === OPERATOR && bytes[at - 1] === out.last && joins(bytes, at);
    if (code === MINUS || code === PLUS) {
      this.#beforeSign = last;
      this.#signAt = last === COMMA ? out.length - 2 : out.length;
    } else {
      this.#beforeSign = -1;
    }
    this.#last = OPERATOR;
    if (!isJoined && isBlankAfter(last)) out.put(BLANK);
    if (isJoined && out.last === EXCLAMATION) {
      // `!=` is `<>`.
      out.length--;
      out.put(LESS);
      out.put(GREATER);
    } else {
      out.put(code);
    }
  }

  // What comes before a token.

  /** Before every token but a comma and an opening parenthesis, which the rows of VALUES go on with. */
  #begin(): void {
    this.#endRows();
    if (this.#hasSemicolon) this.#putSemicolon();
  }

  #beginWord(): void {
    this.#begin();
    if (this.#hasComma) {
      this.#putComma();
      this.#hasComma = false;
    } else if (isBlankAfter(this.#last)) {
      this.out.put(BLANK);
    }
    this.#beforeSign = -1;
  }

  /** The rows of VALUES end, if they stand at this depth and have begun. */
  #endRows(): void {
    if (this.#rowsDepth < 0 || this.#parentheses.depth !== this.#rowsDepth) return;
    if (this.#last !== WORD_KEY) this.#rowsDepth = -1;
  }

  #putSemicolon(): void {
    this.out.put(SEMICOLON);
    this.#hasSemicolon = false;
    this.isSeveral = true;
  }

  #endComma(): void {
    this.#putComma();
    this.#last = COMMA;
    this.#hasComma = false;
  }

  #putComma(): void {
    this.out.put(COMMA_CHAR);
    this.out.put(BLANK);
  }
}

/** Whether a blank separates what is written next from what was written last. */
function isBlankAfter(last: number): boolean {
  return last > PART;
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
