import { withoutCuts } from "./cuts.ts";
import { COMMENT, END, Lexer, NUMBER, QUOTED, STRING } from "./lexer.ts";
import { chooseReading } from "./readings.ts";
import { mayHoldSecret } from "./secret-words.ts";
import { findSecrets } from "./secrets.ts";
import { type SessionSettings, UNKNOWN_SETTINGS } from "./session-settings.ts";

/*
 * What must not be stored. MySQL rewrites account statements before it logs them, but not those in events, procedures, strings
 * and comments; MariaDB logs them as they came, those with typing mistakes too; and neither knows of the passwords that RDS's own
 * procedures are called with. Where a text can't be understood, more is removed rather than less.
 */

/**
 * Removes the passwords from a statement. What an application compares, sets or stores in tables of its own stays as it is, also
 * in a column named `password`: that is its data. Secrets are:
 *
 * - IDENTIFIED BY, WITH .. BY / AS / USING, VIA .. USING, and REPLACE; SET PASSWORD (account-clause.ts)
 * - CHANGE MASTER / REPLICATION SOURCE, START REPLICA, CREATE SERVER: whatever ends in PASSWORD (option-clause.ts)
 * - in these, once something is not in their grammar: all from the first secret, or from there, to the text's end
 * - arguments of PASSWORD() and its like, and the keys of AES_ENCRYPT() and its like: they open what is stored elsewhere
 * - what is assigned to a variable whose name says so, by SET, `:=`, INTO or DECLARE
 * - a CONNECTION string with a user and password in its URL (FEDERATED, CONNECT), Spider's `password "..."`
 * - all strings of a write to mysql.user, global_priv, servers and slave_master_info, and of calls of RDS's replication procedures
 * - comments that say a password, or hold such a statement
 * - the same in strings that hold such a statement, also in pieces (CONCAT, PREPARE .. FROM, EXECUTE IMMEDIATE .. USING)
 *
 * What is put together elsewhere (`CONCAT(@a, @b)`, SQL as a hexadecimal literal) is not found, nor a misspelt statement in a
 * string that an application stores.
 */
export function redactSecrets(sql: string, session: SessionSettings = UNKNOWN_SETTINGS): string {
  if (!mayHoldSecret(sql)) return sql;
  return withoutCuts(sql, findSecrets(sql, session, "statement").cuts);
}

const literals = new Lexer();

/**
 * Replaces every literal by `?`: strings (also in double quotes), numbers, dates, hexadecimal and bit literals. NULL, TRUE,
 * FALSE, names and the text's form stay; comments, which may hold data, become a blank. A string without an end takes the
 * rest of the statement with it, and so does a name in backticks, and a string of which it is in doubt where it ends.
 */
export function redactLiterals(sql: string, session: SessionSettings = UNKNOWN_SETTINGS): string {
  const choice = chooseReading(sql, session);
  const doubtFrom = choice.doubtful ? choice.from : Number.POSITIVE_INFINITY;
  let text = "";
  let copied = 0;
  literals.reading = choice.reading;
  literals.reset(sql);
  for (let kind = literals.next(); kind !== END; kind = literals.next()) {
    const { start, end } = literals;
    if (start >= doubtFrom) {
      text += `${literals.slice(copied, start)}?`;
      copied = literals.length;
      break;
    }
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
