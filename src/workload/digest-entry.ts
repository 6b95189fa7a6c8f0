import * as z from "zod";
import { lazy } from "../lib/lazy.ts";
import { hexToKey } from "../sql-text/normalize/fingerprint.ts";
import { type StatementTables, tablesOf } from "../sql-text/tables.ts";
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
    /** Of the slow log. */
    timed: timedSchema().optional(),
  }),
);

/** One normalised statement and how often it ran. */
export type DigestEntry = z.output<ReturnType<typeof entrySchema>>;

/** The longest example, in UTF-16 code units. */
export const MAX_EXAMPLE = 1024;

/** A digest in the table. */
export interface Slot extends Omit<DigestEntry, "timed" | "tables">, Counted {
  fingerprint: string;
  key: number;
  /** Whether it is one of those that ran most, and of those that took most time. It leaves the table when it is neither. */
  isFrequent: boolean;
  isLong: boolean;
  /** How long it ran in all, or up to `overMicros` more. 0 where times are not known. */
  totalMicros: number;
  overMicros: number;
  /** Since it is in the table; null where times are not known. */
  figures: Figures | null;
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
  if (other.firstSeenMicros < slot.firstSeenMicros) {
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

/** What is stored of a digest, as a slot that has no place yet. */
export function slotOf(entry: DigestEntry): Slot {
  const { figures, totalMicros, overMicros } = timesOf(entry);
  return {
    key: hexToKey(entry.fingerprint),
    fingerprint: entry.fingerprint,
    digest: entry.digest,
    count: entry.count,
    overcount: entry.overcount,
    firstSeenMicros: entry.firstSeenMicros,
    lastSeenMicros: entry.lastSeenMicros,
    example: entry.example,
    tables: tablesOfDigest(entry),
    isFrequent: false,
    isLong: false,
    totalMicros,
    overMicros,
    figures,
    cell: null,
  };
}

/** What is stored of a slot. */
export function entryOf(slot: Slot): DigestEntry {
  const { fingerprint, digest, count, overcount, firstSeenMicros, lastSeenMicros, example, tables } = slot;
  const entry = { fingerprint, digest, count, overcount, firstSeenMicros, lastSeenMicros, example, tables };
  if (slot.figures === null) return entry;
  return { ...entry, timed: { overMicros: slot.overMicros, figures: slot.figures.toJSON() } };
}

/** A copy, since a part of a string would keep the block of the log around it in memory. */
export function exampleOf(statement: string): string {
  let end = Math.min(statement.length, MAX_EXAMPLE);
  if (end < statement.length && (statement.charCodeAt(end - 1) & 0xfc00) === 0xd800) end--;
  return JSON.parse(JSON.stringify(statement.slice(0, end)));
}
