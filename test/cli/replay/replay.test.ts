import { describe, expect, test } from "vitest";
import type { StoredWorkloadRecord } from "../../../src/client/index.ts";
import { FakeClock, FakeServer, FakeSpill, general, run, slow } from "./fake-target.ts";

const connect = (micros: number, threadId: number, db = "shop") =>
  general(micros, threadId, "Connect", `app@web on ${db} using TCP/IP`);
const query = (micros: number, threadId: number, sql: string) => general(micros, threadId, "Query", sql);
const SECOND = 1_000_000;

describe("sessions", () => {
  test("each has a connection, from its log-in to its Quit, and its statements in order", async () => {
    const clock = new FakeClock();
    const server = new FakeServer(clock);
    const { outcomes, end } = await run(
      [
        connect(0, 1),
        connect(1, 2, "stock"),
        query(2, 1, "SELECT 1"),
        query(3, 2, "SELECT 2"),
        query(4, 1, "SELECT 3"),
        general(5, 1, "Quit"),
        query(6, 2, "SELECT 4"),
      ],
      server,
      clock,
    );
    expect(server.log.filter((line) => line.startsWith("1"))).toEqual([
      "1+ shop",
      "1: SELECT 1",
      "1: SELECT 3",
      "1-",
    ]);
    expect(server.log.filter((line) => line.startsWith("2"))).toEqual([
      "2+ stock",
      "2: SELECT 2",
      "2: SELECT 4",
      "2-",
    ]);
    expect(outcomes.map(({ session, isPartial, via }) => [session, isPartial, via])).toContainEqual([
      "2.2",
      false,
      "text",
    ]);
    expect(end).toMatchObject({ isWhole: true, sessions: 2, partialSessions: 0, spilledBytes: 0 });
    expect(server.open).toBe(0);
  });

  test("one that began before the capture is marked, and connects at its first statement", async () => {
    const clock = new FakeClock();
    const server = new FakeServer(clock);
    const { outcomes, end } = await run([general(0, 9, "Query", "SELECT 1", { db: "blog" })], server, clock);
    expect(server.log).toEqual(["1+ blog", "1: SELECT 1", "1-"]);
    expect(outcomes[0]).toMatchObject({ session: "9.1", isPartial: true, recordedMicros: null, error: null });
    expect(end).toMatchObject({ sessions: 1, partialSessions: 1 });
  });

  test("the default database is followed, also where it was chosen by a statement", async () => {
    const clock = new FakeClock();
    const server = new FakeServer(clock);
    await run(
      [
        connect(0, 1),
        general(1, 1, "Init DB", "a`b"),
        general(2, 1, "Query", "SELECT 1", { db: "a`b" }),
        query(3, 1, "USE c"),
        query(4, 1, "SELECT 2"),
        general(5, 1, "Init DB", "c"),
        general(6, 1, "Query", "SELECT 3", { db: "c" }),
        general(7, 1, "Query", "SELECT 4", { db: "c" }),
      ],
      server,
      clock,
    );
    expect(server.log.slice(1, -1)).toEqual(
      ["USE `a``b`", "SELECT 1", "USE c", "SELECT 2", "USE `c`", "SELECT 3", "SELECT 4"].map(
        (sql) => `1: ${sql}`,
      ),
    );
  });

  test("a reset, or another user, begins with a new connection", async () => {
    const clock = new FakeClock();
    const server = new FakeServer(clock);
    await run(
      [
        connect(0, 1),
        query(1, 1, "SET NAMES latin1"),
        general(2, 1, "Change user", "b@h on x using TCP/IP"),
        query(3, 1, "SELECT 1"),
      ],
      server,
      clock,
    );
    expect(server.log).toEqual(["1+ shop", "1: SET NAMES latin1", "1-", "2+ x", "2: SELECT 1", "2-"]);
  });

  test("several statements of one record are sent one by one, and count as one; the first error ends them", async () => {
    const clock = new FakeClock();
    const server = new FakeServer(clock, (sql) => (sql === "SELECT 2" ? { error: "ER_NO" } : {}));
    const { outcomes } = await run([query(0, 1, "SELECT 1; SELECT 2; SELECT 3")], server, clock);
    expect(server.log.slice(1, -1)).toEqual(["1: SELECT 1", "1: SELECT 2"]);
    expect(outcomes).toMatchObject([{ statement: "SELECT 1; SELECT 2; SELECT 3", error: { code: "ER_NO" } }]);
  });

  test("one that ends amid a transaction lets go of its locks at the end of the recording", async () => {
    const clock = new FakeClock();
    let release: (value?: unknown) => void = () => {};
    const released = new Promise((resolve) => {
      release = resolve;
    });
    const server = new FakeServer(clock, (sql) => (sql === "UPDATE waits" ? { until: released } : {}));
    const close = server.connect.bind(server);
    server.connect = async (db) => {
      const connection = await close(db);
      if (!("query" in connection) || connection.id !== 1) return connection;
      return { ...connection, close: async () => release() };
    };
    const { end, outcomes } = await run(
      [connect(0, 1), query(1, 1, "BEGIN"), query(2, 1, "UPDATE locks"), query(3, 2, "UPDATE waits")],
      server,
      clock,
    );
    expect([end.isWhole, outcomes.length]).toEqual([true, 3]);
  });
});

