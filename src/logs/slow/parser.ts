import type { Dialect } from "../../sql-text/dialect.ts";
import { isBanner, isBannerMiddle, MAX_BANNER } from "../general/banner.ts";
import type { Parser, ParserOptions } from "../kind.ts";
import type { LeftOut } from "../record.ts";
import { stretchesOf } from "../stretches.ts";
import { Units } from "../units.ts";
import { bannerEnd } from "./banner.ts";
import { Entries } from "./entries.ts";
import { Header } from "./header.ts";
import { isUnfinishedHeader, MAX_HEADER, mayBeHeader } from "./header-start.ts";
import { INCOMPLETE, NONE } from "./header-values.ts";
import { KeptLine } from "./kept-line.ts";
import type { ParsedAsSlow, SlowPosition, SlowSnapshot } from "./parser-state.ts";
import type { SlowRecord } from "./record.ts";
import { END_OF_TEXT } from "./record-text.ts";
import { TextPlaces } from "./text-places.ts";

/*
 * Reads the slow query log of MySQL 5.6 to 9.7 and of MariaDB: bytes in, records out. Pure: it does no I/O. Bytes may be cut anywhere
 * between two calls, also inside a UTF-8 sequence; the records are the same.
 *
 * The log has no escaping: an entry's text ends with `;` and a newline, and may hold those too. So it ends only where a complete header
 * follows them, or a server's banner. A header that comes at a time at which none can is taken for a part of the text where that is amid
 * a literal: a slow log that somebody stored in a table.
 */

/** The longest statement that is kept whole unless the caller says otherwise. */
const MAX_STATEMENT = 1024 * 1024;
/** How many bytes are decoded at once: some hundred entries. */
const BLOCK_BYTES = 32 * 1024;
/**
 * A block with a character beyond ASCII is read in pieces of this size. V8 stores a string with such a character in two bytes a
 * character, and everything is slower with that: one emoji is not to slow down all the statements around it.
 */
const SMALL_BLOCK_BYTES = 2 * 1024;
/** The most bytes that UTF-8 takes for one UTF-16 code unit. */
const MAX_BYTES_PER_UNIT = 3;
const LF = 10;
const SEMICOLON = 59;
const NOTHING = new Uint8Array(0);

/**
 * An incremental parser of one slow log. Memory is bounded by a few times `maxStatement` and the size of a chunk, whatever the log
 * holds. Nothing makes it throw.
 */
export class SlowLogParser implements Parser<ParsedAsSlow> {
  readonly #decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });
  readonly #header = new Header();
  /** The text that is read. */
  readonly #units = new Units();
  readonly #places = new TextPlaces();
  readonly #entries: Entries;

  /** Whether an entry may begin where the next text does: after a statement's end, a banner, or at the beginning. */
  #isBoundary = true;

  /** Whole lines that may be the beginning of a header. They are read again with what follows. */
  #held: Uint8Array = NOTHING;
  /** The line whose end has not been read. Of its bytes, those that can't be part of a kept statement only count. */
  readonly #line: KeptLine;
  /** Where the held lines begin in the log, or else the incomplete one. */
  #offset = 0;
  /** Whether the rest of the text that is read can't be told yet. */
  #isHolding = false;
  /** Whether the log ends with what is read. */
  #isLast = false;

  constructor(options: ParserOptions<ParsedAsSlow> = {}) {
    const maxStatement = Math.max(1, options.maxStatement ?? MAX_STATEMENT);
    const kept = Math.max(MAX_HEADER, maxStatement) + END_OF_TEXT + 1;
    this.#line = new KeptLine(MAX_BYTES_PER_UNIT * kept);
    const from: SlowPosition | SlowSnapshot | undefined = options.from;
    this.#entries = new Entries(maxStatement, from);
    if (from === undefined) return;
    this.#offset = from.offset;
    this.#isBoundary = from.isBoundary;
    if (!("line" in from)) return;
    this.#held = from.held.slice();
    this.#line.add(from.line);
    this.#line.length = from.lineBytes;
    this.#line.last = from.lineLast;
  }

  /** The server whose log it is, by the last header read; null before the first. */
  get dialect(): Dialect | null {
    return this.#entries.server;
  }

  /** How many bytes have been read, of all the log. */
  get bytesRead(): number {
    return this.#offset + this.#held.length + this.#line.length;
  }

  /** What is read next is the beginning of a file: what is open has ended, and a banner there is the file's own. */
  beginFile(): void {
    this.#finish();
    this.#isBoundary = true;
    this.#entries.beginFile();
  }

  read(chunk: Uint8Array, take: (record: SlowRecord) => void): void {
    for (const stretch of stretchesOf(chunk)) {
      for (const record of this.push(stretch)) take(record);
    }
  }

