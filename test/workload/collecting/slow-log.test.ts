import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { AMAZON_USERS } from "../../../src/logs/amazon-users.ts";
import { SLOW } from "../../../src/logs/slow/kind.ts";
import { runsStatement, type SlowRecord } from "../../../src/logs/slow/record.ts";
import { keepCollectorState, loadCollectorState } from "../../../src/workload/collecting/collector-state.ts";
import { endFollowing } from "../../../src/workload/collecting/follower.ts";
import type { StoredSlowRecord } from "../../../src/workload/stored/slow-line.ts";
import { parseTime } from "../../../src/workload/stored/time.ts";
import { parse, REAL_LOGS } from "../../logs/slow/support.ts";
import { slowEntry } from "../../support/slow-entry.ts";
import { fixedLog, TestFollower } from "../support.ts";

/* What a capture makes of the slow log. */

const DAY = Date.UTC(2026, 10, 27);
const ALWAYS = { start: 0, end: Date.UTC(2100, 0, 1) };
/** All made up. */
const PASSWORD = "MadeUpPassword-1";

const fileOf = (text: string | Uint8Array) =>
  fixedLog([{ name: SLOW.liveFile, text, lastWritten: DAY + 86_400_000 }], SLOW);

interface Options {
  window?: { start: number; end: number };
  redact?: "secrets" | "literals";
  minDurationMicros?: number;
}

/** What a capture stores of a log: all of it, unless the options say otherwise. */
async function captured(text: string | Uint8Array, options: Options = {}) {
  const { window = ALWAYS, redact = "secrets", minDurationMicros = 0 } = options;
  const follower = await new TestFollower(fileOf(text), window, minDurationMicros).begin(true, redact);
  await follower.catchUp();
  const ended = await endFollowing(follower.state, follower, follower.store, window, null);
  follower.state = ended.state;
  const lines = (await follower.lines()) as unknown as StoredSlowRecord[];
  return { lines, missing: ended.missing, follower, manifest: ended.state.manifest };
}

/** A log that is given as RDS does: a portion of more than 1 MB is cut there, and the marker skips the rest of its last line. */
function cutByRds(log: Uint8Array) {
  const MB = 1024 * 1024;
  const LF = 10;
  const source = fileOf(log);
  source.portion = async (_file, marker = "0", lines = 10_000) => {
    const from = Number(marker);
    let to = from;
    for (let i = 0; i < lines && to < log.length; i++) to = log.indexOf(LF, to) + 1;
    let data: Uint8Array = log.slice(from, to);
    if (data.length > MB) {
      data = new TextEncoder().encode(
        `${new TextDecoder().decode(data.subarray(0, MB))} [Your log message was truncated]\n`,
      );
      to = log.indexOf(LF, from + MB) + 1;
    }
    return { ok: true, value: { data, marker: String(to), pending: to < log.length } };
  };
  return source;
}

/** A record as its line has it. */
function lineOf(record: SlowRecord): Record<string, unknown> {
  const {
    timeMicros,
    start: _start,
    end: _end,
    leftOut: _leftOut,
    isAfterOpening: _opened,
    ...rest
  } = record;
  const { truncated, ...said } = rest;
  return { ...said, timeMicros, log: "slow", timeIs: "end", ...(truncated && { truncated }) };
}

const withoutText = ({ statement: _, fingerprint: __, ...rest }: Record<string, unknown>) => rest;

/** An entry of MySQL's log, of a statement that ended some milliseconds after the day began. */
const entry = (
  endMs: number,
  statement: string,
  changes: { micros?: number; user?: string; id?: number } = {},
) => slowEntry(statement, { at: DAY + endMs, ...changes });

