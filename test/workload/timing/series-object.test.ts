import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { Unreadable } from "../../../src/lib/stored.ts";
import { SeriesDelta } from "../../../src/workload/timing/series.ts";
import { publishSeries, readSeries, readSpan } from "../../../src/workload/timing/series-object.ts";
import { type SeriesState, seriesPoints } from "../../../src/workload/timing/series-state.ts";
import { spanFigures } from "../../../src/workload/timing/span.ts";
import { Collecting } from "./collecting.ts";

describe("the stored series of an ended capture", () => {
  const key = () => `captures/test-${crypto.randomUUID()}/workload/series.gz`;

  it("are those of the running one, each read without the others", async () => {
    const stored = await runInDurableObject(
      env.CAPTURE_RUNNER.getByName(crypto.randomUUID()),
      async (_, { storage }) => {
        const collecting = new Collecting(storage.sql);
        for (let n = 0; n < 200; n++) {
          collecting.step([
            [n * 10, "SELECT a", 10 + n],
            [n * 10 + 3, `SELECT c${n % 7}`, n * n],
          ]);
        }
        const { store } = collecting;
        const object = key();
        for (let times = 0; times < 2; times++) await publishSeries(env.BUCKET, object, store);
        const states = ["", ...store.statements(), "0000000000000000"].map(
          (one): [string, SeriesState | null] => [one, store.read(one)],
        );
        return { object, states };
      },
    );
    expect(stored.states.length).toBe(10);
    for (const [fingerprint, state] of stored.states) {
      expect(await readSeries(env.BUCKET, stored.object, fingerprint)).toEqual(state);
    }
  });

  it("are found behind the bytes that are read first", async () => {
    const figures = () => Array.from({ length: 400 }, () => Math.floor(Math.random() * 2 ** 40));
    const state: SeriesState = {
      step: 10,
      from: 0,
      to: 0,
      starts: Array.from({ length: 300 }, (_, n) => n * 10),
      figures: Array.from({ length: 300 }, () => [...figures(), 1]),
    };
    const object = key();
    const names = ["a", "b", "c"];
    await publishSeries(env.BUCKET, object, { statements: () => names, read: () => state });
    for (const name of ["", ...names]) expect(await readSeries(env.BUCKET, object, name)).toEqual(state);
  });

  it("are read a part at a time for what they have of a span", async () => {
    // As wide as histograms get, and hardly compressible: 6 MB.
    const figures = () => {
      const counts = Array.from({ length: 800 }, () => [1, Math.floor(Math.random() * 2 ** 30)]);
      return [5, 500, 100, 100, 5, 60, 7, 1, 2, ...counts.flat()];
    };
    const names = Array.from({ length: 24 }, (_, n) => String(n).padStart(16, "0"));
    const states = new Map(
      ["", ...names].map((name): [string, SeriesState] => {
        const steps = Array.from({ length: 60 }, figures);
        return [name, { step: 10, from: 0, to: 590, starts: steps.map((_, n) => n * 10), figures: steps }];
      }),
    );
    const object = key();
    await publishSeries(env.BUCKET, object, {
      statements: () => names,
      read: (name) => states.get(name) ?? null,
    });
    expect((await env.BUCKET.head(object))?.size).toBeGreaterThan(5_000_000);
    const whole = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY };
    for (const span of [{ from: 95, to: 400 }, { from: 590, to: 600 }, { from: 600, to: 700 }, whole]) {
      expect(await readSpan(env.BUCKET, object, span)).toEqual({
        step: 10,
        first: 0,
        last: 590,
        series: [...states].map(([fingerprint, state]) => ({
          fingerprint,
          since: 0,
          figures: spanFigures(state, span).toJSON(),
        })),
      });
    }
    expect(await readSpan(env.BUCKET, key(), whole)).toBeNull();
  });

  it("are not there where none were kept, and are refused where they are damaged", async () => {
    const object = key();
    await publishSeries(env.BUCKET, object, { statements: () => [], read: () => null });
    expect(await readSeries(env.BUCKET, object)).toBeNull();
    await env.BUCKET.put(object, "nothing that was compressed", { customMetadata: { indexBytes: "10" } });
    await expect(readSeries(env.BUCKET, object)).rejects.toThrow(Unreadable);
  });

  it("of the first version go on to open", async () => {
    const delta = new SeriesDelta();
    expect(delta.step).toBe(10);
    const members = [
      '{"step":10,"from":100,"to":110,"starts":[100],"figures":[[2,400,100,300,5,60,7,1,2,120,1,29,1]],"version":1}',
    ];
    const zip = async (text: string) =>
      new Uint8Array(
        await new Response(new Response(text).body?.pipeThrough(new CompressionStream("gzip"))).arrayBuffer(),
      );
    const zipped = await zip(members[0] as string);
    const index = await zip(JSON.stringify({ version: 1, series: [["", zipped.length]] }));
    const object = key();
    await env.BUCKET.put(object, await new Blob([index, zipped]).arrayBuffer(), {
      customMetadata: { indexBytes: String(index.length) },
    });
    const state = (await readSeries(env.BUCKET, object)) as SeriesState;
    expect(seriesPoints(state)[0]).toMatchObject({
      time: 100_000,
      statements: 2,
      totalMicros: 400,
      errors: 1,
    });
  });
});
