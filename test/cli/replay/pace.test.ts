import { expect, test } from "vitest";
import { FakeClock, FakeServer, run } from "./fake-target.ts";
import { query, slow } from "./records.ts";

const SECOND = 1_000_000;
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
