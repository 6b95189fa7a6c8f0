import * as z from "zod";
import { lazy } from "../lib/lazy.ts";
import { hexToKey } from "../sql-text/normalize/fingerprint.ts";
import { MAX_TABLE_CHARACTERS, type StatementTables, tablesOf } from "../sql-text/tables.ts";
import { type Example, Examples, exampleSchema } from "./digest-examples.ts";
import type { Source } from "./groups/sources.ts";
import type { Tag } from "./groups/tags.ts";
import { Tally } from "./groups/tally.ts";
import { Figures, figuresSchema } from "./timing/figures.ts";
import type { Counted } from "./timing/series.ts";

/*
 * One normalised statement of a table of digests: as it is stored, and as the table counts it.
 */

const timedSchema = lazy(() =>
  z.object({
    /** How much longer than its figures say it may have run in all, in microseconds: before it got its place. */
    overMicros: z.number(),
    /** Since it got its place. */
    figures: figuresSchema(),
  }),
);

/** Checked by hand: a table of digests has thousands, for which zod's own checks take many times as long. */
const numbersSchema = lazy(() =>
  z.custom<number[]>((stored) => Array.isArray(stored) && stored.every((number) => number >= 0)),
);

const tablesSchema = lazy(() =>
  z.object({ reads: z.array(z.string()).readonly(), writes: z.array(z.string()).readonly() }),
);

/** A digest as it is stored. */
export const entrySchema = lazy(() =>
  z.object({
    /** 64 bits in hexadecimal, not cryptographic. */
    fingerprint: z.string(),
    /** The normalised statement, at most MAX_DIGEST_BYTES bytes of UTF-8 (digest-limits.ts). */
    digest: z.string(),
    /** How often it ran, or up to `overcount` more. */
    count: z.number(),
    /** By how much `count` may be too high: it ran at least `count - overcount` times. 0 when it was counted exactly. */
    overcount: z.number(),
    /** When it was first and last seen since it got its place in the table; microseconds since the epoch. */
    firstSeenMicros: z.number(),
    lastSeenMicros: z.number(),
    /** One of the statements, cut at MAX_EXAMPLE: the first since it got its place. */
    example: z.string(),
    /** The tables that the statement reads and writes (sql-text/tables.ts). Absent in what was stored before they were read. */
    tables: tablesSchema().optional(),
    /** Some of the statements, in the order of time; absent in what was stored before they were kept, as all that follows. */
    examples: z.array(exampleSchema()).optional(),
    /** The places of its first sources in the table's list, each with how often it ran it. */
    sources: numbersSchema().optional(),
    /** How often others ran it. */
    moreSources: z.number().optional(),
    /** The places of its first tags in the table's list, each with how often it had it. */
    tags: numbersSchema().optional(),
    /** How often it had others. */
    moreTags: z.number().optional(),
    /** Of the slow log. */
    timed: timedSchema().optional(),
  }),
);

/** One normalised statement and how often it ran. */
export type DigestEntry = z.output<ReturnType<typeof entrySchema>>;

/** A digest in the table. */
export interface Slot
  extends Pick<
      DigestEntry,
      "digest" | "count" | "overcount" | "firstSeenMicros" | "lastSeenMicros" | "example"
    >,
    Counted {
  /** Those of its statements, as far as they fit (tablesTogether). */
  tables: StatementTables;
  fingerprint: string;
  key: number;
  readonly examples: Examples;
  readonly sources: Tally<Source>;
  /** Null until one of its statements had a tag: most statements have none. */
  tags: Tally<Tag> | null;
  /** Whether it is one of those that ran most, and of those that took most time. It leaves the table when it is neither. */
  isFrequent: boolean;
  isLong: boolean;
  /** How long it ran in all, or up to `overMicros` more. 0 where times are not known. */
  totalMicros: number;
  overMicros: number;
  /** Since it is in the table; null where times are not known. */
  figures: Figures | null;
}

/** What is known of a digest by its first statement. */
interface NewSlot extends Pick<Slot, "key" | "fingerprint" | "digest" | "overcount" | "example" | "tables"> {
  /** When that ran, in microseconds since the epoch. */
  timeMicros: number;
}

/** The digest of a statement that ran once, and as often before as its `overcount` says. It has no place in the table yet. */
export function newSlot({ key, fingerprint, digest, overcount, timeMicros, example, tables }: NewSlot): Slot {
  return {
    key,
    fingerprint,
    digest,
    count: overcount + 1,
    overcount,
    firstSeenMicros: timeMicros,
    lastSeenMicros: timeMicros,
    example,
    tables,
    examples: new Examples(),
    sources: new Tally(),
    tags: null,
    isFrequent: false,
    isLong: false,
    totalMicros: 0,
    overMicros: 0,
    figures: null,
    cell: null,
    addedTo: null,
    linePart: null,
  };
}

/** Notes when it was seen. */
export function see(slot: Slot, timeMicros: number): void {
  if (timeMicros > slot.lastSeenMicros) slot.lastSeenMicros = timeMicros;
  else if (timeMicros < slot.firstSeenMicros) slot.firstSeenMicros = timeMicros;
}

/** Adds what a digest may have had where it had no place. */
export function addUnseen(slot: Slot, count: number, micros: number): void {
  slot.count += count;
  slot.overcount += count;
  if (slot.figures === null) return;
  slot.totalMicros += micros;
  slot.overMicros += micros;
}

