import type { LogSource } from "./log-source.ts";

/** What DownloadDBLogFilePortion returns at most, but for the notice. */
export const MAX_PORTION_BYTES = 1024 * 1024;
export const MAX_PORTION_LINES = 10_000;
/** What RDS puts where it cut a line, with the space before it and the newline after it. */
export const TRUNCATION_NOTICE = " [Your log message was truncated]\n";

/** What AdditionalDataPending says: the truth, `false` always, or nothing. */
export const PENDING = ["true-or-false", "false", "absent"] as const;
/** What becomes of control characters, which XML can't say: U+FFFD, or references such as `&#x1;`. */
export const CONTROLS = ["replaced", "referenced"] as const;

/** What people have met of DownloadDBLogFilePortion that its reference does not say. */
export interface PortionBehaviour {
  pending: (typeof PENDING)[number];
  controls: (typeof CONTROLS)[number];
  /** Whether a portion with a NUL is refused as binary data. */
  refusesBinary: boolean;
}

/** As its reference says. */
export const DEFAULT_BEHAVIOUR: PortionBehaviour = {
  pending: "true-or-false",
  controls: "replaced",
  refusesBinary: false,
};

const NEWLINE = 10;
const SCAN_BYTES = 256 * 1024;

/** A part of a log file. */
export interface Portion {
  bytes: Buffer;
  /** Where the next portion begins: after the rest of a line that was cut. */
  end: number;
  /** Whether the last line was cut. */
  isCut: boolean;
}

/** At most so many lines from a position on, and at most 1 MB; the line that would pass 1 MB is cut there. */
export function portionFrom(source: LogSource, start: number, lines: number): Portion {
  // One byte more than may be returned: it tells a line that ends with the limit from one that passes it.
  const window = source.read(start, start + MAX_PORTION_BYTES + 1);
  let length = 0;
  for (let line = 0; line < lines && length < MAX_PORTION_BYTES; line++) {
    const newline = window.indexOf(NEWLINE, length);
    const next = newline === -1 ? window.length : newline + 1;
    if (next > MAX_PORTION_BYTES) {
      const bytes = window.subarray(0, MAX_PORTION_BYTES);
      return { bytes, end: endOfLine(source, start + MAX_PORTION_BYTES), isCut: true };
    }
    length = next;
    if (newline === -1) break;
  }
  return { bytes: window.subarray(0, length), end: start + length, isCut: false };
}

/** The newest lines of a file: at most so many, and as many whole ones as 1 MB holds. */
export function newestPortion(source: LogSource, lines: number): Portion {
  // One byte more than may be returned: it tells whether the first line of 1 MB is whole.
  const earliest = Math.max(0, source.size - MAX_PORTION_BYTES - 1);
  const window = source.read(earliest, source.size);
  let start = window.length;
  for (let line = 0; line < lines && start > 0; line++) {
    const newline = start === 1 ? -1 : window.lastIndexOf(NEWLINE, start - 2);
    const fits = window.length - (newline + 1) <= MAX_PORTION_BYTES;
    if (!fits && line === 0) return portionFrom(source, startOfLine(source, earliest), 1);
    if (!fits) break;
    start = newline + 1;
  }
  return { bytes: window.subarray(start), end: source.size, isCut: false };
}

/** Where the line ends that an offset is in: after its newline, or at the end of what is written. */
function endOfLine(source: LogSource, offset: number): number {
  for (let start = offset; start < source.size; start += SCAN_BYTES) {
    const newline = source.read(start, start + SCAN_BYTES).indexOf(NEWLINE);
    if (newline !== -1) return start + newline + 1;
  }
  return source.size;
}

/** Where the line begins that an offset is in. */
function startOfLine(source: LogSource, offset: number): number {
  for (let end = offset; end > 0; end -= SCAN_BYTES) {
    const start = Math.max(0, end - SCAN_BYTES);
    const newline = source.read(start, end).lastIndexOf(NEWLINE);
    if (newline !== -1) return start + newline + 1;
  }
  return 0;
}