describe("a slow log that a real server wrote", () => {
  it.each(REAL_LOGS)("is stored with all that %s says, and without passwords", async (_, log) => {
    const { lines, manifest, follower } = await captured(log);
    const records = parse(log);
    expect(lines.map(({ time, ...rest }) => withoutText({ ...rest, timeMicros: parseTime(time) }))).toEqual(
      records.map((record) => withoutText(lineOf(record))),
    );
    const changed = lines.filter(({ statement }, i) => statement !== records[i]?.statement);
    for (const { statement } of changed) expect(statement).toContain("<secret>");
    expect(changed.length).toBeLessThan(5);
    expect(JSON.stringify([lines, follower.digests.toJSON(), follower.state])).not.toContain(PASSWORD);
    expect(manifest).toMatchObject({ log: "slow", records: records.length, redact: "secrets" });
    // What ran has its digest's fingerprint.
    const fingerprints = lines.flatMap(({ fingerprint }) => fingerprint ?? []);
    expect(fingerprints.length).toBe(manifest.statements);
    expect(new Set(fingerprints)).toEqual(
      new Set(follower.digests.toJSON().entries.map(({ fingerprint }) => fingerprint)),
    );
    // The same statements are counted as in the digests, an EXECUTE once.
    expect(manifest.statements).toBe(follower.digests.total);
    expect(manifest.statements).toBeLessThanOrEqual(records.filter(runsStatement).length);
    expect(manifest.statements).toBeGreaterThan(records.filter(runsStatement).length - 5);
  });

  it.each(REAL_LOGS)("is stored without literals if that is asked for: %s", async (_, log) => {
    const { lines, follower } = await captured(log, { redact: "literals" });
    const kept = JSON.stringify([lines, follower.digests.toJSON()]);
    for (const literal of ["SKU-10", PASSWORD]) expect(kept).not.toContain(literal);
    expect(lines.length).toBe(parse(log).length);
  });

  it("goes on from what is kept after each step, however it is cut", async () => {
    for (const [, log] of REAL_LOGS.slice(0, 2)) {
      const whole = (await captured(log)).lines;
      const cuts = [0, 1000, 5003, 9001, Math.floor(log.length / 2), log.length];
      let read = 0;
      const source = fileOf(log);
      source.list = async () => ({
        ok: true,
        value: [{ name: SLOW.liveFile, lastWritten: DAY, size: cuts[read] as number }],
      });
      source.portion = async (_file, marker = "0") => {
        const data = log.subarray(Number(marker), cuts[read]);
        return { ok: true, value: { data, marker: String(cuts[read]), pending: false } };
      };
      const follower = await new TestFollower(source, ALWAYS).begin(true);
      const stub = env.CAPTURE_RUNNER.getByName(crypto.randomUUID());
      for (read = 1; read < cuts.length; read++) {
        await follower.catchUp();
        // As the runner keeps it.
        const state = await runInDurableObject(stub, (_runner, { storage: { kv } }) => {
          keepCollectorState(kv, { follower: follower.state, digests: follower.digests.toJSON() });
          expect(loadCollectorState(kv, "general")).toBeNull();
          return loadCollectorState(kv, "slow");
        });
        expect(state?.follower).toEqual(follower.state);
        follower.state = state?.follower ?? follower.state;
      }
      read--;
      const end = await endFollowing(follower.state, follower, follower.store, ALWAYS, null);
      follower.state = end.state;
      expect(await follower.lines()).toEqual(whole);
    }
  });
});

