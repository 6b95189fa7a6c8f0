import type { Db } from "./types.ts";

/*
 * Statements whose parameters have names: `:id` where D1 knows only `?1`, so that a name means the same in all statements of a
 * batch. A statement is a constant; its text is made, and numbered, when it is first used.
 */

/** What a parameter may be. */
export type SqlValue = string | number | null;

/** The values of parameters by their names. A statement takes those that it names, so that a batch can share one object. */
export type SqlValues = Readonly<Record<string, SqlValue | undefined>>;

/**
 * A statement, ready to be prepared for a database with values for its parameters.
 * @throws Error when a parameter has no value
 */
export type Statement = (db: Db, values: SqlValues) => D1PreparedStatement;

/** Makes a statement of SQL with parameters such as `:id`. */
export function statement(sql: string): Statement {
  let numbered: Numbered | undefined;
  return (db, values) => {
    numbered ??= number(sql);
    const bound = numbered.names.map((name) => {
      const value = values[name];
      if (value === undefined) throw new Error(`A statement's parameter :${name} has no value`);
      return value;
    });
    return db.prepare(numbered.sql).bind(...bound);
  };
}

interface Numbered {
  sql: string;
  /** The name of each parameter, from ?1 on. */
  names: readonly string[];
}

/** SQL's strings and quoted names, which are left as they are, and the names of parameters. */
const STRING_OR_PARAMETER = /'[^']*'|"[^"]*"|:([A-Za-z]\w*)/g;

function number(sql: string): Numbered {
  const names: string[] = [];
  const text = sql.replace(STRING_OR_PARAMETER, (found: string, name?: string) => {
    if (name === undefined) return found;
    if (!names.includes(name)) names.push(name);
    return `?${names.indexOf(name) + 1}`;
  });
  return { sql: text, names };
}
