import { COMMENT, END, Lexer, NUMBER, QUOTED, SECRET, STRING, SYMBOL } from "./lexer.ts";

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

/** A text without its secrets. */
interface Redacted {
  text: string;
  /** The text ended amid a secret, or where one is to come: what follows it elsewhere is part of one. */
  open: boolean;
}

function removeSecrets(sql: string, depth: number): Redacted {
  return new Remover(sql, depth).run();
}

/** Goes through the tokens once, and remembers of the statement before them what decides which literals are secrets. */
class Remover {
  readonly #lexer: Lexer;
  readonly #sql: string;
  readonly #depth: number;
  #text = "";
  #copied = 0;

  // What the statement has said of itself so far.
  /** IDENTIFIED BY, WITH or VIA. */
  #identified = false;
  /** CHANGE MASTER and its like, whose options may end in PASSWORD. */
  #replication = false;
  /** SET, as a statement of its own. */
  #setting = false;
  /** UPDATE, INSERT, REPLACE or LOAD, in which SET and PASSWORD are about columns. */
  #writing = false;
  /** A name in the schema `mysql` may follow. */
  #mysql = false;
  /** All strings are secrets: a table of accounts, or a procedure that is given a password. */
  #all = false;
  /** What SET assigns to. */
  #assigning: "password" | "variable" | null = null;
  #parentheses = 0;
  /** The depth of parentheses in which PASSWORD() has its arguments, or 0. */
  #passwordCall = 0;

  /** A string has ended amid a secret: nothing that follows can be trusted. */
  #rest = false;
  /** The token before has been removed. */
  #removed = false;
  // The two tokens before: words in capitals, symbols as they are, "?" for literals.
  #before = "";
  #previous = "";

  constructor(sql: string, depth: number) {
    this.#lexer = new Lexer(sql);
    this.#sql = sql;
    this.#depth = depth;
  }

