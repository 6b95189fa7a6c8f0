import { describe, expect, it } from "vitest";
import { isTransient } from "../../../src/aws/client.ts";
import type { LogSource } from "../../../src/logs/reader.ts";
import { beginFollowing } from "../../../src/workload/collecting/follower.ts";
import { parseTime } from "../../../src/workload/stored/time.ts";
import { LIVE, type LoggingInstance, loggingInstance } from "../../local-aws/test/logs.ts";
import { logSource, TestFollower } from "../support.ts";

/*
 * What RDS and its servers do that their references do not say, as people have met it, and what becomes of it: each record is
 * stored once, and what can't be had is a gap.
 */

const MARIADB = { instances: [{ identifier: "maria", engine: "mariadb", engineVersion: "10.11.19" }] };
const MINUTE = 60_000;

type Made = LoggingInstance & { follower: TestFollower; source: LogSource };

/** An instance that logs what a test writes, and a follower of it from now on. */
async function following(): Promise<Made> {
  const made = await loggingInstance();
  const source = logSource(made.account);
  const window = { start: Date.now() - MINUTE, end: null };
  return { ...made, source, follower: await new TestFollower(source, window).begin() };
}

let thread = 100;
const query = (statement: string, timeMicros?: number) => ({
  ...(timeMicros === undefined ? {} : { timeMicros }),
  threadId: thread++,
  command: "Query",
  statement,
});

const write = ({ account, instance }: LoggingInstance, ...statements: string[]) =>
  account.appendLog(
    instance,
    statements.map((statement) => query(statement)),
  );

/** Writes records of a second before a time: one of its own millisecond would belong to a capture that starts then. */
const writeBefore = (
  start: number,
  { account, instance }: Pick<LoggingInstance, "account" | "instance">,
  ...statements: string[]
) =>
  account.appendLog(
    instance,
    statements.map((statement) => query(statement, (start - 1000) * 1000)),
  );

const numbers = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `SELECT ${from + i}`);

describe("a portion that denies that there is more, or does not say", () => {
  it.each(["false", "absent"] as const)(
    "is not believed before the file's size is reached: %s",
    async (pending) => {
      const made = await following();
      const { account, instance, follower } = made;
      await account.setPortionBehaviour(instance, { pending });
      await write(made, ...numbers(0, 30_003));
      await account.rotateLog(instance);
      await write(made, ...numbers(30_003, 51_000), "end");
      await follower.catchUp();
      expect(await follower.statements()).toEqual(numbers(0, 51_000));
      expect(follower.state.manifest).toMatchObject({ gapCount: 0, strayBytes: 0 });
    },
  );

  it("is believed in the end of a file whose bytes are counted otherwise than sent", async () => {
    const made = await following();
    const { account, instance, follower } = made;
    await account.setPortionBehaviour(instance, { pending: "false" });
    const header = (second: number) => `2026-11-23T05:36:${second}.000000Z\t    8 Query\t`;
    follower.window.start = Date.parse("2026-11-23T05:36:00Z");
    for (const text of ["\u0001\u0002", "\ufffd", "\r\na\r"]) {
      await account.appendLog(instance, `${header(10)}SELECT '${text}'\n${header(11)}SELECT 1\n`);
      await account.rotateLog(instance);
    }
    await write(made, "end");
    await follower.catchUp();
    expect((await follower.statements()).length).toBe(6);
    expect(follower.state.manifest.gapCount).toBe(0);
  });

  it("is a gap when it brings nothing before the file's end, and the next file is read", async () => {
    const made = await following();
    const { account, instance, follower, source } = made;
    await write(made, ...numbers(0, 10));
    await follower.catchUp();
    await write(made, ...numbers(10, 20));
    const renamed = await account.rotateLog(instance);
    await write(made, "SELECT 20", "end");
    const { portion } = source;
    source.portion = async (file, marker, lines) => {
      const read = await portion(file, marker, file === renamed ? 5 : lines);
      if (!read.ok || file !== renamed || marker === follower.state.position.marker) return read;
      return { ok: true, value: { data: new Uint8Array(0), marker: marker as string, pending: true } };
    };
    await follower.catchUp();
    expect(await follower.statements()).toEqual([...numbers(0, 15), "SELECT 20"]);
    expect(follower.state.manifest.gaps).toMatchObject([
      { cause: expect.stringMatching(/^RDS gave a log file without its end, of \d+ bytes or more$/) },
    ]);
  });

  it("does not have what it gives read again when its marker stands still", async () => {
    const made = await following();
    const { account, instance, follower, source } = made;
    await write(made, ...numbers(0, 10));
    const { portion } = source;
    let stands = true;
    source.portion = async (file, marker, lines) => {
      const read = await portion(file, marker, lines);
      return read.ok && stands ? { ok: true, value: { ...read.value, marker: marker as string } } : read;
    };
    await expect(follower.step()).rejects.toThrow(
      "RDS gave a part of the log and no marker for what follows",
    );
    await account.rotateLog(instance);
    await write(made, "SELECT 10", "end");
    stands = false;
    await follower.catchUp();
    expect(await follower.statements()).toEqual(numbers(0, 11));
    expect(follower.state.manifest.gapCount).toBe(0);
  });

  it("is left behind with its file when its marker stands still to the end", async () => {
    const made = await following();
    const { account, instance, follower, source } = made;
    await write(made, ...numbers(0, 10));
    const renamed = await account.rotateLog(instance);
    await write(made, "SELECT 10", "end");
    const { portion } = source;
    source.portion = async (file, marker, lines) => {
      const read = await portion(file, marker, file === renamed ? 5 : lines);
      return read.ok && file === renamed
        ? { ok: true, value: { ...read.value, marker: marker as string } }
        : read;
    };
    await follower.catchUp();
    expect(await follower.statements()).toEqual([...numbers(0, 5), "SELECT 10"]);
    expect(follower.state.manifest.gapCount).toBe(1);
  });
});

