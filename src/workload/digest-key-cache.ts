import { NO_CACHE_KEY } from "../sql-text/normalize/digest-cache-key.ts";

/** How many keys are kept for each digest that there is room for. */
const KEYS_PER_DIGEST = 4;

/** Cache of the keys of digests by the cache keys of their statements, so that a statement like one before is not normalised again. */
export class DigestKeyCache {
  readonly #capacity: number;
  readonly #keys = new Map<number, number>();

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
}
