import * as z from "zod";

/*
 * Values as the API writes them, in requests and replies. This and the rooms' schema.ts know nothing of HTTP or of Workers: the
 * API reference and the client are made from them.
 */

/** An id in a path or a query: a positive integer in decimal digits. */
export const idSchema = z
  .string()
  .regex(/^[1-9][0-9]*$/, "must be a positive integer")
  .transform(Number)
  .refine(Number.isSafeInteger, "is too large to be an id");

/** A query parameter that may be given once. */
export function once<S extends z.ZodType<unknown, string | undefined>>(value: S) {
  return z
    .array(z.string())
    .length(1, "may be given once only")
    .transform(([only]) => only)
    .pipe(value)
    .optional();
}

/** A text, cut if it is longer than `max` characters, with how long it was. */
export const cut = (text: string, max: number): string =>
  text.length <= max ? text : `${text.slice(0, max)}… (${text.length} characters)`;

/** As D1 writes bookmarks, which say what of the database somebody has seen. */
export const BOOKMARK = /^[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{32}$/;

/** How the API writes a moment: ISO 8601 in UTC with milliseconds. */
export function isoTime(milliseconds: number): string;
export function isoTime(milliseconds: number | null): string | null;
export function isoTime(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString();
}
