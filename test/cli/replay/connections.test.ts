import { describe, expect, test } from "vitest";
import { TargetLost } from "../../../src/cli/replay/replay.ts";
import { FakeClock, FakeServer, run } from "./fake-target.ts";
import { connect, general, query } from "./records.ts";

describe("the limit of connections", () => {
  test("sessions wait for a free one, and all are run", async () => {
    const clock = new FakeClock();
    const server = new FakeServer(clock, () => ({ millis: 10 }));
    const records = Array.from({ length: 60 }, (_, i) => query(i, i % 20, `SELECT ${i}`));
    const { outcomes } = await run(records, server, clock, { maxConnections: 3 });
    expect([outcomes.length, server.peak]).toEqual([60, 3]);
    expect(outcomes.every(({ error }) => error === null)).toBe(true);
  });

  test("who gives its connection up has its settings again on the next one", async () => {
    const clock = new FakeClock();
    const server = new FakeServer(clock);
    const { lost } = await run(
      [
        connect(0, 1),
        query(1, 1, "SET NAMES latin1"),
        query(2, 1, "SET autocommit = 0"),
        query(3, 1, "SET NAMES latin1"),
        query(4, 2, "SELECT 2"),
        query(5_000_000, 1, "SELECT 1"),
      ],
      server,
      clock,
      { maxConnections: 1, speed: 1 },
    );
    expect(server.log.slice(-5)).toEqual([
      "3+ shop",
      "3: SET autocommit = 0",
      "3: SET NAMES latin1",
      "3: SELECT 1",
      "3-",
    ]);
    expect(lost).toEqual([]);
  });

  test("a session amid a transaction keeps its connection while others move", async () => {
    const clock = new FakeClock();
    const server = new FakeServer(clock);
    const { lost } = await run(
      [
        query(0, 1, "BEGIN"),
        query(1, 2, "SELECT 2"),
        query(1_000_000, 1, "COMMIT"),
        general(1_000_001, 1, "Quit"),
      ],
      server,
      clock,
      { maxConnections: 1, speed: 1 },
    );
    expect(server.log).toEqual(["1+ null", "1: BEGIN", "1: COMMIT", "1-", "2+ null", "2: SELECT 2", "2-"]);
    expect(lost).toEqual([]);
  });

  test("but not for ever: after some seconds it is given up, and that is said", async () => {
    const clock = new FakeClock();
    const server = new FakeServer(clock);
    const { lost, outcomes } = await run(
      [query(0, 1, "BEGIN"), query(1, 2, "SELECT 2"), query(60_000_000, 1, "COMMIT")],
      server,
      clock,
      { maxConnections: 1, speed: 1 },
    );
    expect(lost).toEqual([{ session: "1.1", by: "limit", hadTransaction: true }]);
    expect(outcomes.map(({ statement }) => statement)).toEqual(["BEGIN", "SELECT 2", "COMMIT"]);
  });
});

