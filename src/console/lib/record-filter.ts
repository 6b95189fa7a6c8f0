import type { RecordsQuery } from "../api/types.ts";

/* Which records are looked for, as the address says it: under the names that the API has for them. */

/** What the form of the records asks for in text. */
export const RECORD_FIELDS = [
  "contains",
  "user",
  "table",
  "host",
  "db",
  "threadId",
  "command",
  "minDuration",
  "tag",
] as const;

/** One of these. */
export type RecordField = (typeof RECORD_FIELDS)[number];

/** All that the address may say of the records, besides the page. */
export const RECORD_QUERY = [
  ...RECORD_FIELDS,
  "from",
  "to",
  "errors",
  "fingerprint",
  "log",
  "order",
] as const;

/** What the address says, under the API's names; what it does not say is absent. */
export function recordsQuery(query: URLSearchParams): RecordsQuery {
  // The service reads each of them, and says of what it can't read why.
  const said: Record<string, unknown> = {};
  for (const name of [...RECORD_QUERY, "cursor"]) {
    const value = query.get(name)?.trim();
    if (value) said[name] = name === "tag" ? [value] : value;
  }
  return said as RecordsQuery;
}

/** Whether the address limits the records in any way but their time. */
export const isFiltered = (query: URLSearchParams): boolean =>
  [...RECORD_FIELDS, "errors", "fingerprint"].some((name) => query.get(name));

/** How many pages of the API one page of the console waits for: each looks at as much as one request does. */
const MOST_REQUESTS = 10;

/** A page of the API, as far as pages are put together. */
interface Page {
  records: unknown[];
  next: string | null;
}

/**
 * Reads on until there are so many records, there are no more, or it has taken many requests: rare records are far apart, and each
 * request looks through a bounded amount.
 * @returns what was found, and where to go on: all pages, so that nothing else that they say is lost
 */
export async function readOn<P extends Page>(
  limit: number,
  cursor: string | undefined,
  read: (limit: number, cursor: string | undefined) => Promise<P>,
): Promise<{ pages: P[]; records: P["records"]; next: string | null }> {
  const pages: P[] = [];
  const records: P["records"] = [];
  let next: string | null | undefined = cursor;
  do {
    const page = await read(limit - records.length, next ?? undefined);
    pages.push(page);
    records.push(...page.records);
    next = page.next;
  } while (next !== null && records.length < limit && pages.length < MOST_REQUESTS);
  return { pages, records, next };
}
