/*
 * Divides NDJSON among threads by the connection's id, so that all of a session is in one, without parsing the JSON: a line begins
 * with its time and then the id (`src/workload/stored/fragment-line.ts`).
 */

const NEWLINE = 10;
const DIGIT_0 = 48;
/** `{"time":"2026-11-23T05:36:15.123456Z","threadId":` */
const HEAD = new TextEncoder().encode(',"threadId":');
const HEAD_AT = '{"time":"2026-11-23T05:36:15.123456Z"'.length;
const ID_AT = HEAD_AT + HEAD.length;

/** Lines of each thread that wait until they are many. */
export class LinesBySession {
  readonly #parts: Uint8Array[][];
  readonly #sizes: number[];
  #rest: Uint8Array | null = null;

  constructor(threads: number) {
    this.#parts = Array.from({ length: threads }, () => []);
    this.#sizes = new Array<number>(threads).fill(0);
  }

  /** How many bytes wait for a thread. */
  sizeOf(thread: number): number {
    return this.#sizes[thread] as number;
  }

  /** Adds what has arrived; a line may be in several chunks. */
  add(chunk: Uint8Array): void {
    let start = 0;
    if (this.#rest !== null) {
      const end = chunk.indexOf(NEWLINE);
      start = end < 0 ? chunk.length : end + 1;
      const line = joined(this.#rest, chunk.subarray(0, start));
      this.#rest = end < 0 ? line : null;
      if (end >= 0) this.#line(line);
    }
    for (let end = chunk.indexOf(NEWLINE, start); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      this.#line(chunk.subarray(start, end + 1));
      start = end + 1;
    }
    // A copy: the rest of a chunk would keep all of it.
    if (start < chunk.length) this.#rest = chunk.slice(start);
  }

  /** Adds the last line, if it has no end. */
  finish(): void {
    if (this.#rest !== null) this.#line(joined(this.#rest, Uint8Array.of(NEWLINE)));
    this.#rest = null;
  }

  /** The lines of a thread, in memory of their own. */
  take(thread: number): Uint8Array<ArrayBuffer> {
    const taken = new Uint8Array(this.sizeOf(thread));
    let at = 0;
    for (const part of this.#parts[thread] as Uint8Array[]) {
      taken.set(part, at);
      at += part.length;
    }
    this.#parts[thread] = [];
    this.#sizes[thread] = 0;
    return taken;
  }

  #line(line: Uint8Array): void {
    const thread = threadIdOf(line) % this.#parts.length;
    (this.#parts[thread] as Uint8Array[]).push(line);
    this.#sizes[thread] = this.sizeOf(thread) + line.length;
  }
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

/** The connection's id in a line; 0 where the line has none, as one of records that are missing. */
function threadIdOf(line: Uint8Array): number {
  if (!HEAD.every((byte, at) => line[HEAD_AT + at] === byte)) return 0;
  let id = 0;
  for (let at = ID_AT; ; at++) {
    const digit = (line[at] as number) - DIGIT_0;
    if (!(digit >= 0 && digit <= 9)) return id;
    id = id * 10 + digit;
  }
}
