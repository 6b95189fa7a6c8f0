import * as z from "zod";
import { lazy } from "../lib/lazy.ts";

/*
 * What people put on a capture to find it by, and what they write about it. They are kept in one form, so that the same labels are
 * the same text.
 */

/** The most labels that a capture has. */
export const MAX_LABELS = 16;
/** A label's key: no colon, since a filter has a colon after it. */
export const LABEL_KEY = "[A-Za-z0-9][A-Za-z0-9._/-]{0,62}";
/** The most characters that a label's value has, and that notes have. */
export const MAX_LABEL_VALUE = 100;
export const MAX_NOTES = 4000;

const KEY = new RegExp(`^${LABEL_KEY}$`);
const KEY_RULE =
  "has a key that is not possible: use up to 63 letters, digits, dots, slashes, hyphens and underscores, with a letter or digit first";

/** Labels of a capture: texts by their keys, in the order of the keys. */
export type Labels = Readonly<Record<string, string>>;

/** The value of a label: 1 to 100 characters on one line, without the space around them. */
export const labelValueSchema = lazy(() =>
  z
    .string()
    .trim()
    .refine((value) => value.length > 0, "must not be empty: leave the label out to take it away")
    .refine(
      (value) => [...value].length <= MAX_LABEL_VALUE,
      `must be at most ${MAX_LABEL_VALUE} characters long`,
    )
    .refine((value) => value.isWellFormed() && !/\p{Cc}/u.test(value), "must not contain control characters"),
);

/** All labels of a capture, as a request has them. */
export const labelsSchema = lazy(() =>
  z
    .record(z.string(), labelValueSchema())
    .refine((labels) => Object.keys(labels).every((key) => KEY.test(key)), KEY_RULE)
    .refine((labels) => Object.keys(labels).length <= MAX_LABELS, `must be at most ${MAX_LABELS}`)
    .transform(
      (labels): Labels => Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))),
    ),
);

/** Notes, as a request has them: null where they are empty. */
export const notesSchema = lazy(() =>
  z
    .string()
    .trim()
    .refine((notes) => [...notes].length <= MAX_NOTES, `must be at most ${MAX_NOTES} characters long`)
    .refine(
      (notes) => notes.isWellFormed() && !/[^\P{Cc}\n\r\t]/u.test(notes),
      "must not contain control characters other than line breaks and tabs",
    )
    .transform((notes) => (notes === "" ? null : notes)),
);

/** A label that is asked for in a query, such as `release:1.2`: its key and its value. */
export const labelFilterSchema = lazy(() =>
  z.string().refine((text) => {
    const colon = text.indexOf(":");
    return KEY.test(text.slice(0, Math.max(0, colon))) && colon < text.length - 1;
  }, "must be a key and a value with a colon between them, such as release:1.2"),
);

const storedSchema = lazy(() => z.record(z.string(), z.string()));

/**
 * Reads labels as the database has them.
 * @throws Error when they are no labels
 */
export const readLabels = (json: string): Labels => storedSchema().parse(JSON.parse(json));
