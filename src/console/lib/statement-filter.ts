import type { WorkloadDigest } from "../api/types.ts";

/* Which statements are looked for, as the address says it. */

/** By what statements are looked for. */
export const STATEMENT_FILTERS = ["table", "contains"] as const;

/** One of these. */
export type StatementFilter = (typeof STATEMENT_FILTERS)[number];

/** What the form calls them. */
export const FILTER_LABELS: Record<StatementFilter, string> = { table: "Table", contains: "Text" };

/** What the address asks for; what it does not say is absent. */
export function readStatementFilter(query: URLSearchParams): Partial<Record<StatementFilter, string>> {
  return Object.fromEntries(
    STATEMENT_FILTERS.flatMap((name) => {
      const value = query.get(name)?.trim();
      return value ? [[name, value]] : [];
    }),
  );
}

/** Those of the statements that are looked for. Case does not matter; a table may be named with its schema, or without. */
export function matching(
  statements: WorkloadDigest[],
  { table, contains }: Partial<Record<StatementFilter, string>>,
): WorkloadDigest[] {
  const wanted = table?.toLowerCase();
  const text = contains?.toLowerCase();
  const isOf = (name: string) => {
    const lower = name.toLowerCase();
    return lower === wanted || lower.endsWith(`.${wanted}`) || wanted?.endsWith(`.${lower}`) === true;
  };
  return statements.filter(
    ({ digest, tables }) =>
      (wanted === undefined || [...tables.reads, ...tables.writes].some(isOf)) &&
      (text === undefined || digest.toLowerCase().includes(text)),
  );
}
