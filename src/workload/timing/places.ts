/**
 * The places of a Space-Saving table (Metwally, Agrawal, El Abbadi: "Efficient Computation of Frequent and Top-k Elements in Data
 * Streams", ICDT 2005): when all are taken, what is new gets that of the item with the least weight. Weights only grow while an item
 * has its place, and whoever adds to them does not say so here. So the heap may be out of order, by older weights, until the least is
 * looked for.
 */
export class Places<T extends object> {
  readonly #capacity: number;
  readonly #weightOf: (item: T) => number;
  /** A min-heap once it is full and the least was asked for. */
  #items: T[] = [];
  /** The weight by which the heap has each item: at most its weight, which may have grown since. */
  #orders: number[] = [];
  #isHeap = false;

  constructor(capacity: number, weightOf: (item: T) => number) {
    this.#capacity = capacity;
    this.#weightOf = weightOf;
  }

  /** Whether all places are taken. */
  get isFull(): boolean {
    return this.#items.length >= this.#capacity;
  }

  /** Whatever has no place weighs at most this: the least weight once all are taken, 0 before. */
  get bound(): number {
    return this.isFull ? this.#weightOf(this.#least()) : 0;
  }

  /** Gives an item one of the places that are left. */
  add(item: T): void {
    this.#items.push(item);
  }

  /** Gives an item the place of the one with the least weight. @returns that one */
  replaceLeast(item: T): T {
    const least = this.#least();
    this.#items[0] = item;
    this.#orders[0] = this.#weightOf(item);
    this.#sink(0);
    return least;
  }

  /** Gives the places to these items, at most as many as there are. */
  reset(items: readonly T[]): void {
    this.#items = [...items];
    this.#isHeap = false;
  }

  /** The item with the least weight, which is then on top of the heap. */
  #least(): T {
    const items = this.#items;
    if (!this.#isHeap) {
      this.#orders = items.map(this.#weightOf);
      for (let at = items.length >> 1; at >= 0; at--) this.#sink(at);
      this.#isHeap = true;
    }
    for (;;) {
      const top = items[0] as T;
      const weight = this.#weightOf(top);
      if (this.#orders[0] === weight) return top;
      this.#orders[0] = weight;
      this.#sink(0);
    }
  }

  #sink(from: number): void {
    const items = this.#items;
    const orders = this.#orders;
    const item = items[from];
    if (item === undefined) return;
    const order = orders[from] as number;
    const { length } = items;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && (orders[child + 1] as number) < (orders[child] as number)) child++;
      const least = orders[child] as number;
      if (least >= order) break;
      items[at] = items[child] as T;
      orders[at] = least;
      at = child;
    }
    items[at] = item;
    orders[at] = order;
  }
}
