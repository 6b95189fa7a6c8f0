import { describe, expect, it } from "vitest";
import { GENERAL } from "../../../src/logs/general/kind.ts";
import { endFollowing } from "../../../src/workload/collecting/follower.ts";
import { fixedLog, TestFollower } from "../support.ts";

const MINUTE = 60_000;

describe("a back-dated time in which the log was off", () => {
  const TWELVE = Date.UTC(2026, 10, 23, 12);
  const at = (minutes: number) => TWELVE + minutes * MINUTE;
  const lines = (...minutes: number[]) =>
    minutes
      .map(
        (minute) => `${new Date(at(minute)).toISOString().slice(0, 23)}000Z\t    8 Query\tSELECT ${minute}\n`,
      )
      .join("");

  const banner =
    "/rdsdbbin/mysql/bin/mysqld, Version: 8.0.40 (Source distribution). started with:\n" +
    "Tcp port: 3306  Unix socket: /tmp/mysql.sock\nTime                 Id Command    Argument\n";

  /** What is recorded from one minute to another of the files of some hours: the last of them is the live one. */
  async function recorded(from: number, to: number, ...files: [text: string, lastWritten: number][]) {
    const source = fixedLog(
      files.map(([text, minute], i) => ({
        name: i === files.length - 1 ? GENERAL.liveFile : `${GENERAL.liveFile}.2026-11-23.${i}`,
        text,
        lastWritten: at(minute),
      })),
    );
    const follower = await new TestFollower(source, { start: at(from), end: at(to) }).begin(true);
    await follower.catchUp();
    const { state, missing } = await endFollowing(
      follower.state,
      { digests: follower.digests },
      follower.store,
      { start: at(from), end: at(to) },
      null,
    );
    const gaps = state.manifest.gaps.map((gap) => ({
      from: (gap.from - TWELVE) / MINUTE,
      to: (gap.to - TWELVE) / MINUTE,
    }));
    return { gaps, missing, causes: state.manifest.gaps.map(({ cause }) => cause) };
  }

  it("is a gap between two stretches that were logged", async () => {
    const { gaps, causes, missing } = await recorded(0, 30, [lines(-1, 1, 2, 20, 24, 29, 31), 31]);
    expect(gaps).toEqual([{ from: 2, to: 20 }]);
    expect(causes[0]).toMatch(/^The general log was not written for more than six minutes: it was off/);
    expect(missing).toBeNull();
  });

  it("is a gap where the log was opened again, however short it was off", async () => {
    const { gaps, causes } = await recorded(0, 9, [banner + lines(-1, 1, 2) + banner + lines(3, 5, 10), 10]);
    expect(gaps).toEqual([{ from: 2, to: 3 }]);
    expect(causes[0]).toMatch(
      /^The server opened its general log again: until then it had been switched off/,
    );
  });

  it("is no gap where a file begins, nor before the start", async () => {
    const files: [string, number][] = [
      [banner + lines(-9) + banner + lines(-8, -4, 1), 1],
      [banner + lines(2, 6, 11), 11],
    ];
    expect((await recorded(0, 10, ...files)).gaps).toEqual([]);
  });

  it("is a gap where a whole hour has no file", async () => {
    const first = lines(...Array.from({ length: 15 }, (_, i) => i * 4));
    const third = lines(...Array.from({ length: 15 }, (_, i) => 120 + i * 4));
    expect((await recorded(0, 170, [first, 56], [third, 176])).gaps).toEqual([{ from: 56, to: 120 }]);
  });

  it("is no gap while Amazon's sessions write every five minutes, even some seconds late", async () => {
    expect((await recorded(0, 30, [lines(-1, 4, 9.1, 14.2, 19.9, 25, 30.5), 31])).gaps).toEqual([]);
  });

  it("is a gap from the start, and to the end", async () => {
    const { gaps, missing, causes } = await recorded(0, 60, [lines(-20, -10, 9, 12, 17, 22, 40, 44, 49), 49]);
    expect(gaps).toEqual([
      { from: 0, to: 9 },
      { from: 22, to: 40 },
      { from: 49, to: 60 },
    ]);
    expect(missing).toBe(causes[2]);
  });

  it("is a gap to the end, and no further, where the log goes on after it", async () => {
    const { gaps, missing } = await recorded(0, 10, [lines(-1, 3, 30), 30]);
    expect({ gaps, missing }).toEqual({ gaps: [{ from: 3, to: 10 }], missing: null });
  });

  it("is no gap at a start that lies between two hours' files", async () => {
    const files: [string, number][] = [
      [lines(-3, -1), -1],
      [lines(2, 6, 11), 11],
    ];
    expect((await recorded(0, 10, ...files)).gaps).toEqual([]);
    expect((await recorded(0, 10, ...files.slice(1))).gaps).toEqual([{ from: 0, to: 2 }]);
  });
});
