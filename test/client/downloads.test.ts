import { afterEach, expect, test, vi } from "vitest";
import { answering, errorOf } from "./support.ts";

afterEach(() => {
  vi.useRealTimers();
});

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

test("a download that breaks off is an error of the client, after the records that have arrived", async () => {
  const cause = new TypeError("terminated");
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode(text.slice(0, -5))),
    pull: () => Promise.reject(cause),
  });
  const { client } = answering();
  const { captures } = client({ fetch: async () => new Response(body) });
  const read: object[] = [];
  const end = (async () => {
    for await (const record of captures.downloadRecords(7)) read.push(record);
  })();
  const error = await errorOf(end);
  expect(error).toMatchObject({ status: null, message: "The service's reply broke off" });
  expect(read).toEqual(records.slice(0, 2));
});

test("a download that a signal ends is no error of the client", async () => {
  const controller = new AbortController();
  const { client } = answering();
  const fetch = async ({ signal }: Request) => {
    const body = new ReadableStream<Uint8Array>({
      start: (stream) => {
        stream.enqueue(new TextEncoder().encode(text.slice(0, -5)));
        signal.addEventListener("abort", () => stream.error(signal.reason));
      },
    });
    return new Response(body);
  };
  const records = client({ fetch }).captures.downloadRecords(7, {}, { signal: controller.signal });
  await records.next();
  controller.abort(new Error("enough"));
  await records.next();
  await expect(records.next()).rejects.toThrow("enough");
});

test.each(["csv", "report"])("a %s that breaks off is asked for again", async (call) => {
  const broken = () =>
    new Response(new ReadableStream({ pull: () => Promise.reject(new TypeError("terminated")) }));
  let asked = 0;
  const fetch = async () => (++asked === 1 ? broken() : new Response("all of it"));
  const { captures } = answering().client({ fetch });
  vi.useFakeTimers();
  const reply = call === "csv" ? captures.csv(7, "tables", {}) : captures.report(7);
  await vi.advanceTimersByTimeAsync(1000);
  expect(await reply).toBe("all of it");
  expect(asked).toBe(2);
});
