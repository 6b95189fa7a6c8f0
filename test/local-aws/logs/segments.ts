import { generatedText, type Workload } from "./workload.ts";

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

/**
 * A workload's text over a stretch of time: only how long each second's text is, is kept; the text is computed again
 * whenever it is read, so that hours of log take kilobytes.
 */
export class GeneratedSegment implements Segment {
  readonly workload: Workload;
  readonly #from: number;
  /** Where the text of each second ends; the first and the last second may be parts of one. */
  readonly #ends: number[] = [];
  #to: number;

  /** @param from epoch milliseconds */
  constructor(workload: Workload, from: number) {
    this.workload = workload;
    this.#from = from;
    this.#to = from;
  }

  get size(): number {
    return this.#ends.at(-1) ?? 0;
  }

  get held(): number {
    return this.#ends.length * 8;
  }

  /** Until when it goes, in epoch milliseconds. */
  get to(): number {
    return this.#to;
  }

  /** Goes on to a time; after a time that is not a whole second, it can't go on. @returns the bytes that came */
  extend(to: number): number {
    const before = this.size;
    while (this.#to < to) {
      const from = this.#to;
      this.#to = Math.min(to, nextSecond(from));
      const text = generatedText({ ...this.workload, from, to: this.#to });
      this.#ends.push(this.size + Buffer.byteLength(text));
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
      const bytes = Buffer.from(generatedText({ ...this.workload, from, to }));
      parts.push(bytes.subarray(start - pieceStart, Math.min(end, pieceEnd) - pieceStart));
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
