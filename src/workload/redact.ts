import { COMMENT, END, Lexer, NUMBER, QUOTED, SECRET, STRING, SYMBOL, WORD } from "./lexer.ts";

/*
 * What must not be stored. MySQL rewrites account statements before it logs them; MariaDB 10.11 logs them as they came, and
 * neither knows of the passwords that RDS's own procedures are called with. Where the text can't be understood, more is
 * removed rather than less.
 */

/**
 * What a statement that holds a secret has somewhere. Nearly all statements are done with after this one test.
 * `mysql` is for the tables of accounts and for `CALL mysql.rds_set_external_source(...)`.
 */
const MAY_HOLD_SECRET = /passw|identified|mysql|sst_auth|authentication_string|connection/i;

/**
 * Removes the passwords from account statements; every other statement comes back as it is, also one that compares or sets a
 * column named `password`: that is the application's data.
 *
 * - IDENTIFIED BY, WITH .. BY / AS / USING, VIA .. USING, and REPLACE; SET PASSWORD; the function PASSWORD()
 * - CHANGE MASTER / REPLICATION SOURCE, START REPLICA, CREATE SERVER: whatever ends in PASSWORD
 * - SET of a variable whose name ends in `password`, and Galera's `wsrep_sst_auth`
 * - a CONNECTION string with a user and password in its URL (FEDERATED)
 * - writes to mysql.user, global_priv and servers, calls of RDS's replication procedures: all their strings
 * - the same in comments that are kept and in strings that hold such a statement (PREPARE .. FROM, EXECUTE IMMEDIATE)
 *
 * What is put together elsewhere (`CONCAT(@a, @b)`, SQL as a hexadecimal literal) is not found.
 */
export function redactSecrets(sql: string): string {
  if (!MAY_HOLD_SECRET.test(sql)) return sql;
  return removeSecrets(sql, 0).text;
}

/** How deep statements in strings in statements are followed. What is deeper is removed whole. */
const MAX_DEPTH = 3;

/** Words after IDENTIFIED that a secret follows. */
const BEFORE_SECRET = new Set(["BY", "AS", "USING", "REPLACE", "PASSWORD"]);
const PASSWORD_FUNCTIONS = new Set(["PASSWORD", "OLD_PASSWORD", "VALIDATE_PASSWORD_STRENGTH"]);
const ACCOUNT_TABLES = new Set(["USER", "GLOBAL_PRIV", "SERVERS"]);
const REPLICATION_THREADS = new Set([
  "SLAVE",
  "REPLICA",
  "ALL",
  "GROUP_REPLICATION",
  "SQL_THREAD",
  "IO_THREAD",
]);

