import { describe, expect, test } from "vitest";
import { FakeClock, FakeServer, run } from "./fake-target.ts";
import { connect, general, query } from "./records.ts";

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
