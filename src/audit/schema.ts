import * as z from "zod";
import { lazy } from "../lib/lazy.ts";
import { idSchema, limitUpTo, MAX_PAGE, once, timeSchema } from "../lib/values.ts";

/** The formats of an audit trail. */
export const FORMATS = ["json", "ndjson"] as const;
/** The orders: by time, with a hyphen the newest first. */
export const SORTS = ["-time", "time"] as const;
/** The most rows of an export that one request gives; of a page as JSON, `MAX_PAGE`. */
export const MAX_EXPORT = 5000;
/** How many rows a page has unless more are asked for. */
export const PAGE = 100;

const cursorSchema = lazy(() =>
  z
    .string()
    .regex(
      /^\d{1,16}\.[1-9]\d{0,15}$/,
      "is not one of an audit trail: follow the Link header of the page before",
    )
    .transform((text) => text.split(".").map(Number) as [time: number, id: number]),
);

const LIMIT = `must be an integer from 1 to ${MAX_PAGE}, or ${MAX_EXPORT} of format=ndjson`;

/** The query of GET /api/environments/{id}/audit. */
export const auditQuerySchema = lazy(() =>
  z
    .strictObject({
      actor: once(z.string().min(1, "must not be empty").max(64, "must be at most 64 characters long")),
      action: once(
        z
          .string()
          .regex(
            /^[a-z]+(\.[a-z]+)?$/,
            'must be an action such as "capture.deleted", or what it is done to, such as "capture"',
          ),
      ),
      capture: once(idSchema()),
      from: once(timeSchema()),
      to: once(timeSchema()),
      sort: once(z.enum(SORTS, `must be one of ${SORTS.join(", ")}`)).default("-time"),
      format: once(z.enum(FORMATS, `must be one of ${FORMATS.join(", ")}`)).default("json"),
      limit: once(limitUpTo(MAX_EXPORT)),
      cursor: once(cursorSchema()),
    })
    .refine(({ format, limit = 1 }) => format === "ndjson" || limit <= MAX_PAGE, {
      path: ["limit"],
      error: LIMIT,
    }),
);

/** Which rows of an audit trail are asked for, and how. */
export type AuditQuery = z.output<ReturnType<typeof auditQuerySchema>>;
