import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { NO_TABLES } from "../../../src/sql-text/tables.ts";
import { Digests } from "../../../src/workload/digest.ts";
import { Figures } from "../../../src/workload/timing/figures.ts";
import { type Counted, MAX_POINTS } from "../../../src/workload/timing/series.ts";
import { type SeriesState, seriesPoints } from "../../../src/workload/timing/series-state.ts";
import { CHUNK_STEPS, KEPT, LEADING, SeriesStore } from "../../../src/workload/timing/series-store.ts";
import { spanFigures } from "../../../src/workload/timing/span.ts";
import { Collecting, callsOf, inStorage, SECOND } from "./collecting.ts";
import { slowRecord } from "./records.ts";

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

  it("have of a span what each of them has of its steps, in chunks and in slots, of steps that became longer too", async () => {
    await inStorage((sql) => {
      const collecting = new Collecting(sql);
      for (let n = 0; n < 400; n++) {
        collecting.step([
          [n * 10, "SELECT a", 10 + n],
          [n * 10 + 3, `SELECT c${n % 7}`, n * n],
        ]);
      }
      const { store } = collecting;
      const compare = (spans: [number, number][]) => {
        for (const [from, to] of spans) {
          const found = store.span({ from, to });
          expect(found?.series.map(({ fingerprint }) => fingerprint)).toEqual(["", ...store.statements()]);
          for (const { fingerprint, since, figures } of found?.series ?? []) {
            const state = store.read(fingerprint) as SeriesState;
            expect(figures).toEqual(spanFigures(state, { from, to }).toJSON());
            expect(since).toBe(state.from);
          }
        }
      };
      compare([
        [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
        [1795, 1801],
        [0, 10],
        [3990, 5000],
        [100_000, 200_000],
      ]);
      // Some rows have short steps still.
      collecting.step([[20 * MAX_POINTS, "SELECT a", 7]]);
      expect(store.read()?.step).toBeGreaterThan(10);
      compare([
        [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
        [1795, 1801],
        [3900, 30_000],
      ]);
      store.clear();
      expect(store.span({ from: 0, to: 10 })).toBeNull();
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

  it("are read alike wherever they are: in slots, in chunks, or both", async () => {
    await inStorage((sql) => {
      const collecting = new Collecting(sql);
      const { store } = collecting;
      // Beyond the chunks' bounds, beyond the bounds of steps, and with what is late by up to an hour.
      const expected = new Map<string, Figures>();
      for (let step = 0; step < 1000; step++) {
        const runs = Array.from({ length: 12 }, (_, n): [number, string, number] => {
          const late = step % 50 === 7 && n === 3 ? 3600 : 0;
          return [Math.max(0, step * 9 + n - late), `SELECT c${(step + n) % 20}`, step * n];
        });
        collecting.step(runs);
        for (const [second, statement, micros] of runs) {
          const record = slowRecord(statement, micros, { timeMicros: second * SECOND });
          for (const of of ["", collecting.fingerprint(statement)]) {
            const key = `${of} ${second - (second % 10)}`;
            const figures = expected.get(key) ?? new Figures();
            figures.add(record);
            expected.set(key, figures);
          }
        }
      }
      const check = () => {
        let seen = 0;
        for (const of of ["", ...store.statements()]) {
          const { starts, figures } = store.read(of) as SeriesState;
          expect(starts).toEqual([...starts].sort((a, b) => a - b));
          for (const [at, start] of starts.entries()) {
            expect(figures[at]).toEqual(expected.get(`${of} ${start}`)?.toJSON());
          }
          seen += starts.length;
        }
        expect(seen).toBe(expected.size);
      };
      check();
      store.fold();
      check();
      // Five chunks of each, and the last step's three statements begin a sixth.
      expect(sql.exec<{ n: number }>("select count(*) as n from series_chunks").one().n).toBe(21 * 5 + 4);
    });
  }, 60_000);

  it("of the first version go on to open", async () => {
    await inStorage((sql) => {
      const store = new SeriesStore(sql, "slow");
      expect(store.read()).toBeNull();
      const statements = '[["a",110,0],["b",3600,2]]';
      const state = `{"step":10,"counted":7,"range":{"first":100,"last":3610},"round":2,"slot":3,"bytes":90,"until":5400,"statements":${statements},"finer":[],"version":1}`;
      const chunk = '{"starts":[100,110],"figures":[[1],[2]]}';
      sql.exec("insert into series_chunks values ('slow', '', 0, ?), ('slow', 'a', 0, ?)", chunk, chunk);
      // The second slot is of the round before. What is in the first was counted of b when it led before.
      sql.exec(
        "insert into series_slots values ('slow', 0, 2, '{}', ?), ('slow', 2, 2, ?, ?), ('slow', 1, 1, '{}', ?)",
        '[["",3600,[1]],["b",3600,[1]]]',
        state,
        '[["",3600,[2]],["",3610,[1]],["b",3610,[1]]]',
        '[["",3600,[50]]]',
      );
      expect([store.statements(), callsOf(store.read("a")), callsOf(store.read("b"))]).toEqual([
        ["a", "b"],
        [
          [100, 1],
          [110, 2],
        ],
        [[3610, 1]],
      ]);
      const whole = {
        step: 10,
        from: 100,
        to: 3610,
        starts: [100, 110, 3600, 3610],
        figures: [[1], [2], [3], [1]],
      };
      expect(store.read()).toEqual(whole);
      const added = (from: number) => store.add(store.delta(), { leading: () => [] }, { from, to: 8 });
      expect([added(6), added(7)]).toEqual([false, true]);
      store.fold();
      expect(store.read()).toEqual(whole);
    });
  });

  it.each(["general", "slow"] as const)(
    "of an hour of a busy capture's %s log are less than 900 rows written",
    async (log) => {
      const written = await inStorage((sql) => {
        const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
        const counting = {
          exec: (query: string, ...bindings: unknown[]) => {
            const cursor = sql.exec(query, ...bindings);
            cursors.push(cursor);
            return cursor;
          },
        } as SqlStorage;
        const store = new SeriesStore(counting, log);
        const statements = Array.from(
          { length: KEPT },
          (_, n): Counted => ({
            fingerprint: n.toString(16).padStart(16, "0"),
            tables: NO_TABLES,
            cell: null,
          }),
        );
        const names = statements.map(({ fingerprint }) => fingerprint);
        // Others lead after the first step, so that there are as many series as there may be.
        const digests = { leading: () => (records === 0 ? names : names.toReversed()) };
        let records = 0;
        for (let step = 0; step < 360; step++) {
          const delta = store.delta();
          for (const [n, statement] of statements.entries()) {
            // Every statement in every step, of which a few are of the step of time before.
            for (let run = 0; run < 12; run++) {
              const timeMicros = (step * 10 + run - 1.5) * SECOND + 10 ** 9 * SECOND;
              if (log === "general") delta.add({ timeMicros }, statement);
              else {
                const micros = Math.round(1000 * 1.5 ** ((n * 7 + run * 3 + step) % 29));
                delta.addTimed(slowRecord("", micros, { timeMicros }), statement);
              }
            }
          }
          const to = records + KEPT * 12;
          expect(store.add(delta, digests, { from: records, to })).toBe(true);
          records = to;
        }
        store.fold();
        expect(store.statements().length).toBe(KEPT);
        const calls = store.read()?.figures.reduce((sum, [calls = 0]) => sum + calls, 0);
        expect(calls).toBe(records);
        return cursors.reduce((sum, { rowsWritten }) => sum + rowsWritten, 0);
      });
      // General: 360 slots and one, three chunks of 129 series, and the tables: 752. Slow: a fourth time, as slots become full: 881.
      expect(written).toBeLessThan(900);
    },
    60_000,
  );

  it.each([
    ["damaged", "{"],
    ["of a newer version", '{"version":2}'],
  ])("begin anew where what is stored of them is %s", async (_, state) => {
    await inStorage((sql) => {
      const collecting = new Collecting(sql);
      const other = new Collecting(sql, "general");
      for (const each of [collecting, other]) each.step([[100, "SELECT a", 10]]);
      const damage = () => sql.exec("update series_slots set state = ? where stream = 'slow'", state);
      damage();
      expect(collecting.step([[110, "SELECT a", 20]])).toBe(true);
      expect(callsOf(collecting.store.read())).toEqual([[110, 1]]);
      expect(callsOf(other.store.read())).toEqual([[100, 1]]);
      damage();
      collecting.store.fold();
      expect(collecting.store.statements()).toEqual([]);
      expect(collecting.store.read()).toBeNull();
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
      const rows = () =>
        sql.exec<{ n: number }>("select count(distinct fingerprint) as n from series_chunks").one().n;
      // Those that come to lead again begin anew: what was counted of them may be in a slot still, or was in a chunk.
      const regain = (n: number, second: number) => {
        expect(has(n)).toBe(false);
        collecting.step([[second, name(n), second * 1000]]);
        expect(store.read(collecting.fingerprint(name(n)))).toMatchObject({ from: second, starts: [second] });
        expect(store.statements().length).toBe(KEPT);
      };
      regain(78, 310);
      store.fold();
      expect(rows()).toBe(KEPT + 1);
      regain(77, 320);
      regain(76, 330);
      store.fold();
      expect(rows()).toBe(KEPT + 1);
    });
  });

  it("have longer steps at once, of which the rows are put together a few statements at a time", async () => {
    await inStorage((sql) => {
      const store = new SeriesStore(sql, "slow");
      const statements = Array.from(
        { length: 30 },
        (_, n): Counted => ({ fingerprint: `s${n}`, tables: NO_TABLES, cell: null }),
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
      const inChunks = () =>
        sql
          .exec<{ n: number }>("select sum(json_array_length(points, '$.starts')) as n from series_chunks")
          .one().n;
      const rows = () => sql.exec<{ n: number }>("select count(*) as n from series_chunks").one().n;
      add(0, MAX_POINTS);
      // More than a slot takes.
      expect([inChunks(), rows()]).toEqual([31 * MAX_POINTS, 31 * (MAX_POINTS / CHUNK_STEPS)]);
      const before = store.read("s7") as SeriesState;
      expect(before.step).toBe(10);

      add(MAX_POINTS, MAX_POINTS + 1);
      const after = store.read("s7") as SeriesState;
      expect(after.step).toBe(20);
      expect(seriesPoints(after).slice(0, -1)).toEqual(seriesPoints(before, 20));
      // Eight series of 720 steps, and 23 that are as they were. What was added last is in a slot.
      expect([inChunks(), rows()]).toEqual([8 * 720 + 23 * 1440, 8 * 4 + 23 * 8]);
      for (let step = 1; step < 4; step++) add(MAX_POINTS, MAX_POINTS + 1);
      expect([inChunks(), rows()]).toEqual([31 * 720, 31 * 4]);
      store.fold();
      expect([inChunks(), rows()]).toEqual([31 * 721, 31 * 5]);
      const seen = store.read("s7") as SeriesState;
      expect(seriesPoints(seen).slice(0, -1)).toEqual(seriesPoints(before, 20));
      expect(callsOf(seen)?.at(-1)).toEqual([MAX_POINTS * 10, 4]);
    });
  }, 60_000);
});
