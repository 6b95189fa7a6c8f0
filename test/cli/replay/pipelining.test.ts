import { describe, expect, test } from "vitest";
import { type FakeAnswer, FakeClock, FakeServer, run } from "./fake-target.ts";
import { general, query } from "./records.ts";

/** Replays statements as fast as can be, on a server that takes several at once. */
async function replayed(
  records: ReturnType<typeof query>[],
  answer: (sql: string, connection: number) => FakeAnswer = () => ({}),
  { speed = null as number | null, signal = new AbortController().signal } = {},
) {
  const clock = new FakeClock();
  const server = new FakeServer(clock, answer);
  server.takesPipelines = true;
  // All at once: else each would have its answer before the next one is read.
  async function* source() {
    yield records;
  }
  const ran = await run(source(), server, clock, { speed }, { signal });
  return { ...ran, server, errors: ran.outcomes.map(({ error }) => error?.code ?? null) };
}

describe("texts that wait in a session", () => {
  test("are sent at once, some at a time, and run in their order", async () => {
    const texts = Array.from({ length: 150 }, (_, i) => `SELECT ${i}`);
    const { server, outcomes, end } = await replayed(texts.map((sql, i) => query(i, 1, sql)));
    expect(server.log.slice(1, -1)).toEqual(texts.map((sql) => `1: ${sql}`));
    expect(outcomes.map(({ statement }) => statement)).toEqual(texts);
    expect(Math.max(...server.pipelines.map(({ length }) => length))).toBe(64);
    expect(end).toMatchObject({ isWhole: true, sessions: 1 });
  });

  test("of other sessions run beside them", async () => {
    const { server, outcomes } = await replayed(
      Array.from({ length: 40 }, (_, i) => query(i, i % 4, `SELECT ${i}`)),
    );
    expect([server.peak, outcomes.length]).toEqual([4, 40]);
    for (const texts of server.pipelines)
      expect(new Set(texts.map((text) => Number(text.slice(7)) % 4)).size).toBe(1);
  });

  test("are sent one by one where there is a pace", async () => {
    const { server, outcomes } = await replayed(
      [query(0, 1, "SELECT 1"), query(0, 1, "SELECT 2")],
      () => ({}),
      {
        speed: 1,
      },
    );
    expect([server.pipelines, outcomes.length]).toEqual([[], 2]);
  });

  test("are not many where they are long, and a very long one goes alone", async () => {
    const long = `SELECT '${"x".repeat(10_000)}'`;
    const longest = `SELECT '${"y".repeat(100_000)}'`;
    const { server, outcomes } = await replayed([
      ...Array.from({ length: 5 }, (_, i) => query(i, 1, long)),
      query(6, 1, longest),
      query(7, 1, "SELECT 1"),
      query(8, 1, "SELECT 2"),
    ]);
    expect(outcomes).toHaveLength(8);
    for (const texts of server.pipelines) {
      expect(texts.join("").length).toBeLessThanOrEqual(32 * 1024);
      expect(texts).not.toContain(longest);
    }
    expect(server.pipelines.at(-1)).toEqual(["SELECT 1", "SELECT 2"]);
  });
});

describe("what has to be known first is awaited", () => {
  test("a prepared statement, and several statements of one record", async () => {
    const { server, outcomes } = await replayed([
      query(0, 1, "SELECT 1"),
      query(1, 1, "SELECT 2"),
      general(2, 1, "Prepare", "SELECT ?"),
      general(3, 1, "Execute", "SELECT 7"),
      query(4, 1, "SELECT 3; SELECT 4"),
      query(5, 1, "SELECT 5"),
      query(6, 1, "SELECT 6"),
    ]);
    expect(server.pipelines).toEqual([
      ["SELECT 1", "SELECT 2"],
      ["SELECT 5", "SELECT 6"],
    ]);
    expect(server.log.slice(1, -1)).toEqual(
      ["SELECT 1", "SELECT 2", "PREPARE SELECT ?", "EXECUTE SELECT ? 7", "SELECT 3", "SELECT 4"]
        .concat(["SELECT 5", "SELECT 6"])
        .map((text) => `1: ${text}`),
    );
    expect(outcomes.map(({ via }) => via)).toEqual(["text", "text", "prepared", "text", "text", "text"]);
  });

  test("the default database", async () => {
    const { server } = await replayed([
      query(0, 1, "SELECT 1", "shop"),
      query(1, 1, "SELECT 2", "shop"),
      query(2, 1, "SELECT 3", "stock"),
      query(3, 1, "SELECT 4", "stock"),
      query(4, 1, "USE blog"),
      query(5, 1, "SELECT 5", "blog"),
      query(6, 1, "SELECT 6", "blog"),
    ]);
    expect(server.log.slice(0, -1)).toEqual(
      ["1+ shop"].concat(
        ["SELECT 1", "SELECT 2", "USE `stock`", "SELECT 3", "SELECT 4"]
          .concat(["USE blog", "USE `blog`", "SELECT 5", "SELECT 6"])
          .map((text) => `1: ${text}`),
      ),
    );
  });

  test("another user, and the end of the session", async () => {
    const { server } = await replayed([
      query(0, 1, "SELECT 1"),
      query(1, 1, "SELECT 2"),
      general(2, 1, "Change user", "b@h on x using TCP/IP"),
      query(3, 1, "SELECT 3"),
      query(4, 1, "SELECT 4"),
      general(5, 1, "Quit"),
    ]);
    expect(server.log).toEqual(
      ["1+ null", "1: SELECT 1", "1: SELECT 2", "1-", "2+ x", "2: SELECT 3"].concat("2: SELECT 4", "2-"),
    );
  });
});

