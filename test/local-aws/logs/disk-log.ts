import { closeSync, fstatSync, openSync, readSync, type Stats, statSync } from "node:fs";
import { LIVE_FILES, type LogName, type LogSource } from "./log-source.ts";

const HOUR_MS = 3_600_000;
const MAX_NOTICES = 100;

/**
 * A log of a real server, read in place and by positions as it grows. RDS's names for older files are not
 * made up for it: when someone truncates or replaces it, what it held is gone, and this is noted.
 */
export class DiskLog {
  /** What happened to the file, in sentences, oldest first; a limited number of them. */
  readonly notices: string[] = [];
  readonly #log: LogName;
  readonly #path: string;
  readonly #tell: (notice: string) => void;
  #seen: { inode: number; size: number; hour: number } | undefined;

  /** @param tell told in a sentence when the file was truncated, replaced or deleted */
  constructor(log: LogName, path: string, tell: (notice: string) => void) {
    this.#log = log;
    this.#path = path;
    this.#tell = tell;
  }

  /**
   * The file as it is now, or undefined if there is none.
   * @param now epoch milliseconds, by the account's clock
   * @param openedAt when the instance's parameters switched the log on, or 0: RDS's server would have written its banner then.
   *   The real server does not know of these parameters, and one that is idle writes nothing.
   */
  look(now: number, openedAt: number): LogSource | undefined {
    const stats = statSync(this.#path, { throwIfNoEntry: false });
    if (stats === undefined) {
      if (this.#seen !== undefined) this.#note(`${this.#path} is gone`);
      this.#seen = undefined;
      return undefined;
    }
    this.#notice(stats, now);
    const path = this.#path;
    return {
      name: LIVE_FILES[this.#log],
      size: stats.size,
      lastWritten: Math.max(Math.floor(stats.mtimeMs), openedAt),
      hour: this.#seen?.hour ?? 0,
      read: (start, end) => withFile(path, (file) => readFully(file, start, Math.min(end, stats.size))),
      stream: (chunkBytes) => streamFile(path, stats.size, chunkBytes),
    };
  }

  #notice({ ino: inode, size }: Stats, now: number): void {
    const seen = this.#seen;
    if (seen !== undefined && seen.inode !== inode) this.#note(`${this.#path} was replaced by another file`);
    else if (seen !== undefined && size < seen.size) {
      this.#note(`${this.#path} was truncated from ${seen.size} to ${size} bytes`);
    }
    // The file is never renamed here, so that its markers stay those of one hour.
    this.#seen = { inode, size, hour: seen?.hour ?? Math.floor(now / HOUR_MS) + 1 };
  }

  #note(notice: string): void {
    this.notices.push(notice);
    if (this.notices.length > MAX_NOTICES) this.notices.shift();
    this.#tell(notice);
  }
}

/** The file stays open from its beginning to its end, so that it is one file, also when another takes its name. */
function* streamFile(path: string, size: number, chunkBytes: number): Iterable<Buffer> {
  const file = openSync(path, "r");
  try {
    for (let start = 0; start < size; start += chunkBytes) {
      const end = Math.min(start + chunkBytes, size);
      const bytes = readFully(file, start, end);
      if (bytes.length < end - start) {
        throw new Error(`${path} lost its end while it was read, it has ${fstatSync(file).size} bytes`);
      }
      yield bytes;
    }
  } finally {
    closeSync(file);
  }
}

function withFile<Result>(path: string, use: (file: number) => Result): Result {
  const file = openSync(path, "r");
  try {
    return use(file);
  } finally {
    closeSync(file);
  }
}

/** The bytes from `start` to before `end`, or to the end of the file. */
function readFully(file: number, start: number, end: number): Buffer {
  const bytes = Buffer.alloc(Math.max(0, end - start));
  let filled = 0;
  while (filled < bytes.length) {
    const count = readSync(file, bytes, filled, bytes.length - filled, start + filled);
    if (count === 0) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}