describe("a live file that was replaced", () => {
  it("is a gap also when all of it was written before the capture, and is read from its beginning", async () => {
    const { account, instance } = await loggingInstance();
    const start = Date.now();
    await writeBefore(start, { account, instance }, ...numbers(0, 1000));
    const follower = await new TestFollower(logSource(account), { start, end: null }).begin();
    await follower.catchUp();
    await account.loseLog(instance, LIVE);
    const later = (start + 5 * MINUTE) * 1000;
    await account.appendLog(instance, [
      query("SELECT 'first'", later),
      query("SELECT 'second'", later),
      query("end"),
    ]);
    await follower.catchUp();
    expect(await follower.statements()).toEqual(["SELECT 'first'", "SELECT 'second'"]);
    expect(follower.state.manifest.gaps).toEqual([
      { from: start, to: later / 1000, cause: "The log file was cut off or replaced" },
    ]);
  });

  it("has what was read of it before stored once, when it was restored from a copy", async () => {
    const made = await following();
    const { account, instance, follower } = made;
    const at = (seconds: number) => (follower.window.start + seconds * 1000) * 1000;
    const records = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => query(`SELECT ${from + i}`, at(from + i)));
    await account.appendLog(instance, records(0, 20));
    await follower.catchUp();
    await account.loseLog(instance, LIVE);
    await account.appendLog(instance, [...records(0, 10), ...records(25, 30), query("end", at(31))]);
    await follower.catchUp();
    expect(await follower.statements()).toEqual([...numbers(0, 20), ...numbers(25, 30)]);
    expect(follower.state.manifest.gaps).toEqual([
      { from: at(19) / 1000, to: at(25) / 1000, cause: "The log file was cut off or replaced" },
    ]);
  });

  it("is noticed by a state that was stored before sizes were", async () => {
    const made = await following();
    const { account, instance, follower } = made;
    await write(made, ...numbers(0, 100));
    await follower.catchUp();
    const { bytesAtMost: _, size: __, ...position } = follower.state.position;
    follower.state = { ...follower.state, position };
    await account.rotateLog(instance);
    await write(made, "SELECT 100", "end");
    await follower.catchUp();
    expect(await follower.statements()).toEqual(numbers(0, 101));
    expect(follower.state.manifest.gapCount).toBe(0);
    await account.truncateLog(instance);
    await write(made, "SELECT 101", "end");
    await follower.catchUp();
    expect(follower.state.manifest.gapCount).toBe(1);
  });
});

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

  it("has it from the file before, when that was read", async () => {
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

  it("has it from the end of the file before a back-dated start", async () => {
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

  it("has it from there also when the capture begins amid that second", async () => {
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

  it("is no gap when they were surely before the capture", async () => {
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

  it("has the records counted in the gap of what was lost before it", async () => {
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

describe("control characters in a statement", () => {
  it.each([
    ["referenced", "SELECT '\0\u0001\u001b[0m\r\n\u007f'"],
    ["replaced", "SELECT '\ufffd\ufffd\ufffd[0m\r\n\u007f'"],
  ] as const)("do not vanish when they are %s", async (controls, stored) => {
    const made = await following();
    await made.account.setPortionBehaviour(made.instance, { controls });
    await write(made, "SELECT '\0\u0001\u001b[0m\r\n\u007f'", "end");
    await made.follower.catchUp();
    expect(await made.follower.statements()).toEqual([stored]);
  });
});

describe("a portion that RDS refuses as binary data", () => {
  const CAUSE = "RDS refused to give a part of the log, which it takes for binary data";
  const BINARY = "INSERT INTO t VALUES ('\0')";

  it("is stepped over in the live file: only its own line is missing, with a gap", async () => {
    const made = await following();
    const { account, instance, follower } = made;
    await account.setPortionBehaviour(instance, { refusesBinary: true });
    await write(made, ...numbers(0, 700), BINARY, ...numbers(700, 1000));
    await follower.catchUp();
    await write(made, BINARY, ...numbers(1000, 1010), "end");
    await follower.catchUp();
    await account.rotateLog(instance);
    await write(made, ...numbers(1010, 1020), "end");
    await follower.catchUp();
    const statements = await follower.statements();
    expect(statements.filter((statement) => statement !== "end")).toEqual(numbers(0, 1020));
    expect(follower.state.manifest.gaps.map(({ cause }) => cause)).toEqual([CAUSE, CAUSE]);
  });

  it("is stepped over in a renamed file", async () => {
    const made = await following();
    const { account, instance, follower } = made;
    await account.setPortionBehaviour(instance, { refusesBinary: true });
    await write(made, ...numbers(0, 20), BINARY, ...numbers(20, 40));
    await account.rotateLog(instance);
    await write(made, ...numbers(40, 50), "end");
    await follower.catchUp();
    expect(await follower.statements()).toEqual(numbers(0, 50));
    expect(follower.state.manifest.gaps).toMatchObject([{ cause: CAUSE }]);
  });

  it("has the lines of its own statement counted that belong to no record", async () => {
    const made = await following();
    const { account, instance, follower } = made;
    await account.setPortionBehaviour(instance, { refusesBinary: true });
    await write(made, "SELECT 0", `${BINARY},\n('rest')`, "SELECT 1", "end");
    await follower.catchUp();
    expect(await follower.statements()).toEqual(["SELECT 0", "SELECT 1"]);
    expect(follower.state.manifest).toMatchObject({ strayBytes: "('rest')\n".length, gapCount: 1 });
  });

  it("is waited out where nothing is behind it yet, without reading anything twice", async () => {
    const made = await following();
    const { account, instance, follower } = made;
    await account.setPortionBehaviour(instance, { refusesBinary: true });
    await write(made, "SELECT 0", BINARY);
    for (let step = 0; step < 3; step++) expect(await follower.step()).toBe(true);
    expect(follower.state.openGap).toMatchObject({ cause: CAUSE });
    await write(made, "SELECT 1", "end");
    await follower.catchUp();
    expect(await follower.statements()).toEqual(["SELECT 0", "SELECT 1"]);
    expect(follower.state.manifest.gaps).toMatchObject([{ cause: CAUSE }]);
  });

  it("is left with its file where all of that is refused: the next one is read", async () => {
    const made = await following();
    const { account, instance, follower } = made;
    await account.setPortionBehaviour(instance, { refusesBinary: true });
    await write(made, BINARY);
    await follower.step();
    await account.rotateLog(instance);
    await write(made, ...numbers(0, 5), "end");
    await follower.catchUp();
    expect(await follower.statements()).toEqual(numbers(0, 5));
    expect(follower.state.manifest.gaps).toMatchObject([{ cause: CAUSE }]);
  });

  it.each([
    ["the last line of the log", [BINARY]],
    ["a line among the last ones", [BINARY, "SELECT 'before'"]],
  ])("does not keep a capture from beginning, be it %s", async (_, last) => {
    const made = await loggingInstance();
    const { account, instance } = made;
    await account.setPortionBehaviour(instance, { refusesBinary: true });
    const start = Date.now();
    await writeBefore(start, made, "SELECT 'long before'", ...last);
    const follower = await new TestFollower(logSource(account), { start, end: null }).begin();
    await write(made, "SELECT 1", "end");
    await follower.catchUp();
    expect(await follower.statements()).toEqual(["SELECT 1"]);
  });
});

describe("a log file that is not there in the moment of its renaming", () => {
  it("is asked for again, at the beginning", async () => {
    const { account } = await loggingInstance();
    await account.fault({ kind: "no-file", action: "DownloadDBLogFilePortion", times: 1 });
    const begin = () =>
      beginFollowing(logSource(account), 1, { start: Date.now(), end: null }, "secrets", false);
    const begun = await begin();
    if (begun.ok) throw new Error("It began");
    expect(isTransient(begun.failure)).toBe(true);
    expect(await begin()).toMatchObject({ ok: true });
  });

  it("is asked for again while it is followed, after a pause", async () => {
    const made = await following();
    const { account, follower } = made;
    await write(made, "SELECT 1", "end");
    await account.fault({ kind: "no-file", action: "DownloadDBLogFilePortion", times: 1 });
    await expect(follower.step()).rejects.toThrow("is not found on the DB instance");
    await follower.catchUp();
    expect(await follower.statements()).toEqual(["SELECT 1"]);
    expect(follower.state.manifest.gapCount).toBe(0);
  });

  it("does not lead a beginning into the wrong file when it is renamed while its end is looked for", async () => {
    const made = await loggingInstance();
    const { account, instance } = made;
    await write(made, ...numbers(0, 100));
    const source = logSource(account);
    const { portion } = source;
    source.portion = async (file, marker, lines) => {
      source.portion = portion;
      await account.rotateLog(instance);
      return portion(file, marker, lines);
    };
    const follower = await new TestFollower(source, { start: Date.now() - MINUTE, end: null }).begin();
    await write(made, ...numbers(100, 110), "end");
    await follower.catchUp();
    expect(await follower.statements()).toEqual(numbers(100, 110));
    expect(follower.state.manifest.gapCount).toBe(0);
  });
});

describe("a log in a form that nobody knows", () => {
  it("is counted, and is a gap at once", async () => {
    const made = await following();
    const { account, instance, follower } = made;
    const text = "10:00:00 app SELECT 1\n10:00:01 app SELECT 2\n";
    await account.appendLog(instance, text);
    await follower.catchUp();
    expect(follower.state.openGap?.cause).toMatch(/form/);
    expect(follower.state.manifest.strayBytes).toBe(text.length);
    await account.appendLog(instance, text);
    await write(made, "SELECT 3", "end");
    await follower.catchUp();
    expect(await follower.statements()).toEqual(["SELECT 3"]);
    expect(follower.state.manifest).toMatchObject({ strayBytes: 2 * text.length, gapCount: 1 });
  });

  it("is read when it is that of MySQL 5.7 without tabs", async () => {
    const made = await following();
    const { account, instance, follower } = made;
    follower.window.start = Date.parse("2016-05-25T10:00:00Z");
    await account.appendLog(
      instance,
      "2016-05-25T10:00:00.123456Z    8 Query\tSELECT 1\n2016-05-25T10:00:01.000000Z    8 Quit\t\n" +
        "2016-05-25T10:00:02.000000Z    9 Query\tend\n",
    );
    await follower.catchUp();
    expect((await follower.lines()).map(({ time, statement }) => [time, statement])).toEqual([
      ["2016-05-25T10:00:00.123456Z", "SELECT 1"],
      ["2016-05-25T10:00:01.000000Z", ""],
    ]);
    expect(follower.state.manifest).toMatchObject({ gapCount: 0, strayBytes: 0 });
  });
});