  /**
   * Reads the next bytes of the log.
   * @returns the records that these bytes completed. Their statements share memory with the text around them: a statement that
   *   is kept keeps up to 64 KB in memory. To keep one for long, copy it.
   */
  push(chunk: Uint8Array): SlowRecord[] {
    let from = 0;
    if (this.#line.length > 0) {
      const newline = chunk.indexOf(LF);
      from = newline < 0 ? chunk.length : newline + 1;
      this.#line.add(chunk.subarray(0, from));
      if (newline < 0) return this.#entries.take();
      this.#completeLine();
    }
    const last = chunk.lastIndexOf(LF) + 1;
    while (from < last) {
      let to = last;
      if (last - from > BLOCK_BYTES) {
        to = chunk.lastIndexOf(LF, from + BLOCK_BYTES - 1) + 1;
        // A line longer than a block.
        if (to <= from) to = chunk.indexOf(LF, from + BLOCK_BYTES) + 1;
      }
      this.#readBlock(chunk.subarray(from, to), 0);
      from = to;
    }
    // The caller may use its chunk again.
    if (this.#held.length > 0) this.#held = this.#held.slice();
    if (from < chunk.length) this.#line.add(chunk.subarray(from));
    return this.#entries.take();
  }

  /** The line that was read last has lost its end, which may have been a statement's: an entry may begin with the next line. */
  loseEndOfLine(): void {
    this.#entries.cut();
    this.#isBoundary = true;
  }

  /** Ends the log: the open entry is complete. Only for a log that will not grow; the end of a portion is not the end. */
  end(): SlowRecord[] {
    this.#finish();
    return this.#entries.take();
  }

  /** Where to go on from, with a parser that has read nothing: the open entry is read again. */
  position(): SlowPosition {
    const { open } = this.#entries;
    return {
      ...this.#entries.position(),
      offset: open?.record.start ?? this.#offset,
      isBoundary: open !== null || this.#isBoundary,
    };
  }

  /** All that is needed to go on with the next byte. */
  snapshot(): SlowSnapshot {
    return {
      ...this.#entries.snapshot(),
      offset: this.#offset,
      isBoundary: this.#isBoundary,
      held: this.#held.slice(),
      line: this.#line.kept.slice(),
      lineBytes: this.#line.length,
      lineLast: this.#line.last,
    };
  }

  /** What was left out since the last report. A caller that does not want to wait for the next record's takes it; it is reported once. */
  takeLeftOut(): LeftOut | null {
    return this.#entries.takeLeftOut();
  }

  #completeLine(): void {
    this.#readBlock(this.#line.kept, this.#line.length - this.#line.kept.length);
    this.#line.clear();
  }