describe("prepared statements", () => {
  test("are prepared once, and executed with the values of the log", async () => {
    const clock = new FakeClock();
    const server = new FakeServer(clock);
    const { outcomes } = await run(
      [
        connect(0, 1),
        general(1, 1, "Prepare", "SELECT ?, ?"),
        general(2, 1, "Prepare", "SELECT ?"),
        general(3, 1, "Prepare", "SELECT ?, ?"),
        general(4, 1, "Execute", "SELECT 1, 'a'"),
        general(5, 1, "Execute", "SELECT NULL"),
        general(6, 1, "Close stmt"),
      ],
      server,
      clock,
    );
    expect(server.log.slice(1, -1)).toEqual(
      ["PREPARE SELECT ?, ?", "PREPARE SELECT ?", "EXECUTE SELECT ?, ? 1,a", "EXECUTE SELECT ? null"].map(
        (sql) => `1: ${sql}`,
      ),
    );
    expect(outcomes.map(({ via }) => via)).toEqual(["prepared", "prepared"]);
  });

  test("without their preparation, or where values can't be told, they go as text, and that is said", async () => {
    const clock = new FakeClock();
    const server = new FakeServer(clock);
    const { outcomes } = await run(
      [
        general(0, 1, "Execute", "SELECT 1"),
        general(1, 1, "Prepare", "SELECT ?"),
        general(2, 1, "Execute", "SELECT now()"),
      ],
      server,
      clock,
    );
    expect(outcomes.map(({ via, statement }) => [via, statement])).toEqual([
      ["text for prepared", "SELECT 1"],
      ["text for prepared", "SELECT now()"],
    ]);
  });

  test("what the server won't prepare fails at each execution", async () => {
    const clock = new FakeClock();
    const server = new FakeServer(clock, (sql) =>
      sql.includes("none") ? { error: "ER_NO_SUCH_TABLE" } : {},
    );
    const { outcomes } = await run(
      [
        general(0, 1, "Prepare", "SELECT ? FROM none"),
        general(1, 1, "Execute", "SELECT 1 FROM none"),
        query(2, 1, "SELECT 1"),
      ],
      server,
      clock,
    );
    expect(outcomes.map(({ error }) => error?.code ?? null)).toEqual(["ER_NO_SUCH_TABLE", null]);
  });

  test("are prepared again on a new connection", async () => {
    const clock = new FakeClock();
    let asked = 0;
    const server = new FakeServer(clock, () => ({ isLost: ++asked === 2 }));
    const { outcomes } = await run(
      [
        general(0, 1, "Prepare", "SELECT ?"),
        general(1, 1, "Execute", "SELECT 1"),
        general(2, 1, "Execute", "SELECT 2"),
      ],
      server,
      clock,
    );
    expect(server.log).toEqual([
      "1+ null",
      "1: PREPARE SELECT ?",
      "1: EXECUTE SELECT ? 1",
      "1!",
      "2+ null",
      "2: PREPARE SELECT ?",
      "2: EXECUTE SELECT ? 2",
      "2-",
    ]);
    expect(outcomes.map(({ error }) => error?.code ?? null)).toEqual(["PROTOCOL_CONNECTION_LOST", null]);
  });

  test("of very many, those used last are kept", async () => {
    const clock = new FakeClock();
    const server = new FakeServer(clock);
    await run(
      Array.from({ length: 200 }, (_, i) => general(i, 1, "Prepare", `SELECT ?, ${i}`)),
      server,
      clock,
    );
    expect(server.log.filter((line) => line.includes("CLOSE"))).toHaveLength(72);
  });
});

