import { COMMENT, END, Lexer, NUMBER, QUOTED, STRING } from "../lexer/lexer.ts";
import { type SessionSettings, UNKNOWN_SETTINGS } from "../session-settings.ts";
import { findSecrets } from "./find-secrets.ts";
import { chooseQuoteRules } from "./quote-ambiguity.ts";
import { applyReplacements } from "./replacements.ts";
import { mayHoldSecret } from "./secret-words.ts";

/*
 * Removes what must not be stored. MySQL rewrites account statements before it logs them, but not those in events, procedures,
 * strings and comments (9.7.4). MariaDB logs them as they came, also those with typing mistakes (10.11.19, 11.8.9). Neither knows
 * of the passwords that RDS's own procedures are called with. Where a text can't be understood, more is removed rather than less.
 */

/**
 * Removes the passwords from a statement. What an application compares, sets or stores in tables of its own stays as it is, also
 * in a column named `password`: that is its data. These are secrets:
 *
 * - IDENTIFIED BY, WITH .. BY / AS / USING, VIA .. USING, and REPLACE; SET PASSWORD (account-statements.ts)
 * - CHANGE MASTER / REPLICATION SOURCE, START REPLICA, CREATE SERVER: whatever ends in PASSWORD (replication-statements.ts)
 * - in these, where something is not in their grammar: everything from the first secret on, or from there if there is none
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
export function redactSecrets(sql: string, settings: SessionSettings = UNKNOWN_SETTINGS): string {
  if (!mayHoldSecret(sql)) return sql;
  return applyReplacements(sql, findSecrets(sql, settings, "statement").replacements);
}

const literals = new Lexer();

/**
 * Replaces every literal by `?`: strings (also in double quotes), numbers, dates, hexadecimal and bit literals. NULL, TRUE,
 * FALSE, names and the text's form stay; comments, which may hold data, become a blank. From a string or a name in backticks that
 * is not closed, or whose end is ambiguous, the rest of the statement is replaced.
 */
export function redactLiterals(sql: string, settings: SessionSettings = UNKNOWN_SETTINGS): string {
  const choice = chooseQuoteRules(sql, settings);
  const ambiguousFrom = choice.isAmbiguous ? choice.ambiguousFrom : Number.POSITIVE_INFINITY;
  let text = "";
  let copied = 0;
  literals.quoteRules = choice.rules;
  literals.reset(sql);
  for (let kind = literals.next(); kind !== END; kind = literals.next()) {
    const { start, end } = literals;
    if (start >= ambiguousFrom) {
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
