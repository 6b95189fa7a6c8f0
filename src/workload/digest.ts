import { runsStatement } from "../logs/general/commands.ts";
import type { LogRecord } from "../logs/record.ts";
import { runsStatement as ranAndWasTimed, type SlowRecord } from "../logs/slow/record.ts";
import type { Dialect } from "../sql-text/dialect.ts";
import { NO_CACHE_KEY } from "../sql-text/normalize/digest-cache-key.ts";
import { toHex, toKey } from "../sql-text/normalize/fingerprint.ts";
import { Normalizer } from "../sql-text/normalize/normalize.ts";
import type { StatementBytes } from "../sql-text/statement-bytes.ts";
import { type StatementTables, tablesOf } from "../sql-text/tables.ts";
import { mayHaveTags } from "../sql-text/tags.ts";
import {
  addSlot,
  addUnseen,
  type DigestEntry,
  entryOf,
  type Lists,
  newSlot,
  type Slot,
  see,
  slotOf,
  tablesTogether,
} from "./digest-entry.ts";
import { exampleOf } from "./digest-examples.ts";
import { DigestKeyCache } from "./digest-key-cache.ts";
import { boundsOf, type DigestsState } from "./digests-state.ts";
import { NOBODY, type Source, Sources, type Whose } from "./groups/sources.ts";
import { TagGroups, type TagSet } from "./groups/tags.ts";
import { Tally } from "./groups/tally.ts";
import { Figures } from "./timing/figures.ts";
import { byCount, type DigestOrder, inOrder } from "./timing/order.ts";
import { Places } from "./timing/places.ts";
import type { Counted } from "./timing/series.ts";

/*
 * Which statements a workload consists of, counted in bounded memory, and of the slow log how long they took.
 */

/**
 * How many digests are counted at once unless the caller says otherwise. All are written after each step: a full table of the
 * general log takes 1.3 MB, of the slow log 2.3 MB and some 15 ms (with statements of 200 characters). Twice as many would be 12,000
 * slots for both logs, which don't fit into an isolate beside the rest.
 */
const MAX_DIGESTS = 2000;

/**
 * Counts normalised statements with the Space-Saving algorithm (Metwally, Agrawal, El Abbadi: "Efficient Computation of
 * Frequent and Top-k Elements in Data Streams", ICDT 2005). Its memory is the capacity times at most about 12 KB (a digest of
 * MAX_DIGEST_BYTES, examples of MAX_EXAMPLE, tables, sources, tags and a few cache keys; 2 KB is usual), whatever the workload.
 * Of the slow log it may be twice that, and the figures' histograms.
 *
 * What the bound costs: while a workload has no more digests than the capacity, every count is exact. After that a new digest
 * takes the place of the rarest one and inherits its count, which is its `overcount`. With n statements and capacity k no count is
 * too high by more than n / k and none is too low; every digest that ran more than n / k times is in the table. With 2000 places:
 * all that are more than one in two thousand of the workload, in whatever order they come.
 *
 * Of the slow log there are as many places again, weighted by time: so each digest that took more than that part of all time is in
 * the table, too, and no total is too high by more than that. A digest is counted and timed from when it got the first of its
 * places, and what it may have had before that is the bound of each at that moment. It gets the other place once its weight is above
 * the bound there; until then it does not need one.
 */
export class Digests {
  readonly capacity: number;
  #total = 0;
  /** How long all statements took, in microseconds; null where that is not known. */
  #totalMicros: number | null = null;
  readonly #slots = new Map<number, Slot>();
  readonly #frequent: Places<Slot>;
  readonly #long: Places<Slot>;
  #counted: Slot | null = null;
  #countedTags: TagSet | null = null;
  #countedTables: StatementTables | null = null;
  readonly #sources = new Sources();
  readonly #tags = new TagGroups();
  /** Grows whenever the table is stored: of each digest one example of the last step in which it ran is kept. */
  #step = 1;
  readonly #normalizer = new Normalizer();
  readonly #keys: DigestKeyCache<Slot>;

