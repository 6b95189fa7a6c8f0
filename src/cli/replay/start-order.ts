import type { StoredWorkloadRecord } from "../../client/index.ts";
import { parseTime } from "../../workload/stored/time.ts";

/*
 * The order in which statements began. The general log has it; the slow log has that in which they ended.
 */

/** A record, and when it began, in microseconds since 1970. */
export interface Begun {
  record: StoredWorkloadRecord;
  at: number;
}

/** How far a record of the slow log may stand behind others that began after it: a statement that took longer is late. */
const HORIZON_MICROS = 60_000_000;
const MAX_HELD = 5000;
const MAX_HELD_CHARACTERS = 2 * 1024 * 1024;
/** Of how many connections is kept where their last statement began. */
const MAX_THREADS = 100_000;

/**
 * Puts records into the order in which they began. Those of one connection stay in their own order, whatever their times say: a
 * session may have set its clock.
 * @param batches records as they arrive, so that not each costs a turn of the event loop
 */
export async function* inStartOrder(
  batches: AsyncIterable<readonly StoredWorkloadRecord[]>,
): AsyncGenerator<readonly Begun[]> {
  const order = new StartOrder();
  for await (const batch of batches) {
    const begun: Begun[] = [];
    for (const record of batch) order.add(record, begun);
    if (begun.length > 0) yield begun;
  }
  yield order.rest();
}

/** The records of the slow log that wait for others that began before them. */
class StartOrder {
  readonly #held = new Heap();
  #lastOf = new Map<number, number>();
  #characters = 0;
  #sequence = 0;

  add(record: StoredWorkloadRecord, begun: Begun[]): void {
    const end = parseTime(record.time);
    if (!("log" in record)) {
      begun.push({ record, at: end });
      return;
    }
    const { threadId } = record;
    const at = Math.max(end - record.durationMicros, this.#lastOf.get(threadId) ?? 0);
    if (this.#lastOf.size >= MAX_THREADS) this.#lastOf = new Map();
    this.#lastOf.set(threadId, at);
    const held = this.#held;
    held.push({ record, at, sequence: this.#sequence++ });
    this.#characters += record.statement.length;
    const isTooMuch = () => held.size > MAX_HELD || this.#characters > MAX_HELD_CHARACTERS;
    while (held.size > 0 && (isTooMuch() || held.first < end - HORIZON_MICROS)) begun.push(this.#take());
  }

  rest(): Begun[] {
    const begun: Begun[] = [];
    while (this.#held.size > 0) begun.push(this.#take());
    return begun;
  }

  #take(): Begun {
    const { record, at } = this.#held.pop() as Held;
    this.#characters -= record.statement.length;
    return { record, at };
  }
}

interface Held extends Begun {
  sequence: number;
}

/** Records by where they began, and of those that began together by their place in the log. */
class Heap {
  readonly #items: Held[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** When the first one began. */
  get first(): number {
    return (this.#items[0] as Held).at;
  }

  push(item: Held): void {
    const items = this.#items;
    let at = items.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(item, items[parent] as Held)) break;
      items[at] = items[parent] as Held;
      at = parent;
    }
    items[at] = item;
  }

  pop(): Held | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop() as Held;
    if (items.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && isBefore(items[child + 1] as Held, items[child] as Held)) child++;
      if (!isBefore(items[child] as Held, last)) break;
      items[at] = items[child] as Held;
      at = child;
    }
    items[at] = last;
    return first;
  }
}

const isBefore = (one: Held, other: Held): boolean =>
  one.at < other.at || (one.at === other.at && one.sequence < other.sequence);
