/*
 * The words by which secrets are recognised.
 */

/** Matches every text that may hold a secret. Account statements with typing mistakes are recognised by their other words. */
export const MAY_HOLD_SECRET = new RegExp(
  [
    "pas[sw]|pwd|\\bpw|_pw|secret|credential|identif|dentf|sst_auth|authentication_s",
    "mysql|global_priv|slave_master|\\bservers\\b|spider_|external_|import_binlog",
    "connection|option_list|crypt",
    "grant\\s|(?:create|alter|replace)\\s+(?:user|server)|change\\s+(?:master|repl)|clone\\s|execute\\s",
    "start\\s+(?:slave|repl|group_|all)|\\bby\\s*['\"]|set\\s+pa?s",
    "[\\s*#]-p\\S|://[^\\s/@]*@",
  ].join("|"),
  "i",
);
/** The same for a statement that reads or writes tables, if it has no comments or variables. */
const MAY_HOLD_IN_DML =
  /pas[sw]|dentif|dentf|mysql|crypt|global_priv|servers|slave_master|spider_|authentication_s|create user|alter user|external_/i;

/**
 * Whether a statement may hold a secret at all. Nearly all statements need no more than this test, so it is kept cheap: most read
 * or write tables, which their first letters tell, and have few places for a secret.
 */
export function mayHoldSecret(sql: string): boolean {
  let at = 0;
  while (sql.charCodeAt(at) <= 32) at++;
  return isDml(sql.charCodeAt(at), sql.charCodeAt(at + 2)) ? mayHoldInDml(sql) : MAY_HOLD_SECRET.test(sql);
}

/** Whether a statement with such a first and third letter is taken to read or write tables. */
export function isDml(first: number, third: number): boolean {
  switch (first | 32) {
    // SELECT, not SET.
    case 115:
      return (third | 32) === 108;
    // DELETE, INSERT, REPLACE, UPDATE, WITH.
    case 100:
    case 105:
    case 114:
    case 117:
    case 119:
      return true;
    default:
      return false;
  }
}

function mayHoldInDml(sql: string): boolean {
  if (MAY_HOLD_IN_DML.test(sql)) return true;
  const hasMark = sql.includes("@") || sql.includes("#") || sql.includes("/*") || sql.includes("--");
  return (hasMark || mayBeMany(sql)) && MAY_HOLD_SECRET.test(sql);
}

/**
 * Whether a packet without comments may have a statement behind its first one, which may be of any kind: something follows a semicolon
 * that is not in a string or a name. Where one ends is certain without a backslash and a double quote, which mean one thing or the other by
 * the session's `sql_mode`.
 */
