import { tagsObject, tagsOf } from "../../sql-text/tags.ts";
import type { MissingFragments } from "../stored/fragments-in-range.ts";
import { formatTime } from "../stored/time.ts";
import type { AnyRecord, Fingerprints } from "./fingerprints.ts";
import type { FoundLine } from "./fragment-lines.ts";
import type { MissingRecords } from "./replies.ts";
import type { Found } from "./search-options.ts";

/*
 * Writes pages of records as JSON. A record is stored as the JSON that is shown: what is to be added to it is, and most of them are
 * never parsed.
 */

/**
 * The members of a page, without the braces around them.
 * @param next the cursor of the next page
 */
export function pageJson(
  { lines, missing }: Found,
  next: string | null,
  fingerprints: Fingerprints | null,
): string {
  const records = lines.map((line) => recordJson(line, fingerprints));
  const rest = JSON.stringify({ next, missing: missing.map(toMissing) });
  return `"records":[${records.join(",")}],${rest.slice(1, -1)}`;
}

const FINGERPRINT = '"fingerprint":"';

/** A record with its tags, and with its fingerprint, which fragments of version 1 don't have. */
function recordJson({ json }: FoundLine, fingerprints: Fingerprints | null): string {
  const mayHaveTags = json.includes("*/");
  const isToBeWorkedOut = fingerprints !== null && !json.includes(FINGERPRINT);
  if (!mayHaveTags && !isToBeWorkedOut) return json;
  const record = JSON.parse(json) as AnyRecord;
  const fingerprint = isToBeWorkedOut ? fingerprints.of(record) : null;
  const tags = mayHaveTags ? tagsObject(tagsOf(record.statement)) : null;
  const more = { ...(fingerprint !== null && { fingerprint }), ...(tags !== null && { tags }) };
  return Object.keys(more).length === 0 ? json : `${json.slice(0, -1)},${JSON.stringify(more).slice(1)}`;
}

const toMissing = ({ fragments, afterMicros, beforeMicros }: MissingFragments): MissingRecords => ({
  fragments,
  after: timeOrNull(afterMicros),
  before: timeOrNull(beforeMicros),
});

const timeOrNull = (micros: number | null): string | null => (micros === null ? null : formatTime(micros));
