import { NUMBER, QUOTED, STRING, WORD } from "../lexer/lexer.ts";
import { ENDED, KEEP, REMOVE, StatementGrammar, UNEXPECTED, type Verdict } from "./statement-grammar.ts";

/*
 * The grammar of account statements, as far as it takes to say of each literal in them whether it is a secret: after MySQL 8.4's
 * and MariaDB 11.8's `create_user`, `alter_user`, `grant`, `set_password` and CLONE in sql_yacc.yy. What is not in it is
 * UNEXPECTED: a server refuses such a statement, but MariaDB logs it all the same, and nobody can tell where in it a password
 * stands.
 *
 * For a new account statement or option: add its words here, and what it begins with to secret-statements.ts.
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

type Place =
  | "privileges"
  | "name"
  | "named"
  | "host"
  | "port"
  | "identified"
  | "plugin"
  | "plugged"
  | "by"
  | "secret"
  | "call"
  | "random"
  | "text"
  | "options";

/** What a statement begins with, and at which place of the grammar it goes on. */
const BEGINNINGS = {
  /** CREATE USER and ALTER USER: their accounts follow. */
  USER: "name",
  /** Privileges or roles follow, then TO and accounts. */
  GRANT: "privileges",
  /** CLONE INSTANCE FROM an account. */
  CLONE: "privileges",
  /** SET PASSWORD, the password of this account or of another. */
  PASSWORD: "named",
  /** What follows IDENTIFIED BY, WITH or VIA where it is not known of what statement. */
  "IDENTIFIED BY": "by",
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
    return this.#place === "by" || this.#place === "secret" || this.#place === "call";
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
        return isWord && token === (this.verb === "CLONE" ? "FROM" : "TO") ? this.#go("name") : KEEP;
      case "name":
        if (isWord && (token === "IF" || token === "NOT" || token === "EXISTS")) return KEEP;
        this.#isBareHost = false;
        return isName ? this.#go("named") : UNEXPECTED;
      case "named":
        return this.#named(kind, token, isGlued);
      case "host":
        this.#isBareHost = isWord || kind === NUMBER;
        return isName || kind === NUMBER ? this.#go("named") : UNEXPECTED;
      case "port":
        return kind === NUMBER ? this.#go("options") : UNEXPECTED;
      case "identified":
        if (!isWord) return UNEXPECTED;
        if (token === "BY") return this.#go("by");
        return token === "WITH" || token === "VIA" ? this.#go("plugin") : UNEXPECTED;
      case "plugin":
        if (kind === STRING && !PLUGIN.test(token)) return UNEXPECTED;
        return isName ? this.#go("plugged") : UNEXPECTED;
      case "plugged":
        if (isWord && token === "BY") return this.#go("by");
        if (isWord && (token === "AS" || token === "USING")) return this.#go("secret");
        return this.#option(kind, token);
      case "by":
        if (isWord && token === "PASSWORD") return this.#go("secret");
        if (isWord && token === "RANDOM") return this.#go("random");
        return this.#secret(kind, token);
      case "secret":
        if (isWord && (token === "PASSWORD" || token === "OLD_PASSWORD")) return this.#go("call");
        return this.#secret(kind, token);
      case "call":
        if (token === "(") return this.previous.endsWith("PASSWORD") ? KEEP : UNEXPECTED;
        if (token === ")") return this.#go("options");
        if (token === "?") return KEEP;
        return kind === STRING ? REMOVE : UNEXPECTED;
      case "random":
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
    if (token === "TO") return this.#go("random");
    return token === "FOR" && this.previous === "PASSWORD" ? this.#go("name") : UNEXPECTED;
  }

  #secret(kind: number, token: string): Verdict {
    if (token === "?") return this.#go("options");
    if (kind !== STRING) return UNEXPECTED;
    this.#place = "options";
    return REMOVE;
  }

  #option(kind: number, token: string): Verdict {
    if (token === ",") return this.verb === "PASSWORD" ? ENDED : this.#go("name");
    this.#place = "options";
    if (kind === NUMBER || token === "?")
      return COUNTED.has(this.previous) || FACTOR.test(token) ? KEEP : UNEXPECTED;
    if (kind !== WORD) return UNEXPECTED;
    if (TEXTS.has(token)) return this.#go("text");
    switch (token) {
      case "IDENTIFIED":
        return this.#go("identified");
      case "REPLACE":
        return this.#go("secret");
      case "EXCEPT":
      case "ROLE":
      case "TO":
        return this.#go("name");
      case "AS":
        if (this.previous === "CHALLENGE_RESPONSE") return this.#go("secret");
        return this.verb === "GRANT" ? this.#go("name") : UNEXPECTED;
      case "OR":
        return this.#go("plugin");
    }
    return OPTIONS.has(token) ? KEEP : UNEXPECTED;
  }
}