describe("pace", () => {
  const times = (server: FakeServer) => server.times.map((time) => time - (server.times[0] as number));

  test("statements are sent at their time, divided by the speed", async () => {
    for (const speed of [1, 2, 0.5]) {
      const clock = new FakeClock();
      const server = new FakeServer(clock);
      const records = [
        query(1, 1, "SELECT 1"),
        query(SECOND + 1, 2, "SELECT 2"),
        query(10 * SECOND + 1, 1, "SELECT 3"),
      ];
      const { outcomes } = await run(records, server, clock, { speed });
      expect(times(server)).toEqual([0, SECOND / speed, (10 * SECOND) / speed]);
      expect(outcomes.map(({ lateMicros }) => lateMicros)).toEqual([0, 0, 0]);
    }
  });

  test("who is late says by how much, catches up, and holds nobody else up", async () => {
    const clock = new FakeClock();
    const server = new FakeServer(clock, (sql) => (sql === "SELECT 'slow'" ? { millis: 2500 } : {}));
    const { outcomes } = await run(
      [
        query(1, 1, "SELECT 'slow'"),
        query(SECOND + 1, 1, "SELECT 1"),
        query(SECOND + 1, 2, "SELECT 'other'"),
        query(3 * SECOND + 1, 1, "SELECT 3"),
      ],
      server,
      clock,
      { speed: 1 },
    );
    const late = Object.fromEntries(outcomes.map(({ statement, lateMicros }) => [statement, lateMicros]));
    expect(late).toEqual({ "SELECT 'slow'": 0, "SELECT 1": 1_500_000, "SELECT 'other'": 0, "SELECT 3": 0 });
    expect(outcomes.find(({ statement }) => statement === "SELECT 'slow'")?.micros).toBe(2_500_000);
  });

  test("without a pace nothing waits, and nothing is late", async () => {
    const clock = new FakeClock();
    const server = new FakeServer(clock);
    const { outcomes } = await run(
      [query(0, 1, "SELECT 1"), query(3600 * SECOND, 1, "SELECT 2")],
      server,
      clock,
    );
    expect(times(server)).toEqual([0, 0]);
    expect(outcomes.map(({ lateMicros }) => lateMicros)).toEqual([0, 0]);
  });

  test("the slow log's statements are sent when they began", async () => {
    const clock = new FakeClock();
    const server = new FakeServer(clock);
    const { outcomes } = await run(
      [slow(3 * SECOND, 1, 10, "SELECT 'short'"), slow(5 * SECOND, 2, 4 * SECOND, "SELECT 'long'")],
      server,
      clock,
      { speed: 1 },
    );
    expect(outcomes.map(({ statement, recordedMicros }) => [statement, recordedMicros])).toEqual([
      ["SELECT 'long'", 4 * SECOND],
      ["SELECT 'short'", 10],
    ]);
    expect(times(server)).toEqual([0, 2 * SECOND - 10]);
  });

  test("the download is read no more than a second ahead", async () => {
    const clock = new FakeClock();
    const server = new FakeServer(clock);
    const began = clock.now();
    const read: number[] = [];
    async function* source() {
      for (let i = 0; i < 20; i++) {
        read.push(clock.now() - began);
        yield [query(i * SECOND + 1, 1, "SELECT 1")];
      }
    }
    await run(source(), server, clock, { speed: 1 });
    expect(read.every((at, i) => at >= (i - 3) * SECOND)).toBe(true);
  });
});

