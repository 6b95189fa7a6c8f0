import { describe, expect, it } from "vitest";
import { isTransient } from "../../../src/aws/client.ts";
import { beginFollowing } from "../../../src/workload/collecting/follower.ts";
import { emptyManifest } from "../../../src/workload/stored/manifest.ts";
import { LIVE, loggingInstance } from "../../local-aws/test/logs.ts";
import { logSource, TestFollower } from "../support.ts";
import { following, numbers, query, write, writeBefore } from "./followed-log.ts";

/*
 * What RDS and its servers do that their references do not say, as people have met it, and what becomes of it: each record is
 * stored once, and what can't be had is a gap.
 */

const MINUTE = 60_000;

describe("a portion that says that there is no more, or says nothing of it", () => {
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

  it("is believed at the end of a file whose size differs from the bytes that RDS gave of it", async () => {
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

  it("is a gap when it is empty before the file's end, and the next file is read", async () => {
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

  it("is not read again when its marker does not move", async () => {
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

  it("is left with its file when its marker never moves", async () => {
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

  it("has the records that were read before stored once, when it was restored from a copy", async () => {
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

  it("is noticed by a state that was stored before it had sizes", async () => {
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

describe("control characters in a statement", () => {
  it.each([
    ["referenced", "SELECT '\0\u0001\u001b[0m\r\n\u007f'"],
    ["replaced", "SELECT '\ufffd\ufffd\ufffd[0m\r\n\u007f'"],
  ] as const)("are stored when they are %s", async (controls, stored) => {
    const made = await following();
    await made.account.setPortionBehaviour(made.instance, { controls });
    await write(made, "SELECT '\0\u0001\u001b[0m\r\n\u007f'", "end");
    await made.follower.catchUp();
    expect(await made.follower.statements()).toEqual([stored]);
  });
});

describe("a log file that is missing while it is renamed", () => {
  it("is retried at the beginning", async () => {
    const { account } = await loggingInstance();
    await account.fault({ kind: "no-file", action: "DownloadDBLogFilePortion", times: 1 });
    const begin = () =>
      beginFollowing(
        logSource(account),
        emptyManifest(1, "secrets", "general"),
        { start: Date.now(), end: null },
        false,
      );
    const begun = await begin();
    if (begun.ok) throw new Error("It began");
    expect(isTransient(begun.failure)).toBe(true);
    expect(await begin()).toMatchObject({ ok: true });
  });

  it("is retried while it is followed, after a pause", async () => {
    const made = await following();
    const { account, follower } = made;
    await write(made, "SELECT 1", "end");
    await account.fault({ kind: "no-file", action: "DownloadDBLogFilePortion", times: 1 });
    await expect(follower.step()).rejects.toThrow("is not found on the DB instance");
    await follower.catchUp();
    expect(await follower.statements()).toEqual(["SELECT 1"]);
    expect(follower.state.manifest.gapCount).toBe(0);
  });

  it("begins in the right file when it is renamed while its end is looked for", async () => {
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

describe("a log in an unknown form", () => {
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

  it("is read in the form of MySQL 5.7 without tabs", async () => {
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
