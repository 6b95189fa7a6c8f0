import { lazy } from "../../lib/lazy.ts";

/*
 * Histograms of durations, from which percentiles are read: logarithmic buckets, as in DDSketch (Masson, Rim, Lee: "DDSketch: A
 * fast and fully-mergeable quantile sketch with relative-error guarantees", VLDB 2019).
 *
 * Durations are whole microseconds. Zero has bucket 0. Each octave above, from 2^n to 2^(n+1), has 18 buckets. So bounds differ by a
 * factor of 2^(1/18), about 1.0393. Below 4096 a table has the bucket of each duration. Above, the first 12 bits decide, which moves
 * a bound by less than 1/2048. A bucket is read as the harmonic mean of its lowest and its highest duration. That is never off by
 * more than 1.96 %, and exact where a bucket has one duration: below 26 all have.
 */

const PER_OCTAVE = 18;
/** How many bits decide on a bucket. */
const BITS = 12;
const TABLE_SIZE = 1 << BITS;
/** Longer durations are counted as this one: about nine years. */
const LONGEST = 2 ** 48;
/** How many buckets there are. */
const BUCKETS = 1 + PER_OCTAVE * 49;
/** How many counts a histogram is widened by. */
const WIDEN_BY = 16;

/** By how much a percentile may be off, as a part of the true one. */
export const RELATIVE_ERROR = 0.02;

/** The buckets of the durations below TABLE_SIZE. */
const makeTable = lazy(() => {
  const table = new Uint16Array(TABLE_SIZE);
  for (let micros = 1; micros < TABLE_SIZE; micros++) {
    table[micros] = 1 + Math.floor(PER_OCTAVE * Math.log2(micros));
  }
  return table;
});

/** The bucket of a duration in whole microseconds. */
export function bucketOf(micros: number, table: Uint16Array = makeTable()): number {
  if (micros < TABLE_SIZE) return micros > 0 ? (table[micros | 0] as number) : 0;
  if (micros < 2 ** 31) {
    const shift = 32 - BITS - Math.clz32(micros);
    return (table[micros >>> shift] as number) + PER_OCTAVE * shift;
  }
  // Bits' operators take 32 bits: without the last 20, all durations have no more.
  const upper = Math.floor(Math.min(micros, LONGEST) / 2 ** 20);
  const shift = 32 - BITS - Math.clz32(upper);
  return (table[upper >>> shift] as number) + PER_OCTAVE * (shift + 20);
}

/** The duration that a bucket is read as, in microseconds. */
function durationOf(bucket: number): number {
  if (bucket === 0) return 0;
  const table = makeTable();
  // Buckets that the table does not have are those of its last octave, shifted.
  const shift = Math.max(0, Math.floor((bucket - 1) / PER_OCTAVE) - (BITS - 1));
  const inTable = bucket - PER_OCTAVE * shift;
  const lowest = lowestOf(table, inTable);
  const above = lowestOf(table, inTable + 1);
  const low = lowest * 2 ** shift;
  const high = above * 2 ** shift - 1;
  return (2 * low * high) / (low + high);
}

/** The first duration below TABLE_SIZE with this bucket or a later one; TABLE_SIZE where there is none. */
function lowestOf(table: Uint16Array, bucket: number): number {
  let low = 1;
  let high = TABLE_SIZE;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((table[middle] as number) < bucket) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * How often durations were seen. Its memory is that of the buckets from the lowest to the highest that were seen, eight bytes each:
 * for a statement some hundred, at most 883.
 */
export class Histogram {
  /** The counts of the buckets from `#from` on. */
  #counts: Float64Array = NO_COUNTS;
  #from = 0;
  readonly #table = makeTable();

  /** @param stored what `toJSON` gave */
  constructor(stored: readonly number[] = []) {
    this.addStored(stored);
  }

  /**
   * Adds what `toJSON` gave of another.
   * @param from where that begins
   */
  addStored(stored: readonly number[], from = 0): void {
    if (stored.length <= from) return;
    let last = 0;
    for (let at = from; at < stored.length; at += 2) last += stored[at] as number;
    this.#makeRoom(Math.min(stored[from] as number, BUCKETS - 1), last);
    let bucket = 0;
    for (let at = from; at + 1 < stored.length; at += 2) {
      bucket = Math.min(bucket + (stored[at] as number), BUCKETS - 1);
      this.#count(bucket, stored[at + 1] as number);
    }
  }

  /** Counts a duration in whole microseconds. */
  add(micros: number): void {
    this.#count(bucketOf(micros, this.#table), 1);
  }

  /** Forgets what was counted. */
  clear(): void {
    this.#counts.fill(0);
  }

  /** Adds what another one counted, as if this one had seen it too. */
  merge(other: Histogram): void {
    const counts = other.#counts;
    if (counts.length === 0) return;
    this.#makeRoom(other.#from, other.#from + counts.length - 1);
    for (let at = 0; at < counts.length; at++) {
      const count = counts[at] as number;
      if (count > 0) this.#count(other.#from + at, count);
    }
  }

  /**
   * Percentiles by nearest rank: of n durations in order, the one with the number ceil(part * n). At most RELATIVE_ERROR off.
   * @param parts from 0 to 1, in ascending order
   * @returns microseconds; zeros when nothing was counted
   */
  percentiles(parts: readonly number[]): number[] {
    const counts = this.#counts;
    let total = 0;
    for (const count of counts) total += count;
    let at = 0;
    let seen = counts[0] ?? 0;
    return parts.map((part) => {
      if (total === 0) return 0;
      const rank = Math.min(total, Math.max(1, Math.ceil(part * total)));
      while (seen < rank) seen += counts[++at] as number;
      return durationOf(this.#from + at);
    });
  }

  /** The sum of the squares of the durations, as they are read: at most 4 % off. */
  squares(): number {
    let sum = 0;
    for (let at = 0; at < this.#counts.length; at++) {
      const count = this.#counts[at] as number;
      if (count > 0) sum += count * durationOf(this.#from + at) ** 2;
    }
    return sum;
  }

  /** The buckets that have counts, in ascending order: by how much its number is above the one before, and its count; and so on. */
  toJSON(): number[] {
    const stored: number[] = [];
    let before = 0;
    for (let at = 0; at < this.#counts.length; at++) {
      const count = this.#counts[at] as number;
      if (count === 0) continue;
      stored.push(this.#from + at - before, count);
      before = this.#from + at;
    }
    return stored;
  }

  #count(bucket: number, count: number): void {
    const at = bucket - this.#from;
    if (at < 0 || at >= this.#counts.length) this.#makeRoom(bucket, bucket);
    (this.#counts[bucket - this.#from] as number) += count;
  }

  /** Makes room for the buckets from one to another. */
  #makeRoom(lowest: number, highest: number): void {
    const { length } = this.#counts;
    const before = this.#from;
    if (length > 0 && lowest >= before && highest < before + length) return;
    const low = length === 0 ? lowest : Math.min(lowest, before);
    const high = Math.min(BUCKETS - 1, length === 0 ? highest : Math.max(highest, before + length - 1));
    const from = low - (low % WIDEN_BY);
    const counts = new Float64Array(high - (high % WIDEN_BY) + WIDEN_BY - from);
    if (length > 0) counts.set(this.#counts, before - from);
    this.#counts = counts;
    this.#from = from;
  }
}

const NO_COUNTS = new Float64Array(0);
