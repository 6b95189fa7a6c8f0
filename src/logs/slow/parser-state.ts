import * as z from "zod";
import { lazy } from "../../lib/lazy.ts";
import { bytesSchema } from "../../lib/stored.ts";
import type { ParsedAs } from "../kind.ts";
import type { LeftOut } from "../record.ts";
import { clockSchema } from "./clock.ts";
import type { DatabasesState } from "./databases.ts";
import type { SlowRecord } from "./record.ts";

/*
 * The state of a parser of the slow log, as it is stored between two portions of it.
 */

const leftOutShape = lazy(() => ({
  strayBytes: z.number(),
  undatedRecords: z.number(),
  suppressedStatements: z.number().exactOptional(),
}));

const leftOutSchema = lazy(() => z.object(leftOutShape()) satisfies z.ZodType<LeftOut>);

const databasesSchema = lazy(
  () =>
    z.object({
      sessions: z.array(z.tuple([z.number(), z.string()])),
      written: z.string().nullable(),
    }) satisfies z.ZodType<DatabasesState>,
);

const positionSchema = lazy(() =>
  z.object({
    /** The first byte that belongs to no complete entry: read on from here. */
    offset: z.number(),
    server: z.enum(["mysql", "mariadb"]).nullable(),
    /** Whether an entry may begin there. */
    isBoundary: z.boolean(),
    /** Whether no entry of the file has come yet; whether the log was opened again since the last entry. */
    isFileBegun: z.boolean(),
    isReopened: z.boolean(),
    databases: databasesSchema(),
    clock: clockSchema(),
  }),
);

/** As much as a parser needs to go on from the beginning of the entry that was open. JSON keeps it. */
export type SlowPosition = z.output<ReturnType<typeof positionSchema>>;

const recordSchema = lazy(
  () =>
    z.object({
      timeMicros: z.number(),
      precisionMicros: z.union([z.literal(1), z.literal(1_000_000)]),
      threadId: z.number(),
      user: z.string().nullable(),
      host: z.string().nullable(),
      db: z.string().nullable(),
      command: z.enum(["Query", "Administrator command"]),
      statement: z.string(),
      truncated: z.boolean(),
      durationMicros: z.number(),
      innerMicros: z.number().exactOptional(),
      lockMicros: z.number(),
      rowsSent: z.number(),
      rowsExamined: z.number(),
      rowsAffected: z.number().exactOptional(),
      bytesSent: z.number().exactOptional(),
      bytesReceived: z.number().exactOptional(),
      errno: z.number().exactOptional(),
      killed: z.number().exactOptional(),
      fullScan: z.boolean().exactOptional(),
      fullJoin: z.boolean().exactOptional(),
      tmpTables: z.number().exactOptional(),
      tmpDiskTables: z.number().exactOptional(),
      filesort: z.boolean().exactOptional(),
      queryCacheHit: z.boolean().exactOptional(),
      routine: z.string().exactOptional(),
      repeats: z.literal(true).exactOptional(),
      server: z.enum(["mysql", "mariadb"]),
      start: z.number(),
      end: z.number(),
      leftOut: leftOutSchema().exactOptional(),
      isAfterOpening: z.literal(true).exactOptional(),
    }) satisfies z.ZodType<SlowRecord>,
);

const openEntrySchema = lazy(() =>
  z.object({
    /** With what its header says; it lacks its statement and its end. */
    record: recordSchema(),
    /** `SET timestamp`. */
    second: z.number(),
    /** The first characters of its text, with the newline of every line that was read. */
    text: z.string(),
    /** How many characters all of it has. */
    length: z.number(),
  }),
);

/** The entry whose end has not been seen. */
export type OpenEntry = z.output<ReturnType<typeof openEntrySchema>> & { record: SlowRecord };

/** A parser's state as it is stored. */
export const slowParserSchema = lazy(() =>
  positionSchema().extend({
    open: openEntrySchema().nullable(),
    /** Whole lines that may be the beginning of a header. */
    held: bytesSchema(),
    /** The beginning of the line that is not complete. */
    line: bytesSchema(),
    /** How many bytes that line has, and the last of them. */
    lineBytes: z.number(),
    lineLast: z.number(),
    ...leftOutShape(),
    /** Records that were complete at the end of a file and not given out yet. */
    records: z.array(recordSchema()),
  }),
);

/** A parser's whole state, for going on with the next byte. Structured clone keeps it; as large as the open entry. */
export type SlowSnapshot = z.output<ReturnType<typeof slowParserSchema>>;

/** What the slow log's parser gives and keeps. */
export interface ParsedAsSlow extends ParsedAs {
  record: SlowRecord;
  position: SlowPosition;
  snapshot: SlowSnapshot;
}
