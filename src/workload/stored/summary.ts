import { isShared } from "../groups/tags.ts";
import { BloomFilter } from "./bloom-filter.ts";

/*
 * What is in a fragment, so that a search need not read those that have nothing of what it looks for. It is a text in the fragment's
 * metadata, of at most MAX_SUMMARY characters, which a listing brings along.
 */

/** How large each filter is while it is filled, in bytes. One that has more than it can tell apart excludes nothing. */
const FILTERS = { statements: 3072, names: 1024, tags: 512, threads: 768, threadBlocks: 256 } as const;
const FILTER_NAMES = Object.keys(FILTERS) as (keyof typeof FILTERS)[];

/** In which filter each kind of value is, and the letter that says that a summary has it. */
const KINDS = {
  /** In hexadecimal. */
  fingerprint: { filter: "statements", letter: "f" },
  /** `orders`, or with its schema `shop.orders`; in any case. */
  table: { filter: "names", letter: "t" },
  user: { filter: "names", letter: "u" },
  host: { filter: "names", letter: "h" },
  /** A session's default database. */
  db: { filter: "names", letter: "d" },
  /** `key=value`, of those that requests share. */
  tag: { filter: "tags", letter: "g" },
  /** A connection's id. */
  thread: { filter: "threads", letter: "c" },
} as const satisfies Record<string, { filter: keyof typeof FILTERS; letter: string }>;

/** What a summary knows of. */
export type SummaryKind = keyof typeof KINDS;
/** All that a summary can know of. */
export const SUMMARY_KINDS = Object.keys(KINDS) as SummaryKind[];

/** The longest text of a summary, in ASCII: R2 keeps 8,192 bytes of metadata for an object. */
export const MAX_SUMMARY = 7600;

/**
 * Where each record has a connection of its own, there are thousands of ids in a fragment, one after the other. So they are in a
 * filter by blocks, too, of so many ids.
 */
const THREAD_BLOCK = 32;

/**
 * The fingerprints, tables, users, hosts, databases, tags and threads of a fragment's records. It may say of a value that the
 * fragment may have it although it has not; never that it has not although it has.
 */
export class Summary {
  readonly #kinds: Set<SummaryKind>;
  readonly #filters: ReadonlyMap<keyof typeof FILTERS, BloomFilter>;

  /** @param kinds what will be added of every record; of the rest it says nothing */
  constructor(
    kinds: Iterable<SummaryKind> = SUMMARY_KINDS,
    filters = new Map(FILTER_NAMES.map((name) => [name, new BloomFilter(FILTERS[name])])),
  ) {
    this.#kinds = new Set(kinds);
    this.#filters = filters;
  }

  /**
   * Adds a value of a record. A table with its schema is added without it as well. A tag that every request has another of is left
   * out.
   */
  add(kind: SummaryKind, value: string): void {
    if (kind === "tag" && !isKnownTag(value)) return;
    const { filter, letter } = KINDS[kind];
    const code = letter.charCodeAt(0);
    const values = this.#filters.get(filter);
    if (kind === "table") {
      const table = value.toLowerCase();
      values?.add(code, table);
      for (let dot = table.indexOf("."); dot >= 0; dot = table.indexOf(".", dot + 1)) {
        values?.add(code, table.slice(dot + 1));
      }
      return;
    }
    values?.add(code, value);
    if (kind === "thread") this.#filters.get("threadBlocks")?.add(code, blockOf(value));
  }

  /** Knows nothing of a kind from now on: a record may have a value that is not known. */
  giveUp(kind: SummaryKind): void {
    this.#kinds.delete(kind);
  }

  /** Adds what the summary of earlier records of the same fragment has, and knows of no more kinds than it did. */
  merge(earlier: Summary): void {
    for (const kind of this.#kinds) if (!earlier.#kinds.has(kind)) this.giveUp(kind);
    for (const [name, filter] of this.#filters) {
      const other = earlier.#filters.get(name);
      if (other !== undefined) filter.merge(other);
    }
  }

  /** Whether a record of the fragment may have this value. */
  mayHave(kind: SummaryKind, value: string): boolean {
    if (!this.#kinds.has(kind) || (kind === "tag" && !isKnownTag(value))) return true;
    const { filter, letter } = KINDS[kind];
    const code = letter.charCodeAt(0);
    const mayHave = this.#filters.get(filter)?.mayHave(code, kind === "table" ? value.toLowerCase() : value);
    if (mayHave === false || kind !== "thread") return mayHave ?? true;
    return this.#filters.get("threadBlocks")?.mayHave(code, blockOf(value)) ?? true;
  }

  /**
   * As it is stored: the letters of the kinds, then the filters in base64.
   * @param isFull whether it is to be added to, and keeps its full size
   */
  toText(isFull = false): string {
    const kinds = [...this.#kinds].map((kind) => KINDS[kind].letter).join("");
    const filters = FILTER_NAMES.map((name) =>
      (this.#filters.get(name)?.toBytes(isFull) ?? new Uint8Array(0)).toBase64({ omitPadding: true }),
    );
    return [kinds, ...filters].join(".");
  }

  /** Reads what `toText` has written. What can't be read, or is not there, may have everything. */
  static parse(text: string | null | undefined): Summary {
    const [letters = "", ...filters] = (text ?? "").split(".");
    const read = new Map<keyof typeof FILTERS, BloomFilter>();
    if (filters.length !== FILTER_NAMES.length) return new Summary([], read);
    for (const [at, name] of FILTER_NAMES.entries()) {
      const bytes = bytesOf(filters[at] as string);
      if (bytes !== null && FILTERS[name] % Math.max(1, bytes.length) === 0) {
        read.set(name, new BloomFilter(bytes));
      }
    }
    return new Summary(
      SUMMARY_KINDS.filter((kind) => letters.includes(KINDS[kind].letter)),
      read,
    );
  }
}

function isKnownTag(tag: string): boolean {
  const at = tag.indexOf("=");
  return at < 0 || isShared(tag.slice(0, at), tag.slice(at + 1));
}

const blockOf = (threadId: string): string => String(Math.floor(Number(threadId) / THREAD_BLOCK));

function bytesOf(base64: string): Uint8Array | null {
  try {
    return Uint8Array.fromBase64(base64);
  } catch {
    return null;
  }
}
