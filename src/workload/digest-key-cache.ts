import { NO_CACHE_KEY } from "../sql-text/normalize/digest-cache-key.ts";
import type { Template } from "../sql-text/templates.ts";

/** How many keys are kept for each digest that there is room for. */
const KEYS_PER_DIGEST = 4;
/** After how many digests have left the table those that are kept by templates are looked through. */
const MAX_DROPPED = 256;

/** A digest as far as the cache looks at it: it has left its table when it is neither. */
interface Cached {
  isFrequent: boolean;
  isLong: boolean;
}

/**
 * Cache of the keys of digests by the cache keys of their statements, so that a statement like one before is not normalised again; and of
 * digests themselves by the templates of statements, so that of most not even that key is computed.
 */
export class DigestKeyCache<Slot extends Cached> {
  readonly #capacity: number;
  readonly #keys = new Map<number, number>();
  /**
   * By the templates' ids, without holes: V8 makes a slow table of an array that has many. An id is used again, for another template, once
   * all have been forgotten.
   */
  readonly #templates: (Template | null)[] = [];
  readonly #slots: (Slot | null)[] = [];
  /** How many digests have left the table since all were looked through. */
  #dropped = 0;

  /** @param digests how many digests there is room for */
  constructor(digests: number) {
    this.#capacity = KEYS_PER_DIGEST * digests;
  }

  /** The key of the digest of statements with a cache key; undefined when it is not known. It may have lost its place since. */
  get(cacheKey: number): number | undefined {
    return this.#keys.get(cacheKey);
  }

  /** Remembers the key of the digest of statements with a cache key; nothing for NO_CACHE_KEY. */
  set(cacheKey: number, key: number): void {
    if (cacheKey === NO_CACHE_KEY) return;
    // All are dropped: of a workload that has so many, most do not come again.
    if (this.#keys.size >= this.#capacity) this.#keys.clear();
    this.#keys.set(cacheKey, key);
  }

  /** The digest of statements with a template; null when it is not known, or has lost its place. */
  slotLike(template: Template | null | undefined): Slot | null {
    if (template === null || template === undefined) return null;
    const { id } = template;
    if (id >= this.#templates.length || this.#templates[id] !== template) return null;
    const slot = this.#slots[id] as Slot | null;
    return slot !== null && (slot.isFrequent || slot.isLong) ? slot : null;
  }

  /** Remembers the digest of statements with a template; nothing without one. */
  note(template: Template | null | undefined, slot: Slot): void {
    if (template === null || template === undefined) return;
    while (this.#templates.length <= template.id) {
      this.#templates.push(null);
      this.#slots.push(null);
    }
    this.#templates[template.id] = template;
    this.#slots[template.id] = slot;
  }

  /** Notes that a digest has lost its place: it must not stay in memory for the templates' sake. */
  noteDropped(): void {
    if (++this.#dropped < MAX_DROPPED) return;
    this.#dropped = 0;
    for (const [id, slot] of this.#slots.entries()) {
      if (slot === null || slot.isFrequent || slot.isLong) continue;
      this.#templates[id] = null;
      this.#slots[id] = null;
    }
  }
}
