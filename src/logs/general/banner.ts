/*
 * The banner: three lines that a server writes whenever it opens its log, at the beginning of a file and after the log was
 * switched off. They belong to no record.
 */

/** The longest line of a banner, in characters. It begins with the path of the server. */
export const MAX_BANNER = 1024;
const SPACE = 32;

/** `/rdsdbbin/mysql/bin/mysqld, Version: 8.0.43 (Source distribution). started with:` */
const BANNER_FIRST = /^\S.*, Version: .*started with:[ \t]*\r?\n?$/;
/** `Time                 Id Command    Argument`, with tabs in MariaDB's. */
const BANNER_LAST = /^Time[ \t]+Id Command[ \t]+Argument[ \t]*\r?\n?$/;

/** A cheaper test than the patterns, which rules out most lines: one that begins with `Time` or ends with `started with:`. */
export function mayBeBanner(text: string, first: number, at: number, next: number): boolean {
  if (next - at > MAX_BANNER || next - at < 16) return false;
  if (first === 84 && text.startsWith("ime", at + 1)) return true;
  let end = next - 1;
  while (end > at && text.charCodeAt(end) <= SPACE) end--;
  return text.charCodeAt(end) === 58 && text.startsWith("started with", end - 12);
}

/** The same of a line in bytes, of which there are up to three for one of its UTF-16 units: whether it is too long, isBanner says. */
export function mayBeBannerAt(bytes: Uint8Array, at: number, next: number): boolean {
  if (next - at > 3 * MAX_BANNER || next - at < 16) return false;
  if (bytes[at] === TIME[0] && stands(TIME, bytes, at)) return true;
  let end = next - 1;
  while (end > at && (bytes[end] as number) <= SPACE) end--;
  return bytes[end] === STARTED_WITH.at(-1) && stands(STARTED_WITH, bytes, end + 1 - STARTED_WITH.length);
}

const codesOf = (word: string): number[] => [...word].map((letter) => letter.charCodeAt(0));
const TIME = codesOf("Time");
const STARTED_WITH = codesOf("started with:");

const stands = (word: readonly number[], bytes: Uint8Array, at: number): boolean =>
  word.every((code, index) => bytes[at + index] === code);

/** Whether a whole line is the first or the last of a banner. */
export function isBanner(line: string): boolean {
  if (line.length > MAX_BANNER) return false;
  return BANNER_FIRST.test(line) || BANNER_LAST.test(line);
}

/** `Tcp port: 3306  Unix socket: /tmp/mysql.sock`, or on Windows `TCP Port: 3306, Named Pipe: MySQL`. */
export function isBannerMiddle(text: string, at: number): boolean {
  return text.startsWith("Tcp port: ", at) || text.startsWith("TCP Port: ", at);
}