function mayBeMany(sql: string): boolean {
  if (!sql.includes(";")) return false;
  const isCertain = !sql.includes("\\") && !sql.includes('"');
  return /;\s*\S/.test(isCertain ? sql.replace(/'[^']*'|`[^`]*`/g, "") : sql);
}

/** The functions whose arguments are passwords. */
export const PASSWORD_FUNCTIONS = new Set([
  "PASSWORD",
  "OLD_PASSWORD",
  "ED25519_PASSWORD",
  "ENCRYPT",
  "VALIDATE_PASSWORD_STRENGTH",
  // MariaDB's Spider: their last argument says how to connect.
  "SPIDER_BG_DIRECT_SQL",
  "SPIDER_DIRECT_SQL",
]);
/** The functions whose first argument is data, and what follows it a key. */
export const KEYED_FUNCTIONS = new Set(["AES_DECRYPT", "AES_ENCRYPT", "DES_DECRYPT", "DES_ENCRYPT"]);

/** Procedures of RDS that are given passwords or private keys, in whatever database. */
export const RDS_PROCEDURE = /^RDS_(?:SET_EXTERNAL_|IMPORT_BINLOG)/;

/** Tables of the database `mysql` that hold passwords or their hashes. */
export const ACCOUNT_TABLES = new Set([
  "GLOBAL_PRIV",
  "PASSWORD_HISTORY",
  "SERVERS",
  "SLAVE_MASTER_INFO",
  "SPIDER_TABLES",
  "USER",
]);
/** Those among them whose names no application has for a table of its own. */
export const UNMISTAKABLE_TABLES = new Set(["GLOBAL_PRIV", "SLAVE_MASTER_INFO", "SPIDER_TABLES"]);
/** Columns by which the others are recognised where the default database is not known. */
export const ACCOUNT_COLUMNS = new Set([
  "AUTHENTICATION_STRING",
  "PASSWORD_EXPIRED",
  "PLUGIN",
  "SERVER_NAME",
  "SSL_CIPHER",
  "SUPER_PRIV",
  "WRAPPER",
]);

/** Words before the name of a table that is read or written. */
export const BEFORE_TABLE = new Set([
  "FROM",
  "IGNORE",
  "INSERT",
  "INTO",
  "JOIN",
  "LOW_PRIORITY",
  "REPLACE",
  "UPDATE",
]);

/** Words that a BY and a string may follow: any other word there is likely to be a misspelt IDENTIFIED. */
export const BEFORE_BY = new Set([
  "CLUSTER",
  "DISTRIBUTED",
  "ENCLOSED",
  "ESCAPED",
  "GROUP",
  "ORDER",
  "PARTITION",
  "STARTING",
  "SUBPARTITION",
  "TERMINATED",
]);

/** Names of user variables whose values are secrets. */
const SECRET_VARIABLE = /PASSW|PASSPHRASE|PASS(?![A-Z])|PWD|(?<![A-Z])PW(?![A-Z])|SECRET|CREDENTIAL/;
/** The same for system variables and for variables in procedures; not `default_password_lifetime`. */
const SECRET_SETTING = /(?:PASSWORD|PASSWD|PASSPHRASE|PWD|(?:^|_)PW|SST_AUTH|SECRET|SECRET_KEY|SECRET_ID)$/;

/**
 * Whether what is assigned to a variable is a secret.
 * @param name in capitals; of a user variable with its "@"
 */
export function isSecretName(name: string): boolean {
  return name.startsWith("@") ? SECRET_VARIABLE.test(name) : SECRET_SETTING.test(name) || isMisspelt(name);
}

/** Whether a word is PASSWORD but for one or two typing mistakes. */
export function isMisspelt(word: string): boolean {
  const right = "PASSWORD";
  if (!word.startsWith("P") || word === right || Math.abs(word.length - right.length) > 2) return false;
  let row = Array.from({ length: right.length + 1 }, (_, i) => i);
  for (let i = 0; i < word.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < right.length; j++) {
      const change = (row[j] as number) + (word[i] === right[j] ? 0 : 1);
      next.push(Math.min(change, (row[j + 1] as number) + 1, (next[j] as number) + 1));
    }
    row = next;
  }
  return (row[right.length] as number) <= 2;
}

/** `-pSecret` of a command line; with a capital it is a port. */
const OPTION = /(?:^|[\s*#])-p\S/;
/** `--password ..`, `password: ..`, `pw=..`, and a URL's `user:..@`. */
const REMARK =
  /--password\s+\S|(?:passw(?:or)?d|passphrase|\bpwd?|\bpass|secret)["'`]?\s*[:=]\s*\S|:\/\/[^\s/:@]+:[^\s/@]+@/i;

/** Whether a comment names a secret and gives it. */
export function saysSecret(comment: string): boolean {
  return OPTION.test(comment) || REMARK.test(comment);
}

/** Whether a table's CONNECTION string holds more than where to. */
export function isSecretConnection(text: string): boolean {
  const url = text.indexOf("://");
  return (url >= 0 && text.includes("@", url)) || /passw|pwd/i.test(text);
}

/** Whether a table's comment or options, in which Spider and CONNECT have theirs, give a password. */
export function givesPassword(text: string): boolean {
  return /(?:passw(?:or)?d|pwd)\s*["'=]/i.test(text);
}

/** Matches an account statement in a text whose quotes are ambiguous. */
export const ACCOUNT_WORDS =
  /identif\w*\s+(?:by|with|via)|set\s+password|(?:master|source)_password|password\s*\(|(?:create|alter)\s+user/i;

/** Where the last quote of any kind is, in bytes; -1 when there is none. */
export function lastQuote(bytes: Uint8Array, length: number): number {
  let at = length - 1;
  while (at >= 0 && bytes[at] !== 34 && bytes[at] !== 39 && bytes[at] !== 96) at--;
  return at;
}

/** Where the last IDENTIFIED or PASSWORD, or what begins like them, is, in bytes of UTF-8; -1 when there is none. */
export function lastAccountWord(text: string): number {
  const lower = text.toLowerCase();
  const index = Math.max(lower.lastIndexOf("ident"), lower.lastIndexOf("passw"));
  return index < 0 ? -1 : new TextEncoder().encode(lower.slice(0, index)).length;
}
