import * as z from "zod";
import { lazy } from "../lib/lazy.ts";
import { limitSchema, once, timeSchema } from "../lib/values.ts";
import { LOG_NAMES } from "../logs/names.ts";
import { DIGEST_ORDERS } from "./timing/order.ts";

/** What a table can be answered as. */
const TABLE_FORMATS = ["json", "csv"] as const;

/** What a table is to be answered as. */
export const tableFormatSchema = lazy(() =>
  once(z.enum(TABLE_FORMATS, `must be one of ${TABLE_FORMATS.join(", ")}`)).default("json"),
);

/** The query of GET /api/captures/{id}/workload/digest. */
export const digestQuerySchema = lazy(() =>
  z.strictObject({
    limit: once(limitSchema()).default(100),
    order: once(z.enum(DIGEST_ORDERS, `must be one of ${DIGEST_ORDERS.join(", ")}`)),
    format: tableFormatSchema(),
  }),
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
    fingerprint: once(z.string().regex(/^[0-9a-f]{16}$/, "must be 16 hexadecimal digits")),
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

/** How a workload can be downloaded: as a gzip file of NDJSON, as NDJSON, or as the text of the log. */
const FORMATS = ["ndjson.gz", "ndjson", "log"] as const;

/** The query of GET /api/captures/{id}/workload/download: `from` is included, `to` is not. */
export const downloadQuerySchema = lazy(() =>
  z
    .strictObject({
      log: once(z.enum(LOG_NAMES, `must be one of ${LOG_NAMES.join(", ")}`)),
      format: once(z.enum(FORMATS, `must be one of ${FORMATS.join(", ")}`)).default("ndjson.gz"),
      from: once(timeSchema()),
      to: once(timeSchema()),
    })
    .refine(({ from, to }) => from === undefined || to === undefined || from <= to, {
      path: ["from"],
      message: "must not be after to",
    }),
);
