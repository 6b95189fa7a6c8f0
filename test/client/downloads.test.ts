import { expect, test } from "vitest";
import { answering } from "./support.ts";

/** A download whose pieces end where they like, in the middle of a line and of a character. */
function inPieces(text: string, size: number, ended: () => void = () => {}) {
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + size));
      at += size;
    },
    cancel: ended,
  });
}

const records = ["é😀", "b", "c"].map((statement, threadId) => ({ threadId, statement }));
const missing = { fragments: 2, after: null, before: "2026-11-23T08:51:02.000100Z" };
const text = [records[0], records[1], { missing }, records[2]]
  .map((line) => `${JSON.stringify(line)}\n`)
  .join("");

test.each([1, 3, 50, 1000])(
  "records of a download are read as they arrive, %i bytes at a time",
  async (size) => {
    const told: object[] = [];
    const { client, requests } = answering(new Response(inPieces(text, size)));
    const { captures } = client();
    const from = new Date(Date.UTC(2026, 10, 23));
    const read = await Array.fromAsync(
      captures.downloadRecords(7, { log: "slow", from }, { onMissing: (one) => told.push(one) }),
    );
    expect(read).toEqual(records);
    expect(told).toEqual([missing]);
    const { pathname, searchParams } = new URL((requests[0] as Request).url);
    expect(pathname).toBe("/api/captures/7/workload/download");
    expect(Object.fromEntries(searchParams)).toEqual({
      log: "slow",
      from: from.toISOString(),
      format: "ndjson",
    });
  },
);

test("a download is ended by who stops reading its records", async () => {
  let isEnded = false;
  const reply = new Response(
    inPieces(text, 3, () => {
      isEnded = true;
    }),
  );
  // Not through `answering`, whose copies of a reply keep its body open.
  const { client } = answering(reply);
  const { captures } = client({ fetch: async () => reply });
  for await (const record of captures.downloadRecords(7)) {
    expect(record).toEqual(records[0]);
    break;
  }
  expect(isEnded).toBe(true);
});
