import * as z from "zod";
import { lazy } from "../lib/lazy.ts";
import { storedFormat } from "../lib/stored.ts";
import { runsStatement } from "../logs/general/commands.ts";
import type { LogRecord } from "../logs/record.ts";
import type { Dialect } from "../sql-text/dialect.ts";
import { NO_CACHE_KEY } from "../sql-text/normalize/digest-cache-key.ts";
import { hexToKey, toHex, toKey } from "../sql-text/normalize/fingerprint.ts";
import { Normalizer } from "../sql-text/normalize/normalize.ts";

/*
 * Which statements a workload consists of, counted in bounded memory.
 */

const entrySchema = lazy(() =>
  z.object({
    /** 64 bits in hexadecimal, not cryptographic. */
    fingerprint: z.string(),
    /** The normalised statement, at most MAX_DIGEST_BYTES bytes of UTF-8 (digest-limits.ts). */
    digest: z.string(),
    /** How often it ran, or up to `overcount` more. */
    count: z.number(),
    /** By how much `count` may be too high: it ran at least `count - overcount` times. 0 when it was counted exactly. */
    overcount: z.number(),
    /** When it was first and last seen since it got its place in the table; microseconds since the epoch. */
    firstSeenMicros: z.number(),
    lastSeenMicros: z.number(),
    /** One of the statements, cut at MAX_EXAMPLE: the first since it got its place. */
    example: z.string(),
  }),
);

/** One normalised statement and how often it ran. */
export type DigestEntry = z.output<ReturnType<typeof entrySchema>>;

const digestsSchema = lazy(() =>
  z.object({
    capacity: z.number(),
    total: z.number(),
    entries: z.array(entrySchema()),
  }),
);

/** The table in JSON. */
export type DigestsState = z.output<ReturnType<typeof digestsSchema>>;

/** How the table is stored. */
export const digestsFormat = storedFormat("table of digests", 1, digestsSchema);

/** How many digests are counted at once unless the caller says otherwise. */
export const MAX_DIGESTS = 1000;
/** The longest example, in UTF-16 code units. */
export const MAX_EXAMPLE = 1024;
/** How many cache keys are kept for each digest that there is room for. */
const KEYS_PER_DIGEST = 4;

interface Slot extends DigestEntry {
  key: number;
  /** The count by which the heap is ordered: at most `count`, which may have grown since. */
  order: number;
}

/**
 * Counts normalised statements with the Space-Saving algorithm (Metwally, Agrawal, El Abbadi: "Efficient Computation of
 * Frequent and Top-k Elements in Data Streams", ICDT 2005). Its memory is the capacity times at most about 6 KB (a digest of
 * MAX_DIGEST_BYTES, an example of MAX_EXAMPLE, six numbers and a few cache keys; less than 1 KB is usual), whatever the workload.
 *
 * What the bound costs: while a workload has no more digests than the capacity, every count is exact. After that a new digest
 * takes the place of the rarest one and inherits its count, which is its `overcount`. With n statements and capacity k no count is
 * too high by more than n / k and none is too low; every digest that ran more than n / k times is in the table. With 1000 places:
 * all that are more than a thousandth of the workload, in whatever order they come.
 */
export class Digests {
  readonly capacity: number;
  #total = 0;
  readonly #slots = new Map<number, Slot>();
  /**
   * Min-heap, ordered lazily: counting leaves it as it is, and the search for the rarest moves what is out of order. Empty
   * until the table is full.
   */
  #heap: Slot[] = [];
  readonly #normalizer = new Normalizer();
  /** The slots' keys by the cache keys of statements, so that a statement like one before is not normalised again. */
  readonly #cache = new Map<number, number>();

  /** @param from a table to continue, or the capacity of a new one */
  constructor(from: number | DigestsState = MAX_DIGESTS) {
    this.capacity = Math.max(1, typeof from === "number" ? from : from.capacity);
    if (typeof from !== "number") this.merge(from);
  }

  /** How many statements have been counted. */
  get total(): number {
    return this.#total;
  }

  /** How many digests are in the table. */
  get size(): number {
    return this.#slots.size;
  }

  /**
   * Counts a record if it ran a statement. Its secrets have to be gone by then: the example is kept as it is. Comments alone are no
   * statement, nor is nothing, nor EXECUTE: the servers log it twice, as it was sent and as what it executed.
   * @param server whose log it is from; null when that is not known
   * @returns whether it was counted
   */
  add(
    record: Pick<LogRecord, "command" | "statement" | "timeMicros">,
    server: Dialect | null = null,
  ): boolean {
    const { command, statement, timeMicros } = record;
    if (!runsStatement(command)) return false;
    const normalizer = this.#normalizer;
    const cacheKey = normalizer.load(statement, server);
    let known = this.#cached(cacheKey);
    if (known === undefined) {
      normalizer.normalize();
      if (normalizer.isEmpty || (command === "Query" && normalizer.isExecute)) return false;
      known = this.#slots.get(this.#remember(cacheKey));
    }
    this.#total++;
    if (known !== undefined) {
      known.count++;
      if (timeMicros > known.lastSeenMicros) known.lastSeenMicros = timeMicros;
      else if (timeMicros < known.firstSeenMicros) known.firstSeenMicros = timeMicros;
      return true;
    }
    this.#insert(statement, timeMicros);
    return true;
  }