describe("failures", () => {
  test("one that is refused amid others does not keep them from being run", async () => {
    const { errors, server } = await replayed(
      Array.from({ length: 5 }, (_, i) => query(i, 1, `SELECT ${i}`)),
      (sql) => (sql === "SELECT 2" ? { error: "ER_NO" } : {}),
    );
    expect(errors).toEqual([null, null, "ER_NO", null, null]);
    expect(server.peak).toBe(1);
  });

  test("when the connection is lost, those without an answer fail with that, and the next ones have a new one", async () => {
    const records = [
      query(0, 1, "SET NAMES latin1"),
      query(1, 1, "BEGIN"),
      query(2, 1, "UPDATE t"),
      query(3, 1, "SELECT 3"),
      general(4, 1, "Prepare", "SELECT ?"),
      query(5, 1, "SELECT 5"),
    ];
    const { errors, lost, server } = await replayed(records, (sql) => ({ isLost: sql === "UPDATE t" }));
    const code = "PROTOCOL_CONNECTION_LOST";
    expect(errors).toEqual([null, null, code, code, null]);
    expect(lost).toEqual([{ session: "1.1", by: "server", hadTransaction: true }]);
    expect(server.log).toEqual(
      ["1+ null", "1: SET NAMES latin1", "1: BEGIN", "1: UPDATE t", "1!"].concat([
        "2+ null",
        "2: SET NAMES latin1",
        "2: PREPARE SELECT ?",
        "2: SELECT 5",
        "2-",
      ]),
    );
  });

  test("an interruption lets those that were sent end, and sends no more", async () => {
    const controller = new AbortController();
    const { errors, end, server } = await replayed(
      Array.from({ length: 200 }, (_, i) => query(i, 1, `SELECT ${i}`)),
      (sql) => {
        if (sql === "SELECT 3") controller.abort();
        return {};
      },
      { signal: controller.signal },
    );
    expect(errors).toEqual(Array.from({ length: 64 }, () => null));
    expect([end.isWhole, server.open, server.pipelines.length]).toEqual([false, 0, 1]);
  });

  test("what fails where outcomes are told ends the replay with its error", async () => {
    const clock = new FakeClock();
    const server = new FakeServer(clock);
    server.takesPipelines = true;
    const onOutcome = () => {
      throw new Error("The disk is full");
    };
    async function* source() {
      yield [query(0, 1, "SELECT 1"), query(1, 1, "SELECT 2")];
    }
    await expect(run(source(), server, clock, { speed: null }, { onOutcome })).rejects.toThrow(
      "The disk is full",
    );
    expect(server.open).toBe(0);
  });
});

describe("how long each took", () => {
  const records = [query(0, 1, "SELECT 1"), query(1, 1, "SELECT 2"), query(2, 1, "SELECT 3")];

  test("is from the end of the answer before it to the end of its own", async () => {
    const { outcomes } = await replayed(records, (sql) => ({ millis: 10 * Number(sql.slice(7)) }));
    expect(outcomes.map(({ micros }) => micros)).toEqual([10_000, 20_000, 30_000]);
  });

  test("is all of the time for the first of those that were read at once, if they came just then", async () => {
    const { outcomes } = await replayed(records, (sql) => ({
      millis: sql === "SELECT 1" ? 30 : 0,
      withNext: sql !== "SELECT 3",
    }));
    expect(outcomes.map(({ micros }) => micros)).toEqual([30_000, 0, 0]);
  });
});
