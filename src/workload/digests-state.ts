import * as z from "zod";
import { lazy } from "../lib/lazy.ts";
import { type StoredFormat, storedFormat } from "../lib/stored.ts";
import { type DigestEntry, entrySchema } from "./digest-entry.ts";
import { groupsSchema } from "./groups/groups.ts";
import { sourcesSchema } from "./groups/sources.ts";
import { tagGroupsSchema, tagListSchema } from "./groups/tags.ts";

/*
 * The table of digests as it is stored, and what it says of those that are missing from it.
 */

const digestsSchema = lazy(() =>
  z.object({
    capacity: z.number(),
    total: z.number(),
    /** At most `capacity`; of the slow log at most twice as many: those that ran most, and those that took most time. */
    entries: z.array(entrySchema()),
    /** Of the slow log: how long all statements took, in microseconds. */
    totalMicros: z.number().optional(),
    /** Who ran the statements, by whose places entries name them. Absent in what was stored before they were kept, as what follows. */
    sources: sourcesSchema().optional(),
    /** The same for tags. */
    tags: tagListSchema().optional(),
    /** The figures by users, hosts and the values of tags. */
    users: groupsSchema().optional(),
    hosts: groupsSchema().optional(),
    tagged: tagGroupsSchema().optional(),
  }),
);

/** The table in JSON. */
export type DigestsState = z.output<ReturnType<typeof digestsSchema>>;

const untimedFormat = storedFormat("table of digests", 1, digestsSchema);
const timedFormat = storedFormat("table of digests", 2, digestsSchema);
const formatFor = ({ totalMicros }: DigestsState) =>
  totalMicros === undefined ? untimedFormat : timedFormat;

/** How the table is stored: version 1 without times, so that older code reads it too, version 2 with them. */
export const digestsFormat: StoredFormat<DigestsState> = {
  ...timedFormat,
  write: (state) => formatFor(state).write(state),
  stringify: (state) => formatFor(state).stringify(state),
};

/** How often, and how long, a digest may have run that is missing from a table: 0 while that has room. */
export function boundsOf({ capacity, entries, totalMicros }: DigestsState): {
  count: number;
  micros: number;
} {
  if (entries.length < capacity) return { count: 0, micros: 0 };
  const least = (weights: number[]) => weights.sort((a, b) => b - a)[capacity - 1] ?? 0;
  return {
    count: least(entries.map(({ count }) => count)),
    micros: totalMicros === undefined ? 0 : least(entries.map(microsOf)),
  };
}

/** How long a digest ran in all, or up to `overMicros` more. 0 where its times are not known. */
const microsOf = ({ timed }: DigestEntry): number =>
  timed === undefined ? 0 : timed.overMicros + (timed.figures[1] ?? 0);
