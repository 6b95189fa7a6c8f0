import { COMMENT, END, Lexer } from "../../sql-text/lexer/lexer.ts";

/*
 * What a statement does to its session's transaction, as the manuals of MySQL and MariaDB say it: "START TRANSACTION, COMMIT, and
 * ROLLBACK Statements", "Statements That Cause an Implicit Commit", "XA Transactions".
 */

/** What a statement does to the transaction that it finds. */
export type Step =
  /** Begins one; what was open is committed before. */
  | "begin"
  | "commit"
  | "rollback"
  /** Ends it, and begins another. */
  | "commit and chain"
  | "rollback and chain"
  /** Commits it before the statement runs. */
  | "implicit commit"
  /** Makes every statement begin one where none is open. */
  | "autocommit off"
  /** Makes statements commit by themselves again, and commits. */
  | "autocommit on"
  /** Belongs to it, and begins one with autocommit off. */
  | "statement"
  /** Belongs to it. */
  | "other";

/** So much of a statement is read: what decides stands at its beginning. */
const MAX_CHARACTERS = 2000;
const MAX_TOKENS = 40;

const lexer = new Lexer();

/** The first tokens of a statement in capitals, without comments: words, numbers, strings with their quotes, single characters. */
function tokensOf(sql: string): string[] {
  const tokens: string[] = [];
  lexer.reset(sql.slice(0, MAX_CHARACTERS));
  for (let kind = lexer.next(); kind !== END && tokens.length < MAX_TOKENS; kind = lexer.next()) {
    if (kind !== COMMENT) tokens.push(lexer.slice(lexer.start, lexer.end).toUpperCase());
    // A list of settings is read further than other statements.
    if (tokens.length === 6 && tokens[0] !== "SET") break;
  }
  lexer.reset("");
  return tokens;
}

/** Statements that read or change tables. */
const WORK = new Set(
  "SELECT INSERT UPDATE DELETE REPLACE WITH CALL LOAD TABLE VALUES HANDLER DO IMPORT EXECUTE (".split(" "),
);
/** Statements that commit what is open, by their first word. */
const COMMITTING = new Set(
  "ALTER CREATE DROP RENAME TRUNCATE GRANT REVOKE OPTIMIZE REPAIR FLUSH RESET INSTALL UNINSTALL CACHE CHANGE".split(
    " ",
  ),
);
/** By the first and the second. */
const COMMITTING_PAIRS = new Set(
  "ANALYZE TABLE,CHECK TABLE,LOCK TABLE,LOCK TABLES,START SLAVE,START REPLICA,STOP SLAVE,STOP REPLICA,START GROUP_REPLICATION,STOP GROUP_REPLICATION,SET PASSWORD,LOAD INDEX".split(
    ",",
  ),
);

/** What a statement does to the transaction of its session. */
export function stepOf(sql: string): Step {
  const tokens = tokensOf(sql);
  const [first = "", second = ""] = tokens;
  switch (first) {
    case "BEGIN":
      // BEGIN NOT ATOMIC is MariaDB's compound statement.
      return second === "NOT" ? "other" : "begin";
    case "START":
      if (second === "TRANSACTION") return "begin";
      break;
    case "COMMIT":
      return isChained(tokens) ? "commit and chain" : "commit";
    case "ROLLBACK":
      // To a savepoint.
      if (second === "TO" || (second === "WORK" && tokens[2] === "TO")) return "other";
      return isChained(tokens) ? "rollback and chain" : "rollback";
    case "XA":
      return XA_STEPS[second] ?? "other";
    case "SET": {
      const step = autocommitOf(tokens);
      if (step !== null) return step;
      break;
    }
    case "CREATE":
    case "DROP":
      if (second === "TEMPORARY") return "other";
  }
  if (COMMITTING.has(first) || COMMITTING_PAIRS.has(`${first} ${second}`)) return "implicit commit";
  return WORK.has(first) ? "statement" : "other";
}

const XA_STEPS: Record<string, Step> = {
  START: "begin",
  BEGIN: "begin",
  COMMIT: "commit",
  ROLLBACK: "rollback",
};

/** COMMIT AND CHAIN, COMMIT WORK AND CHAIN; not AND NO CHAIN. */
function isChained(tokens: readonly string[]): boolean {
  const and = tokens.indexOf("AND");
  return and > 0 && tokens[and + 1] === "CHAIN";
}

const OFF = new Set(["0", "OFF", "FALSE", "'0'", "'OFF'", '"OFF"']);
const ON = new Set(["1", "ON", "TRUE", "'1'", "'ON'", '"ON"', "DEFAULT"]);

/** Scopes of a setting that is not the session's own. */
const OF_OTHERS = new Set(["GLOBAL", "PERSIST", "PERSIST_ONLY"]);

/** What SET says of the session's autocommit; null when it says nothing of it. */
function autocommitOf(tokens: readonly string[]): "autocommit off" | "autocommit on" | null {
  for (const [at, token] of tokens.entries()) {
    if (token !== "AUTOCOMMIT" && token !== "`AUTOCOMMIT`") continue;
    const [before, beforeThat] = [tokens[at - 1] ?? "", tokens[at - 2] ?? ""];
    const isVariable = before === "@" && beforeThat !== "@";
    const isOthers = OF_OTHERS.has(before === "." ? beforeThat : before);
    const [equals, value = ""] = tokens.slice(at + 1).filter((word) => word !== ":");
    if (equals !== "=" || isVariable || isOthers) continue;
    if (OFF.has(value)) return "autocommit off";
    if (ON.has(value)) return "autocommit on";
  }
  return null;
}
