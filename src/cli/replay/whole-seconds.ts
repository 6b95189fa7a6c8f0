import type { Begun } from "./start-order.ts";

/*
 * Logs whose times are whole seconds (MariaDB's). Sent as the log says, all statements of a second would be sent at its beginning.
 */

const SECOND_MICROS = 1_000_000;
/** Of a second with more records, the first of them are spread by themselves. */
const MAX_HELD = 5000;
const MAX_HELD_CHARACTERS = 2 * 1024 * 1024;

/** Spreads the records of one whole second evenly over it, in their order. Records with finer times pass as they are. */
export async function* spreadOverSeconds(
  batches: AsyncIterable<readonly Begun[]>,
): AsyncGenerator<readonly Begun[]> {
  let held: Begun[] = [];
  let characters = 0;
  for await (const batch of batches) {
    const spread: Begun[] = [];
    for (const begun of batch) {
      const [first] = held;
      if (
        first !== undefined &&
        (first.at !== begun.at || held.length >= MAX_HELD || characters > MAX_HELD_CHARACTERS)
      ) {
        spread.push(...spreadOver(held));
        held = [];
        characters = 0;
      }
      if (begun.at % SECOND_MICROS === 0) {
        held.push(begun);
        characters += begun.record.statement.length;
      } else spread.push(begun);
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