describe("what is read ahead", () => {
  /** One session that waits for a lock, and its holder's COMMIT behind very many statements of the first. */
  const blocked = (statements: number): StoredWorkloadRecord[] => [
    query(0, 2, "BEGIN"),
    query(1, 2, "UPDATE locks"),
    query(2, 1, "UPDATE waits"),
    ...Array.from({ length: statements }, (_, i) => query(3 + i, 1, `SELECT ${i}`)),
    query(3 + statements, 2, "COMMIT"),
    query(4 + statements, 2, "SELECT 'after'"),
  ];

  test.each([null, 1000])(
    "a lock whose holder's COMMIT comes much later keeps nothing from its end (speed %s)",
    async (speed) => {
      const clock = new FakeClock();
      let commit: (value?: unknown) => void = () => {};
      const committed = new Promise((resolve) => {
        commit = resolve;
      });
      const server = new FakeServer(clock, (sql) => {
        if (sql === "COMMIT") commit();
        return sql === "UPDATE waits" ? { until: committed } : {};
      });
      const spill = new FakeSpill();
      const records = blocked(12_000);
      const { outcomes, end } = await run(records, server, clock, { speed }, { spill });
      expect(outcomes).toHaveLength(records.length);
      const own = outcomes.filter(({ session }) => session.startsWith("1."));
      expect(own.slice(1).every(({ statement }, i) => statement === `SELECT ${i}`)).toBe(true);
      expect(end.spilledBytes).toBeGreaterThan(100_000);
      expect(spill.isClosed).toBe(true);
    },
  );

  test("the download waits while statements run: memory is bounded", async () => {
    const clock = new FakeClock();
    const server = new FakeServer(clock, () => ({ millis: 1 }));
    let read = 0;
    let most = 0;
    async function* source() {
      for (; read < 20_000; read++) yield [query(read, read % 100, "SELECT 1")];
    }
    let done = 0;
    await run(
      source(),
      server,
      clock,
      {},
      {
        onOutcome: () => {
          done++;
          most = Math.max(most, read - done);
        },
      },
    );
    expect(done).toBe(20_000);
    expect(most).toBeLessThan(5100);
  });

  test("long statements are bounded by their bytes", async () => {
    const clock = new FakeClock();
    const server = new FakeServer(clock, () => ({ millis: 1 }));
    const text = `SELECT '${"x".repeat(1_000_000)}'`;
    let read = 0;
    let most = 0;
    let done = 0;
    async function* source() {
      for (; read < 100; read++) yield [query(read, 1, text)];
    }
    await run(
      source(),
      server,
      clock,
      {},
      {
        onOutcome: () => {
          done++;
          most = Math.max(most, read - done);
        },
      },
    );
    expect([done, most < 25]).toEqual([100, true]);
  });

  test("a disk that is full ends the replay with that error", async () => {
    const clock = new FakeClock();
    const server = new FakeServer(clock, (sql) =>
      sql === "UPDATE waits" ? { until: new Promise(() => {}) } : {},
    );
    const spill = new FakeSpill();
    spill.write = () => {
      throw new Error("ENOSPC");
    };
    await expect(run(blocked(12_000), server, clock, {}, { spill })).rejects.toThrow("ENOSPC");
    expect(server.open).toBe(0);
  });
});
