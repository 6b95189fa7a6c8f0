import * as z from "zod";
import { lazy } from "./lazy.ts";

/*
 * Values as the API writes them, in requests and replies. This and the rooms' schema.ts know nothing of HTTP or of Workers: the
 * API reference and the client are made from them.
 */

/** An id in a path or a query: a positive integer in decimal digits. */
export const idSchema = lazy(() =>
  z
    .string()
    .regex(/^[1-9][0-9]*$/, "must be a positive integer")
    .transform(Number)
    .refine(Number.isSafeInteger, "is too large to be an id"),
);

/** Any letter case of one of the words. */
export const word = <W extends string>(words: readonly W[]) =>
  z
    .string()
    .transform((text) => text.trim().toUpperCase())
    .pipe(z.enum(words, `must be one of ${words.join(", ")}`));

/** The most of something that one page of a list holds. */
export const MAX_PAGE = 1000;

/** How many of something to list, at most so many. */
export function limitUpTo(most: number) {
  const message = `must be an integer from 1 to ${most}`;
  return z
    .string()
    .regex(new RegExp(`^\\d{1,${String(most).length}}$`), message)
    .transform(Number)
    .pipe(z.int().min(1, message).max(most, message));
}

/** How many of something to list. */
export const limitSchema = lazy(() => limitUpTo(MAX_PAGE));

const isoSchema = lazy(() => z.iso.datetime({ offset: true }));

/** `day`, and if there is one the time `clock`, its seconds and its zone. */
const TIME = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d(?:\.\d+)?)? ?(Z|[+-]\d\d(?::?\d\d)?)?)?$/i;

/** A moment: ISO 8601, or `2018-05-19 12:00:00`; UTC where no zone is given. Comes out in milliseconds. */
export const timeSchema = lazy(() =>
  z.string().transform((text, ctx) => {
    const [, day, clock = "00:00", seconds = ":00", zone = "Z"] = TIME.exec(text.trim()) ?? [];
    const offset = zone
      .toUpperCase()
      .replace(/^(...):?(\d\d)?$/, (_, hours, minutes) => `${hours}:${minutes ?? "00"}`);
    const iso = `${day}T${clock}${seconds}${offset}`;
    // The pattern gives the form; zod checks whether there is such a day and hour.
    if (day !== undefined && isoSchema().safeParse(iso).success) return Date.parse(iso);
    ctx.addIssue({
      code: "custom",
      message: 'must be a time such as "2026-05-19T22:06:53Z" or "2026-05-19 22:06:53"',
    });
    return z.NEVER;
  }),
);

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
