import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Env } from "../../../src/env.ts";
import type { LogKind, ParsedAs } from "../../../src/logs/kind.ts";
import type { LogName } from "../../../src/logs/names.ts";
import type { LogSource } from "../../../src/logs/reader.ts";
import { type EndedCapture, LogCollector } from "../../../src/workload/collecting/log-collector.ts";
import { manifestKey } from "../../../src/workload/stored/keys.ts";
import { slowEntry } from "../../support/slow-entry.ts";
import { storedLines } from "../support.ts";

/* How the collecting of one log goes on and ends, with a log that is made up: each portion has one record. */

const SECOND = 1000;
const END = Date.UTC(2026, 10, 23, 12);
const START = END - 60 * SECOND;
/** One step reads eight portions. */
const PORTIONS_OF_A_STEP = 8;

let portions: string[];

const sourceOf = <T extends ParsedAs>(_: Env, kind: LogKind<T>): LogSource<T> => ({
  kind,
  list: async () => ({ ok: true, value: [{ name: kind.liveFile, lastWritten: END, size: sizeOf() }] }),
  portion: async (_file, marker = "0") => {
    const data = new TextEncoder().encode(portions[Number(marker)] ?? "");
    const next = Math.min(Number(marker) + 1, portions.length);
    return { ok: true, value: { data, marker: String(next), pending: next < portions.length } };
  },
});

const sizeOf = () => portions.join("").length;

beforeEach(() => {
  portions = [];
});

let nextId = 9_000_000;
const captureOf = (log: LogName): EndedCapture =>
  ({
    id: nextId++,
    start: START,
    end: END,
    redact: "secrets",
    log,
    minDurationMicros: 0,
    instance: "made-up",
    region: "eu-west-1",
  }) as EndedCapture;

/** Runs with the collector of a log in a Durable Object of its own. */
const withCollector = (
  log: LogName,
  run: (collector: LogCollector, storage: DurableObjectStorage) => Promise<void>,
) =>
  runInDurableObject(env.CAPTURE_RUNNER.getByName(crypto.randomUUID()), async (_, { storage }) => {
    await run(new LogCollector(storage, env, log, sourceOf), storage);
    await storage.deleteAll();
  });

const slowAt = (at: number, statement: string) => slowEntry(statement, { at });

const generalLine = (at: number, statement: string) =>
  `${new Date(at).toISOString().slice(0, 23)}000Z\t    8 Query\t${statement}\n`;

/** Finishes a capture, until it is stored. @returns how many steps that took */
async function finish(collector: LogCollector, capture: EndedCapture, now: number): Promise<number> {
  for (let steps = 1; steps <= 50; steps++) {
    if ("missing" in (await collector.finish(capture, now))) return steps;
  }
  throw new Error("The capture does not end");
}

describe("the end of a slow log", () => {
  it.each([
    ["a time that has not come", Date.now() + 86_400_000],
    ["a time after the end", END + 3_600_000],
  ])("is read also after a record whose session has its clock at %s", async (_, clock) => {
    await withCollector("slow", async (collector) => {
      const capture = captureOf("slow");
      await collector.begin({ ...capture, start: null }, START);
      portions = [slowAt(clock, "SELECT 'clock'")];
      for (let i = 0; i < 2 * PORTIONS_OF_A_STEP; i++) portions.push(slowAt(START + i * SECOND, "SELECT 1"));
      await finish(collector, capture, END + 3_600_000);
      expect(collector.manifest()?.records).toBe(2 * PORTIONS_OF_A_STEP);
    });
  });

  it("is waited for after a record whose session has its clock at a time that has not come", async () => {
    await withCollector("slow", async (collector) => {
      const capture = captureOf("slow");
      await collector.begin({ ...capture, start: null }, START);
      portions = [slowAt(Date.now() + 86_400_000, "SELECT 'clock'"), slowAt(START + SECOND, "SELECT 1")];
      expect(await collector.finish(capture, END)).toMatchObject({ pause: expect.any(Number) });
      portions.push(slowAt(START + 2 * SECOND, "SELECT 2"));
      await finish(collector, capture, END + 3_600_000);
      expect(collector.manifest()?.records).toBe(2);
    });
  });
});

describe("the end of a general log", () => {
  it("comes with a record of after it, however much more there is to read", async () => {
    await withCollector("general", async (collector) => {
      const capture = captureOf("general");
      await collector.begin({ ...capture, start: null }, START);
      portions = [generalLine(START + SECOND, "SELECT 1")];
      for (let i = 0; i < 100; i++) portions.push(generalLine(END + i * SECOND, "SELECT 2"));
      expect(await finish(collector, capture, END)).toBe(1);
      expect(collector.manifest()?.records).toBe(1);
    });
  });
});