  run(): Redacted {
    const lexer = this.#lexer;
    for (let kind = lexer.next(); kind !== END; kind = lexer.next()) {
      const { start, end } = lexer;
      if (kind === COMMENT) {
        this.#comment(start, end);
        continue;
      }
      let token = "?";
      if (kind === STRING || kind === NUMBER) {
        this.#literal(kind, start, end);
      } else if (kind === SYMBOL) {
        token = lexer.slice(start, end);
        this.#removed = false;
        this.#symbol(token);
      } else {
        token = (kind === QUOTED ? lexer.slice(start + 1, end - 1) : lexer.slice(start, end)).toUpperCase();
        this.#removed = this.#rest || this.#isUnquotedSecret(token);
        if (this.#removed) this.#replace(start, end, SECRET);
        else this.#word(token);
        if (this.#removed) token = "?";
      }
      this.#before = this.#previous;
      this.#previous = token;
    }
    if (this.#copied === 0) {
      return { text: this.#sql, open: this.#rest || (this.#identified && BEFORE_SECRET.has(this.#previous)) };
    }
    const open = this.#rest || (this.#removed && lexer.unterminated);
    return { text: this.#text + lexer.slice(this.#copied), open };
  }

  #replace(start: number, end: number, by: string): void {
    this.#text += this.#lexer.slice(this.#copied, start) + by;
    this.#copied = end;
  }

  #comment(start: number, end: number): void {
    const text = this.#lexer.slice(start, end);
    // The marks of executable comments are short, and hold nothing.
    if (text.length <= 12 || !MAY_HOLD_SECRET.test(text)) return;
    const content = text.slice(2);
    if (this.#depth >= MAX_DEPTH || removeSecrets(content, this.#depth + 1).text !== content) {
      this.#replace(start, end, "/* */");
    }
  }

  #literal(kind: number, start: number, end: number): void {
    this.#removed = this.#isSecret(kind, start, end);
    if (this.#removed) {
      this.#replace(start, end, SECRET);
    } else if (kind === STRING) {
      const { text, open } = redactString(
        this.#lexer.slice(start, end),
        this.#lexer.unterminated,
        this.#depth,
      );
      if (text !== null) this.#replace(start, end, text);
      // The statement goes on in the next string: CONCAT("... IDENTIFIED BY '", 'secret', "'").
      if (open) this.#rest = true;
    }
  }

  #isSecret(kind: number, start: number, end: number): boolean {
    const previous = this.#previous;
    const before = this.#before;
    if (this.#rest || this.#assigning === "password") return true;
    if (
      this.#identified &&
      (BEFORE_SECRET.has(previous) || (previous === "(" && BEFORE_SECRET.has(before)))
    ) {
      return true;
    }
    // `MASTER_PASSWORD = '..'`, and `PASSWORD '..'` among the options of a server.
    const name = previous === "=" ? before : previous;
    if (this.#replication && name.endsWith("PASSWORD")) return true;
    // Elsewhere a number is a length or a count.
    if (kind !== STRING) return false;
    if (this.#all || this.#passwordCall > 0 || this.#assigning !== null || this.#removed) return true;
    if (name === "AUTHENTICATION_STRING") return true;
    if (name !== "CONNECTION") return false;
    const text = this.#lexer.slice(start, end);
    const url = text.indexOf("://");
    return url >= 0 && text.includes("@", url);
  }

  /** `IDENTIFIED BY secret`, `MASTER_PASSWORD = secret`: errors to the server, but logged all the same. */
  #isUnquotedSecret(token: string): boolean {
    const previous = this.#previous;
    const before = this.#before;
    if (this.#replication && previous === "=" && before.endsWith("PASSWORD")) return true;
    if (!this.#identified || token === "PASSWORD" || token === "RANDOM") return false;
    return (previous === "BY" && before === "IDENTIFIED") || (previous === "PASSWORD" && before === "BY");
  }

  #symbol(token: string): void {
    switch (token) {
      case ";":
        this.#identified =
          this.#replication =
          this.#setting =
          this.#writing =
          this.#mysql =
          this.#all =
            false;
        this.#assigning = null;
        this.#parentheses = this.#passwordCall = 0;
        break;
      case "(":
        this.#parentheses++;
        if (this.#passwordCall === 0 && PASSWORD_FUNCTIONS.has(this.#previous)) {
          this.#passwordCall = this.#parentheses;
        }
        break;
      case ")":
        if (this.#passwordCall === this.#parentheses) this.#passwordCall = 0;
        if (this.#parentheses > 0) this.#parentheses--;
        break;
      case ",":
        if (this.#parentheses === 0) this.#assigning = null;
        break;
      case "=": {
        if (!this.#setting || this.#assigning !== null) break;
        const name = this.#previous === ":" ? this.#before : this.#previous;
        if (name === "PASSWORD") this.#assigning = "password";
        else if (name.endsWith("PASSWORD") || name === "WSREP_SST_AUTH") this.#assigning = "variable";
      }
    }
  }

  #word(token: string): void {
    const previous = this.#previous;
    switch (token) {
      case "BY":
      case "WITH":
      case "VIA":
        if (previous === "IDENTIFIED") this.#identified = true;
        break;
      case "MASTER":
      case "REPLICATION":
        if (previous === "CHANGE") this.#replication = true;
        break;
      case "SERVER":
        if (previous === "CREATE" || previous === "ALTER" || previous === "REPLACE") this.#replication = true;
        break;
      case "SET":
        if (!this.#writing) this.#setting = true;
        break;
      case "UPDATE":
      case "INSERT":
      case "REPLACE":
      case "LOAD":
        // CREATE OR REPLACE, IDENTIFIED BY .. REPLACE, SET PASSWORD .. REPLACE.
        if (previous !== "OR" && !this.#identified && !this.#setting) this.#writing = true;
        break;
      case "FOR":
        if (this.#setting && previous === "PASSWORD" && (this.#before === "SET" || this.#before === ",")) {
          this.#assigning = skipAccount(this.#lexer) ? "password" : null;
        }
        break;
      case "TO":
        if (this.#setting && previous === "PASSWORD") this.#assigning = "password";
        break;
      case "MYSQL":
        this.#mysql = true;
        break;
      default:
        if (previous === "START" && REPLICATION_THREADS.has(token)) this.#replication = true;
        if (this.#mysql && previous === "." && this.#before === "MYSQL") {
          const isProcedure = token.startsWith("RDS_SET_EXTERNAL") || token.startsWith("RDS_IMPORT_BINLOG");
          if (isProcedure || (this.#writing && ACCOUNT_TABLES.has(token))) this.#all = true;
        }
    }
  }
}

/** Reads past the account of `SET PASSWORD FOR account =`. Returns whether the assignment was reached. */
function skipAccount(lexer: Lexer): boolean {
  for (let kind = lexer.next(); kind !== END; kind = lexer.next()) {
    if (kind !== SYMBOL) continue;
    const symbol = lexer.slice(lexer.start, lexer.end);
    if (symbol === "=") return true;
    if (symbol === ";") return false;
  }
  return false;
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