  /** Gives the statement that was normalised last its place, that of the rarest one where the table is full. */
  #insert(statement: string, timeMicros: number): void {
    const full = this.#slots.size >= this.capacity;
    const inherited = full ? this.#rarest().count : 0;
    const { high, low } = this.#normalizer;
    const key = toKey(high, low);
    const slot: Slot = {
      key,
      order: inherited + 1,
      fingerprint: toHex(high, low),
      digest: this.#normalizer.text(),
      count: inherited + 1,
      overcount: inherited,
      firstSeenMicros: timeMicros,
      lastSeenMicros: timeMicros,
      example: exampleOf(statement),
    };
    if (full) {
      this.#slots.delete((this.#heap[0] as Slot).key);
      this.#heap[0] = slot;
      this.#sink(0);
    }
    this.#slots.set(key, slot);
  }

  /**
   * Adds what another table counted, as if this one had seen it too (Agarwal et al., "Mergeable Summaries", PODS 2012): the
   * bounds above hold for the sum.
   */
  merge(other: Digests | DigestsState): void {
    const { capacity, total, entries } = other instanceof Digests ? other.toJSON() : other;
    // What is missing from a full table may have run as often as the rarest in it.
    const missingHere = this.#slots.size >= this.capacity ? this.#rarest().count : 0;
    let missingThere = Number.POSITIVE_INFINITY;
    for (const { count } of entries) missingThere = Math.min(missingThere, count);
    if (entries.length < capacity) missingThere = 0;
    const met = new Set<Slot>();
    for (const entry of entries) {
      const key = hexToKey(entry.fingerprint);
      const slot = this.#slots.get(key);
      if (slot === undefined) {
        const added = { ...entry, key, order: 0 };
        added.count += missingHere;
        added.overcount += missingHere;
        this.#slots.set(key, added);
        met.add(added);
        continue;
      }
      met.add(slot);
      slot.count += entry.count;
      slot.overcount += entry.overcount;
      if (entry.firstSeenMicros < slot.firstSeenMicros) {
        slot.firstSeenMicros = entry.firstSeenMicros;
        slot.example = entry.example;
      }
      slot.lastSeenMicros = Math.max(slot.lastSeenMicros, entry.lastSeenMicros);
    }
    if (missingThere > 0) {
      for (const slot of this.#slots.values()) {
        if (met.has(slot)) continue;
        slot.count += missingThere;
        slot.overcount += missingThere;
      }
    }
    this.#total += total;
    if (this.#slots.size > this.capacity) {
      const rest = [...this.#slots.values()].sort(byCount).slice(this.capacity);
      for (const { key } of rest) this.#slots.delete(key);
    }
    this.#heap = [];
  }

  /** The digests that ran most, the most frequent first. */
  top(limit: number): DigestEntry[] {
    return [...this.#slots.values()].sort(byCount).slice(0, limit).map(entryOf);
  }

  /** The whole table, the most frequent first. */
  toJSON(): DigestsState {
    return { capacity: this.capacity, total: this.#total, entries: this.top(this.capacity) };
  }

  /** The slot of a statement with this cache key, if there was one before and its digest still has its place. */
  #cached(cacheKey: number): Slot | undefined {
    const key = this.#cache.get(cacheKey);
    return key === undefined ? undefined : this.#slots.get(key);
  }

  /** Remembers that statements with this cache key have the digest that was read last. @returns its slot's key */
  #remember(cacheKey: number): number {
    const key = toKey(this.#normalizer.high, this.#normalizer.low);
    if (cacheKey !== NO_CACHE_KEY) {
      // All are dropped: of a workload that has so many, most do not come again.
      if (this.#cache.size >= KEYS_PER_DIGEST * this.capacity) this.#cache.clear();
      this.#cache.set(cacheKey, key);
    }
    return key;
  }

  /** The slot with the lowest count, which is then on top of the heap. */
  #rarest(): Slot {
    if (this.#heap.length !== this.#slots.size) {
      this.#heap = [...this.#slots.values()];
      for (const slot of this.#heap) slot.order = slot.count;
      for (let at = this.#heap.length >> 1; at >= 0; at--) this.#sink(at);
    }
    for (;;) {
      const top = this.#heap[0] as Slot;
      if (top.order === top.count) return top;
      top.order = top.count;
      this.#sink(0);
    }
  }

  #sink(from: number): void {
    const heap = this.#heap;
    const slot = heap[from];
    if (slot === undefined) return;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      const left = heap[child];
      if (left === undefined) break;
      let least = left;
      const right = heap[child + 1];
      if (right !== undefined && right.order < left.order) {
        least = right;
        child++;
      }
      if (least.order >= slot.order) break;
      heap[at] = least;
      at = child;
    }
    heap[at] = slot;
  }
}

/** The most frequent first, and always in the same order. */
function byCount(a: DigestEntry, b: DigestEntry): number {
  return b.count - a.count || (a.fingerprint < b.fingerprint ? -1 : a.fingerprint > b.fingerprint ? 1 : 0);
}

function entryOf({ key: _key, order: _order, ...entry }: Slot): DigestEntry {
  return entry;
}

/** A copy, since a part of a string would keep the block of the log around it in memory. */
function exampleOf(statement: string): string {
  let end = Math.min(statement.length, MAX_EXAMPLE);
  if (end < statement.length && (statement.charCodeAt(end - 1) & 0xfc00) === 0xd800) end--;
  return JSON.parse(JSON.stringify(statement.slice(0, end)));
}
