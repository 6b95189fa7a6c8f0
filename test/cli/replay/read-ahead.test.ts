import { expect, test } from "vitest";
import type { StoredWorkloadRecord } from "../../../src/client/index.ts";
import { FakeClock, FakeServer, FakeSpill, run } from "./fake-target.ts";
import { query } from "./records.ts";

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

/** Replays statements that take a millisecond each. @returns how many were run, and the most that were read ahead at a time */
async function readAhead(count: number, recordOf: (at: number) => StoredWorkloadRecord) {
  const clock = new FakeClock();
  const server = new FakeServer(clock, () => ({ millis: 1 }));
  let [read, done, most] = [0, 0, 0];
  async function* source() {
    for (; read < count; read++) yield [recordOf(read)];
  }
  const onOutcome = () => {
    done++;
    most = Math.max(most, read - done);
  };
  await run(source(), server, clock, {}, { onOutcome });
  return { done, most };
}

test("the download waits while statements run: memory is bounded", async () => {
  const { done, most } = await readAhead(20_000, (at) => query(at, at % 100, "SELECT 1"));
  expect(done).toBe(20_000);
  expect(most).toBeLessThan(5100);
});

test("long statements are bounded by their bytes", async () => {
  const text = `SELECT '${"x".repeat(1_000_000)}'`;
  const { done, most } = await readAhead(100, (at) => query(at, 1, text));
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
