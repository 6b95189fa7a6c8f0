import * as z from "zod";
import { lazy } from "../lib/lazy.ts";
import { limitSchema, once, timeSchema } from "../lib/values.ts";
import { LOG_NAMES } from "../logs/names.ts";
import { threadIdSchema } from "./search/schema.ts";
import { DIGEST_ORDERS } from "./timing/order.ts";

/** What a table can be answered as. */
const TABLE_FORMATS = ["json", "csv"] as const;

/** What a table is to be answered as. */
export const tableFormatSchema = lazy(() =>
  once(z.enum(TABLE_FORMATS, `must be one of ${TABLE_FORMATS.join(", ")}`)).default("json"),
);

/** The fingerprint of a statement. */
export const fingerprintSchema = lazy(() =>
  z.string().regex(/^[0-9a-f]{16}$/, "must be 16 hexadecimal digits"),
);

/** The longest text that is looked for in statements, in characters. */
const MAX_TEXT = 1000;
/** The longest name of a user, a host or a database: none of a server's is longer. */
const MAX_NAME = 255;
/** A table's, with its schema's. */
const MAX_TABLE = 260;
/** How many tags can be asked for at once. */
const MAX_TAGS = 8;

const TAG = "must be a key and a value such as action:checkout";

const textOf = (max: number) => z.string().max(max, `must have at most ${max} characters`);
const wordsOf = (max: number) => textOf(max).min(1, "must not be empty");

/** The query of GET /api/captures/{id}/workload/digest. */
export const digestQuerySchema = lazy(() =>
  z.strictObject({
    limit: once(limitSchema()).default(100),
    cursor: once(fingerprintSchema()),
    order: once(z.enum(DIGEST_ORDERS, `must be one of ${DIGEST_ORDERS.join(", ")}`)),
    table: once(wordsOf(MAX_TABLE)),
    user: once(textOf(MAX_NAME)),
    host: once(textOf(MAX_NAME)),
    db: once(wordsOf(MAX_NAME)),
    tag: z
      .array(
        z
          .string()
          .regex(/^[^:]{1,128}:/, TAG)
          .max(1200, TAG),
      )
      .max(MAX_TAGS, `may be given ${MAX_TAGS} times at most`)
      .optional(),
    contains: once(wordsOf(MAX_TEXT)),
    format: tableFormatSchema(),
  }),
);

/** The query of the groups of a workload: by table, user and host. */
export const groupsQuerySchema = lazy(() => z.strictObject({ format: tableFormatSchema() }));

const KEY = "must be the key of a tag, such as action";

/** The query of GET /api/captures/{id}/workload/tags. */
export const tagsQuerySchema = lazy(() =>
  z.strictObject({ key: once(z.string().min(1, KEY).max(128, KEY)), format: tableFormatSchema() }),
);

const STEP = "must be a whole number of seconds, such as 60";

/** The query of GET /api/captures/{id}/workload/series. */
export const seriesQuerySchema = lazy(() =>
  z.strictObject({
    step: once(
      z
        .string()
        .regex(/^[1-9]\d{0,7}$/, STEP)
        .transform(Number),
    ),
    fingerprint: once(fingerprintSchema()),
    format: tableFormatSchema(),
  }),
);

/** The query of GET /api/captures/{id}/workload/series/statements: `from` is included, `to` is not. */
export const spanQuerySchema = lazy(() =>
  z
    .strictObject({ from: once(timeSchema()), to: once(timeSchema()), format: tableFormatSchema() })
    .refine(({ from, to }) => from === undefined || to === undefined || from < to, {
      path: ["from"],
      message: "must be before to",
    }),
);

/** How a workload can be downloaded: as a gzip file of NDJSON, as NDJSON, as the text of the log, as SQL, or as a table. */
const FORMATS = ["ndjson.gz", "ndjson", "log", "sql", "csv"] as const;

/** The query of GET /api/captures/{id}/workload/download: `from` is included, `to` is not. */
export const downloadQuerySchema = lazy(() =>
  z
    .strictObject({
      log: once(z.enum(LOG_NAMES, `must be one of ${LOG_NAMES.join(", ")}`)),
      format: once(z.enum(FORMATS, `must be one of ${FORMATS.join(", ")}`)).default("ndjson.gz"),
      from: once(timeSchema()),
      to: once(timeSchema()),
      threadId: once(threadIdSchema()),
    })
    .refine(({ from, to }) => from === undefined || to === undefined || from <= to, {
      path: ["from"],
      message: "must not be after to",
    }),
);
