import * as z from "zod";
import { lazy } from "../../lib/lazy.ts";
import { bytesSchema } from "../../lib/stored.ts";
import type { LeftOut } from "../record.ts";
import { COMMANDS } from "./commands.ts";
import type { HeaderForm } from "./header.ts";

/*
 * A parser's state, as it is stored between two portions of a log.
 */

const positionSchema = lazy(() =>
  z.object({
    /** The first byte that belongs to no complete record: read on from here. */
    offset: z.number(),
    format: z.enum(["mysql", "mysql-untabbed", "mariadb"] as const satisfies HeaderForm[]).nullable(),
    /** The second that MariaDB's records without a time of their own belong to, in microseconds since the epoch. */
    secondMicros: z.number().nullable(),
    /** Whether no record of the file has come yet; whether the log was opened again since the last record. */
    isFileBegun: z.boolean().optional(),
    isReopened: z.boolean().optional(),
  }),
);

/** As much as a parser needs to go on from the beginning of the record that was open. JSON keeps it. */
export type LogPosition = z.output<ReturnType<typeof positionSchema>>;

const leftOutSchema = lazy(
  () =>
    z.object({
      strayBytes: z.number(),
      undatedRecords: z.number(),
    }) satisfies z.ZodType<LeftOut>,
);

const openRecordSchema = lazy(() =>
  z.object({
    /** Null when its time is not known; it is then counted as undated, and not given out. */
    timeMicros: z.number().nullable(),
    threadId: z.number(),
    command: z.enum(COMMANDS),
    start: z.number(),
    /** The first characters of the statement, with the newline of every line that was read. */
    text: z.string(),
    /** How many characters all of it has. */
    length: z.number(),
    leftOut: leftOutSchema().optional(),
    isAfterOpening: z.boolean().optional(),
  }),
);

/** The record whose end has not been seen. */
export type OpenRecord = z.output<ReturnType<typeof openRecordSchema>>;

/** A parser's state as it is stored. */
export const parserSchema = lazy(() =>
  positionSchema().extend({
    open: openRecordSchema().nullable(),
    /** The beginning of the line that is not complete. */
    line: bytesSchema(),
    /** How many bytes that line has. */
    lineBytes: z.number(),
    ...leftOutSchema().shape,
  }),
);

/** A parser's whole state, for going on with the next byte. Structured clone keeps it; as large as the open record. */
export type ParserSnapshot = z.output<ReturnType<typeof parserSchema>>;
