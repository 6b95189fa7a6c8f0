import type { DigestQuery } from "../api/types.ts";

/* Which statements are looked for, as the address says it: under the names that the API has for them. */

/** By what statements are looked for. */
export const STATEMENT_FILTERS = ["table", "contains", "user", "host", "db", "tag"] as const;

/** One of these. */
export type StatementFilter = (typeof STATEMENT_FILTERS)[number];

/** What the form calls them. */
export const FILTER_LABELS: Record<StatementFilter, string> = {
  table: "Table",
  contains: "Text",
  user: "User",
  host: "Host",
  db: "Database",
  tag: "Tag (key:value)",
};

/** What the address asks for; what it does not say is absent. */
export function readStatementFilter(query: URLSearchParams): Pick<DigestQuery, StatementFilter> {
  return Object.fromEntries(
    STATEMENT_FILTERS.flatMap((name) => {
      const value = query.get(name)?.trim();
      return value ? [[name, name === "tag" ? [value] : value]] : [];
    }),
  );
}