  /** @param from a table to continue, or the capacity of a new one */
  constructor(from: number | DigestsState = MAX_DIGESTS) {
    this.capacity = Math.max(1, typeof from === "number" ? from : from.capacity);
    this.#keys = new DigestKeyCache<Slot>(this.capacity);
    this.#frequent = new Places(this.capacity, ({ count }) => count);
    this.#long = new Places(this.capacity, ({ totalMicros }) => totalMicros);
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
   * @param bytes the statement as it stands in the log, if that is known
   * @param whose who ran it
   * @returns whether it was counted
   */
  add(
    record: Pick<LogRecord, "command" | "statement" | "timeMicros"> & { threadId?: number },
    server: Dialect | null = null,
    bytes: StatementBytes | null = null,
    whose: Whose = NOBODY,
  ): boolean {
    const { command, timeMicros } = record;
    if (!runsStatement(command)) return false;
    const slot = this.#find(record, server, command === "Query", bytes);
    if (slot === null) return false;
    this.#total++;
    const source = this.#sources.of(record.threadId ?? 0, whose);
    this.#sources.figuresOf(source).count();
    const tags = mayHaveTags(bytes) ? this.#tags.of(record.statement) : null;
    if (tags !== null) this.#tags.figuresOf(tags).count();
    this.#countedTags = tags;
    if (slot === undefined) {
      const added = this.#newSlot(record.statement, timeMicros, server);
      this.#note(added, source, tags, null, record);
      this.#enter(added);
      return true;
    }
    slot.count++;
    see(slot, timeMicros);
    this.#note(slot, source, tags, null, record);
    this.#counted = slot;
    return true;
  }

  /**
   * As `add`, with the time that the statement took. A table has records of one log only.
   * @returns whether it was counted
   */
  addTimed(record: SlowRecord, bytes: StatementBytes | null = null): boolean {
    if (!ranAndWasTimed(record)) return false;
    const { timeMicros, durationMicros } = record;
    const slot = this.#find(record, record.server, false, bytes);
    if (slot === null) return false;
    this.#total++;
    this.#totalMicros = (this.#totalMicros ?? 0) + durationMicros;
    const source = this.#sources.of(record.threadId, record);
    this.#sources.figuresOf(source).add(record);
    const tags = mayHaveTags(bytes) ? this.#tags.of(record.statement) : null;
    if (tags !== null) this.#tags.figuresOf(tags).add(record);
    this.#countedTags = tags;
    if (slot === undefined) {
      const added = this.#newSlot(record.statement, timeMicros, record.server);
      added.overMicros = this.#long.bound;
      added.totalMicros = added.overMicros + durationMicros;
      added.figures = new Figures();
      added.figures.add(record);
      this.#note(added, source, tags, durationMicros, record);
      this.#enter(added);
      this.#enterLong(added, durationMicros);
      return true;
    }
    slot.count++;
    slot.totalMicros += durationMicros;
    slot.figures?.add(record);
    see(slot, timeMicros);
    this.#note(slot, source, tags, durationMicros, record);
    if (!slot.isFrequent) this.#enter(slot);
    if (!slot.isLong) this.#enterLong(slot, durationMicros);
    this.#counted = slot;
    return true;
  }

  /** Notes who ran a digest, with which tags, and the record as an example if it is one that is kept. */
  #note(
    slot: Slot,
    source: Source,
    tags: TagSet | null,
    durationMicros: number | null,
    record: { timeMicros: number; statement: string },
  ): void {
    slot.sources.add(source);
    if (tags !== null) {
      slot.tags ??= new Tally();
      for (const tag of tags.tags) slot.tags.add(tag);
    }
    const { examples } = slot;
    if (examples.seenIn === this.#step && (durationMicros ?? -1) <= examples.slowestMicros) return;
    examples.seenIn = this.#step;
    examples.add(record.timeMicros, source, durationMicros, record.statement);
  }

  /** The digest that was counted last, for the series to count it too; null before the first, and after a merge. */
  get counted(): Counted | null {
    return this.#counted;
  }

  /** The tags of the statement that was counted last, as far as they are grouped by; null for none. */
  get countedTags(): TagSet | null {
    return this.#countedTags;
  }

  /**
   * The tables of the statement that was counted last, if they may be others than those of its digest; else null. Those of a digest are
   * those of its statements as far as they fit.
   */
  get countedTables(): StatementTables | null {
    return this.#countedTables;
  }

  /**
   * The slot of a record's statement.
   * @param maySayExecute whether EXECUTE may be no statement of its own
   * @returns undefined where it has none; null where it is no statement
   */
  #find(
    record: { statement: string },
    server: Dialect | null,
    maySayExecute: boolean,
    bytes: StatementBytes | null,
  ): Slot | undefined | null {
    this.#countedTables = null;
    const known = this.#keys.slotLike(bytes?.template);
    if (known !== null) return known;
    const normalizer = this.#normalizer;
    const cacheKey = bytes === null ? normalizer.load(record.statement, server) : bytes.cacheKey();
    const cached = this.#slots.get(this.#keys.get(cacheKey) ?? NO_CACHE_KEY);
    if (cached !== undefined) {
      this.#keys.note(bytes?.learn(cacheKey), cached);
      return cached;
    }
    const { statement } = record;
    if (bytes !== null) normalizer.load(statement, server);
    normalizer.normalize();
    if (normalizer.isEmpty || (maySayExecute && normalizer.isExecute)) return null;
    const key = toKey(normalizer.high, normalizer.low);
    const slot = this.#slots.get(key);
    if (!normalizer.mayHaveMoreTables) {
      this.#keys.set(cacheKey, key);
      return slot;
    }
    // Not cached, so that the tables of each such statement are read.
    const tables = tablesOf(statement, server);
    this.#countedTables = tables;
    if (slot !== undefined) slot.tables = tablesTogether(slot.tables, tables);
    return slot;
  }

