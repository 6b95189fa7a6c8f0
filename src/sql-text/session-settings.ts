/*
 * What a session's own statements say of how its later ones are to be read. It is little: a session has the server's sql_mode
 * and its client's character set until it sets others, and only that is in the log.
 */

/** What is known of the session that a statement ran in; null where nothing is. */
export interface SessionSettings {
  /** Whether a backslash escapes in its strings: sql_mode is without NO_BACKSLASH_ESCAPES. */
  escapes: boolean | null;
  /** Whether its client's characters may have the byte of a backslash in them, as gbk's have. */
  wide: boolean | null;
  /** Whether `mysql` is its default database, so that `user` is the table of accounts. */
  inMysql: boolean | null;
}

/** The settings of a session of which nothing is known. */
export const UNKNOWN_SETTINGS: SessionSettings = Object.freeze({ escapes: null, wide: null, inMysql: null });

/** Whether a default database is `mysql`, that of the tables of accounts. */
export function isMysqlDatabase(db: string | null): boolean {
  return db !== null && db.length === 5 && db.toLowerCase() === "mysql";
}

const BLANK = 32;
const SLASH = 47;
const LETTER_E = 101;
const LETTER_S = 115;
const LETTER_T = 116;
const LETTER_U = 117;

/** Whether a statement may be a SET or a USE: the first one to three letters rule out most others. */
export function mayChangeSettings(statement: string): boolean {
  const first = statement.charCodeAt(0);
  if (first <= BLANK || first === SLASH) return true;
  const second = statement.charCodeAt(1) | 32;
  if ((first | 32) === LETTER_U) return second === LETTER_S;
  return (first | 32) === LETTER_S && second === LETTER_E && (statement.charCodeAt(2) | 32) === LETTER_T;
}

/** Whether a statement, in bytes, may begin with a SET or a USE, or with what may stand before one. */
export function mayBeginWithSetOrUse(bytes: Uint8Array, at: number): boolean {
  const first = bytes[at] as number;
  if (first <= BLANK || first === SLASH || first === HASH || first === DASH) return true;
  const second = (bytes[at + 1] as number) | 32;
  if ((first | 32) === LETTER_U) return second === LETTER_S;
  return (first | 32) === LETTER_S && second === LETTER_E && ((bytes[at + 2] as number) | 32) === LETTER_T;
}

/**
 * What stands between words: blanks, comments, and the frame of a comment that the server runs. A blank is one of ASCII's: the
 * server takes others for a part of a name, and a pattern that took them for both would try every way to share a run of them.
 */
const GAP =
  "(?:[\\t-\\r ]|/\\*(?!M?!)(?:[^*]|\\*(?!/))*\\*/|/\\*M?!\\d*|\\*/|(?:#|--(?=[\\t-\\r ]))[^\\n]*(?:\\n|$))";
/** A USE as a whole statement: nothing else stands behind the name, so few texts in strings look like one. */
const WHOLE_USE = new RegExp(
  `^${GAP}*use(?:${GAP}+[\\w$\\u0080-\\uffff]+|${GAP}*(?:\`(?:[^\`]|\`\`)+\`|"(?:[^"]|"")+"))${GAP}*(?:;|$)`,
  "i",
);
/** So much of a text is looked at for a USE that begins there. In UTF-16 code units. */
const MAX_USE = 512;
const HASH = 35;
const STAR = 42;
const DASH = 45;
const SEMICOLON = 59;

/** Whether a text may be a USE, or begins with what may stand before one. */
function mayBeUse(text: string, at: number): boolean {
  const first = text.charCodeAt(at);
  if ((first | 32) === LETTER_U) return (text.charCodeAt(at + 1) | 32) === LETTER_S;
  return first <= BLANK || first === SLASH || first === HASH || first === DASH;
}

