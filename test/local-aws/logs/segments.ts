import type { TextSource, Written } from "./text-source.ts";

/** A stretch of a log file's bytes. */
export interface Segment {
  readonly size: number;
  /** How many bytes of memory it takes. */
  readonly held: number;
  /** The bytes from `start` to before `end`, both inside the segment. */
  read(start: number, end: number): Buffer;
}

/** Bytes that are kept. */
export class TextSegment implements Segment {
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get size(): number {
    return this.#bytes.length;
  }

  get held(): number {
    return this.#bytes.length;
  }

  read(start: number, end: number): Buffer {
    return this.#bytes.subarray(start, end);
  }
}

/** The bytes of memory for a second whose text is not kept: where it ends and, where that matters, what was written before it. */
const HELD_PER_SECOND = { forgetful: 8, remembering: 64 };

/**
 * What a source writes over a stretch of time: only how long each second's text is, is kept; the text is computed again
 * whenever it is read, so that hours of log take kilobytes.
 */
export class GeneratedSegment implements Segment {
  readonly source: TextSource;
  readonly #from: number;
  /** Where the text of each second ends; the first and the last second may be parts of one. */
  readonly #ends: number[] = [];
  /** What was written before each second, of a source that remembers. */
  readonly #before: Written[] = [];
  #written: Written;
  #to: number;

  /** @param from epoch milliseconds @param written what was written before */
  constructor(source: TextSource, from: number, written: Written) {
    this.source = source;
    this.#from = from;
    this.#to = from;
    this.#written = written;
  }

  get size(): number {
    return this.#ends.at(-1) ?? 0;
  }

  get held(): number {
    return (
      this.#ends.length * (this.source.remembers ? HELD_PER_SECOND.remembering : HELD_PER_SECOND.forgetful)
    );
  }

  /** Until when it goes, in epoch milliseconds. */
  get to(): number {
    return this.#to;
  }

  /** What was written last. */
  get written(): Written {
    return this.#written;
  }

  /** Goes on to a time; after a time that is not a whole second, it can't go on. @returns the bytes that came */
  extend(to: number): number {
    const before = this.size;
    while (this.#to < to) {
      const from = this.#to;
      this.#to = Math.min(to, nextSecond(from));
      if (this.source.remembers) this.#before.push(this.#written);
      const { text, written } = this.source.write({ from, to: this.#to }, this.#written);
      this.#ends.push(this.size + Buffer.byteLength(text));
      this.#written = written;
    }
    return this.size - before;
  }

  read(start: number, end: number): Buffer {
    const parts: Buffer[] = [];
    for (let index = this.#pieceAt(start); start < end; index++) {
      const from = index === 0 ? this.#from : nextSecond(this.#from) + (index - 1) * 1_000;
      const to = Math.min(this.#to, nextSecond(from));
      const pieceStart = this.#ends[index - 1] ?? 0;
      const pieceEnd = this.#ends[index] ?? this.size;
      const { text } = this.source.write({ from, to }, this.#before[index] ?? this.#written);
      parts.push(Buffer.from(text).subarray(start - pieceStart, Math.min(end, pieceEnd) - pieceStart));
      start = Math.min(end, pieceEnd);
    }
    return Buffer.concat(parts);
  }

  /** The first piece that ends after an offset. */
  #pieceAt(offset: number): number {
    let [low, high] = [0, this.#ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ends[middle] ?? 0) > offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

function nextSecond(epochMs: number): number {
  return (Math.floor(epochMs / 1_000) + 1) * 1_000;
}