  #finish(): void {
    this.#isLast = true;
    this.#completeLine();
    this.#entries.close(this.#offset, this.#isBoundary);
    this.#isLast = false;
  }

  /**
   * Reads whole lines, or the last line of a log, after those that are held.
   * @param notKept how many bytes more the last line has in the log
   */
  #readBlock(bytes: Uint8Array, notKept: number): void {
    const block = this.#held.length === 0 ? bytes : concat(this.#held, bytes);
    const text = this.#decoder.decode(block);
    // If so, every character is one byte, and an index into the text is also one into the bytes.
    if (text.length === block.length || block.length <= SMALL_BLOCK_BYTES) {
      this.#readText(text, block, notKept);
      return;
    }
    let from = 0;
    this.#held = NOTHING;
    while (from < block.length) {
      let to = block.length;
      if (to - from > SMALL_BLOCK_BYTES) {
        to = block.lastIndexOf(LF, from + SMALL_BLOCK_BYTES - 1) + 1;
        // A line that is longer comes alone.
        if (to <= from) to = block.indexOf(LF, from) + 1 || block.length;
      }
      const piece = concat(this.#held, block.subarray(from, to));
      this.#readText(this.#decoder.decode(piece), piece, to < block.length ? 0 : notKept);
      from = to;
    }
  }

  /** Reads the text of lines, and holds those of them that can't be told yet. */
  #readText(text: string, bytes: Uint8Array, notKept: number): void {
    this.#units.begin(text, bytes);
    this.#places.begin(text, bytes, bytes.length + notKept);
    this.#isHolding = false;
    let at = 0;
    while (at < text.length && !this.#isHolding) {
      at = this.#entries.open === null ? this.#readOutside(text, at) : this.#readInside(text, at);
    }
    if (notKept > 0) this.#isBoundary = this.#line.endsStatement;
    const read = this.#places.of(at);
    this.#offset += read;
    this.#held = this.#isHolding ? bytes.subarray(read) : NOTHING;
  }

  /** Reads a header, a banner or a line that belongs to no entry. @returns where to go on */
  #readOutside(text: string, at: number): number {
    if (this.#isBoundary && mayBeHeader(this.#units, at)) {
      const end = this.#readHeader(at);
      if (end === INCOMPLETE) return this.#hold(text, at);
      if (end !== NONE) return this.#begin(at, end);
    }
    const opened = bannerEnd(text, at);
    if (opened === INCOMPLETE) return this.#hold(text, at);
    if (opened !== NONE) return this.#reopen(opened);
    const newline = text.indexOf("\n", at);
    const next = newline < 0 ? text.length : newline + 1;
    // The rest of a banner whose beginning was not read.
    if (next - at <= MAX_BANNER && isBanner(text.slice(at, next))) return this.#reopen(next);
    if (this.#isLast && this.#isBoundary && isUnfinishedHeader(this.#units, at)) return this.#hold(text, at);
    if (!isBannerMiddle(text, at)) this.#entries.strayBytes += this.#places.of(next) - this.#places.of(at);
    this.#isBoundary = text.startsWith(";\n", next - 2);
    return next;
  }

  /** Reads the open entry's text, and what ends it. @returns where to go on */
  #readInside(text: string, from: number): number {
    if (this.#isBoundary) {
      const next = this.#readBoundary(text, from, from);
      if (next !== NONE) return next;
    }
    const { bytes } = this.#units;
    let at = from;
    for (;;) {
      const newline = this.#units.endOfLine(at);
      const end = newline < 0 ? text.length : newline + 1;
      const last = newline > at ? (bytes[newline - 1] as number) : LF;
      if (end === text.length) {
        this.#isBoundary = last === SEMICOLON;
        if (last !== SEMICOLON && mayEndBanner(last)) {
          const next = this.#readGluedBanner(text, from, at);
          if (next !== NONE) return next;
        }
        this.#entries.append(text, from, end);
        return end;
      }
      const next =
        last === SEMICOLON
          ? this.#readBoundary(text, from, end)
          : mayEndBanner(last)
            ? this.#readGluedBanner(text, from, at)
            : NONE;
      if (next !== NONE) return next;
      at = end;
    }
  }

  /** Reads what follows the end of a statement, if that ends the entry. @returns where to go on, or NONE */
  #readBoundary(text: string, from: number, at: number): number {
    const isHeader = mayBeHeader(this.#units, at);
    let end = isHeader ? this.#readHeader(at) : bannerEnd(text, at);
    if (isHeader && end >= 0 && !this.#entries.isCredible(this.#header, text, from, at)) return NONE;
    if (end === NONE && this.#isLast && isUnfinishedHeader(this.#units, at)) end = INCOMPLETE;
    if (end === NONE) return NONE;
    this.#isBoundary = true;
    if (end === INCOMPLETE) {
      this.#entries.append(text, from, at);
      return this.#hold(text, at);
    }
    this.#entries.closeWith(this.#units, from, at, this.#offset + this.#places.of(at));
    return isHeader ? this.#begin(at, end) : this.#reopen(end);
  }

  /**
   * Reads a banner that follows no end of a statement: the server ended while it wrote the entry. The rest of its statement may be in
   * the banner's first line, which begins at `line`.
   * @returns where to go on, or NONE
   */
  #readGluedBanner(text: string, from: number, line: number): number {
    const opened = this.#isLast ? NONE : bannerEnd(text, line);
    if (opened === NONE || this.#entries.isAmidLiteral(text, from, line)) return NONE;
    this.#entries.append(text, from, line);
    this.#isBoundary = false;
    if (opened === INCOMPLETE) return this.#hold(text, line);
    this.#entries.close(this.#offset + this.#places.of(line), false);
    return this.#reopen(opened);
  }

  /** Reads the header at `at`. At the end of the log, one is incomplete only where all that is there of it is a header's. */
  #readHeader(at: number): number {
    const end = this.#header.read(this.#units, at);
    return end === INCOMPLETE && this.#isLast && !isUnfinishedHeader(this.#units, at) ? NONE : end;
  }

  /** Keeps what can't be told yet until more was read. At the end of the log, it is an entry that was not written yet. */
  #hold(text: string, at: number): number {
    if (this.#isLast) return text.length;
    this.#isHolding = true;
    return at;
  }

  /** @returns where the entry's statement begins */
  #begin(at: number, statementAt: number): number {
    this.#entries.begin(this.#header, this.#offset + this.#places.of(at));
    this.#isBoundary = false;
    return statementAt;
  }

  /** @returns the place after the banner */
  #reopen(end: number): number {
    this.#entries.reopen();
    this.#isBoundary = true;
    return end;
  }
}

/** Whether a line that ends with this unit may be the first of a banner: with a colon, or with white space behind one. */
function mayEndBanner(unit: number): boolean {
  return unit === 58 || unit === 32 || unit === 9 || unit === 13;
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second;
  const length = first.length + second.length;
  // What is held was mostly read just before.
  const isOneStretch =
    first.buffer === second.buffer && first.byteOffset + first.length === second.byteOffset;
  if (isOneStretch) return new Uint8Array(first.buffer, first.byteOffset, length);
  const both = new Uint8Array(length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
