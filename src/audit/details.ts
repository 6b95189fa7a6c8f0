import * as z from "zod";
import { storedFormat, Unreadable } from "../lib/stored.ts";

/** What else there is to say of a deed: texts, or lists of texts, by their names. */
export type Details = Record<string, string | string[]>;

/** How details are stored, by `detailsSql`. Those that say nothing are null, or an empty list. */
const detailsFormat = storedFormat("details of an audit event", 1, () =>
  z.record(z.string(), z.union([z.string(), z.array(z.string()), z.number(), z.null()])),
);

/** Reads what else there is to say of a deed; nothing where a newer version of the service has written it. */
export function readDetails(stored: string | null): Details {
  if (stored === null) return {};
  try {
    const said = Object.entries(detailsFormat.parse(stored)).filter(
      (entry): entry is [string, string | string[]] => typeof entry[1] !== "number" && entry[1] !== null,
    );
    return Object.fromEntries(said.filter(([, value]) => value.length > 0));
  } catch (error) {
    if (error instanceof Unreadable) return {};
    throw error;
  }
}
