import { expect, test } from "vitest";
import { resultFormat } from "../../../src/cli/replay/result.ts";
import { ReplayTally } from "../../../src/cli/replay/tally.ts";
import { Figures } from "../../../src/workload/timing/figures.ts";
import { end, outcome, plan, RECORDED, resultOf } from "./outcomes.ts";

test("statements are counted by their fingerprints, with their times and those of the recording", () => {
  const { digest, statements } = resultOf([
    outcome({ micros: 1000, recordedMicros: 500 }),
    outcome({ micros: 3000, recordedMicros: 700, statement: "SELECT * FROM orders WHERE id = 2" }),
    outcome({ fingerprint: "ffffffffffffffff", statement: "SELECT 1", micros: 9000 }),
  ]);
  expect(statements).toBe(3);
  expect(digest.map(({ fingerprint, text }) => [fingerprint, text])).toEqual([
    ["ffffffffffffffff", "SELECT ?"],
    ["0123456789abcdef", "SELECT * FROM orders WHERE id = ?"],
  ]);
  const [untimed, timed] = digest.map(({ recorded }) => new Figures(recorded));
  expect(untimed).toMatchObject({ calls: 1, isTimed: false });
  expect(timed).toMatchObject({ calls: 2, totalMicros: 1200, maxMicros: 700 });
  expect(new Figures(digest[1]?.replayed)).toMatchObject({ calls: 2, totalMicros: 4000, minMicros: 1000 });
});

test("a record without a fingerprint is counted by that of its statement", () => {
  const { digest } = resultOf([
    outcome({ fingerprint: null, statement: "SELECT 1" }),
    outcome({ fingerprint: null, statement: "select 22" }),
  ]);
  expect(digest).toHaveLength(1);
  expect(digest[0]?.fingerprint).toMatch(/^[0-9a-f]{16}$/);
});

test("errors are counted by their codes, with the first three of each, and are not in the times", () => {
  const error = (id: number, code = "ER_DUP_ENTRY") =>
    outcome({ statement: `INSERT ${id}`, error: { code, message: `Duplicate ${id}` }, micros: 99 });
  const result = resultOf([error(1), error(2), error(3), error(4), error(5, "ER_NO_SUCH_TABLE"), outcome()]);
  expect(result).toMatchObject({ statements: 6, failed: 5 });
  expect(result.errors.map(({ code, count }) => [code, count])).toEqual([
    ["ER_DUP_ENTRY", 4],
    ["ER_NO_SUCH_TABLE", 1],
  ]);
  expect(result.errors[0]?.examples.map(({ statement }) => statement)).toEqual([
    "INSERT 1",
    "INSERT 2",
    "INSERT 3",
  ]);
  expect(result.errors[0]?.examples[0]).toEqual({
    message: "Duplicate 1",
    statement: "INSERT 1",
    session: "7",
    recordedAt: RECORDED / 1000,
  });
  expect(new Figures(result.digest[0]?.replayed)).toMatchObject({ calls: 1, totalMicros: 1000 });
});

test("an error's example has no more than a thousand characters, and no half of one", () => {
  const long = `${"x".repeat(999)}😀${"y".repeat(100)}`;
  const { errors } = resultOf([outcome({ statement: long, error: { code: "E", message: long } })]);
  expect(errors[0]?.examples[0]?.statement).toBe(`${"x".repeat(999)}\ufffd…`);
  expect(errors[0]?.examples[0]?.message).toHaveLength(1001);
});

test("kinds of statements and of errors have a bound, and what is beyond it is counted", () => {
  const tally = new ReplayTally(true, () => 0);
  for (let id = 0; id < 2100; id++) {
    const fingerprint = id.toString(16).padStart(16, "0");
    tally.onOutcome(outcome({ fingerprint }));
    tally.onOutcome(outcome({ fingerprint, error: { code: `E${id % 150}`, message: "no" } }));
  }
  const { digest, notInDigest, errors, statements } = tally.result(plan(), end());
  expect(digest).toHaveLength(2000);
  expect([statements, notInDigest]).toEqual([4200, 200]);
  expect(errors).toHaveLength(101);
  expect(errors[0]).toMatchObject({ code: "other", count: 700 });
  expect(errors.reduce((sum, { count }) => sum + count, 0)).toBe(2100);
});

