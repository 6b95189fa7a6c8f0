import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { Unreadable } from "../../../src/lib/stored.ts";
import { Digests } from "../../../src/workload/digest.ts";
import { Figures } from "../../../src/workload/timing/figures.ts";
import { type Counted, MAX_POINTS, SeriesDelta } from "../../../src/workload/timing/series.ts";
import { publishSeries, readSeries } from "../../../src/workload/timing/series-object.ts";
import { type SeriesState, seriesPoints } from "../../../src/workload/timing/series-state.ts";
import { KEPT, LEADING, SeriesStore } from "../../../src/workload/timing/series-store.ts";
import { slowRecord } from "./records.ts";

const SECOND = 1_000_000;

/** Runs with the database of a Durable Object of its own. */
const inStorage = <T>(run: (sql: SqlStorage) => T): Promise<T> =>
  runInDurableObject(env.CAPTURE_RUNNER.getByName(crypto.randomUUID()), (_, { storage }) =>
    run(storage.sql),
  ) as Promise<T>;

/** A stream that is collected into a store, a step at a time. */
class Collecting {
  readonly store: SeriesStore;
  readonly digests = new Digests();
  records = 0;

  constructor(sql: SqlStorage, stream: "general" | "slow" = "slow") {
    this.store = new SeriesStore(sql, stream);
  }

  /** One step of statements: at which second, which, and how long. */
  step(runs: readonly [second: number, statement: string, micros: number][]): boolean {
    const delta = this.store.delta();
    for (const [second, statement, micros] of runs) {
      const record = slowRecord(statement, micros, { timeMicros: second * SECOND });
      this.digests.addTimed(record);
      delta.addTimed(record, this.digests.counted as Counted);
    }
    const from = this.records;
    this.records += runs.length;
    return this.store.add(delta, this.digests, { from, to: this.records });
  }

  fingerprint(statement: string): string {
    const found = this.digests.toJSON().entries.find(({ example }) => example === statement);
    return found?.fingerprint ?? "";
  }
}

const callsOf = (state: SeriesState | null) =>
  state?.starts.map((start, at) => [start, state.figures[at]?.[0]]);