  /** A slot for the statement that was normalised last: it ran once, and may have run as often as the bound before. */
  #newSlot(statement: string, timeMicros: number, server: Dialect | null): Slot {
    const { high, low } = this.#normalizer;
    const overcount = this.#frequent.bound;
    return newSlot({
      key: toKey(high, low),
      fingerprint: toHex(high, low),
      digest: this.#normalizer.text(),
      overcount,
      timeMicros,
      example: exampleOf(statement),
      tables: this.#countedTables ?? tablesOf(statement, server),
    });
  }

  /** Gives a slot that ran once more a place of those that ran most, if it did: that of the rarest one where all are taken. */
  #enter(slot: Slot): void {
    this.#counted = slot;
    this.#slots.set(slot.key, slot);
    if (!this.#frequent.isFull) {
      slot.isFrequent = true;
      this.#frequent.add(slot);
      return;
    }
    const { bound } = this.#frequent;
    if (slot.count <= bound) return;
    // It had no place, so it had run at most that often before.
    slot.overcount -= slot.count - Math.min(slot.count, bound + 1);
    slot.count = Math.min(slot.count, bound + 1);
    slot.isFrequent = true;
    const rarest = this.#frequent.replaceLeast(slot);
    rarest.isFrequent = false;
    if (!rarest.isLong) this.#drop(rarest);
  }

  /** As `#enter`, for those that took most time and a slot that took so much more. */
  #enterLong(slot: Slot, durationMicros: number): void {
    if (!this.#long.isFull) {
      slot.isLong = true;
      this.#long.add(slot);
      return;
    }
    const { bound } = this.#long;
    if (slot.totalMicros <= bound) return;
    const most = Math.min(slot.totalMicros, bound + durationMicros);
    slot.overMicros -= slot.totalMicros - most;
    slot.totalMicros = most;
    slot.isLong = true;
    const shortest = this.#long.replaceLeast(slot);
    shortest.isLong = false;
    if (!shortest.isFrequent) this.#drop(shortest);
  }

  #drop({ key }: Slot): void {
    this.#slots.delete(key);
    this.#keys.noteDropped();
  }

  /**
   * Adds what another table counted, as if this one had seen it too (Agarwal et al., "Mergeable Summaries", PODS 2012): the
   * bounds above hold for the sum.
   */
  merge(other: Digests | DigestsState): void {
    const state = other instanceof Digests ? other.toJSON() : other;
    const { total, entries, totalMicros } = state;
    const lists = this.#mergeGroups(state);
    // What is missing from a full table may have run as often, and as long, as the least in it.
    const missing = { count: this.#frequent.bound, micros: this.#long.bound };
    const met = new Set<Slot>();
    for (const entry of entries) {
      const added = slotOf(entry, lists);
      let slot = this.#slots.get(added.key);
      if (slot === undefined) {
        slot = added;
        addUnseen(slot, missing.count, missing.micros);
        this.#slots.set(slot.key, slot);
      } else {
        addSlot(slot, added);
      }
      met.add(slot);
    }
    const missingThere = boundsOf(state);
    for (const slot of this.#slots.values()) {
      if (!met.has(slot)) addUnseen(slot, missingThere.count, missingThere.micros);
    }
    this.#total += total;
    if (totalMicros !== undefined) this.#totalMicros = (this.#totalMicros ?? 0) + totalMicros;
    this.#giveOutPlaces();
  }

  /** Adds what another table has by users, hosts and tags. @returns what its lists say, as this table has it */
  #mergeGroups({ sources = [], tags = [], users, hosts, tagged }: DigestsState): Lists {
    if (users !== undefined) this.#sources.users.merge(users);
    if (hosts !== undefined) this.#sources.hosts.merge(hosts);
    if (tagged !== undefined) this.#tags.merge(tagged);
    return {
      sources: sources.map(([user, host, db]) => this.#sources.find(user, host, db)),
      tags: tags.map(([key, value]) => this.#tags.find(key, value)),
    };
  }

  /** Gives the places to the slots with the most, and drops those that get none. */
  #giveOutPlaces(): void {
    this.#counted = null;
    const slots = [...this.#slots.values()];
    const frequent = slots.toSorted(byCount).slice(0, this.capacity);
    const long = this.#totalMicros === null ? [] : inOrder(slots, "time").slice(0, this.capacity);
    for (const slot of slots) slot.isFrequent = slot.isLong = false;
    for (const slot of frequent) slot.isFrequent = true;
    for (const slot of long) slot.isLong = true;
    for (const { isFrequent, isLong, key } of slots) if (!isFrequent && !isLong) this.#slots.delete(key);
    this.#frequent.reset(frequent);
    this.#long.reset(long);
  }

  /** The digests with the most: the most frequent first, or in another order of those that times are known of. */
  top(limit: number, order: DigestOrder = "calls"): DigestEntry[] {
    return inOrder(this.#slots.values(), order).slice(0, limit).map(entryOf);
  }

  /** The fingerprints of the digests that took most time, or that ran most where times are not known. */
  leading(limit: number): string[] {
    const order = this.#totalMicros === null ? "calls" : "time";
    return inOrder(this.#slots.values(), order)
      .slice(0, limit)
      .map(({ fingerprint }) => fingerprint);
  }

  /** The whole table, the most frequent first. */
  toJSON(): DigestsState {
    this.#step++;
    this.#sources.flush();
    this.#tags.flush();
    return {
      capacity: this.capacity,
      total: this.#total,
      entries: this.top(this.#slots.size),
      ...(this.#totalMicros !== null && { totalMicros: this.#totalMicros }),
      sources: this.#sources.toJSON(),
      tags: this.#tags.list(),
      users: this.#sources.users.toJSON(),
      hosts: this.#sources.hosts.toJSON(),
      tagged: this.#tags.toJSON(),
    };
  }
}
