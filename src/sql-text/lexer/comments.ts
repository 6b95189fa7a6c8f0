import type { Dialect } from "../dialect.ts";
import { isDigit } from "./bytes.ts";

/*
 * Block comments, and which of them a server executes.
 */

const EXCLAMATION = 33;
const STAR = 42;
const SLASH = 47;
const CAPITAL_M = 77;

/**
 * Where the exclamation mark is that makes a comment executable, `/*!50000 ...` or MariaDB's `/*M!100100 ...`; -1 for any other
 * comment.
 * @param start where the comment's content begins
 */
export function executableMark(bytes: Uint8Array, start: number): number {
  const at = bytes[start] === CAPITAL_M ? start + 1 : start;
  return bytes[at] === EXCLAMATION ? at : -1;
}

/**
 * Where the SQL of an executable comment begins; -1 for a comment that this server does not execute.
 * @param start where the comment's content begins
 * @param server null to execute what either server does
 */
export function executedFrom(bytes: Uint8Array, start: number, server: Dialect | null): number {
  const mark = executableMark(bytes, start);
  if (mark < 0) return -1;
  let at = mark + 1;
  let version = 0;
  for (; isDigit(bytes[at] as number); at++) version = version * 10 + (bytes[at] as number) - 48;
  return isExecuted(server, mark > start, version) ? at : -1;
}

/** The versions that MySQL has and MariaDB never had: MariaDB does not execute a comment that asks for one of them. */
const FIRST_FOREIGN = 50_700;
const LAST_FOREIGN = 99_999;
/** `/*!99999 ...` and `/*!999999 ...` are how people write "never". */
const NEVER_IN_MYSQL = 99_999;
const NEVER_IN_MARIADB = 999_999;

/**
 * Whether a server executes such a comment: after MySQL's Lex_input_stream in sql_lex.cc, where `/*M!` is a plain comment, and
 * MariaDB's. A server's own version is taken to be as high as the comment asks for.
 */
function isExecuted(server: Dialect | null, isMariadbs: boolean, version: number): boolean {
  if (server === null) return true;
  if (server === "mysql") return !isMariadbs && version < NEVER_IN_MYSQL;
  const isForeign = !isMariadbs && version >= FIRST_FOREIGN && version <= LAST_FOREIGN;
  return !isForeign && version < NEVER_IN_MARIADB;
}

/**
 * Finds the end of a comment that is not executed.
 * @param start where the comment's content begins
 * @returns where what comes after it begins, or -1 when it is not closed
 */
export function endOfComment(bytes: Uint8Array, length: number, start: number): number {
  for (let at = start + 1; at < length; at++) {
    if (bytes[at] === SLASH && bytes[at - 1] === STAR) return at + 1;
  }
  return -1;
}
