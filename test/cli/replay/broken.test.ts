import { describe, expect, test } from "vitest";
import { SourceLost } from "../../../src/cli/replay/replay.ts";
import { BrokenSource, tellingBreaks } from "../../../src/cli/replay/source.ts";
import type { StoredWorkloadRecord } from "../../../src/client/index.ts";
import { FakeClock, FakeServer, run } from "./fake-target.ts";
import { general, slow } from "./records.ts";

async function* breakingOff(records: readonly StoredWorkloadRecord[], error: Error) {
  for (const record of records) yield [record];
  throw error;
}

describe("a recording that breaks off", () => {
  test.each([null, 1])("is replayed up to there, and the end says so, at the speed %s", async (speed) => {
    const clock = new FakeClock();
    const server = new FakeServer(clock, () => ({ millis: 20 }));
    const records = [
      general(0, 1, "Query", "SELECT 1"),
      general(1, 1, "Query", "SELECT 2"),
      // Waits for others that began before it.
      slow(3_000_000, 2, 1000, "SELECT 3"),
    ];
    const source = breakingOff(records, new BrokenSource("It broke off"));
    const error = await run(source, server, clock, { speed }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SourceLost);
    expect((error as SourceLost).message).toBe("It broke off");
    expect((error as SourceLost).end).toMatchObject({ isWhole: false, sessions: 2 });
    for (const sql of ["SELECT 1", "SELECT 2", "SELECT 3"])
      expect(server.log.some((line) => line.endsWith(sql))).toBe(true);
    expect(server.open).toBe(0);
  });

  test("before its first record has an end without a time", async () => {
    const clock = new FakeClock();
    const source = breakingOff([], new BrokenSource("It broke off"));
    const error = await run(source, new FakeServer(clock), clock).catch((thrown: unknown) => thrown);
    expect((error as SourceLost).end).toMatchObject({ recordedFrom: null, sessions: 0 });
  });

  test("after an interruption is none that is told", async () => {
    const clock = new FakeClock();
    const over = new AbortController();
    async function* source() {
      yield [general(0, 1, "Query", "SELECT 1")];
      over.abort();
      throw new BrokenSource("It was aborted");
    }
    const { end } = await run(source(), new FakeServer(clock), clock, {}, { signal: over.signal });
    expect(end.isWhole).toBe(false);
  });

  test("is told apart from a fault of the program", async () => {
    const clock = new FakeClock();
    const fault = breakingOff([], new TypeError("a fault"));
    await expect(run(fault, new FakeServer(clock), clock)).rejects.toThrow(TypeError);
    const told = tellingBreaks(breakingOff([], new TypeError("a fault")));
    await expect(run(told, new FakeServer(clock), clock)).rejects.toThrow(SourceLost);
  });
});
