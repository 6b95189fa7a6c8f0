import type { StoredWorkloadRecord } from "../../client/index.ts";
import { isTable, tablesOf } from "../../sql-text/tables.ts";
import { tagsOf, tagValue } from "../../sql-text/tags.ts";
import { formatTime } from "../../workload/stored/time.ts";

/** Which records are replayed, as `captures records` has them: those that are all of what is given. */
export interface Wanted {
  contains?: string | undefined;
  table?: string | undefined;
  fingerprint?: string | undefined;
  user?: string | undefined;
  host?: string | undefined;
  db?: string | undefined;
  thread?: number | undefined;
  tag?: Readonly<Record<string, string>> | undefined;
  /** Of the slow log, in milliseconds. */
  minDuration?: number | undefined;
  /** Of the slow log. */
  errors?: boolean | undefined;
  /** Of this time, `to` excluded. */
  from?: Date | undefined;
  to?: Date | undefined;
}

type Test = (record: StoredWorkloadRecord) => boolean;

/** A test of records. What costs least is looked at first. */
export function wantedBy(wanted: Wanted): Test {
  const { contains, table, fingerprint, user, host, db, thread, tag, minDuration, errors, from, to } = wanted;
  const tests: Test[] = [];
  if (thread !== undefined) tests.push(({ threadId }) => threadId === thread);
  if (fingerprint !== undefined) tests.push((record) => record.fingerprint === fingerprint);
  if (user !== undefined) tests.push((record) => record.user === user);
  if (host !== undefined) tests.push((record) => record.host === host);
  if (db !== undefined) tests.push((record) => record.db === db);
  // Times are written so that they sort as texts do.
  if (from !== undefined) tests.push(({ time }) => time >= textOf(from));
  if (to !== undefined) tests.push(({ time }) => time < textOf(to));
  if (minDuration !== undefined)
    tests.push((record) => "log" in record && record.durationMicros >= minDuration * 1000);
  if (errors) tests.push((record) => "log" in record && (record.errno ?? 0) > 0);
  if (contains !== undefined) {
    const looked = contains.toLowerCase();
    tests.push(({ statement }) => statement.toLowerCase().includes(looked));
  }
  if (tag !== undefined) tests.push(({ statement }) => hasTags(statement, tag));
  if (table !== undefined) tests.push((record) => namesTable(record.statement, table, record.db ?? null));
  return (record) => tests.every((test) => test(record));
}

const textOf = (date: Date): string => formatTime(date.getTime() * 1000);

function hasTags(sql: string, wanted: Readonly<Record<string, string>>): boolean {
  const tags = tagsOf(sql);
  return Object.entries(wanted).every(([key, value]) => tagValue(tags, key) === value);
}

function namesTable(sql: string, wanted: string, db: string | null): boolean {
  const { reads, writes } = tablesOf(sql);
  return [...reads, ...writes].some((table) => isTable(table, wanted, db));
}
