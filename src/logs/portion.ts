import { isAscii } from "node:buffer";
import type { AwsResult } from "../aws/client.ts";
import type { LogPortion } from "../aws/rds-logs.ts";

const encoder = new TextEncoder();

/** What RDS writes for the rest of a line that it cut at 1 MB. The marker that it gives then skips that rest. */
const NOTICE = encoder.encode(" [Your log message was truncated]\n");
/** The most that RDS gives at once. A portion that was cut has so much; a statement that only holds the notice is shorter. */
const MAX_PORTION_BYTES = 1024 * 1024;
/** The most lines that RDS gives at once. */
export const MAX_PORTION_LINES = 10_000;
/** The share of it that is asked for, so that lines somewhat longer than those before still fit. */
const ASKED_FOR = 0.95;

/** What RDS gives for bytes that are no UTF-8, such as the first bytes of a character that is not written to its end yet. */
const NO_CHARACTER = encoder.encode("\ufffd");
const LF = 10;

// Of four bytes in one number: four ends of lines, the high bit of each byte, and the others.
const LINE_ENDS = 0x0a0a0a0a;
const HIGH_BITS = 0x80808080;
const LOW_BITS = 0x7f7f7f7f;
/** Of so many words, no byte's place has more ends of lines than a byte can count. */
const MAX_WORDS = 255;

/** A stretch of a log file, and whether a statement in it has lost its end: RDS never gives it. */
export interface WholePortion extends LogPortion {
  isCut: boolean;
}

/** Asks for the stretch at a marker; `lines` at most, or as much as RDS gives. */
export type Download = (marker: string, lines?: number) => Promise<AwsResult<LogPortion>>;

/** Whether RDS gave as much as it gives at once. */
const isFull = (data: Uint8Array): boolean =>
  data.length >= MAX_PORTION_BYTES || wholeLines(data, MAX_PORTION_LINES) >= MAX_PORTION_LINES;

/** A stretch that follows what was read already. */
export interface NextPortion extends WholePortion {
  /** Where to ask next: the marker that was asked for, if RDS gave none. */
  marker: string;
  /** How many bytes behind that marker have been read by then, as RDS gives them. */
  past: number;
  /** Whether RDS gave as much as it can, and nothing that was not read already: what follows can't be had. */
  isOutOfReach: boolean;
}

/**
 * Reads a stretch as readPortion does, also one that begins some bytes behind a marker: RDS gave no marker for what follows those,
 * so they are asked for again and left out.
 */
export async function readNext(
  marker: string,
  past: number,
  isGrowing: boolean,
  download: Download,
  lines?: number,
): Promise<AwsResult<NextPortion>> {
  const read = await readPortion(marker, isGrowing, download, lines);
  if (!read.ok) return read;
  const { data, marker: given } = read.value;
  const next = given ?? marker;
  const known = given === null ? Math.max(past, data.length) : past;
  const value = {
    ...read.value,
    data: data.subarray(past),
    marker: next,
    past: next === marker ? known : Math.max(0, past - data.length),
    isOutOfReach: next === marker && past > 0 && data.length <= past && isFull(data),
  };
  return { ok: true, value };
}

/**
 * Reads a stretch of whole lines. RDS cuts the line with which a portion exceeds 1 MB and skips its rest, so the lines before it
 * are asked for alone, and the line itself with the next portion. A single line of more than 1 MB can't be had whole.
 *
 * A server writes a long statement in several pieces, and the newest may end within a character, of which neither half can be
 * read: that line is left for the next portion, too.
 * @param isGrowing whether the server still writes to the file
 * @param lines how many lines are likely to fit (see `linesThatFit`): a portion that is cut has to be asked for twice
 */
export async function readPortion(
  marker: string,
  isGrowing: boolean,
  download: Download,
  lines?: number,
): Promise<AwsResult<WholePortion>> {
  const first = await download(marker, lines);
  if (!first.ok) return first;
  const { data } = first.value;
  if (isGrowing && endsWith(data, NO_CHARACTER)) {
    const whole = wholeLines(data);
    if (whole > 0) return withCut(await download(marker, whole), false);
    return { ok: true, value: { data: new Uint8Array(0), marker, pending: false, isCut: false } };
  }
  if (data.length < MAX_PORTION_BYTES || !endsWith(data, NOTICE)) return withCut(first, false);
  const rest = data.subarray(0, -NOTICE.length);
  const whole = wholeLines(rest);
  if (whole > 0) return withCut(await download(marker, whole), false);
  const line = new Uint8Array(rest.length + 1);
  line.set(rest);
  line[rest.length] = LF;
  return { ok: true, value: { ...first.value, data: line, isCut: true } };
}

/** How many bytes a portion has in the file, at least: for each that is no UTF-8, RDS gives one character of three bytes. */
export function bytesAtLeast(data: Uint8Array): number {
  if (isAscii(data)) return data.length;
  const [first, second, third] = NO_CHARACTER;
  let replaced = 0;
  for (let at = data.indexOf(first as number); at !== -1; at = data.indexOf(first as number, at + 1)) {
    if (data[at + 1] === second && data[at + 2] === third) replaced++;
  }
  return data.length - 2 * replaced;
}

/** How many lines end in a portion; some number from `enough` on, where there are so many. */
function wholeLines(data: Uint8Array, enough = Number.POSITIVE_INFINITY): number {
  const words = wordsOf(data);
  let lines = 0;
  for (let from = 0; from < words.length && lines < enough; from += MAX_WORDS) {
    const to = Math.min(words.length, from + MAX_WORDS);
    // Four counts in one number, each of a byte's place.
    let counts = 0;
    for (let at = from; at < to; at++) {
      // A byte of it is 0 where a line ends. Only then does the sum below leave the byte's high bit 0.
      const word = (words[at] as number) ^ LINE_ENDS;
      counts = (counts + ((~(((word & LOW_BITS) + LOW_BITS) | word) & HIGH_BITS) >>> 7)) | 0;
    }
    lines += (counts & 255) + ((counts >>> 8) & 255) + ((counts >>> 16) & 255) + (counts >>> 24);
  }
  for (let at = 4 * words.length; at < data.length; at++) if (data[at] === LF) lines++;
  return lines;
}

/** The data four bytes at a time, without the last bytes that are fewer: to look at each by itself takes several times as long. */
function wordsOf(data: Uint8Array): Uint32Array {
  const aligned = data.byteOffset % 4 === 0 ? data : data.slice();
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length >> 2);
}

/**
 * How many lines are likely to fit a portion, if they are as long as those of the one before; undefined for as many as there
 * may be.
 * @param bytes what `bytesAtLeast` says of the one before
 */
export function linesThatFit(data: Uint8Array, bytes: number = bytesAtLeast(data)): number | undefined {
  const fittingBytes = ASKED_FOR * MAX_PORTION_BYTES;
  // With so many, as many fit as RDS gives: of lines as short as a slow log's, most need not be counted.
  const lines = wholeLines(data, (MAX_PORTION_LINES * bytes) / fittingBytes);
  const fitting = Math.max(1, Math.floor((fittingBytes * lines) / bytes));
  return lines === 0 || fitting >= MAX_PORTION_LINES ? undefined : fitting;
}

function withCut(result: AwsResult<LogPortion>, cut: boolean): AwsResult<WholePortion> {
  return result.ok ? { ok: true, value: { ...result.value, isCut: cut } } : result;
}

function endsWith(data: Uint8Array, end: Uint8Array): boolean {
  const at = data.length - end.length;
  return at >= 0 && end.every((byte, index) => data[at + index] === byte);
}
