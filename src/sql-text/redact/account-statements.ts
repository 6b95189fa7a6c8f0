import { NUMBER, QUOTED, STRING, WORD } from "../lexer/lexer.ts";
import { ENDED, KEEP, REMOVE, StatementGrammar, UNEXPECTED, type Verdict } from "./statement-grammar.ts";

/*
 * The grammar of account statements, as far as it takes to say of each literal in them whether it is a secret: after MySQL 8.4's
 * and MariaDB 11.8's `create_user`, `alter_user`, `grant`, `set_password` and CLONE in sql_yacc.yy. What is not in it is
 * UNEXPECTED: a server refuses such a statement, but MariaDB logs it all the same, and nobody can tell where in it a password
 * stands.
 *
 * For a new account statement or option: add its words here, what it begins with to secret-statements.ts, and if MAY_HOLD_SECRET in
 * secret-words.ts does not match it, a word of it there.
 */

/** The words of the options of accounts, except those that have a place of their own in the grammar. */
const OPTIONS = new Set(
  `ACCOUNT ADD ADMIN ALL AND AUTHENTICATION CURRENT DATA DAY DEFAULT DISCARD DROP EXPIRE FACTOR FAILED_LOGIN_ATTEMPTS
  FINISH GRANT HISTORY INITIAL INITIATE INTERVAL LOCK MAX_CONNECTIONS_PER_HOUR MAX_QUERIES_PER_HOUR MAX_STATEMENT_TIME
  MAX_UPDATES_PER_HOUR MAX_USER_CONNECTIONS MODIFY NEVER NO NONE OLD OPTION OPTIONAL PASSWORD PASSWORD_LOCK_TIME REGISTRATION
  REQUIRE RETAIN REUSE SET SSL UNBOUNDED UNLOCK UNREGISTER WITH X509 CHALLENGE_RESPONSE`.split(/\s+/),
);
/** The words that a number may follow: how many, how often, for how long. */
const COUNTED = new Set(
  `ADD AND DROP FAILED_LOGIN_ATTEMPTS HISTORY INTERVAL MAX_CONNECTIONS_PER_HOUR MAX_QUERIES_PER_HOUR MAX_STATEMENT_TIME
  MAX_UPDATES_PER_HOUR MAX_USER_CONNECTIONS MODIFY PASSWORD_LOCK_TIME`.split(/\s+/),
);
/** The words that a string follows which is no secret. */
const TEXTS = new Set(["ATTRIBUTE", "CIPHER", "COMMENT", "DIRECTORY", "ISSUER", "SUBJECT"]);
/** Accounts that are written as functions. */
const FUNCTIONS = new Set(["CURRENT_ROLE", "CURRENT_USER", "SESSION_USER", "USER"]);
/** `ALTER USER u 2 FACTOR INITIATE REGISTRATION`. */
const FACTOR = /^[23]$/;
const PLUGIN = /^['"]\w+['"]$/;

/** Where in the grammar a statement is: what comes next, or what was read last. */
type Place =
  /** The privileges or roles of a GRANT, up to TO; what stands between CLONE and FROM. */
  | "privileges"
  | "account"
  /** The second half of an account may follow, or how it is identified, or options. */
  | "after account"
  | "host"
  | "port"
  | "after IDENTIFIED"
  | "plugin"
  | "after plugin"
  /** BY: a secret, or a word that says what kind of one. */
  | "after BY"
  | "secret"
  /** PASSWORD('..') in the place of a secret. */
  | "password function"
  | "RANDOM PASSWORD"
  /** The string of a comment, an attribute or an option of TLS. */
  | "text"
  | "options";

/** What a statement begins with, and where in the grammar that is. */
const BEGINNINGS = {
  /** CREATE USER and ALTER USER: their accounts follow. */
  USER: "account",
  /** Privileges or roles follow, then TO and accounts. */
  GRANT: "privileges",
  /** CLONE INSTANCE FROM an account. */
  CLONE: "privileges",
  /** SET PASSWORD, the password of this account or of another. */
  PASSWORD: "after account",
  /** What follows IDENTIFIED BY, WITH or VIA where it is not known of what statement. */
  "IDENTIFIED BY": "after BY",
  "IDENTIFIED WITH": "plugin",
} as const satisfies Record<string, Place>;

/** Reads the accounts of a statement, and how each is identified. */
export class AccountGrammar extends StatementGrammar {
  readonly verb: keyof typeof BEGINNINGS;
  #place: Place;
  /** The host is not in quotes, and has several tokens. */
  #isBareHost = false;

  constructor(verb: keyof typeof BEGINNINGS) {
    super();
    this.verb = verb;
    this.#place = BEGINNINGS[verb];
    if (verb === "PASSWORD") this.previous = verb;
  }

  get atSecret(): boolean {
    return this.#place === "after BY" || this.#place === "secret" || this.#place === "password function";
  }

  get isLikely(): boolean {
    return this.#place !== "privileges";
  }

  #go(place: Place): Verdict {
    this.#place = place;
    return KEEP;
  }

  protected read(kind: number, token: string, isGlued: boolean): Verdict {
    const isWord = kind === WORD;
    const isName = isWord || kind === QUOTED || kind === STRING || token === "?";
    switch (this.#place) {
      case "privileges":
        // IDENTIFIED before a TO: this is no GRANT.
        if (isWord && token === "IDENTIFIED") return ENDED;
        return isWord && token === (this.verb === "CLONE" ? "FROM" : "TO") ? this.#go("account") : KEEP;
      case "account":
        if (isWord && (token === "IF" || token === "NOT" || token === "EXISTS")) return KEEP;
        this.#isBareHost = false;
        return isName ? this.#go("after account") : UNEXPECTED;
      case "after account":
        return this.#named(kind, token, isGlued);
      case "host":
        this.#isBareHost = isWord || kind === NUMBER;
        return isName || kind === NUMBER ? this.#go("after account") : UNEXPECTED;
      case "port":
        return kind === NUMBER ? this.#go("options") : UNEXPECTED;
      case "after IDENTIFIED":
        if (!isWord) return UNEXPECTED;
        if (token === "BY") return this.#go("after BY");
        return token === "WITH" || token === "VIA" ? this.#go("plugin") : UNEXPECTED;
      case "plugin":
        if (kind === STRING && !PLUGIN.test(token)) return UNEXPECTED;
        return isName ? this.#go("after plugin") : UNEXPECTED;
      case "after plugin":
        if (isWord && token === "BY") return this.#go("after BY");
        if (isWord && (token === "AS" || token === "USING")) return this.#go("secret");
        return this.#option(kind, token);
      case "after BY":
        if (isWord && token === "PASSWORD") return this.#go("secret");
        if (isWord && token === "RANDOM") return this.#go("RANDOM PASSWORD");
        return this.#secret(kind, token);
      case "secret":
        if (isWord && (token === "PASSWORD" || token === "OLD_PASSWORD"))
          return this.#go("password function");
        return this.#secret(kind, token);
      case "password function":
        if (token === "(") return this.previous.endsWith("PASSWORD") ? KEEP : UNEXPECTED;
        if (token === ")") return this.#go("options");
        if (token === "?") return KEEP;
        return kind === STRING ? REMOVE : UNEXPECTED;
      case "RANDOM PASSWORD":
        if (!isWord) return UNEXPECTED;
        return token === "PASSWORD" || token === "RANDOM" ? this.#go("options") : UNEXPECTED;
      case "text":
        if (token === "=") return KEEP;
        return kind === STRING || token === "?" ? this.#go("options") : UNEXPECTED;
      case "options":
        return this.#option(kind, token);
    }
  }

  /** After an account, or its first half. */
  #named(kind: number, token: string, isGlued: boolean): Verdict {
    if (token === "@" && this.previous !== "PASSWORD") return this.#go("host");
    if (this.#isBareHost && isGlued && (kind === WORD || kind === NUMBER || token === "." || token === "-")) {
      return KEEP;
    }
    if (token === "(" || token === ")")
      return FUNCTIONS.has(this.previous) || this.previous === "(" ? KEEP : UNEXPECTED;
    if (this.verb === "CLONE" && token === ":") return this.#go("port");
    if (this.verb !== "PASSWORD") return this.#option(kind, token);
    if (token === ":") return KEEP;
    if (token === "=") return this.#go("secret");
    if (kind !== WORD) return UNEXPECTED;
    if (token === "TO") return this.#go("RANDOM PASSWORD");
    return token === "FOR" && this.previous === "PASSWORD" ? this.#go("account") : UNEXPECTED;
  }

  #secret(kind: number, token: string): Verdict {
    if (token === "?") return this.#go("options");
    if (kind !== STRING) return UNEXPECTED;
    this.#place = "options";
    return REMOVE;
  }

  #option(kind: number, token: string): Verdict {
    if (token === ",") return this.verb === "PASSWORD" ? ENDED : this.#go("account");
    this.#place = "options";
    if (kind === NUMBER || token === "?")
      return COUNTED.has(this.previous) || FACTOR.test(token) ? KEEP : UNEXPECTED;
    if (kind !== WORD) return UNEXPECTED;
    if (TEXTS.has(token)) return this.#go("text");
    switch (token) {
      case "IDENTIFIED":
        return this.#go("after IDENTIFIED");
      case "REPLACE":
        return this.#go("secret");
      case "EXCEPT":
      case "ROLE":
      case "TO":
        return this.#go("account");
      case "AS":
        if (this.previous === "CHALLENGE_RESPONSE") return this.#go("secret");
        return this.verb === "GRANT" ? this.#go("account") : UNEXPECTED;
      case "OR":
        return this.#go("plugin");
    }
    return OPTIONS.has(token) ? KEEP : UNEXPECTED;
  }
}