describe("a capture whose series can't be read any more", () => {
  it("goes on and ends without those of before", async () => {
    await withCollector("slow", async (collector, { sql }) => {
      const capture = captureOf("slow");
      const step = () => collector.collect(capture, async () => null);
      await collector.begin({ ...capture, start: null }, START);
      portions = [slowAt(START, "SELECT 1"), slowAt(START + SECOND, "SELECT 2")];
      await step();
      sql.exec(`update series_slots set state = '{"version":2}'`);
      portions.push(slowAt(START + 2 * SECOND, "SELECT 3"));
      await step();
      sql.exec(`update series_slots set state = '{"version":2}'`);
      await finish(collector, capture, END + 3_600_000);
      expect(collector.manifest()?.records).toBe(3);
      expect(await env.BUCKET.head(manifestKey(capture.id, "slow"))).not.toBeNull();
    });
  });
});

describe("a log that is stored", () => {
  it("is not stored again while another log of the capture is retried, but is when the capture fails", async () => {
    await withCollector("slow", async (collector, storage) => {
      const capture = captureOf("slow");
      await collector.begin({ ...capture, start: null }, START);
      portions = [slowAt(START, "SELECT 1")];
      await finish(collector, capture, END + 3_600_000);
      const key = manifestKey(capture.id, "slow");
      await env.BUCKET.delete(key);
      // Also after the object has started again.
      for (const each of [collector, new LogCollector(storage, env, "slow", sourceOf)]) {
        expect(await each.finish(capture, END + 3_600_000)).toEqual({ missing: null });
      }
      expect(await env.BUCKET.head(key)).toBeNull();
      await collector.abandon(capture, "It failed");
      expect(await env.BUCKET.head(key)).not.toBeNull();
    });
  });

  it("is stored by a retry when R2 was away", async () => {
    await withCollector("slow", async (collector) => {
      const capture = captureOf("slow");
      await collector.begin({ ...capture, start: null }, START);
      portions = [slowAt(START, "SELECT 1")];
      await collector.collect(capture, async () => null);
      const put = vi.spyOn(env.BUCKET, "put").mockRejectedValue(new Error("put: internal error (10001)"));
      expect(await collector.finish(capture, END + 3_600_000)).toMatchObject({ pause: expect.any(Number) });
      put.mockRestore();
      await finish(collector, capture, END + 3_600_000);
      expect(await env.BUCKET.head(manifestKey(capture.id, "slow"))).not.toBeNull();
    });
  });
});

describe("two alarms at once", () => {
  it("take their steps one after another: none overwrites what the other has stored", async () => {
    await withCollector("slow", async (collector) => {
      const capture = captureOf("slow");
      await collector.begin({ ...capture, start: null }, START);
      portions = [slowAt(START, "SELECT 1"), slowAt(START + SECOND, "SELECT 2")];
      const held = Promise.withResolvers<null>();
      const asked = Promise.withResolvers<void>();
      const first = collector.collect(capture, () => {
        asked.resolve();
        return held.promise;
      });
      await asked.promise;
      portions.push(slowAt(START + 2 * SECOND, "SELECT 3"), slowAt(START + 3 * SECOND, "SELECT 4"));
      const second = collector.collect(capture, async () => null);
      await Promise.race([second, scheduler.wait(300)]);
      held.resolve(null);
      await Promise.all([first, second]);
      await finish(collector, capture, END + 3_600_000);
      const { fragments = 0 } = collector.manifest() ?? {};
      expect((await storedLines(capture.id, fragments, "slow")).map(({ statement }) => statement)).toEqual([
        "SELECT 1",
        "SELECT 2",
        "SELECT 3",
        "SELECT 4",
      ]);
    });
  });

  it("do not wait for each other when one of them fails", async () => {
    await withCollector("slow", async (collector) => {
      const capture = captureOf("slow");
      await collector.begin({ ...capture, start: null }, START);
      portions = [slowAt(START, "SELECT 1"), slowAt(START + SECOND, "SELECT 2")];
      const failing = collector.collect(capture, () => Promise.reject(new Error("D1 is away")));
      const second = collector.collect(capture, async () => null);
      await expect(failing).rejects.toThrow("D1 is away");
      expect(await second).toMatchObject({ caughtUp: true });
      expect(collector.manifest()?.records).toBe(1);
    });
  });
});
