import { digestCacheKey, NO_CACHE_KEY } from "./normalize/digest-cache-key.ts";
import { isDml, mayHoldSecret } from "./redact/secret-words.ts";
import { mayBeginWithSetOrUse, mayChooseDatabaseIn } from "./session-settings.ts";
import { HAS_BEYOND_ASCII, HAS_ESCAPED, HAS_SECRET_WORD, HAS_SEMICOLON, marksOf } from "./statement-marks.ts";
import { type Template, Templates } from "./templates.ts";

/*
 * A statement as it stands in the bytes of a log. They tell what has to be known of most statements: that it holds no secret, changes
 * nothing of its session and needs no escapes in JSON. So the statement need not become a string.
 */

/** As the parsers decode statements. */
const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });
const SEMICOLON = 59;

const NOTHING = new Uint8Array(0);
/** Of all logs that are read: what they have in common is the application. */
const templates = new Templates();

/** Where a statement stands in the bytes of a log, and what they say of it. */
export class StatementBytes {
  bytes: Uint8Array = NOTHING;
  start = 0;
  end = 0;
  #view: DataView = new DataView(NOTHING.buffer);
  /** What it has in common with others; null where that is not known. */
  template: Template | null = null;
  /** Whether it may hold a secret, or be Amazon's heartbeat: wherever mayHoldSecret says so of its text, and in some others. */
  mayHoldSecret = true;
  /** Whether it may be, or have, a SET or a USE: wherever mayChangeSettings or choosesDatabase says so of its text, and in some others. */
  mayChangeSession = true;
  /** Whether JSON escapes something in it. */
  isEscaped = true;

  /**
   * Looks at the bytes from `start` to `end`, behind which stands something that belongs to no token, such as a newline or `;`.
   * @returns whether they are ASCII
   */
  look(bytes: Uint8Array, start: number, end: number): boolean {
    if (bytes !== this.bytes) this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    const template = templates.match(bytes, this.#view, start, end);
    this.template = template;
    const marks = template === null ? marksOf(bytes, start, end) : template.marks | templates.marks;
    this.isEscaped = (marks & HAS_ESCAPED) !== 0;
    if (template === null) {
      const isHarmless = isDmlAt(bytes, start) || beginsOrCommits(bytes, start, end);
      this.mayHoldSecret = (marks & HAS_SECRET_WORD) !== 0 || !isHarmless;
      this.mayChangeSession =
        mayBeginWithSetOrUse(bytes, start) ||
        ((marks & HAS_SEMICOLON) !== 0 && mayChooseDatabaseIn(bytes, start, end));
    } else {
      this.mayHoldSecret = false;
      this.mayChangeSession = templates.mayChooseDatabase;
    }
    if ((marks & HAS_SEMICOLON) !== 0 && !isInStringsOnly(template, marks))
      this.mayHoldSecret ||= mayHoldBehindFirst(bytes, start, end);
    return (marks & HAS_BEYOND_ASCII) === 0;
  }

  /** The key by which its digest is cached; NO_CACHE_KEY where it has none. */
  cacheKey(): number {
    return this.template?.cacheKey ?? digestCacheKey(this.bytes, this.end, this.start);
  }

  /**
   * Keeps what it has in common with others, for those that follow.
   * @param cacheKey its own
   * @returns that; null where nothing is kept
   */
  learn(cacheKey: number): Template | null {
    const isPlain = !this.mayHoldSecret && !this.mayChangeSession && cacheKey !== NO_CACHE_KEY;
    if (isPlain) this.template ??= templates.learn(this.bytes, this.start, this.end, cacheKey);
    return this.template;
  }
}

/** Whether a statement reads or writes tables, by letters that are all ASCII's: a quote would begin a string, which templates leave out. */
function isDmlAt(bytes: Uint8Array, start: number): boolean {
  let at = start;
  while ((bytes[at] as number) <= 32) at++;
  const [first, second, third] = [bytes[at] as number, bytes[at + 1] as number, bytes[at + 2] as number];
  return isLetter(second) && isLetter(third) && isDml(first, third);
}

/**
 * Whether all semicolons of a statement are in its strings. Of one like another that is certain without a backslash and a double quote, as
 * secret-words.ts says: it has no comments.
 */
const isInStringsOnly = (template: Template | null, marks: number): boolean =>
  template !== null && (template.marks & HAS_SEMICOLON) === 0 && (marks & HAS_ESCAPED) === 0;

/** Whether a statement without the words that are looked for may hold a secret behind a semicolon that is not its last byte. */
function mayHoldBehindFirst(bytes: Uint8Array, start: number, end: number): boolean {
  const semicolon = bytes.indexOf(SEMICOLON, start);
  return semicolon < end - 1 && mayHoldSecret(decoder.decode(bytes.subarray(start, end)));
}

const isLetter = (byte: number): boolean => (byte | 32) >= 97 && (byte | 32) <= 122;

const BEGIN = [..."begin"].map((letter) => letter.charCodeAt(0));
const COMMIT = [..."commit"].map((letter) => letter.charCodeAt(0));

/** Whether it is BEGIN or COMMIT: most statements that neither read nor write tables. */
function beginsOrCommits(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  if (length !== BEGIN.length && length !== COMMIT.length) return false;
  const word = length === BEGIN.length ? BEGIN : COMMIT;
  for (let at = 0; at < length; at++) if (((bytes[start + at] as number) | 32) !== word[at]) return false;
  return true;
}
