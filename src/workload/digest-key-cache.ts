import { NO_CACHE_KEY } from "../sql-text/normalize/digest-cache-key.ts";
import type { Template } from "../sql-text/templates.ts";

/** How many keys are kept for each digest that there is room for. */
const KEYS_PER_DIGEST = 4;

/**
 * Cache of the keys of digests by the cache keys of their statements, so that a statement like one before is not normalised again; and of
 * digests themselves by the templates of statements, so that of most not even that key is computed.
 */
export class DigestKeyCache<Slot> {
  readonly #capacity: number;
  readonly #keys = new Map<number, number>();
  /** By the templates' ids. An id is used again, for another template, once all have been forgotten. */
  readonly #templates: Template[] = [];
  readonly #slots: Slot[] = [];

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

  /** The digest of statements with a template; undefined when it is not known. It may have lost its place since. */
  slotLike(template: Template | null | undefined): Slot | undefined {
    if (template === null || template === undefined) return undefined;
    return this.#templates[template.id] === template ? this.#slots[template.id] : undefined;
  }

  /** Remembers the digest of statements with a template; nothing without one. */
  note(template: Template | null | undefined, slot: Slot): void {
    if (template === null || template === undefined) return;
    this.#templates[template.id] = template;
    this.#slots[template.id] = slot;
  }
}
