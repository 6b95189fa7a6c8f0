import { type Command, runsStatement } from "../logs/general/commands.ts";
import { parseConnect } from "../logs/general/threads.ts";
import type { LogName } from "../logs/names.ts";
import { choosesDatabase } from "../sql-text/session-settings.ts";
import { judge } from "../sql-text/statement-kind.ts";
import { readAsClient, withoutLeading } from "./client-reading.ts";
import { missingLine } from "./missing-fragments.ts";
import type { StoredRecord } from "./stored/fragment-line.ts";
import type { MissingFragments } from "./stored/fragments-in-range.ts";
import type { StoredSlowRecord } from "./stored/slow-line.ts";

/*
 * Records as one file of SQL, which the programs `mysql` and `mariadb` run. Each record is a line of comment with its JSON, so that
 * nothing in it can end the comment; behind that line stands the statement, if it is to be run.
 */

/** What ends a statement: one alone is part of statements that were sent together, and of the bodies of procedures. */
const END = "\n;;\n";

/** How many sessions' databases are kept: as many as a server may have connections. */
const MAX_SESSIONS = 16_384;

/**
 * Why a statement is not run: it is about who may sign in, and what they may do; it has lost its end; its database is not known, and
 * the file has chosen several; another statement runs it; there is nothing to run; it is about connections, the server, its replication
 * or its files; the log does not have its values, or they were removed.
 */
type LeftOut = "accounts" | "cut" | "database" | "elsewhere" | "empty" | "server" | "values";

type AnyRecord = StoredRecord | StoredSlowRecord;

/**
 * The statement of a whole `USE`: the name in backticks, or as it is. A blank is one of ASCII's, as for the server, and none can be
 * read in two ways, so that a long run of them takes no longer than it is.
 */
const WHOLE_USE = /^use(?:[\t-\r ]*`([^`]+)`|[\t-\r ]+([\w$\u0080-\uffff]+))[\t-\r ]*(?:;[\t-\r ]*)?$/i;
/** A name that every client reads alike. */
const PLAIN_NAME = /^[^`'"\\;\p{Cc}]{1,128}$/u;
/** What stands in a SET of the character set in which the server reads the file. */
const SETS_CHARACTERS = /names|char/i;
/** What names a statement that another record has. */
const PREPARED = /^(?:prepare|execute|deallocate|drop\s+prepare)\b/i;

/** What the file says at its beginning. */
export const scriptStart = (captureId: number, log: LogName): string =>
  `-- The ${log} log of capture ${captureId}, to be run on a copy that may be spoilt:
--   mysql --binary-mode --force DATABASE < FILE
-- Before each statement stands its record. Only a comment: not run ("leftOut" says why). More: docs/studying-a-workload.md, "As SQL".
DELIMITER ;;
/*!\\C utf8mb4 */;;
`;

/** What the file says at its end. */
export const SCRIPT_END = "DELIMITER ;\n";

/** Writes records as SQL, in their order. It knows which database the file has chosen, and which one each session has. */
export class SqlScript {
  readonly #log: LogName;
  /** The databases that sessions have chosen as far as records say it that have none themselves. The oldest first. */
  readonly #chosen = new Map<number, string>();
  /** That of the file; undefined before it has chosen one, and where that is not known. */
  #current: string | undefined;
  /** The first one that the file has chosen, and whether it has chosen others. */
  #first: string | undefined;
  #hasSeveral = false;

  constructor(log: LogName) {
    this.#log = log;
  }

  /** A record: lines that end in a newline. */
  record(record: AnyRecord): string {
    const { statement, ...rest } = record;
    const db = this.#databaseOf(record);
    if (!runsStatement(record.command as Command)) return comment(record);
    const bare = withoutLeading(statement);
    const use = WHOLE_USE.exec(bare);
    if (use !== null) {
      this.#choose(record.threadId, use[1] ?? use[2]);
      return comment(record);
    }
    const reading = readAsClient(statement);
    const leftOut = this.#whyNot(record, bare, reading, db);
    if (leftOut !== null) return comment({ ...record, leftOut });

    const isPlain = reading === "plain";
    let text = comment(isPlain ? rest : record);
    if (typeof db === "string" && db !== this.#current) {
      text += `USE \`${db}\`${END}`;
      this.#current = db;
      this.#first ??= db;
      this.#hasSeveral ||= db !== this.#first;
    }
    text += (isPlain ? statement : inHexadecimal(statement)) + END;
    // The server goes on reading the file as what it is.
    if (/\bset\b/i.test(statement) && SETS_CHARACTERS.test(statement))
      text += `SET character_set_client = utf8mb4${END}`;
    if (choosesDatabase(statement)) {
      this.#choose(record.threadId);
      this.#current = undefined;
      this.#hasSeveral = true;
    }
    return text;
  }

  /** Why a statement is not run; null if it is. @param bare without what stands before its first word */
  #whyNot(record: AnyRecord, bare: string, reading: string, db: string | undefined | null): LeftOut | null {
    if (record.truncated) return "cut";
    if (bare === "") return "empty";
    if ("routine" in record || "repeats" in record || PREPARED.test(bare)) return "elsewhere";
    // What a replay leaves out, too, whatever its options are. Where no database is known, it is the file's.
    const { kind } = judge(record.statement, db ?? this.#current ?? null);
    if (kind === "nothing") return "empty";
    if (kind === "account") return "accounts";
    if (kind === "administration") return "server";
    if (reading === "lacks values" || record.statement.includes("<secret>")) return "values";
    const isChoosable = db === null ? !this.#hasSeveral : db === undefined || PLAIN_NAME.test(db);
    return isChoosable ? null : "database";
  }

  /** What stands for records that are lost. */
  missing(missing: MissingFragments): string {
    return `-- ${missingLine(missing)}`;
  }

  /** The database that a session has at a record; undefined where it has none, null where that is not known. */
  #databaseOf({ threadId, user, db, command, statement }: AnyRecord): string | undefined | null {
    if (command === "Quit") this.#choose(threadId);
    if (command === "Connect" || command === "Change user")
      this.#choose(threadId, parseConnect(statement)?.db);
    // Instead of a name it may say that access was denied.
    if (command === "Init DB" && !statement.includes("'@'")) this.#choose(threadId, statement);
    const known = db ?? this.#chosen.get(threadId);
    if (known !== undefined) return known;
    return this.#log === "general" && user !== null ? undefined : null;
  }

  #choose(threadId: number, db?: string | null): void {
    this.#chosen.delete(threadId);
    if (db == null) return;
    if (this.#chosen.size >= MAX_SESSIONS) this.#chosen.delete(this.#chosen.keys().next().value as number);
    this.#chosen.set(threadId, db);
  }
}

/** A line of comment. JSON has no line breaks but those that are such in Unicode alone. */
const comment = (record: object): string =>
  `-- ${JSON.stringify(record).replace(/[\u0085\u2028\u2029]/g, escaped)}\n`;

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** A statement of which no client reads a character. Some kinds of statement can't be prepared: the server refuses them. */
function inHexadecimal(statement: string): string {
  const bytes = new TextEncoder().encode(statement);
  return `SET @captures = CONVERT(0x${bytes.toHex()} USING utf8mb4)${END}PREPARE captures FROM @captures${END}EXECUTE captures`;
}
