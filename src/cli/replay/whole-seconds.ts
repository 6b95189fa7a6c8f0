import type { Begun } from "./start-order.ts";

/*
 * Logs whose times are whole seconds (MariaDB's). Sent as the log says, all statements of a second would be sent at its beginning.
 */

const SECOND_MICROS = 1_000_000;
/** Of a second with more records, the first of them are spread by themselves. */
const MAX_HELD = 10_000;

/** Spreads the records of one whole second evenly over it, in their order. Records with finer times pass as they are. */
export async function* spreadOverSeconds(
  batches: AsyncIterable<readonly Begun[]>,
): AsyncGenerator<readonly Begun[]> {
  let held: Begun[] = [];
  for await (const batch of batches) {
    const spread: Begun[] = [];
    for (const begun of batch) {
      const [first] = held;
      if (first !== undefined && (first.at !== begun.at || held.length >= MAX_HELD)) {
        spread.push(...spreadOver(held));
        held = [];
      }
      if (begun.at % SECOND_MICROS === 0) held.push(begun);
      else spread.push(begun);
    }
    if (spread.length > 0) yield spread;
  }
  yield spreadOver(held);
}

const spreadOver = (held: readonly Begun[]): Begun[] =>
  held.map(({ record, at }, index) => ({
    record,
    at: at + Math.floor((index * SECOND_MICROS) / held.length),
  }));
