import { AccountGrammar } from "./account-statements.ts";
import { ReplicationGrammar } from "./replication-statements.ts";
import type { StatementGrammar } from "./statement-grammar.ts";
import type { StatementState } from "./statement-state.ts";

/*
 * The words that begin a statement, or a clause of one, that has a place for a secret, and the grammar by which it goes on.
 */

/** Words after START. */
const REPLICATION_THREADS = new Set([
  "SLAVE",
  "SLAVES",
  "REPLICA",
  "GROUP_REPLICATION",
  "SQL_THREAD",
  "IO_THREAD",
]);

/**
 * The grammar of what a word begins; null for a word that begins nothing of the kind.
 * @param word in capitals, and not in quotes
 * @param p1 the token before it
 * @param p2 the token before that
 * @param isStrict whether the text is a statement, not an application's data
 */
export function grammarBegunBy(
  word: string,
  p1: string,
  p2: string,
  statement: StatementState,
  isStrict: boolean,
): StatementGrammar | null {
  switch (word) {
    case "USER":
    case "SERVER":
      if (statement.isTableDdl) return null;
      if (p1 !== "CREATE" && p1 !== "ALTER" && !(p1 === "REPLACE" && p2 === "OR")) return null;
      return word === "USER" ? new AccountGrammar("USER") : new ReplicationGrammar("SERVER", word);
    case "GRANT":
      return p1 !== "REVOKE" && p1 !== "WITH" && p1 !== "," ? new AccountGrammar("GRANT") : null;
    case "BY":
      return p1 === "IDENTIFIED" && isStrict ? new AccountGrammar("IDENTIFIED BY") : null;
    case "VIA":
      return p1 === "IDENTIFIED" && isStrict ? new AccountGrammar("IDENTIFIED WITH") : null;
    case "MASTER":
    case "REPLICATION":
      return p1 === "CHANGE" ? new ReplicationGrammar("CHANGE", word) : null;
    case "INSTANCE":
      return p1 === "CLONE" ? new AccountGrammar("CLONE") : null;
    case "PASSWORD":
      if (!statement.setting || statement.parentheses > 0) return null;
      return p1 === "SET" || (p1 === "," && isStrict) ? new AccountGrammar("PASSWORD") : null;
  }
  if (p1 !== "START") return null;
  const isReplication = REPLICATION_THREADS.has(word) || (word === "ALL" && isStrict);
  return isReplication ? new ReplicationGrammar("START", word) : null;
}
