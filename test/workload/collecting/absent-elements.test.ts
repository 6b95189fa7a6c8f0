import * as fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import type { LogSource } from "../../../src/logs/reader.ts";
import { LIVE, loggingInstance } from "../../local-aws/test/logs.ts";
import { logSource, TestFollower } from "../support.ts";
import { following, numbers, write, writeBefore } from "./followed-log.ts";

/*
 * RDS's model calls the marker of a portion optional, and the time and size of a file. What is read without them is stored once,
 * and what can't be had is a gap.
 */

/** Leaves out the marker of the portions that `isAbsent` names, and says how often. */
function withoutMarkers(source: LogSource, isAbsent: (pending: boolean) => boolean): { count: number } {
  const left = { count: 0 };
  const { portion } = source;
  source.portion = async (...asked) => {
    const read = await portion(...asked);
    if (!read.ok || !isAbsent(read.value.pending)) return read;
    left.count++;
    return { ok: true, value: { ...read.value, marker: null } };
  };
  return left;
}

/** Leaves out what is listed of files beside their names. */
function withoutDetails(source: LogSource, isAbsent: () => boolean): void {
  const { list } = source;
  source.list = async () => {
    const listed = await list();
    if (!listed.ok) return listed;
    const files = listed.value.map((file) => ({
      ...file,
      lastWritten: isAbsent() ? 0 : file.lastWritten,
      size: isAbsent() ? null : file.size,
    }));
    return { ok: true, value: files };
  };
}

describe("a portion without a marker", () => {
  it.each([
    ["each", () => true],
    ["that of a file's end", (pending: boolean) => !pending],
  ])("is read once when it is %s, in the live file and in renamed ones", async (_, isAbsent) => {
    const made = await following();
    const { account, instance, follower, source } = made;
    const left = withoutMarkers(source, isAbsent);
    for (let written = 0; written < 60; written += 10) {
      await write(made, ...numbers(written, written + 10));
      if (written !== 30) await follower.catchUp();
      // One file is renamed before its end is read, and one after.
      if (written === 30 || written === 40) await account.rotateLog(instance);
    }
    await write(made, "end");
    await follower.catchUp();
    expect(await follower.statements()).toEqual(numbers(0, 60));
    expect(follower.state.manifest).toMatchObject({ gapCount: 0, strayBytes: 0 });
    expect(left.count).toBeGreaterThan(6);
  });

  it("is read on from the next marker that there is", async () => {
    const made = await following();
    const { follower, source } = made;
    let isAbsent = true;
    withoutMarkers(source, () => isAbsent);
    await write(made, ...numbers(0, 10));
    await follower.catchUp();
    expect(follower.state.position.past).toBeGreaterThan(0);
    await write(made, ...numbers(10, 20));
    isAbsent = false;
    await follower.catchUp();
    expect(follower.state.position.past).toBeUndefined();
    await write(made, ...numbers(20, 30), "end");
    await follower.catchUp();
    expect(await follower.statements()).toEqual(numbers(0, 30));
    expect(follower.state.manifest.gapCount).toBe(0);
  });

  it("of which a part was read is read on line by line, where RDS takes a later line for binary data", async () => {
    const made = await following();
    const { account, instance, follower, source } = made;
    const left = withoutMarkers(source, () => true);
    await write(made, ...numbers(0, 10));
    await follower.catchUp();
    await write(made, ...numbers(10, 15));
    await account.appendLog(instance, [
      { threadId: 1, command: "Query", statement: "SELECT '\u0000BINARY'" },
    ]);
    await write(made, ...numbers(15, 20), "end");
    const { portion } = source;
    const asked: (number | undefined)[] = [];
    source.portion = async (file, marker, lines) => {
      const read = await portion(file, marker, lines);
      if (!read.ok || file !== LIVE || !new TextDecoder().decode(read.value.data).includes("BINARY"))
        return read;
      asked.push(lines);
      const message = "This file contains binary data and should be downloaded instead of viewed.";
      const operation = "rds:DownloadDBLogFilePortion";
      return { ok: false, failure: { kind: "rejected", code: "InvalidParameterValue", operation, message } };
    };
    await follower.step();
    expect(await follower.statements()).toEqual(numbers(0, 15));
    // By halves.
    expect(asked.length).toBeLessThan(60);
    expect(left.count).toBeGreaterThan(0);
    // What is behind it can be had once it has a marker.
    source.portion = portion;
    await account.rotateLog(instance);
    await write(made, "after");
    await write(made, "end");
    await follower.catchUp();
    const statements = await follower.statements();
    expect(statements.slice(0, 15)).toEqual(numbers(0, 15));
    expect(statements.slice(-1)).toEqual(["after"]);
    expect(new Set(statements).size).toBe(statements.length);
  });

  it.each([true, false])(
    "at the end of the live file leads to its beginning, where nothing is the capture's",
    async (isEmpty) => {
      const { account, instance } = await loggingInstance();
      const start = Date.now();
      if (!isEmpty) await writeBefore(start, { account, instance }, ...numbers(0, 1000));
      const source = logSource(account);
      withoutMarkers(source, () => true);
      const follower = await new TestFollower(source, { start, end: null }).begin();
      await write({ account, instance } as never, ...numbers(1000, 1010), "end");
      await follower.catchUp();
      expect(await follower.statements()).toEqual(numbers(1000, 1010));
      expect(follower.state.manifest.gapCount).toBe(0);
    },
  );

  it("is said to be in the way once a file has more than RDS gives at once, and is a gap in the end", async () => {
    const made = await following();
    const { account, instance, follower, source } = made;
    withoutMarkers(source, () => true);
    await write(made, ...numbers(0, 10_500));
    // What it can have is read, and then it does not go on for ever.
    await follower.step();
    await expect(follower.step()).rejects.toThrow(
      "RDS gave a part of the log and no marker for what follows",
    );
    await expect(follower.catchUp()).rejects.toThrow("no marker for what follows");
    await account.rotateLog(instance);
    await write(made, ...numbers(20_000, 20_010), "end");
    await follower.catchUp();
    const statements = await follower.statements();
    expect(statements.slice(-10)).toEqual(numbers(20_000, 20_010));
    expect(statements.slice(0, -10)).toEqual(numbers(0, statements.length - 10));
    expect(statements.length).toBeGreaterThan(9000);
    expect(follower.state.manifest.gaps).toMatchObject([
      { cause: expect.stringMatching(/^RDS gave a log file without its end, of \d+ bytes or more$/) },
    ]);
  });
});

