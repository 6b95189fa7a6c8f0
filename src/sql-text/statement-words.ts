/*
 * Words by which the guards of a replay know what a statement may do, wherever it stands: by itself, or in a body.
 */

/** First words of statements that change the server, its replication or its files. */
export const ADMINISTRATION: ReadonlySet<string> = new Set(
  `CHANGE STOP RESET PURGE FLUSH KILL SHUTDOWN RESTART INSTALL UNINSTALL LOAD CLONE BINLOG CACHE IMPORT BACKUP`.split(
    /\s+/,
  ),
);

/** What CREATE, ALTER, DROP and RENAME are about, and what they change by that. */
export const OBJECTS: ReadonlyMap<string, "account" | "administration" | "write"> = new Map([
  ...["USER", "ROLE"].map((word) => [word, "account"] as const),
  ...["INSTANCE", "SERVER", "TABLESPACE", "LOGFILE", "UNDO", "RESOURCE"].map(
    (word) => [word, "administration"] as const,
  ),
  ...`TABLE TABLES INDEX VIEW DATABASE SCHEMA PROCEDURE FUNCTION TRIGGER EVENT SEQUENCE PACKAGE PREPARE TEMPORARY AGGREGATE SPATIAL`
    .split(/\s+/)
    .map((word) => [word, "write"] as const),
]);

/** Scopes of a SET that is the server's. */
export const GLOBAL_SCOPES: ReadonlySet<string> = new Set(["GLOBAL", "PERSIST", "PERSIST_ONLY"]);

/** Whether a name is of a variable of the user's: it stands behind one `@`. The two tokens before it are given. */
export const isUserVariable = (before: string, beforeThat: string): boolean =>
  before === "@" && beforeThat !== "@";

/** What is made with a body, in which semicolons are its own. */
const WITH_BODY = /^(?:PROCEDURE|FUNCTION|TRIGGER|EVENT|PACKAGE|AGGREGATE)$/;

/** Whether statements with this first word make something, which may have a body. */
export const isMaking = (first: string): boolean => first === "CREATE" || first === "ALTER";

/**
 * Whether a word in the head of a statement that makes something says that it has a body. Another object may stand before it:
 * `CREATE DEFINER=view@localhost PROCEDURE` is of a user with that name.
 */
export const saysBody = (word: string): boolean => WITH_BODY.test(word);

/** CREATE OR REPLACE DEFINER=`u`@`h` SQL SECURITY … PROCEDURE: in so many words, a head has said what it makes. */
export const MAX_HEAD_WORDS = 32;
