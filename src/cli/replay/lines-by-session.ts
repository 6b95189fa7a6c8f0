/*
 * Divides NDJSON among threads by the connection's id, so that all of a session is in one, without parsing the JSON: a line begins
 * with its time and then the id (`src/workload/stored/fragment-line.ts`).
 */

const NEWLINE = 10;
const DIGIT_0 = 48;
/** `{"time":"2026-11-23T05:36:15.123456Z","threadId":` */
const HEAD = Buffer.from(',"threadId":');
const HEAD_AT = '{"time":"2026-11-23T05:36:15.123456Z"'.length;
const ID_AT = HEAD_AT + HEAD.length;

/** Lines of each thread that wait until they are many. */
export class LinesBySession {
  readonly #parts: Buffer[][];
  readonly #sizes: number[];
  #rest: Buffer | null = null;

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
    const arrived = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    const bytes = this.#rest === null ? arrived : Buffer.concat([this.#rest, arrived]);
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      this.#line(bytes.subarray(start, end + 1));
      start = end + 1;
    }
    this.#rest = start === bytes.length ? null : bytes.subarray(start);
  }

  /** Adds the last line, if it has no end. */
  finish(): void {
    if (this.#rest !== null) this.#line(Buffer.concat([this.#rest, Buffer.of(NEWLINE)]));
    this.#rest = null;
  }

  /** The lines of a thread, in memory of their own. */
  take(thread: number): Uint8Array<ArrayBuffer> {
    const taken = new Uint8Array(this.sizeOf(thread));
    let at = 0;
    for (const part of this.#parts[thread] as Buffer[]) {
      taken.set(part, at);
      at += part.length;
    }
    this.#parts[thread] = [];
    this.#sizes[thread] = 0;
    return taken;
  }

  #line(line: Buffer): void {
    const thread = threadIdOf(line) % this.#parts.length;
    (this.#parts[thread] as Buffer[]).push(line);
    this.#sizes[thread] = this.sizeOf(thread) + line.length;
  }
}

/** The connection's id in a line; 0 where the line has none, as one of records that are missing. */
function threadIdOf(line: Buffer): number {
  if (line.length < ID_AT || HEAD.compare(line, HEAD_AT, ID_AT) !== 0) return 0;
  let id = 0;
  for (let at = ID_AT; ; at++) {
    const digit = (line[at] as number) - DIGIT_0;
    if (!(digit >= 0 && digit <= 9)) return id;
    id = id * 10 + digit;
  }
}
