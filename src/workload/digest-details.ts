import type { DigestEntry } from "./digest-entry.ts";
import type { DigestsState } from "./digests-state.ts";
import { NOBODY, type Whose } from "./groups/sources.ts";

/*
 * What is known of a stored digest besides its figures: who ran it, with which tags, and some of its statements.
 */

/** One of a digest's statements. */
export interface ShownExample extends Whose {
  timeMicros: number;
  /** Null where it is not known. */
  durationMicros: number | null;
  statement: string;
}

/** What is known of a digest. */
export interface Details {
  /** In the order of time. */
  examples: ShownExample[];
  /** Those that ran it first, each with how often it did, the most frequent first. */
  sources: (Whose & { count: number })[];
  /** How often others ran it. */
  moreSources: number;
  /** The same of its tags. */
  tags: { key: string; value: string; count: number }[];
  moreTags: number;
}

/** The source at a place of a table's list. */
function sourceAt({ sources = [] }: DigestsState, place: number): Whose {
  const found = sources[place];
  if (found === undefined) return NOBODY;
  const [user, host, db] = found;
  return { user, host, db };
}

/** The places of a stored tally, each with its count. */
export function* placesIn(stored: readonly number[] = []): Generator<[place: number, count: number]> {
  for (let at = 0; at + 1 < stored.length; at += 2) yield [stored[at] as number, stored[at + 1] as number];
}

/** Whether all calls of a digest that were seen have their source kept: not where there are more, or where that was not kept yet. */
export function hasAllSources({ count, overcount, sources, moreSources = 0 }: DigestEntry): boolean {
  let known = 0;
  for (const [, calls] of placesIn(sources)) known += calls;
  return moreSources === 0 && known >= count - overcount;
}

/**
 * What is known of a digest.
 * @param timed the digest of the same statements in the slow log, and its table: its examples say how long they took
 */
export function detailsOf(
  entry: DigestEntry,
  state: DigestsState,
  timed?: { entry: DigestEntry; state: DigestsState },
): Details {
  const { tags: names = [] } = state;
  const timedExamples = timed === undefined ? [] : examplesOf(timed.entry, timed.state);
  return {
    examples: timedExamples.length > 0 ? timedExamples : examplesOf(entry, state),
    sources: [...placesIn(entry.sources)]
      .map(([place, count]) => ({ ...sourceAt(state, place), count }))
      .sort((a, b) => b.count - a.count),
    moreSources: entry.moreSources ?? 0,
    tags: [...placesIn(entry.tags)]
      .map(([place, count]) => {
        const [key = "", value = ""] = names[place] ?? [];
        return { key, value, count };
      })
      .sort((a, b) => b.count - a.count),
    moreTags: entry.moreTags ?? 0,
  };
}

const examplesOf = ({ examples = [], example }: DigestEntry, state: DigestsState): ShownExample[] =>
  examples.map(({ timeMicros, source, durationMicros = null, statement = example }) => ({
    timeMicros,
    ...sourceAt(state, source),
    durationMicros,
    statement,
  }));
