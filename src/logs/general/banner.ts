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

/** Whether a whole line is the first or the last of a banner. */
export function isBanner(line: string): boolean {
  return BANNER_FIRST.test(line) || BANNER_LAST.test(line);
}

/** `Tcp port: 3306  Unix socket: /tmp/mysql.sock`, or on Windows `TCP Port: 3306, Named Pipe: MySQL`. */
export function isBannerMiddle(text: string, at: number): boolean {
  return text.startsWith("Tcp port: ", at) || text.startsWith("TCP Port: ", at);
}
