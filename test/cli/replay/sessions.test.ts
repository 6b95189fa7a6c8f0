import { expect, test } from "vitest";
import { FakeClock, FakeServer, run } from "./fake-target.ts";
import { connect, general, query } from "./records.ts";

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