describe("a capture of the slow log", () => {
  it("has what ended in its window, whenever it began", async () => {
    const log = [
      entry(999, "SELECT 'before'"),
      entry(1000, "SELECT 'began before'", { micros: 900_000 }),
      entry(1999, "SELECT 'in'"),
      entry(2000, "SELECT 'after'", { micros: 800_000 }),
    ];
    const { lines, manifest } = await captured(log.join(""), {
      window: { start: DAY + 1000, end: DAY + 2000 },
    });
    expect(lines.map(({ statement }) => statement)).toEqual(["SELECT 'began before'", "SELECT 'in'"]);
    expect(manifest.firstMicros).toBe((DAY + 1000) * 1000);
  });

  it("has MariaDB's statements of the second in which it began", async () => {
    const at = (second: number, micros: number, text: string) =>
      `# User@Host: app[app] @ localhost []\n# Thread_id: 4  Schema: d1  QC_hit: No\n# Query_time: 0.${String(micros).padStart(6, "0")}  Lock_time: 0.000000  Rows_sent: 1  Rows_examined: 0\n# Rows_affected: 0  Bytes_sent: 57\nSET timestamp=${DAY / 1000 + second};\n${text};\n`;
    const log = at(0, 100_000, "SELECT 0") + at(1, 100_000, "SELECT 1") + at(2, 100_000, "SELECT 2");
    const { lines } = await captured(log, { window: { start: DAY + 1600, end: DAY + 2050 } });
    expect(lines.map(({ statement, db, precisionMicros }) => [statement, db, precisionMicros])).toEqual([
      ["SELECT 1", "d1", 1_000_000],
    ]);
  });

  it("keeps to its own threshold, and counts nothing below it", async () => {
    const log = [999, 1000, 1001, 0].map((micros) => entry(1000, `SELECT ${micros}`, { micros })).join("");
    const { lines, manifest, follower } = await captured(log, { minDurationMicros: 1000 });
    expect(lines.map(({ durationMicros }) => durationMicros)).toEqual([1000, 1001]);
    expect(manifest).toMatchObject({ records: 2, statements: 2, minDurationMicros: 1000 });
    expect(follower.digests.total).toBe(2);
  });

  it("leaves the statements of every user of Amazon's out, and counts those of its window and threshold", async () => {
    const log = [
      entry(1, "SELECT 'before'", { user: "rdsadmin" }),
      ...[...AMAZON_USERS, "rdsproxyadmin", "rdsadmin2", "RDSADMIN"].map((user, i) =>
        entry(1000 + i, "SELECT 1", { user }),
      ),
      entry(1800, "SELECT 'short'", { user: "rdsadmin", micros: 999 }),
      entry(1900, "SELECT 2"),
      entry(3000, "SELECT 'after'", { user: "rdsadmin" }),
    ];
    const { lines, manifest, follower } = await captured(log.join(""), {
      window: { start: DAY + 500, end: DAY + 2000 },
      minDurationMicros: 1000,
    });
    expect(lines.map(({ user }) => user)).toEqual(["rdsadmin2", "RDSADMIN", "app"]);
    expect(follower.digests.total).toBe(3);
    expect(manifest).toMatchObject({ records: 3, statements: 3, commands: { Query: 3 } });
    expect(manifest.amazon?.users).toEqual(
      [...AMAZON_USERS].map((user) => ({ user, statements: user === "rdsproxyadmin" ? 2 : 1 })),
    );
  });

  it("does not take its silence for a gap: connected sessions may not be in it", async () => {
    const window = { start: DAY, end: DAY + 6 * 3_600_000 };
    const hour = 3_600_000;
    const before = fixedLog(
      [
        { name: `${SLOW.liveFile}.2026-11-26.23`, text: entry(-hour, "SELECT 1"), lastWritten: DAY - hour },
        {
          name: SLOW.liveFile,
          text: entry(hour, "SELECT 2") + entry(3 * hour, "SELECT 3"),
          lastWritten: DAY,
        },
      ],
      SLOW,
    );
    const follower = await new TestFollower(before, window).begin(true);
    await follower.catchUp();
    const { state, missing } = await endFollowing(follower.state, follower, follower.store, window, null);
    expect(state.manifest).toMatchObject({ records: 2, gapCount: 0 });
    expect(missing).toBeNull();
  });

  it("has the statement after one with a line of more than 1 MB, whose end RDS never gives", async () => {
    const long = `INSERT INTO t VALUES ('${"x".repeat(1024 * 1024)}')`;
    const log = new TextEncoder().encode(
      entry(1000, "SELECT 1") + entry(2000, long) + entry(3000, "SELECT 2") + entry(4000, "SELECT 3"),
    );
    const follower = await new TestFollower(cutByRds(log), ALWAYS).begin(true);
    await follower.catchUp();
    const ended = await endFollowing(follower.state, follower, follower.store, ALWAYS, null);
    follower.state = ended.state;
    const lines = await follower.lines();
    expect(lines.map(({ statement, truncated }) => [statement.slice(0, 8), truncated])).toEqual([
      ["SELECT 1", undefined],
      ["INSERT I", true],
      ["SELECT 2", undefined],
      ["SELECT 3", undefined],
    ]);
    expect(ended.state.manifest.gaps.at(-1)?.cause).toBe("RDS cut a statement of more than 1 MB");
  });

  it("says how many statements the server left out", async () => {
    const throttled = entry(2000, "throttle:          6 'index not used' warning(s) suppressed.")
      .replace("app[app]", "[]")
      .replace("localhost [127.0.0.1]", " []");
    const { manifest } = await captured(entry(1000, "SELECT 1") + throttled + entry(3000, "SELECT 2"), {
      window: { start: DAY + 1000, end: DAY + 4000 },
    });
    expect(manifest.records).toBe(2);
    expect(manifest.gaps).toEqual([
      {
        from: DAY + 1000,
        to: DAY + 3000,
        cause:
          "The server left statements out of its slow log: log_throttle_queries_not_using_indexes is not 0 (6 statements left out)",
      },
    ]);
  });

  it("does not believe what sessions have set before, since a short SET need not be in the log", async () => {
    const secret = "SET PASSWORD FOR a = 'geheim\\' OR 'x'";
    const { lines } = await captured(entry(1, "SET sql_mode='NO_BACKSLASH_ESCAPES'") + entry(2, secret));
    expect(JSON.stringify(lines)).not.toContain("geheim");
  });
});