describe("failures", () => {
  test("what the server refuses is an outcome, and the session goes on", async () => {
    const clock = new FakeClock();
    const server = new FakeServer(clock, (sql) => (sql === "SELECT 1" ? { error: "ER_NO" } : {}));
    const { outcomes } = await run([query(0, 1, "SELECT 1"), query(1, 1, "SELECT 2")], server, clock);
    expect(outcomes.map(({ error }) => error)).toEqual([{ code: "ER_NO", message: "ER_NO" }, null]);
    expect(server.peak).toBe(1);
  });

  test("a connection that is lost amid a transaction is opened anew, and that is said", async () => {
    const clock = new FakeClock();
    const server = new FakeServer(clock, (sql) => ({ isLost: sql === "UPDATE t" }));
    const { outcomes, lost } = await run(
      [
        query(0, 1, "SET NAMES latin1"),
        query(1, 1, "BEGIN"),
        query(2, 1, "UPDATE t"),
        query(3, 1, "SELECT 1"),
      ],
      server,
      clock,
    );
    expect(lost).toEqual([{ session: "1.1", by: "server", hadTransaction: true }]);
    expect(outcomes.map(({ error }) => error?.code ?? null)).toEqual([
      null,
      null,
      "PROTOCOL_CONNECTION_LOST",
      null,
    ]);
    expect(server.log.slice(-4)).toEqual(["2+ null", "2: SET NAMES latin1", "2: SELECT 1", "2-"]);
  });

  test("one that is lost with nothing set up is opened anew without a word", async () => {
    const clock = new FakeClock();
    const server = new FakeServer(clock, (sql) => ({ isLost: sql === "SELECT 1" }));
    const { lost } = await run([query(0, 1, "SELECT 1"), query(1, 1, "SELECT 2")], server, clock);
    expect([lost, server.log.at(-2)]).toEqual([[], "2: SELECT 2"]);
  });

  test("a target that can't be reached any more ends the replay, with what there is", async () => {
    const clock = new FakeClock();
    const server = new FakeServer(clock, (sql) => {
      if (sql !== "SELECT 2") return {};
      server.refusal = { code: "ECONNREFUSED", message: "connect ECONNREFUSED" };
      return { isLost: true };
    });
    const records = Array.from({ length: 100 }, (_, i) => query(i, 1, `SELECT ${i}`));
    const failure = await run(records, server, clock).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(TargetLost);
    expect((failure as TargetLost).end).toMatchObject({ isWhole: false, sessions: 1 });
  });

  test("a target that comes back within some seconds is gone on with", async () => {
    const clock = new FakeClock();
    const server = new FakeServer(clock, (sql) => {
      if (sql !== "SELECT 2") return {};
      server.refusal = { code: "ECONNREFUSED", message: "connect ECONNREFUSED" };
      void clock.sleep(3000, new AbortController().signal).then(() => {
        server.refusal = null;
      });
      return { isLost: true };
    });
    const records = Array.from({ length: 5 }, (_, i) => query(i, 1, `SELECT ${i}`));
    const { outcomes, end } = await run(records, server, clock);
    expect(outcomes.filter(({ error }) => error === null)).toHaveLength(4);
    expect(end.isWhole).toBe(true);
  });

  test("a refused log-in is the outcome of each of its statements", async () => {
    const clock = new FakeClock();
    const server = new FakeServer(clock);
    server.refusal = { code: "ER_BAD_DB_ERROR", message: "Unknown database 'shop'" };
    const { outcomes, end } = await run(
      [connect(0, 1), query(1, 1, "SELECT 1"), query(2, 1, "SELECT 2")],
      server,
      clock,
    );
    expect(outcomes.map(({ error }) => error?.code)).toEqual(["ER_BAD_DB_ERROR", "ER_BAD_DB_ERROR"]);
    expect(end.isWhole).toBe(true);
  });

  test("a download that breaks off ends the replay with its error, and closes all connections", async () => {
    const clock = new FakeClock();
    const server = new FakeServer(clock);
    async function* source() {
      yield [query(0, 1, "BEGIN")];
      throw new Error("The download broke off");
    }
    await expect(run(source(), server, clock)).rejects.toThrow("The download broke off");
    expect(server.open).toBe(0);
  });
});

describe("an interruption", () => {
  test("lets what runs end, begins nothing more, and says that it is not whole", async () => {
    const clock = new FakeClock();
    const controller = new AbortController();
    const server = new FakeServer(clock, () => ({ millis: 100 }));
    const records = Array.from({ length: 100 }, (_, i) => query(i, i % 2, `SELECT ${i}`));
    const { outcomes, end } = await run(
      records,
      server,
      clock,
      {},
      {
        signal: controller.signal,
        onOutcome: ({ statement }) => {
          if (statement === "SELECT 10") controller.abort();
        },
      },
    );
    expect(outcomes.length).toBeLessThan(15);
    expect(outcomes.every(({ error }) => error === null)).toBe(true);
    expect(end).toMatchObject({ isWhole: false, sessions: 2 });
    expect([server.open, server.killed]).toEqual([0, []]);
  });

  test("kills what does not end", async () => {
    const clock = new FakeClock();
    const controller = new AbortController();
    const server = new FakeServer(clock, (sql) => {
      if (sql !== "SELECT 'for ever'") return {};
      controller.abort();
      return { until: new Promise(() => {}) };
    });
    const { end } = await run(
      [query(0, 1, "SELECT 'for ever'"), query(1, 1, "SELECT 1")],
      server,
      clock,
      {},
      {
        signal: controller.signal,
      },
    );
    expect([server.killed, server.open, end.isWhole]).toEqual([[1], 0, false]);
  });

  test("ends sessions that wait for their time or for a connection", async () => {
    const clock = new FakeClock();
    const controller = new AbortController();
    const server = new FakeServer(clock, () => ({ inTransaction: true }));
    const records = [
      query(0, 1, "BEGIN"),
      query(1, 2, "SELECT 2"),
      query(1_000_000, 1, "SELECT 1"),
      query(1e12, 1, "SELECT 'late'"),
    ];
    const { outcomes, lost } = await run(
      records,
      server,
      clock,
      { speed: 1, maxConnections: 1 },
      {
        signal: controller.signal,
        onOutcome: ({ statement }) => {
          if (statement === "SELECT 1") controller.abort();
        },
      },
    );
    expect(outcomes.map(({ statement }) => statement)).toEqual(["BEGIN", "SELECT 1"]);
    expect([lost, server.open]).toEqual([[], 0]);
  });

  test("before the beginning, nothing is run", async () => {
    const clock = new FakeClock();
    const server = new FakeServer(clock);
    const { end } = await run([query(0, 1, "SELECT 1")], server, clock, {}, { signal: AbortSignal.abort() });
    expect([server.log, end.isWhole]).toEqual([[], false]);
  });
});
