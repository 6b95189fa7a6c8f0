import { once } from "node:events";
import { createWriteStream } from "node:fs";

/**
 * Writes a log in MariaDB's form, its records spread over a window: about 150 bytes each, as of a busy shop.
 * @param from epoch seconds, as is `to`
 * @returns how many statements it has
 */
export async function writeBusyLog(
  file: string,
  megabytes: number,
  from: number,
  to: number,
): Promise<number> {
  const stream = createWriteStream(file);
  const bytesASecond = (megabytes * 1e6) / (to - from);
  let id = 0;
  for (let second = from; second < to; second++) {
    let block = logTime(second);
    while (block.length < bytesASecond) {
      const statement =
        id % 3 === 0
          ? `INSERT INTO orders (customer, sku, amount, note) VALUES (${id}, 'sku-${id % 5000}', ${id % 9}, 'leave it at the door, please; ring twice, ${id}')`
          : `SELECT id, name, total, created_at FROM orders WHERE customer = ${id} AND state IN ('open', 'paid', 'sent') ORDER BY created_at LIMIT 20`;
      block += `\t\t${String(10 + (id % 50)).padStart(6)} Query\t${statement}\n`;
      id++;
    }
    // The first record of a second bears its time, the others two tabs.
    if (!stream.write(block.replace("\t\t", "\t"))) await once(stream, "drain");
  }
  stream.end();
  await once(stream, "close");
  return id;
}

/** A second as MariaDB logs it: `261123 05:36:15`. */
export function logTime(second: number): string {
  const [date, time] = new Date(second * 1000).toISOString().slice(2, 19).split("T") as [string, string];
  return `${date.replaceAll("-", "")} ${time}`;
}
