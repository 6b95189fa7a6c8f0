import * as z from "zod";
import { MAX_CATCH_UP_MS } from "./logs/instance-log.ts";
import { LOG_NAMES } from "./logs/log-source.ts";
import { CONTROLS, PENDING } from "./logs/portion.ts";

const MAX_DELAY_MS = 600_000;
const MAX_RATE = 10_000;
const MAX_STATEMENT_BYTES = 64 * 1024 * 1024;
/** A day: what can be generated while someone waits. */
const MAX_WINDOW_MS = 86_400_000;

const accessKeyId = z.string().min(1);
/** What names an instance: a key of its account, and its identifier. */
export const instanceKey = z.strictObject({ accessKeyId, instance: z.string().min(1) });
const ofInstance = instanceKey.shape;
/** What names a log: the general one, if it does not say. */
export const logKey = z.strictObject({ ...ofInstance, log: z.enum(LOG_NAMES).optional() });
const ofLog = logKey.shape;

const record = z.strictObject({
  timeMicros: z.int().min(0).optional(),
  threadId: z.int().min(0),
  command: z.string().min(1),
  statement: z.string(),
});

/** A time in a query: epoch milliseconds, or ISO 8601. */
const time = z
  .string()
  .transform((text) => (/^\d+$/.test(text) ? Number(text) : Date.parse(text)))
  .refine(Number.isFinite, { error: "must be epoch milliseconds or ISO 8601" });

/** What the control API takes about parameters and logs. Unknown members are refused: they would be typing errors. */
export const logBodies = {
  application: z.strictObject({
    accessKeyId,
    delayMs: z.int().min(0).max(MAX_DELAY_MS).optional(),
    staleMs: z.int().min(0).max(MAX_DELAY_MS).optional(),
    fails: z.boolean().optional(),
  }),
  workload: z.strictObject({
    ...ofInstance,
    seed: z.int().optional(),
    rate: z.number().min(0).max(MAX_RATE).optional(),
    long: z
      .strictObject({ bytes: z.int().min(100).max(MAX_STATEMENT_BYTES), everySeconds: z.int().min(1) })
      .nullable()
      .optional(),
    deaf: z.boolean().optional(),
  }),
  window: z
    .strictObject({ ...ofLog, from: time, to: time })
    .refine(({ from, to }) => from <= to && to - from <= MAX_WINDOW_MS, {
      error: "must be after from, by a day at most",
      path: ["to"],
    }),
  history: z
    .strictObject({ ...ofInstance, from: time, to: time })
    .refine(({ from, to }) => from < to && to - from <= MAX_CATCH_UP_MS, {
      error: "must be after from, by three hours at most",
      path: ["to"],
    }),
  append: z
    .strictObject({ ...ofLog, text: z.string().optional(), records: z.array(record).optional() })
    .refine(({ text, records }) => (text === undefined) !== (records === undefined), {
      error: "either text or records is needed",
    })
    .refine(({ log, records }) => log !== "slow" || records === undefined, {
      error: "the slow log takes text",
      path: ["records"],
    }),
  rotation: z.strictObject({
    ...ofLog,
    suffix: z.enum(["date", "hour"]).optional(),
    gapMs: z.int().min(0).max(MAX_DELAY_MS).optional(),
  }),
  truncation: z.strictObject({ ...ofLog, size: z.int().min(0) }),
  portions: z.strictObject({
    ...ofInstance,
    pending: z.enum(PENDING).optional(),
    controls: z.enum(CONTROLS).optional(),
    refusesBinary: z.boolean().optional(),
  }),
  file: z.strictObject({ ...ofInstance, logFileName: z.string().min(1) }),
  text: z.strictObject({ ...ofLog, logFileName: z.string().min(1).optional() }),
};
