import { describe, expect, it } from "vitest";
import { parseTime } from "../../../src/workload/stored/time.ts";
import { LIVE, loggingInstance } from "../../local-aws/test/logs.ts";
import { logSource, TestFollower } from "../support.ts";
import { query } from "./followed-log.ts";

const MARIADB = { instances: [{ identifier: "maria", engine: "mariadb", engineVersion: "10.11.19" }] };

describe("a log file of MariaDB that begins without a time", () => {
  /** Two records in one file, two of the same second in the next, and then a later one. */
  async function rotated() {
    const made = await loggingInstance(MARIADB);
    const { account, instance } = made;
    const second = Math.floor(Date.now() / 1000) * 1000;
    const at = (seconds: number) => (second + seconds * 1000) * 1000;
    await account.appendLog(instance, [query("SELECT 0", at(-5)), query("SELECT 1", at(0))]);
    const before = await account.rotateLog(instance);
    await account.appendLog(instance, [query("SELECT 2", at(0)), query("SELECT 3", at(0))]);
    expect(await account.logText(instance, LIVE)).toMatch(/Argument\n\t\t *\d+ Query\tSELECT 2\n/);
    // The file before was written last in its last second, whenever that was here.
    const source = logSource(account);
    const { list } = source;
    source.list = async () => {
      const listed = await list();
      const file = listed.ok ? listed.value.find(({ name }) => name === before) : undefined;
      if (file !== undefined) file.lastWritten = at(0) / 1000;
      return listed;
    };
    return { ...made, at, before, source };
  }
  const timed = async (follower: TestFollower) =>
    (await follower.lines()).map(({ statement, time }) => [statement, parseTime(time)]);

  it("takes it from the file before, when that was read", async () => {
    const { account, instance, at, source } = await rotated();
    const follower = await new TestFollower(source, { start: at(-60) / 1000, end: null }).begin(true);
    await account.appendLog(instance, [query("SELECT 4", at(1)), query("end", at(2))]);
    await follower.catchUp();
    expect(await timed(follower)).toEqual([
      ["SELECT 0", at(-5)],
      ["SELECT 1", at(0)],
      ["SELECT 2", at(0)],
      ["SELECT 3", at(0)],
      ["SELECT 4", at(1)],
    ]);
  });

  it("takes it from the end of the file before a back-dated start", async () => {
    const { account, instance, at, source, before } = await rotated();
    await account.appendLog(instance, [query("SELECT 4", at(1)), query("end", at(2))]);
    const renamed = await account.rotateLog(instance);
    const start = at(0) / 1000 + 1;
    const follower = await new TestFollower(source, { start, end: null }).begin(true);
    expect([before, renamed].indexOf(follower.state.position.file)).toBe(1);
    await follower.catchUp();
    expect(await timed(follower)).toEqual([
      ["SELECT 2", at(0)],
      ["SELECT 3", at(0)],
      ["SELECT 4", at(1)],
      ["end", at(2)],
    ]);
    expect(follower.state.manifest.gapCount).toBe(0);
  });

  it("takes it from there also when the capture begins within that second", async () => {
    const { account, instance, at, source } = await rotated();
    const follower = await new TestFollower(source, { start: at(0) / 1000, end: null }).begin();
    await account.appendLog(instance, [
      query("SELECT 4", at(0)),
      query("SELECT 5", at(1)),
      query("end", at(2)),
    ]);
    await follower.catchUp();
    expect((await timed(follower)).slice(-2)).toEqual([
      ["SELECT 4", at(0)],
      ["SELECT 5", at(1)],
    ]);
    expect(follower.state.manifest.gapCount).toBe(0);
  });

  it("is a gap that counts the records when there is no file before it", async () => {
    const { account, instance, at, source, before } = await rotated();
    await account.loseLog(instance, before);
    await account.appendLog(instance, [query("SELECT 4", at(1)), query("end", at(2))]);
    const start = at(0) / 1000;
    const follower = await new TestFollower(source, { start, end: null }).begin(true);
    await follower.catchUp();
    expect(await timed(follower)).toEqual([["SELECT 4", at(1)]]);
    expect(follower.state.manifest.gaps).toMatchObject([
      { from: start, to: at(1) / 1000, cause: expect.stringMatching(/\(2 records without a time\)$/) },
    ]);
  });

  it("is no gap when the records were certainly before the capture", async () => {
    const { account, instance, at, source, before } = await rotated();
    await account.loseLog(instance, before);
    await account.appendLog(instance, [
      query("SELECT 4", at(1)),
      query("SELECT 5", at(3)),
      query("end", at(4)),
    ]);
    const follower = await new TestFollower(source, { start: at(1) / 1000, end: null }).begin(true);
    await follower.catchUp();
    expect((await timed(follower)).map(([statement]) => statement)).toEqual(["SELECT 4", "SELECT 5"]);
    expect(follower.state.manifest.gapCount).toBe(0);
  });

  it("counts the records in the gap of what was lost before it", async () => {
    const { account, instance, at, source } = await rotated();
    const follower = await new TestFollower(source, { start: at(-5) / 1000, end: null }).begin(true);
    await account.appendLog(instance, [query("long ".repeat(100), at(0))]);
    await follower.catchUp();
    await account.loseLog(instance, LIVE);
    await account.appendLog(instance, [query("lost", at(0)), query("SELECT 4", at(1)), query("end", at(2))]);
    await follower.catchUp();
    expect((await timed(follower)).at(-1)).toEqual(["SELECT 4", at(1)]);
    expect(follower.state.manifest.gaps).toEqual([
      {
        from: at(0) / 1000,
        to: at(1) / 1000,
        cause: "The log file was cut off or replaced (1 record without a time)",
      },
    ]);
  });
});