test("lateness has percentiles that are never above the most, and none at speed max", () => {
  const late = Array.from({ length: 100 }, (_, at) => outcome({ lateMicros: (at + 1) * 1000 }));
  const { lateness } = resultOf(late);
  expect(lateness?.maxMicros).toBe(100_000);
  expect(lateness?.p50Micros).toBeGreaterThan(48_900);
  expect(lateness?.p50Micros).toBeLessThan(51_100);
  expect(lateness?.p99Micros).toBeLessThanOrEqual(100_000);
  expect(resultOf(late, { speed: null }).lateness).toBeNull();
});

test("what was left out, connections, lost state and partial sessions are counted", () => {
  const tally = new ReplayTally(true, () => 0);
  for (const reason of ["write", "write", "cut"] as const) tally.onLeftOut(reason);
  for (const open of [1, 2, 1, 2, 3, 0]) tally.onConnections(open);
  tally.onOutcome(outcome({ isPartial: true, via: "prepared" }));
  tally.onOutcome(outcome({ via: "text for prepared" }));
  tally.onStateLost({ session: "7", by: "server", hadTransaction: true });
  tally.onStateLost({ session: "7", by: "limit", hadTransaction: false });
  expect(tally.result(plan(), end())).toMatchObject({
    leftOut: { write: 2, cut: 1 },
    maxConnections: 3,
    partialStatements: 1,
    executions: { prepared: 1, asText: 1 },
    stateLost: { byServer: 1, byLimit: 1, transactions: 1 },
  });
});

test("steps of time become wider so that there are at most 240, and lose nothing", () => {
  let now = 0;
  const tally = new ReplayTally(true, () => now);
  for (let second = 0; second < 1000; second++) {
    now = second * 1000;
    tally.onOutcome(
      outcome({ lateMicros: second, error: second === 999 ? { code: "E", message: "" } : null }),
    );
  }
  const { steps } = tally.result(plan(), end());
  expect(steps.seconds).toBe(8);
  expect(steps.statements).toHaveLength(125);
  expect(steps.statements.every((count) => count === 8)).toBe(true);
  expect(steps.errors.at(-1)).toBe(1);
  expect(steps.maxLateMicros.at(0)).toBe(7);
});

test("a result that was written is read again, and a newer or damaged one is refused", () => {
  const result = resultOf([
    outcome({ recordedMicros: 400 }),
    outcome({ error: { code: "E", message: "no" } }),
  ]);
  const format = resultFormat();
  expect(format.parse(format.stringify(result))).toEqual(result);
  expect(() => format.parse(JSON.stringify({ ...result, version: 2 }))).toThrow(
    /no later one than 1 is known/,
  );
  expect(() => format.parse(JSON.stringify({ ...result, version: 1, statements: "many" }))).toThrow(
    /damaged/,
  );
  expect(() => format.parse("not JSON")).toThrow();
});

test("a result of version 1 still opens", () => {
  const stored = {
    version: 1,
    source: { capture: 7, name: "nightly" },
    target: "mysql://localhost:3306",
    speed: null,
    writes: true,
    options: ["table orders"],
    startedAt: 1,
    endedAt: 2,
    recorded: { from: 0, to: 1.5 },
    endedBy: "Ctrl-C",
    statements: 2,
    failed: 1,
    sessions: 1,
    partialSessions: 1,
    partialStatements: 2,
    maxConnections: 1,
    executions: { prepared: 1, asText: 0 },
    stateLost: { byServer: 0, byLimit: 0, transactions: 0 },
    spilledBytes: 0,
    leftOut: { account: 3 },
    notes: ["A connection was lost."],
    errors: [
      { code: "E", count: 1, examples: [{ message: "m", statement: "s", session: "7", recordedAt: 1.5 }] },
    ],
    lateness: null,
    digest: [
      {
        fingerprint: "0123456789abcdef",
        text: "SELECT ?",
        errors: 1,
        replayed: [1, 1000, 1000, 1000, 0, 0, 0, 0, 0, 180, 1],
        recorded: [1],
      },
    ],
    notInDigest: 0,
    steps: { seconds: 1, statements: [2], errors: [1], maxLateMicros: [0] },
  };
  const { version: _, ...result } = stored;
  expect(resultFormat().parse(JSON.stringify(stored))).toEqual(result);
});
