import { ReadableStream } from "node:stream/web";
import type { StoredWorkloadRecord } from "../../client/index.ts";
import { linesOf } from "../../client/lines.ts";
import { writeParquet } from "../export/parquet.ts";
import { gunzip, type Take, takeChecked } from "./body.ts";
import type { Format } from "./formats.ts";

/**
 * Makes what is wanted of what the service sends.
 * @throws Failure when it is not whole; what `take` throws
 */
export async function takeAs(
  made: Format["made"],
  chunks: AsyncIterable<Uint8Array>,
  take: Take,
): Promise<void> {
  switch (made) {
    case "as it is":
      for await (const bytes of chunks) await take(bytes);
      return;
    case "checked":
      return takeChecked(chunks, take);
    case "plain":
      return gunzip(chunks, async (plain) => {
        for await (const bytes of plain) await take(bytes);
      });
    case "parquet":
      return gunzip(chunks, async (plain) => void (await writeParquet(recordsOf(plain), take)));
  }
}

/** The same class, as the browser's library has it. */
type ReadableStreamOfBytes = Parameters<typeof linesOf>[0];

/** The records of NDJSON. Lines that say what is missing are none; the reply's header says that, too. */
async function* recordsOf(plain: AsyncIterable<Uint8Array>): AsyncGenerator<StoredWorkloadRecord> {
  for await (const line of linesOf(ReadableStream.from(plain) as ReadableStreamOfBytes)) {
    const read = JSON.parse(line) as StoredWorkloadRecord | { missing: object };
    if (!("missing" in read)) yield read;
  }
}
