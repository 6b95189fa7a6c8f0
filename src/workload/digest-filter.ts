import { isTable } from "../sql-text/tables.ts";
import { hasAllSources, placesIn } from "./digest-details.ts";
import { type DigestEntry, tablesOfDigest } from "./digest-entry.ts";
import type { DigestsState } from "./digests-state.ts";

/*
 * Which statements of a table of digests somebody asks for.
 */

/** What of a statement is asked for: all of it has to be so. */
export interface DigestFilter {
  /** A table that it reads or writes, with or without its schema. */
  table?: string | undefined;
  /** Who ran it, in one of its sources. */
  user?: string | undefined;
  host?: string | undefined;
  db?: string | undefined;
  /** Tags that it had, as `key:value`. */
  tag?: readonly string[] | undefined;
  /** A text in it, in any letter case. */
  contains?: string | undefined;
  /** Whether who asks may read the statements with their values. Who may not finds a text in the normalised statement only. */
  readsStatements: boolean;
}

/** Whether a statement is asked for: `maybe` where it had more sources or tags than are kept, and none of those that are is asked for. */
export type Match = "yes" | "maybe" | "no";

/** Finds the statements of one table of digests. */
export class DigestMatcher {
  readonly #filter: DigestFilter;
  readonly #state: DigestsState;
  /** Whether the source at each place is asked for; null if none is. */
  readonly #sources: readonly boolean[] | null;
  /** For each tag that is asked for, the place that it has; -1 for one that none has. */
  readonly #tags: readonly number[];
  readonly #text: string | null;

  constructor(filter: DigestFilter, state: DigestsState) {
    const { user, host, db, tag = [], contains } = filter;
    this.#filter = filter;
    this.#state = state;
    const asksForSource = user !== undefined || host !== undefined || db !== undefined;
    const isAsked = (asked: string | undefined, name: string | null) => asked === undefined || asked === name;
    this.#sources = asksForSource
      ? (state.sources ?? []).map(
          ([ofUser, ofHost, ofDb]) => isAsked(user, ofUser) && isAsked(host, ofHost) && isAsked(db, ofDb),
        )
      : null;
    this.#tags = tag.map((one) => (state.tags ?? []).findIndex(([key, value]) => one === `${key}:${value}`));
    this.#text = contains === undefined ? null : contains.toLowerCase();
  }

  /** Whether a digest of the table is asked for. */
  match(entry: DigestEntry): Match {
    if (!this.#hasText(entry) || !this.#hasTable(entry)) return "no";
    const source = this.#ofSource(entry);
    if (source === "no") return "no";
    const tags = this.#ofTags(entry);
    return tags === "yes" ? source : tags;
  }

  #hasText({ digest, example, examples = [] }: DigestEntry): boolean {
    const text = this.#text;
    if (text === null) return true;
    const has = (statement = "") => statement.toLowerCase().includes(text);
    if (!this.#filter.readsStatements) return has(digest);
    return has(digest) || has(example) || examples.some(({ statement }) => has(statement));
  }

  #hasTable(entry: DigestEntry): boolean {
    const { table } = this.#filter;
    if (table === undefined) return true;
    const { reads, writes } = tablesOfDigest(entry);
    const all = [...reads, ...writes];
    if (all.some((one) => isTable(one, table, null))) return true;
    // `shop.orders` is `orders` of a session in `shop`.
    const { sources = [] } = this.#state;
    return [...placesIn(entry.sources)].some(([place]) =>
      all.some((one) => isTable(one, table, sources[place]?.[2] ?? null)),
    );
  }

  #ofSource(entry: DigestEntry): Match {
    const asked = this.#sources;
    if (asked === null) return "yes";
    for (const [place] of placesIn(entry.sources)) if (asked[place] === true) return "yes";
    return hasAllSources(entry) ? "no" : "maybe";
  }

  #ofTags(entry: DigestEntry): Match {
    if (this.#tags.length === 0) return "yes";
    const places = new Set([...placesIn(entry.tags)].map(([place]) => place));
    if (this.#tags.every((place) => places.has(place))) return "yes";
    const isTold = (entry.moreTags ?? 0) === 0 && entry.sources !== undefined;
    return isTold ? "no" : "maybe";
  }
}
