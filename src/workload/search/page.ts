import type { MissingFragments } from "../stored/fragments-in-range.ts";
import type { FoundLine, FoundStretch } from "./fragment-lines.ts";
import type { Place } from "./place.ts";
import { BOUNDS, type Found, type SearchBounds, type SearchOptions } from "./search-options.ts";

/** What a search finds, up to what it may find and do. */
export class Page implements Found {
  readonly lines: FoundLine[] = [];
  readonly missing: MissingFragments[] = [];
  next: Place | null = null;
  readonly #limit: number;
  readonly #bounds: SearchBounds;
  readonly #signal: AbortSignal | undefined;
  #fragments = 0;
  #scannedBytes = 0;
  #replyBytes = 0;

  constructor({ limit, bounds = BOUNDS, signal }: SearchOptions) {
    this.#limit = limit;
    this.#bounds = bounds;
    this.#signal = signal;
  }

  /** Whether no other fragment is to be read. */
  get isDone(): boolean {
    return this.#isSpent || this.#fragments >= this.#bounds.fragments;
  }

  /** Counts a fragment that is read. */
  countFragment(): void {
    this.#fragments++;
  }

  get #isSpent(): boolean {
    return (
      this.lines.length >= this.#limit ||
      this.#scannedBytes >= this.#bounds.scannedBytes ||
      this.#signal?.aborted === true
    );
  }

  /** Adds what is found in a fragment until the page is full, or enough was looked at. */
  async addForward(sequence: number, stretches: AsyncIterable<FoundStretch>): Promise<void> {
    for await (const { lines, start, end } of stretches) {
      if (this.#isSpent) {
        this.next = { sequence, at: start };
        return;
      }
      for (const line of lines) {
        const bytes = line.end - line.start;
        const isTooMuch = this.lines.length > 0 && this.#replyBytes + bytes > this.#bounds.replyBytes;
        if (isTooMuch || this.lines.length >= this.#limit) {
          this.next = { sequence, at: line.start };
          return;
        }
        this.lines.push(line);
        this.#replyBytes += bytes;
      }
      this.#scannedBytes += end - start;
    }
  }

  /** Adds the last of what is found in a fragment, the last one first. It is read to its end, since it can't be read backwards. */
  async addBackward(sequence: number, stretches: AsyncIterable<FoundStretch>): Promise<void> {
    const last: FoundLine[] = [];
    let bytes = 0;
    /** Where the last of those ends that have no room. */
    let left: number | null = null;
    const isTooMuch = () =>
      this.lines.length + last.length > this.#limit ||
      (this.lines.length + last.length > 1 && this.#replyBytes + bytes > this.#bounds.replyBytes);
    try {
      for await (const { lines, start, end } of stretches) {
        if (this.#signal?.aborted) return;
        this.#scannedBytes += end - start;
        for (const line of lines) {
          last.push(line);
          bytes += line.end - line.start;
          while (isTooMuch()) {
            const { start: from, end: to } = last.shift() as FoundLine;
            bytes -= to - from;
            left = to;
          }
        }
      }
    } finally {
      this.lines.push(...last.toReversed());
      this.#replyBytes += bytes;
      if (left !== null) this.next = { sequence, at: last[0]?.start ?? left };
    }
  }
}
