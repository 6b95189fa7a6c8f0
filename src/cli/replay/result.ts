import * as z from "zod";
import { lazy } from "../../lib/lazy.ts";
import { storedFormat } from "../../lib/stored.ts";
import { figuresSchema } from "../../workload/timing/figures.ts";
import type { LeftOutReason } from "./outcome.ts";

/*
 * What came of a replay: the file that `--report json` writes, and that `--compare` reads again. Times are in milliseconds since
 * 1970, durations in microseconds, unless a name says otherwise.
 */

/** Why records can be left out, in the order of the report, with the words that it says so in. */
export const LEFT_OUT = {
  write: "Changes of data or definitions: they run only with --writes",
  account: "Statements about accounts",
  administration: "Statements about replication or the server itself",
  command: "Commands that can't be repeated",
  unprepared: "Executions of statements whose preparation isn't in the capture",
  cut: "Statements that the log or the capture has in part only",
  redacted: "Statements whose literals were removed when they were recorded",
  bulk: "Bulk executions, whose values the log does not have",
  damaged: "Statements with bytes that are not UTF-8, which the capture does not hold",
  echo: "Records that the log has twice",
  routine: "What ran inside of routines and triggers, which run it again",
  filtered: "Left out by a filter",
  nothing: "Records without anything to run",
} as const satisfies Record<LeftOutReason, string>;

const count = () => z.int().nonnegative();
const moment = () => z.number();

const makeShape = () =>
  z.object({
    /** What was replayed: a capture, or a file that was downloaded. */
    source: z.object({ capture: z.int().nullable(), name: z.string() }),
    /** Where to, without user and password. */
    target: z.string(),
    /** How many times as fast as recorded; null for as fast as it can. */
    speed: z.number().positive().nullable(),
    writes: z.boolean(),
    /** What else was asked for, in words, such as filters. */
    options: z.array(z.string()),
    startedAt: moment(),
    endedAt: moment(),
    /** The times of the first record and of the last one that were read; null without any. */
    recorded: z.object({ from: moment(), to: moment() }).nullable(),
    /** Why it ended before the recording did; null when it did not. */
    endedBy: z.string().nullable(),
    statements: count(),
    failed: count(),
    sessions: count(),
    /** Sessions that began before the capture did: what they had set before is not known. */
    partialSessions: count(),
    /** Statements of such sessions. */
    partialStatements: count(),
    maxConnections: count(),
    /** Executions of prepared statements: as they were, and as text since they could not be prepared. */
    executions: z.object({ prepared: count(), asText: count() }),
    /** How often a session went on with a new connection, without what it had set up; and how many transactions were lost by that. */
    stateLost: z.object({ byServer: count(), byLimit: count(), transactions: count() }),
    /** The most bytes of statements that waited on the disk. */
    spilledBytes: count(),
    leftOut: z.partialRecord(z.enum(Object.keys(LEFT_OUT) as [LeftOutReason]), count()),
    /** What else has to be known of how it went, such as connections that were lost. */
    notes: z.array(z.string()),
    errors: z.array(
      z.object({
        code: z.string(),
        count: count(),
        /** The first ones. */
        examples: z.array(
          z.object({ message: z.string(), statement: z.string(), session: z.string(), recordedAt: moment() }),
        ),
      }),
    ),
    /** How late statements were sent. Null at speed max. */
    lateness: z
      .object({ p50Micros: z.number(), p95Micros: z.number(), p99Micros: z.number(), maxMicros: z.number() })
      .nullable(),
    digest: z.array(
      z.object({
        fingerprint: z.string(),
        text: z.string(),
        errors: count(),
        /** Of those without an error, and of the same ones in the recording: `Figures.toJSON`. Without times in a general log. */
        replayed: figuresSchema(),
        recorded: figuresSchema(),
      }),
    ),
    /** Statements that are too many different ones to be in the digest. */
    notInDigest: count(),
    steps: z.object({
      seconds: z.number().positive(),
      statements: z.array(count()),
      errors: z.array(count()),
      maxLateMicros: z.array(z.number()),
    }),
  });

/** What came of a replay. */
export type ReplayResult = z.output<ReturnType<typeof makeShape>>;

/** How a result is stored: version 1. */
export const resultFormat = lazy(() => storedFormat("result of a replay", 1, makeShape));