/** Whether a text that was sent as a query has a USE in it: as the whole of it, or as one of several statements. */
export function choosesDatabase(statement: string): boolean {
  if (mayBeUse(statement, 0) && WHOLE_USE.test(statement.slice(0, MAX_USE))) return true;
  for (let at = statement.indexOf(";"); at >= 0; at = statement.indexOf(";", at + 1)) {
    if (mayBeUse(statement, at + 1) && WHOLE_USE.test(statement.slice(at + 1, at + 1 + MAX_USE))) return true;
  }
  return false;
}

/**
 * Whether a text may have a USE behind one of its semicolons: wherever choosesDatabase finds one there, and in some others.
 * @param start where it begins in bytes of UTF-8 @param end where it ends
 */
export function mayChooseDatabaseIn(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    if (bytes[at] !== SEMICOLON) continue;
    let next = at + 1;
    while (next < end && (bytes[next] as number) <= BLANK) next++;
    if (next < end && mayBeginUse(bytes[next] as number)) return true;
  }
  return false;
}

/** Whether a USE may begin with this byte, or the gap before it: also a blank that is not ASCII's. */
function mayBeginUse(byte: number): boolean {
  const isMark = byte === SLASH || byte === HASH || byte === DASH || byte === STAR;
  return isMark || byte >= 128 || (byte | 32) === LETTER_U;
}

/** A longer SET is not looked at: it sets more than a session's mode. In UTF-16 code units. */
const MAX_SET = 4096;
const SET = /^(?:\s|\/\*(?!M?!)(?:[^*]|\*(?!\/))*\*\/|\/\*M?!\d*)*set\s/i;
const USE = /^\s*use\s+`?([^`;\s]+)/i;
const NAMES = /\b(?:names|character\s+set|charset|character_set_client\s*:?=)\s*['"]?(@?\w+)/gi;
const MODE =
  /(\b(?:global|persist|persist_only)[\s.`]+)?\bsql_mode`?\s*:?=\s*(?:'([^']*)'|"([^"]*)"|(\d+)|(.*))/gis;
/** The character sets of clients whose second bytes include that of a backslash. */
const WIDE_SETS = /^(?:gbk|gb18030|big5|sjis|cp932)$/i;
const NO_BACKSLASH_ESCAPES = /no_backslash_escapes/i;
/** NO_BACKSLASH_ESCAPES in a sql_mode that is given as a number (MODE_NO_BACKSLASH_ESCAPES, 1 << 20). */
const NO_BACKSLASH_BIT = 1 << 20;

/** What is known of a session once it has run the statement; the same object when the statement changes nothing. */
export function settingsAfter(statement: string, before: SessionSettings): SessionSettings {
  if (statement.length > MAX_SET) return before;
  const use = USE.exec(statement);
  if (use !== null) return { ...before, inMysql: isMysqlDatabase(use[1] as string) };
  if (!SET.test(statement)) return before;
  let settings = before;
  for (const [, name = ""] of statement.matchAll(NAMES)) {
    const isNamed = name.toLowerCase() !== "default" && !name.startsWith("@");
    settings = { ...settings, wide: isNamed ? WIDE_SETS.test(name) : null };
  }
  for (const [, isGlobal, single, double, number, expression] of statement.matchAll(MODE)) {
    // Connected sessions keep their own.
    if (isGlobal !== undefined) continue;
    const mode = single ?? double;
    let escapes: boolean | null = null;
    if (mode !== undefined) escapes = !NO_BACKSLASH_ESCAPES.test(mode);
    else if (number !== undefined) escapes = (Number(number) & NO_BACKSLASH_BIT) === 0;
    // `CONCAT(@@sql_mode, ',STRICT_TRANS_TABLES')`, as drivers do.
    else if (/^concat\(\s*@@/i.test(expression as string) && !NO_BACKSLASH_ESCAPES.test(expression as string))
      escapes = settings.escapes;
    settings = { ...settings, escapes };
  }
  return settings;
}
