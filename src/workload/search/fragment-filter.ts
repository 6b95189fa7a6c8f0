import { withoutSchema } from "../../sql-text/tables.ts";
import type { ListedFragment } from "../stored/fragments.ts";
import { Summary, type SummaryKind } from "../stored/summary.ts";
import type { RecordFilter } from "./record-filter.ts";

/** Whether a fragment may have records of a filter, by what it says of itself. Its time is not looked at. */
export function mayHave(
  { summary, longestMicros, errors }: Pick<ListedFragment, "summary" | "longestMicros" | "errors">,
  filter: RecordFilter,
): boolean {
  if (longestMicros !== null && longestMicros < (filter.minDurationMicros ?? 0)) return false;
  if (filter.errors && errors === 0) return false;
  const wanted = valuesOf(filter);
  if (wanted.length === 0) return true;
  const known = Summary.parse(summary);
  return wanted.every(([kind, value]) => known.mayHave(kind, value));
}

/** What of a filter summaries know of. */
function valuesOf(filter: RecordFilter): [SummaryKind, string][] {
  const { fingerprint, user, host, db, table, tags = [], threadId } = filter;
  const values: [SummaryKind, string | undefined][] = [
    ["fingerprint", fingerprint],
    ["user", user],
    ["host", host],
    ["db", db],
    // A statement may leave out the schema that it is in.
    ["table", table === undefined ? undefined : withoutSchema(table)],
    ...tags.map(([key, value]): [SummaryKind, string] => ["tag", `${key}=${value}`]),
    ["thread", threadId === undefined ? undefined : String(threadId)],
  ];
  return values.flatMap(([kind, value]) =>
    value === undefined ? [] : [[kind, value] as [SummaryKind, string]],
  );
}
