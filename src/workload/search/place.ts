import * as z from "zod";
import { sha256 } from "../../lib/hash.ts";
import { lazy } from "../../lib/lazy.ts";
import { refuseWorkload } from "../refusals.ts";

/*
 * Where a search goes on: a cursor, which callers hand back as they got it. It names a fragment and a place in its text, so that
 * records are neither skipped nor given twice however much a running capture adds, and the search that it is of.
 */

/** Where a search goes on. */
export interface Place {
  /** The number of the fragment. */
  sequence: number;
  /**
   * Where in its text, in bytes. Oldest first, the first line that is looked at begins here; newest first, all of them begin before.
   * Null for its end, newest first.
   */
  at: number | null;
}

/** The version of what a cursor holds. */
const VERSION = 1;

const cursorSchema = lazy(() =>
  z.strictObject({
    v: z.literal(VERSION),
    /** The search, in short. */
    of: z.string(),
    s: z.int().nonnegative(),
    at: z.int().nonnegative().nullable(),
    /** What else the search has to remember. */
    more: z.unknown().optional(),
  }),
);

/** The most characters of a cursor that is read. */
const MAX_CURSOR = 4000;

/** Writes and reads the cursors of one search. */
export class Cursors {
  readonly #of: string;

  private constructor(of: string) {
    this.#of = of;
  }

  /** @param search all that makes it another search, in JSON */
  static async of(search: object): Promise<Cursors> {
    return new Cursors((await sha256(JSON.stringify(search))).slice(0, 12));
  }

  /** @param more a value in JSON that is handed back with the place */
  write({ sequence, at }: Place, more?: unknown): string {
    const cursor = { v: VERSION, of: this.#of, s: sequence, at, ...(more !== undefined && { more }) };
    return new TextEncoder()
      .encode(JSON.stringify(cursor))
      .toBase64({ alphabet: "base64url", omitPadding: true });
  }

  /** @throws ApiError 400 when it is no cursor of this search */
  read(text: string): { place: Place; more: unknown } {
    const parsed = cursorSchema().safeParse(decode(text));
    if (!parsed.success || parsed.data.of !== this.#of) throw refuseWorkload.otherCursor();
    const { s: sequence, at, more } = parsed.data;
    return { place: { sequence, at }, more };
  }
}

function decode(text: string): unknown {
  if (text.length > MAX_CURSOR) return undefined;
  try {
    const bytes = Uint8Array.fromBase64(text, { alphabet: "base64url" });
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