describe("a list of files without times and sizes", () => {
  it.each([
    ["none has", () => true],
    [
      "each second one has",
      (() => {
        let asked = 0;
        return () => asked++ % 2 === 0;
      })(),
    ],
  ])("is read to the end of each file when %s one", async (_, isAbsent) => {
    const made = await following();
    const { account, instance, follower, source } = made;
    withoutDetails(source, isAbsent);
    await account.setPortionBehaviour(instance, { pending: "false" });
    for (let written = 0; written < 60_000; written += 15_000) {
      await write(made, ...numbers(written, written + 15_000));
      if (written !== 15_000) await follower.catchUp();
      if (written !== 45_000) await account.rotateLog(instance);
    }
    await write(made, "end");
    await follower.catchUp();
    await follower.catchUp();
    await follower.catchUp();
    expect(await follower.statements()).toEqual(numbers(0, 60_000));
    expect(follower.state.manifest.gapCount).toBe(0);
  });

  it("is enough to begin at the end of the live file", async () => {
    const { account, instance } = await loggingInstance();
    const start = Date.now();
    await writeBefore(start, { account, instance }, ...numbers(0, 10));
    const source = logSource(account);
    withoutDetails(source, () => true);
    const follower = await new TestFollower(source, { start, end: null }).begin();
    expect(follower.state.position).toMatchObject({ file: LIVE, bytesRead: expect.any(Number) });
    await account.appendLog(instance, [{ threadId: 7, command: "Query", statement: "SELECT 10" }]);
    await account.rotateLog(instance);
    await account.appendLog(instance, [{ threadId: 7, command: "Query", statement: "end" }]);
    await follower.catchUp();
    expect(await follower.statements()).toEqual(["SELECT 10"]);
    expect(follower.state.manifest.gapCount).toBe(0);
  });

  it("is enough for a back-dated capture, which reads all files", async () => {
    const { account, instance } = await loggingInstance();
    const start = Date.now() - 60_000;
    const source = logSource(account);
    withoutDetails(source, () => true);
    await account.appendLog(instance, [{ threadId: 7, command: "Query", statement: "SELECT 1" }]);
    await account.rotateLog(instance);
    await account.appendLog(instance, [{ threadId: 7, command: "Query", statement: "SELECT 2" }]);
    await account.appendLog(instance, [{ threadId: 7, command: "Query", statement: "end" }]);
    const follower = await new TestFollower(source, { start, end: null }).begin(true);
    await follower.catchUp();
    expect(await follower.statements()).toEqual(["SELECT 1", "SELECT 2"]);
  });
});

describe("what is there of markers, times and sizes at random", () => {
  it("is enough to store each statement once, in its order, without a gap", async () => {
    const deed = fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: 1, max: 40 }) },
      { weight: 4, arbitrary: fc.constant("step" as const) },
      { weight: 1, arbitrary: fc.constant("rename" as const) },
    );
    const absences = fc.infiniteStream(fc.boolean());
    await fc.assert(
      fc.asyncProperty(
        fc.array(deed, { minLength: 5, maxLength: 25 }),
        absences,
        absences,
        async (deeds, ofMarkers, ofDetails) => {
          const made = await following();
          const { account, instance, follower, source } = made;
          withoutMarkers(source, () => ofMarkers.next().value);
          withoutDetails(source, () => ofDetails.next().value);
          let written = 0;
          for (const what of deeds) {
            if (what === "step") await follower.step();
            else if (what === "rename") await account.rotateLog(instance);
            else {
              await write(made, ...numbers(written, written + what));
              written += what;
            }
          }
          await write(made, "end");
          // A step may end with a file, and the next one begins with the file after it.
          for (let i = 0; i < deeds.length; i++) await follower.catchUp();
          expect(await follower.statements()).toEqual(numbers(0, written));
          expect(follower.state.manifest).toMatchObject({ gapCount: 0, strayBytes: 0 });
        },
      ),
      { numRuns: 40 },
    );
  }, 60_000);
});

it("takes a list for one of the hour in which it came, not of that in which it was asked for", async () => {
  const { follower, source } = await following();
  const [asked, came] = ["2026-11-28T07:59:59.900Z", "2026-11-28T08:00:01.000Z"].map((at) => Date.parse(at));
  const { list } = source;
  const time = vi.spyOn(Date, "now").mockReturnValue(asked as number);
  source.list = async () => {
    const listed = await list();
    time.mockReturnValue(came as number);
    return listed;
  };
  await follower.catchUp();
  time.mockRestore();
  expect(follower.state.position.listedAt).toBe(came);
});