describe("the series of a running capture", () => {
  it("are summed over the steps of its collector, of the whole workload and of each statement", async () => {
    await inStorage((sql) => {
      const collecting = new Collecting(sql);
      expect(collecting.store.read()).toBeNull();
      collecting.step([
        [100, "SELECT a", 10],
        [101, "SELECT b", 20],
      ]);
      collecting.step([
        [109, "SELECT a", 30],
        [111, "SELECT a", 40],
      ]);
      const { store } = collecting;
      const both = [10, 20, 30].map((micros) => slowRecord("", micros));
      const figures = new Figures();
      for (const record of both) figures.add(record);
      expect(store.read()).toMatchObject({ step: 10, from: 100, to: 110, starts: [100, 110] });
      expect(store.read()?.figures[0]).toEqual(figures.toJSON());
      expect(callsOf(store.read(collecting.fingerprint("SELECT a")))).toEqual([
        [100, 2],
        [110, 1],
      ]);
      expect(callsOf(store.read(collecting.fingerprint("SELECT b")))).toEqual([[100, 1]]);
      expect(store.read("0000000000000000")).toBeNull();
    });
  });

  it("count a step once, also when two have read it, or the object starts again", async () => {
    await inStorage((sql) => {
      const collecting = new Collecting(sql);
      expect(collecting.step([[100, "SELECT a", 10]])).toBe(true);
      expect(collecting.step([[100, "SELECT a", 10]])).toBe(true);
      const again = new Collecting(sql);
      again.records = 1;
      expect(again.step([[100, "SELECT a", 10]])).toBe(false);
      expect(callsOf(again.store.read())).toEqual([[100, 2]]);
      again.records = 2;
      expect(again.step([[100, "SELECT a", 10]])).toBe(true);
      expect(callsOf(again.store.read())).toEqual([[100, 3]]);
      // Records that run no statement are counted, too.
      expect(again.step([])).toBe(true);
      again.store.clear();
      expect(again.store.read()).toBeNull();
    });
  });

  it("are kept for each of two streams", async () => {
    await inStorage((sql) => {
      const slow = new Collecting(sql, "slow");
      const general = new SeriesStore(sql, "general");
      slow.step([[100, "SELECT a", 10]]);
      const delta = general.delta();
      const digests = new Digests();
      digests.add({ command: "Query", statement: "SELECT 1", timeMicros: 200 * SECOND });
      delta.add({ timeMicros: 200 * SECOND }, digests.counted as Counted);
      general.add(delta, digests, { from: 0, to: 1 });
      expect(general.read()?.figures).toEqual([[1]]);
      expect(general.read()?.from).toBe(200);
      expect(slow.store.read()?.from).toBe(100);
      general.clear();
      expect(slow.store.read()?.from).toBe(100);
    });
  });

  it("are kept or not with what else is written, and are gone when all of the storage is deleted", async () => {
    await runInDurableObject(env.CAPTURE_RUNNER.getByName(crypto.randomUUID()), async (_, { storage }) => {
      const collecting = new Collecting(storage.sql);
      collecting.step([[100, "SELECT a", 10]]);
      const undone = () =>
        storage.transactionSync(() => {
          storage.kv.put("state", 1);
          collecting.step([[100, "SELECT a", 10]]);
          throw new Error("undone");
        });
      expect(undone).toThrow("undone");
      expect([storage.kv.get("state"), callsOf(collecting.store.read())]).toEqual([undefined, [[100, 1]]]);
      await storage.deleteAll();
      expect(collecting.store.read()).toBeNull();
      collecting.step([[200, "SELECT a", 10]]);
      expect(callsOf(collecting.store.read())).toEqual([[200, 1]]);
    });
  });

  it("have longer steps as the capture grows, and lose nothing", async () => {
    await inStorage((sql) => {
      const collecting = new Collecting(sql);
      let calls = 0;
      for (let second = 0; second < 200_000; second += 5000) {
        collecting.step([
          [second, "SELECT a", 10],
          [second + 10, "SELECT b", 1],
          [second - (second % 777), "SELECT a", 20],
        ]);
        calls += 3;
        const state = collecting.store.read() as SeriesState;
        expect(seriesPoints(state).length).toBeLessThanOrEqual(MAX_POINTS);
        expect(state.figures.reduce((sum, [calls = 0]) => sum + calls, 0)).toBe(calls);
        expect(state.starts.every((start) => start % state.step === 0)).toBe(true);
      }
      expect(collecting.store.read()?.step).toBe(160);
      const ofA = collecting.store.read(collecting.fingerprint("SELECT a"));
      expect(ofA?.figures.reduce((sum, [calls = 0]) => sum + calls, 0)).toBe((2 * calls) / 3);
    });
  });

  it("are of the statements that lead: others lose theirs, those near the hundredth do not", async () => {
    await inStorage((sql) => {
      const collecting = new Collecting(sql);
      const name = (n: number) => `SELECT c${n}`;
      // The first lead the most.
      collecting.step(Array.from({ length: 200 }, (_, n) => [100, name(n), 10_000 - n]));
      const { store } = collecting;
      const has = (n: number) => store.read(collecting.fingerprint(name(n))) !== null;
      expect(store.statements().length).toBe(LEADING);
      expect([has(0), has(99), has(100)]).toEqual([true, true, false]);
      // Twenty that come to lead: those that they follow have their place still.
      collecting.step(Array.from({ length: 20 }, (_, n) => [200, name(150 + n), 50_000]));
      expect(store.statements().length).toBe(LEADING + 20);
      expect([has(0), has(99), has(150), has(100)]).toEqual([true, true, true, false]);
      expect(store.read(collecting.fingerprint(name(150)))).toMatchObject({ from: 200, starts: [200] });
      // And more: the last have to go.
      collecting.step(Array.from({ length: 30 }, (_, n) => [300, name(100 + n), 60_000]));
      expect(store.statements().length).toBe(KEPT);
      expect([has(0), has(77), has(78), has(129)]).toEqual([true, true, false, true]);
      const rows = sql.exec<{ n: number }>("select count(distinct fingerprint) as n from series").one().n;
      expect(rows).toBe(KEPT + 1);
    });
  });

  it("have longer steps at once, of which the rows are put together a few statements at a time", async () => {
    await inStorage((sql) => {
      const store = new SeriesStore(sql, "slow");
      const statements = Array.from(
        { length: 30 },
        (_, n): Counted => ({ fingerprint: `s${n}`, cell: null }),
      );
      const digests = { leading: () => statements.map(({ fingerprint }) => fingerprint) };
      let records = 0;
      const add = (from: number, to: number) => {
        const delta = store.delta();
        for (let step = from; step < to; step++) {
          for (const [n, statement] of statements.entries()) {
            delta.addTimed(slowRecord("", n, { timeMicros: step * 10 * SECOND }), statement);
          }
        }
        store.add(delta, digests, { from: records, to: ++records });
      };
      const rows = () => sql.exec<{ n: number }>("select count(*) as n from series").one().n;
      add(0, MAX_POINTS);
      expect(rows()).toBe(31 * MAX_POINTS);
      const before = store.read("s7") as SeriesState;
      expect(before.step).toBe(10);

      add(MAX_POINTS, MAX_POINTS + 1);
      const after = store.read("s7") as SeriesState;
      expect(after.step).toBe(20);
      expect(seriesPoints(after).slice(0, -1)).toEqual(seriesPoints(before, 20));
      // Eight series of 720 steps and one more, and 23 that are as they were but for one more.
      expect(rows()).toBe(8 * 721 + 23 * 1441);
      for (let step = 1; step < 4; step++) add(MAX_POINTS, MAX_POINTS + 1);
      expect(rows()).toBe(31 * 721);
      const seen = store.read("s7") as SeriesState;
      expect(seriesPoints(seen).slice(0, -1)).toEqual(seriesPoints(before, 20));
      expect(callsOf(seen)?.at(-1)).toEqual([MAX_POINTS * 10, 4]);
    });
  }, 60_000);
});

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
