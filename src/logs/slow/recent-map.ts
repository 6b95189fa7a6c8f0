/**
 * A map that keeps what was used most recently: at least `generation` entries, and at most twice as many. Entries are kept in two
 * generations, of which the older is dropped as a whole, since an order by use would cost more with every use.
 */
export class RecentMap<V> {
  readonly #generation: number;
  #young = new Map<number, V>();
  #old = new Map<number, V>();

  constructor(generation: number, entries: Iterable<readonly [number, V]> = []) {
    this.#generation = generation;
    for (const [key, value] of entries) this.set(key, value);
  }

  /** Whether it has nothing. */
  get isEmpty(): boolean {
    return this.#young.size === 0 && this.#old.size === 0;
  }

  get(key: number): V | undefined {
    const young = this.#young.get(key);
    if (young !== undefined || this.#old.size === 0) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: number, value: V): void {
    this.#old.delete(key);
    if (this.#young.size >= this.#generation && !this.#young.has(key)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }

  delete(key: number): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }

  /** The entries, with those that go first before the others. A map that is made of them goes on in the same way, or keeps them longer. */
  toJSON(): [number, V][] {
    return [...this.#old, ...this.#young];
  }
}