/** Adds what another table has of the same digest. */
export function addSlot(slot: Slot, other: Slot): void {
  slot.count += other.count;
  slot.overcount += other.overcount;
  slot.totalMicros += other.totalMicros;
  slot.overMicros += other.overMicros;
  if (slot.figures === null) slot.figures = other.figures;
  else if (other.figures !== null) slot.figures.merge(other.figures);
  const isEarlier = other.firstSeenMicros < slot.firstSeenMicros;
  slot.examples.merge(other.examples, isEarlier);
  slot.tables = tablesTogether(slot.tables, other.tables);
  for (const [source, count] of other.sources) slot.sources.add(source, count);
  slot.sources.more += other.sources.more;
  if (other.tags !== null) {
    slot.tags ??= new Tally();
    for (const [tag, count] of other.tags) slot.tags.add(tag, count);
    slot.tags.more += other.tags.more;
  }
  if (isEarlier) {
    slot.firstSeenMicros = other.firstSeenMicros;
    slot.example = other.example;
  }
  slot.lastSeenMicros = Math.max(slot.lastSeenMicros, other.lastSeenMicros);
}

/** How long a digest took: see Slot. */
type StatementTimes = Pick<Slot, "figures" | "totalMicros" | "overMicros">;

/** How long a stored digest took. */
export function timesOf({ timed }: Pick<DigestEntry, "timed">): StatementTimes {
  if (timed === undefined) return { figures: null, totalMicros: 0, overMicros: 0 };
  const { overMicros } = timed;
  const figures = new Figures(timed.figures);
  return { figures, totalMicros: overMicros + figures.totalMicros, overMicros };
}

/** The tables of a digest: of one that was stored before they were read, those that its text says. */
export const tablesOfDigest = ({ tables, digest }: Pick<DigestEntry, "tables" | "digest">): StatementTables =>
  tables ?? tablesOf(digest);

/** The tables of two statements of a digest, at most MAX_TABLE_CHARACTERS of them. @returns the first if it has all */
export function tablesTogether(one: StatementTables, other: StatementTables): StatementTables {
  if (one === other) return one;
  const reads = new Set(one.reads);
  const writes = new Set(one.writes);
  let characters = 0;
  for (const { length } of [...reads, ...writes]) characters += length;
  const add = (tables: Set<string>, name: string) => {
    if (tables.has(name) || characters + name.length > MAX_TABLE_CHARACTERS) return;
    characters += name.length;
    tables.add(name);
  };
  for (const name of other.reads) add(reads, name);
  for (const name of other.writes) add(writes, name);
  const isSame = reads.size === one.reads.length && writes.size === one.writes.length;
  return isSame ? one : { reads: [...reads], writes: [...writes] };
}

/** The sources and tags of a table of digests, by their places in its lists. */
export interface Lists {
  sources: readonly Source[];
  tags: readonly Tag[];
}

/** What is stored of a digest, as a slot that has no place yet. */
export function slotOf(entry: DigestEntry, lists: Lists): Slot {
  const { figures, totalMicros, overMicros } = timesOf(entry);
  const { fingerprint, digest, count, overcount, firstSeenMicros, lastSeenMicros, example } = entry;
  const isTagged = entry.tags !== undefined || entry.moreTags !== undefined;
  return {
    key: hexToKey(fingerprint),
    fingerprint,
    digest,
    count,
    overcount,
    firstSeenMicros,
    lastSeenMicros,
    example,
    tables: tablesOfDigest(entry),
    examples: new Examples(examplesOf(entry, lists.sources)),
    sources: tallyOf(entry.sources, entry.moreSources, lists.sources),
    tags: isTagged ? tallyOf(entry.tags, entry.moreTags, lists.tags) : null,
    isFrequent: false,
    isLong: false,
    totalMicros,
    overMicros,
    figures,
    cell: null,
    addedTo: null,
    linePart: null,
  };
}

const examplesOf = ({ examples = [], example }: DigestEntry, sources: readonly Source[]): Example[] =>
  examples.map(({ timeMicros, source, durationMicros = null, statement = example }) => ({
    timeMicros,
    source: sources[source] ?? null,
    durationMicros,
    statement,
  }));

function tallyOf<T extends object>(stored: readonly number[] = [], more = 0, list: readonly T[]): Tally<T> {
  const tally = new Tally<T>();
  for (let at = 0; at + 1 < stored.length; at += 2) {
    const item = list[stored[at] as number];
    if (item !== undefined) tally.add(item, stored[at + 1]);
  }
  tally.more += more;
  return tally;
}

/** What is stored of a slot. */
export function entryOf(slot: Slot): DigestEntry {
  const { fingerprint, digest, count, overcount, firstSeenMicros, lastSeenMicros, example, tables } = slot;
  const [sources, moreSources] = placesOf(slot.sources);
  const [tags, moreTags] = slot.tags === null ? [[], 0] : placesOf(slot.tags);
  return {
    fingerprint,
    digest,
    count,
    overcount,
    firstSeenMicros,
    lastSeenMicros,
    example,
    tables,
    examples: slot.examples.toJSON(example),
    sources,
    ...(moreSources > 0 && { moreSources }),
    ...(tags.length > 0 && { tags }),
    ...(moreTags > 0 && { moreTags }),
    ...(slot.figures !== null && { timed: { overMicros: slot.overMicros, figures: slot.figures.toJSON() } }),
  };
}

/** The places of what was counted, each with its count; and how often others came, those that are not kept among them. */
function placesOf(tally: Tally<{ readonly index: number } & object>): [places: number[], more: number] {
  const places: number[] = [];
  let { more } = tally;
  for (const [{ index }, count] of tally) {
    if (index < 0) more += count;
    else places.push(index, count);
  }
  return [places, more];
}
