import { describeError, log } from "../../lib/log.ts";
import {
  type FragmentPart,
  fragmentsInRange,
  isMissing,
  type MissingFragments,
} from "../stored/fragments-in-range.ts";
import type { Manifest } from "../stored/manifest.ts";
import type { ObjectStore } from "../stored/object-store.ts";
import type { Fingerprints } from "./fingerprints.ts";
import { mayHave } from "./fragment-filter.ts";
import { DamagedFragment, findLines, readFragment } from "./fragment-lines.ts";
import { matcherOf } from "./line-matcher.ts";
import { Page } from "./page.ts";
import type { RecordFilter } from "./record-filter.ts";
import type { Found, SearchOptions } from "./search-options.ts";

/*
 * Finds records in what is stored of a capture's log, in the order in which they are stored or against it. One search does a bounded
 * amount of work: it may find less than it was asked for, or nothing, and say where to go on.
 */

/**
 * Looks for records.
 * @param fingerprints of records that were stored without one
 * @throws what R2 throws, after a second try if that is transient
 */
export async function search(
  bucket: ObjectStore,
  manifest: Manifest,
  filter: RecordFilter,
  fingerprints: Fingerprints,
  options: SearchOptions,
): Promise<Found> {
  const all = await fragmentsInRange(bucket, manifest, filter, (fragment) => mayHave(fragment, filter));
  const { place, order } = options;
  const page = new Page(options);
  for (const part of restOf(all, options)) {
    if (isMissing(part)) {
      page.missing.push(part);
      continue;
    }
    const at = part.sequence === place?.sequence ? place.at : order === "oldest" ? 0 : null;
    if (page.isDone) {
      page.next = { sequence: part.sequence, at };
      break;
    }
    const matcher = matcherOf(filter, part, fingerprints);
    try {
      const stored = await readFragment(bucket, part).finally(() => page.countFragment());
      if (stored === null) throw new DamagedFragment(`${part.key} is gone`);
      if (order === "oldest") {
        await page.addForward(part.sequence, findLines(part, stored, matcher, at ?? 0));
      } else {
        await page.addBackward(part.sequence, findLines(part, stored, matcher, 0, at ?? undefined));
      }
    } catch (error) {
      if (!(error instanceof DamagedFragment)) throw error;
      log.error("workload.fragment.damaged", describeError(error));
      page.missing.push({ fragments: 1, afterMicros: part.firstMicros, beforeMicros: part.lastMicros });
    }
    if (page.next !== null) break;
  }
  if (page.missing.length > 0) {
    const { captureId, log: logName } = manifest;
    log.error("workload.search.incomplete", { captureId, log: logName, places: page.missing.length });
  }
  return page;
}

/**
 * What is still to be searched, in the order of the search. A place names a fragment that was there: where it is missing meanwhile,
 * what stands for it is still to be passed.
 */
function restOf(
  all: readonly (FragmentPart | MissingFragments)[],
  { order, place }: SearchOptions,
): readonly (FragmentPart | MissingFragments)[] {
  const inOrder = order === "oldest" ? all : all.toReversed();
  if (place === null) return inOrder;
  const direction = order === "oldest" ? 1 : -1;
  const isAhead = (part: FragmentPart | MissingFragments) =>
    !isMissing(part) && (part.sequence - place.sequence) * direction >= 0;
  const first = inOrder.findIndex(isAhead);
  const [start, before] = first < 0 ? [inOrder.length, inOrder.at(-1)] : [first, inOrder[first - 1]];
  const part = inOrder[start];
  const isThere = part !== undefined && !isMissing(part) && part.sequence === place.sequence;
  return inOrder.slice(!isThere && before !== undefined && isMissing(before) ? start - 1 : start);
}