function removeSecrets(sql: string, depth: number): { text: string; open: boolean } {
  const lexer = new Lexer(sql);
  let text = "";
  let copied = 0;

  // Of the statement that the token is in.
  let identified = false;
  let replication = false;
  let setting = false;
  let writing = false;
  let mysql = false;
  let all = false;
  /** A string has ended amid a statement's secret: nothing that follows can be trusted. */
  let rest = false;
  let assigning: "password" | "variable" | null = null;
  /** The depth of parentheses below which a call of PASSWORD() ends, or 0. */
  let passwordCall = 0;
  let parentheses = 0;
  // The two tokens before: words in capitals, symbols as they are, "?" for literals.
  let before = "";
  let previous = "";
  let removed = false;

  const replace = (start: number, end: number, by: string) => {
    text += lexer.slice(copied, start) + by;
    copied = end;
  };

  for (let kind = lexer.next(); kind !== END; kind = lexer.next()) {
    const { start, end } = lexer;
    if (kind === COMMENT) {
      // The marks of executable comments are short, and hold nothing.
      if (end - start > 12 && MAY_HOLD_SECRET.test(lexer.slice(start, end))) {
        const content = lexer.slice(start + 2, end);
        const redacted = removeSecrets(content, depth + 1).text;
        if (redacted !== content) replace(start, end, "/* */");
      }
      continue;
    }
    let token: string;
    if (kind === WORD) token = lexer.slice(start, end).toUpperCase();
    else if (kind === QUOTED) token = lexer.slice(start + 1, end - 1).toUpperCase();
    else if (kind === SYMBOL) token = lexer.slice(start, end);
    else token = "?";

    if (kind === SYMBOL) {
      removed = false;
      if (token === ";") {
        identified = replication = setting = writing = mysql = all = false;
        assigning = null;
        passwordCall = parentheses = 0;
      } else if (token === "(") {
        parentheses++;
        if (passwordCall === 0 && PASSWORD_FUNCTIONS.has(previous)) passwordCall = parentheses;
      } else if (token === ")") {
        if (passwordCall === parentheses) passwordCall = 0;
        if (parentheses > 0) parentheses--;
      } else if (token === ",") {
        if (parentheses === 0) assigning = null;
      } else if (token === "=" && setting && assigning === null) {
        // `SET PASSWORD FOR 'u'@'h' = ..` has the word further back, and sets this there.
        if (previous === "PASSWORD" || (previous === ":" && before === "PASSWORD")) assigning = "password";
        const name = previous === ":" ? before : previous;
        if (assigning === null && (name.endsWith("PASSWORD") || name === "WSREP_SST_AUTH"))
          assigning = "variable";
      }
    } else if (kind === STRING || kind === NUMBER) {
      const secret =
        (kind === STRING && (all || passwordCall > 0 || assigning !== null || removed)) ||
        rest ||
        assigning === "password" ||
        (identified && (BEFORE_SECRET.has(previous) || (previous === "(" && BEFORE_SECRET.has(before)))) ||
        (replication && isPasswordOption(previous, before)) ||
        (kind === STRING &&
          (previous === "AUTHENTICATION_STRING" ||
            isAssignedTo("AUTHENTICATION_STRING", previous, before))) ||
        (kind === STRING && isConnection(previous, before) && /:\/\/[^@]*@/.test(lexer.slice(start, end)));
      if (secret) {
        replace(start, end, SECRET);
        removed = true;
      } else {
        removed = false;
        if (kind === STRING) {
          const inner = redactString(lexer.slice(start, end), lexer.unterminated, depth);
          if (inner.text !== null) replace(start, end, inner.text);
          // The statement goes on in the next string: CONCAT("... IDENTIFIED BY '", 'secret', "'").
          if (inner.open) rest = true;
        }
      }
    } else {
      removed = false;
      if (
        rest ||
        (identified && isUnquotedSecret(token, previous, before)) ||
        (replication && kind === WORD && previous === "=" && before.endsWith("PASSWORD"))
      ) {
        replace(start, end, SECRET);
        token = "?";
        removed = true;
      } else if ((token === "BY" || token === "WITH" || token === "VIA") && previous === "IDENTIFIED") {
        identified = true;
      } else if (token === "MASTER" || token === "REPLICATION") {
        if (previous === "CHANGE") replication = true;
      } else if (token === "SERVER") {
        if (previous === "CREATE" || previous === "ALTER" || previous === "REPLACE") replication = true;
      } else if (REPLICATION_THREADS.has(token)) {
        if (previous === "START") replication = true;
      } else if (token === "SET") {
        // Not that of an UPDATE, INSERT or LOAD DATA.
        if (!writing) setting = true;
      } else if (
        token === "UPDATE" ||
        token === "INSERT" ||
        token === "LOAD" ||
        (token === "REPLACE" && previous !== "OR")
      ) {
        if (!identified && !setting) writing = true;
      } else if (token === "FOR" && setting && previous === "PASSWORD") {
        assigning = null;
        if ((before === "SET" || before === ",") && skipUser(lexer)) assigning = "password";
      } else if (token === "TO" && setting && previous === "PASSWORD") {
        assigning = "password";
      } else if (token === "MYSQL") {
        mysql = true;
      } else if (mysql && previous === "." && before === "MYSQL") {
        if (writing && ACCOUNT_TABLES.has(token)) all = true;
        if (token.startsWith("RDS_SET_EXTERNAL") || token.startsWith("RDS_IMPORT_BINLOG")) all = true;
      }
    }
    before = previous;
    previous = token;
  }
  if (copied === 0)
    return { text: sql, open: rest || (identified && (BEFORE_SECRET.has(previous) || removed)) };
  return {
    text: text + lexer.slice(copied),
    open: rest || (lexer.unterminated && removed),
  };
}

