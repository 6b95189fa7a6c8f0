import type { StatementBytes } from "./statement-bytes.ts";

/*
 * The tags that applications write into their statements in the manner of sqlcommenter (google.github.io/sqlcommenter/spec): in a
 * comment behind the statement or before it, as action='checkout',framework='rails%207'. Keys and values are encoded as in a URL,
 * and a quote in a value has a backslash before it.
 */

/** A statement's tags: each key once, in their order. */
export type Tags = readonly (readonly [key: string, value: string])[];

/** No tags. */
export const NO_TAGS: Tags = Object.freeze([]);

/** How many tags of a statement are read, and the longest key and value, in UTF-16 units. */
const MAX_TAGS = 32;
const MAX_KEY = 128;
const MAX_VALUE = 1024;
/** A longer comment is not looked at. */
const MAX_COMMENT = 8192;

const BLANK = 32;
const STAR = 42;
const SLASH = 47;
const SEMICOLON = 59;

/** A tag, and what may stand behind it: another one, or nothing. */
const TAG = /\s*([\w.~%-]+)\s*=\s*'((?:[^'\\]|\\.)*)'\s*(,|$)/sy;

/** The comment that was read last, and its tags: many statements in a row have the same. */
let lastComment = "";
let lastTags = NO_TAGS;

/**
 * Reads the tags of a statement. Of most statements two characters show that there are none. A statement that has lost its end
 * has lost those behind it, and one without its literals has none, since comments go with them.
 */
export function tagsOf(sql: string): Tags {
  const behind = commentBehind(sql);
  const tags = behind === "" ? NO_TAGS : tagsOfComment(behind);
  return tags.length > 0 ? tags : tagsOfComment(commentBefore(sql));
}

/** Whether a statement may have tags, as far as its bytes say: they are in a comment, which may hold a secret. */
export const mayHaveTags = (bytes: StatementBytes | null): boolean => bytes?.mayHoldSecret !== false;

/** The comment behind a statement, with its marks; empty without one. */
export function commentBehind(sql: string): string {
  let end = sql.length;
  let last = sql.charCodeAt(end - 1);
  while (end > 0 && (last <= BLANK || last === SEMICOLON)) last = sql.charCodeAt(--end - 1);
  if (last !== SLASH || sql.charCodeAt(end - 2) !== STAR) return "";
  // Forwards: backwards takes many times as long.
  let start = -1;
  for (let at = sql.indexOf("/*"); at >= 0 && at <= end - 3; at = sql.indexOf("/*", at + 1)) start = at;
  return commentBetween(sql, start, end);
}

/** The comment before a statement, with its marks; empty without one. */
export function commentBefore(sql: string): string {
  let start = 0;
  while (sql.charCodeAt(start) <= BLANK) start++;
  if (sql.charCodeAt(start) !== SLASH || sql.charCodeAt(start + 1) !== STAR) return "";
  return commentBetween(sql, start, sql.indexOf("*/", start + 2) + 2);
}

function commentBetween(sql: string, start: number, end: number): string {
  return start < 0 || end - start < 4 || end - start > MAX_COMMENT ? "" : sql.slice(start, end);
}

/** The tags of a comment, with its marks: of one that has tags and nothing else. */
export function tagsOfComment(comment: string): Tags {
  if (comment === "") return NO_TAGS;
  if (comment === lastComment) return lastTags;
  lastTags = readTags(comment.slice(2, -2));
  // A copy: a part of a string would keep the block of the log around it in memory.
  lastComment = own(comment);
  return lastTags;
}

/** The tags as a record has them; null for none. */
export const tagsObject = (tags: Tags): Record<string, string> | null =>
  tags.length === 0 ? null : Object.fromEntries(tags);

/** The value of a tag; undefined where it is not there. */
export function tagValue(tags: Tags, key: string): string | undefined {
  for (const [name, value] of tags) if (name === key) return value;
  return undefined;
}

/** @param content of a comment that has tags and nothing else; any other has none */
function readTags(content: string): Tags {
  const tags = new Map<string, string>();
  TAG.lastIndex = 0;
  for (let isMore = true; isMore; ) {
    const [, name = "", quoted = "", mark] = TAG.exec(content) ?? [];
    if (mark === undefined) return NO_TAGS;
    isMore = mark === ",";
    const key = decoded(name);
    const value = decoded(quoted.replace(/\\(.)/gs, "$1"));
    if (key.length > MAX_KEY || value.length > MAX_VALUE || tags.has(key) || tags.size >= MAX_TAGS) continue;
    tags.set(own(key), own(value));
  }
  return [...tags];
}

/** As it is where it is not encoded as in a URL. */
function decoded(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const own = (part: string): string => JSON.parse(JSON.stringify(part));
