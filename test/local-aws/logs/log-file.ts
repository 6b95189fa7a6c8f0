import type { LogSource } from "./log-source.ts";
import { GeneratedSegment, type Segment, TextSegment } from "./segments.ts";
import type { TextSource, Written } from "./text-source.ts";

/** A log file of the local AWS's own making: what was appended to it, and what its instance's workload logged. */
export class LogFile implements LogSource {
  name: string;
  /** Which hour's file it is, in hours since the epoch, as its name says once it is renamed. */
  readonly hour: number;
  lastWritten: number;
  #segments: readonly Segment[] = [];
  #size = 0;

  /** @param now epoch milliseconds */
  constructor(name: string, hour: number, now: number) {
    this.name = name;
    this.hour = hour;
    this.lastWritten = now;
  }

  get size(): number {
    return this.#size;
  }

  /** How many bytes of memory it takes. */
  get held(): number {
    return this.#segments.reduce((sum, { held }) => sum + held, 0);
  }

  /** Writes bytes at its end. */
  append(bytes: Buffer, now: number): void {
    if (bytes.length === 0) return;
    this.#segments = [...this.#segments, new TextSegment(bytes)];
    this.#size += bytes.length;
    this.lastWritten = now;
  }

  /**
   * Writes at its end what a source writes in a stretch of time.
   * @param written what was written before
   * @returns what was written last
   */
  generate(source: TextSource, from: number, to: number, written: Written): Written {
    const last = this.#segments.at(-1);
    const goesOn =
      last instanceof GeneratedSegment && last.source === source && last.to === from && from % 1_000 === 0;
    const segment = goesOn ? last : new GeneratedSegment(source, from, written);
    if (!goesOn) this.#segments = [...this.#segments, segment];
    const bytes = segment.extend(to);
    this.#size += bytes;
    if (bytes > 0) this.lastWritten = to;
    return segment.written;
  }

  /** Keeps the first bytes only. */
  truncate(size: number, now: number): void {
    this.#segments = size === 0 ? [] : [new TextSegment(this.read(0, size))];
    this.#size = size;
    this.lastWritten = now;
  }

  read(start: number, end: number): Buffer {
    return readSegments(this.#segments, start, Math.min(end, this.#size));
  }

  /** What a process that opened the file now would read, whatever becomes of it afterwards. */
  *stream(chunkBytes: number): Iterable<Buffer> {
    const [segments, size] = [this.#segments, this.#size];
    for (let start = 0; start < size; start += chunkBytes) {
      yield readSegments(segments, start, Math.min(start + chunkBytes, size));
    }
  }
}

function readSegments(segments: readonly Segment[], start: number, end: number): Buffer {
  const parts: Buffer[] = [];
  let offset = 0;
  for (const segment of segments) {
    const [from, to] = [Math.max(start - offset, 0), Math.min(end - offset, segment.size)];
    if (from < to) parts.push(segment.read(from, to));
    offset += segment.size;
    if (offset >= end) break;
  }
  return Buffer.concat(parts);
}
