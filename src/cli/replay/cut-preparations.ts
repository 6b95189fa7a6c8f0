/*
 * What MySQL's general log has of `PREPARE name FROM 'text'`: `PREPARE name FROM ...`, with the name as it is, without backticks
 * (`Rewriter_prepare` in MySQL's `sql_rewrite.cc`, seen with 9.7.4). The text stands in the record `Prepare` behind it, and nowhere
 * where the server refused it. `FROM @variable` is logged as it was; so is everything by MariaDB.
 */

const CUT = /^PREPARE (.+) FROM \.\.\.$/s;

/** The name that a preparation gives its statement, where the log has cut the text; else null. */
export function nameOfCut(sql: string): string | null {
  return CUT.exec(sql)?.[1] ?? null;
}

/**
 * A preparation with its text.
 * @param name as it is, without backticks
 * @param text what is prepared
 * @param escapes whether a backslash escapes in the session's strings
 */
export function preparationOf(name: string, text: string, escapes: boolean): string {
  const escaped = escapes ? text.replaceAll("\\", "\\\\") : text;
  return `PREPARE \`${name.replaceAll("`", "``")}\` FROM '${escaped.replaceAll("'", "''")}'`;
}

/** A preparation in the place of one that the server refused: it refuses this too, and forgets what had the name before. */
export function refusedPreparation(name: string): string {
  return preparationOf(name, "...", false);
}