/** Reads past the account of `SET PASSWORD FOR account =`. Returns whether the assignment was reached. */
function skipUser(lexer: Lexer): boolean {
  for (let kind = lexer.next(); kind !== END; kind = lexer.next()) {
    if (kind !== SYMBOL) continue;
    const symbol = lexer.slice(lexer.start, lexer.end);
    if (symbol === "=") return true;
    if (symbol === ";") return false;
  }
  return false;
}

/** `MASTER_PASSWORD = '..'`, and `PASSWORD '..'` among the options of a server. */
function isPasswordOption(previous: string, before: string): boolean {
  return previous.endsWith("PASSWORD") || (previous === "=" && before.endsWith("PASSWORD"));
}

function isAssignedTo(name: string, previous: string, before: string): boolean {
  return previous === "=" && before === name;
}

function isConnection(previous: string, before: string): boolean {
  return previous === "CONNECTION" || isAssignedTo("CONNECTION", previous, before);
}

/** `IDENTIFIED BY secret`: an error to the server, but logged all the same. */
function isUnquotedSecret(token: string, previous: string, before: string): boolean {
  if (token === "PASSWORD" || token === "RANDOM") return false;
  return (previous === "BY" && before === "IDENTIFIED") || (previous === "PASSWORD" && before === "BY");
}

/** A string's secrets, where the string is itself a statement. Null: it has none. */
function redactString(
  literal: string,
  unterminated: boolean,
  depth: number,
): { text: string | null; open: boolean } {
  if (!MAY_HOLD_SECRET.test(literal)) return { text: null, open: false };
  if (depth >= MAX_DEPTH) return { text: SECRET, open: false };
  const quoteAt = literal.search(/['"]/);
  if (quoteAt < 0) return { text: null, open: false };
  const quote = literal.charAt(quoteAt);
  const content = unquote(literal.slice(quoteAt + 1, unterminated ? literal.length : -1), quote);
  const { text, open } = removeSecrets(content, depth + 1);
  if (text === content) return { text: null, open };
  return { text: literal.slice(0, quoteAt) + quote + requote(text, quote) + quote, open };
}

const ESCAPES: Record<string, string> = { n: "\n", t: "\t", r: "\r", 0: "\0", b: "\b", Z: "\x1a" };

function unquote(content: string, quote: string): string {
  return content
    .replaceAll(quote + quote, `\\${quote}`)
    .replace(/\\([\s\S])/g, (_, char: string) => ESCAPES[char] ?? char);
}

function requote(content: string, quote: string): string {
  return content
    .replaceAll("\\", "\\\\")
    .replaceAll("\0", "\\0")
    .replaceAll(quote, quote + quote);
}

const literals = new Lexer();

/**
 * Replaces every literal by `?`: strings (also in double quotes), numbers, dates, hexadecimal and bit literals. NULL, TRUE,
 * FALSE, names and the text's form stay; comments, which may hold data, become a blank. A string without an end takes the
 * rest of the statement with it, and so does a name in backticks.
 */
export function redactLiterals(sql: string): string {
  let text = "";
  let copied = 0;
  literals.reset(sql);
  for (let kind = literals.next(); kind !== END; kind = literals.next()) {
    const { start, end } = literals;
    if (kind === STRING || kind === NUMBER || (kind === QUOTED && literals.unterminated)) {
      text += `${literals.slice(copied, start)}?`;
      copied = end;
    } else if (kind === COMMENT) {
      text += `${literals.slice(copied, start)} `;
      copied = end;
    }
  }
  const last = literals.slice(copied);
  literals.reset("");
  return copied === 0 ? sql : text + last;
}
