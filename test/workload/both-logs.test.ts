import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { LiveMessage } from "../../src/captures/replies.ts";
import type { LogName } from "../../src/logs/names.ts";
import { Digests } from "../../src/workload/digest.ts";
import { digestsFormat } from "../../src/workload/digests-state.ts";
import type { Workload, WorkloadDigest } from "../../src/workload/replies.ts";
import { digestKey, fragmentKey, manifestKey } from "../../src/workload/stored/keys.ts";
import { emptyManifest, type Manifest } from "../../src/workload/stored/manifest.ts";
import { type Cast, createCast, expectRefusal, requestIn } from "../support/api.ts";
import { captureIn, gzip, iso, open, START, unzip, withState } from "../support/stored-workload.ts";
import { slowRecord } from "./timing/records.ts";

/* What a capture of two logs shows: which numbers are of both, and which of one. The slow log's records are made up here. */

let cast: Cast;

beforeAll(async () => {
  cast = await createCast();
});

/** A capture in some state that was made of these logs, with a threshold of 1.5 ms. */
async function captureOf(log: LogName | "both", status = "DONE"): Promise<number> {
  const id = await captureIn(cast, status);
  await env.DB.prepare("update captures set log = ?2, min_duration_micros = 1500 where id = ?1")
    .bind(id, log)
    .run();
  return id;
}

/** A manifest of a log, with `records` records, a tenth of them no statements, over as many milliseconds. */
const manifestOf = (id: number, log: LogName, records: number, from = 0): Manifest => ({
  ...emptyManifest(id, "secrets", log),
  records,
  statements: records * 0.9,
  commands: { Query: records * 0.9, [log === "slow" ? "Administrator command" : "Quit"]: records / 10 },
  bytes: records * 100,
  strayBytes: log === "slow" ? 7 : 0,
  storedBytes: records * 10,
  fragments: 1,
  firstMicros: (START + from) * 1000,
  lastMicros: (START + from + records) * 1000,
});

const gap = (from: number, cause: string) => ({ from: START + from, to: START + from + 5, cause });

async function store(...manifests: Manifest[]) {
  for (const manifest of manifests) {
    await env.BUCKET.put(manifestKey(manifest.captureId, manifest.log), JSON.stringify(manifest));
  }
}

const workloadOf = async (id: number) =>
  (await cast.member.get<Workload>(`/api/captures/${id}/workload`)).body;

describe("a capture of both logs", () => {
  it("has the numbers of both, each log's beside them, and the statements of the general log", async () => {
    const id = await captureOf("both");
    await store(manifestOf(id, "general", 100, 50), manifestOf(id, "slow", 200));
    const body = await workloadOf(id);
    expect(body).toMatchObject({
      log: "both",
      minDuration: 1.5,
      records: 300,
      statements: 90,
      commands: { Query: 270, Quit: 10, "Administrator command": 20 },
      bytes: 30_000,
      strayBytes: 7,
      storedBytes: 3000,
      fragments: 2,
      firstRecord: "2026-11-23T05:00:00.000000Z",
      lastRecord: "2026-11-23T05:00:00.200000Z",
      gapCount: 0,
      live: null,
    });
    expect(body.logs).toMatchObject([
      { log: "general", records: 100, statements: 90, firstRecord: "2026-11-23T05:00:00.050000Z" },
      { log: "slow", records: 200, statements: 180, strayBytes: 7 },
    ]);
  });

  it("has the gaps of both in the order of time, each with its log", async () => {
    const id = await captureOf("both");
    await store(
      { ...manifestOf(id, "general", 100), gaps: [gap(10, "a"), gap(30, "c")], gapCount: 2 },
      { ...manifestOf(id, "slow", 100), gaps: [gap(0, "d"), gap(20, "b")], gapCount: 1002 },
    );
    const { gaps, gapCount } = await workloadOf(id);
    expect(gapCount).toBe(1004);
    expect(gaps.map(({ from, cause, log }) => [from, cause, log])).toEqual([
      [iso(0), "d", "slow"],
      [iso(10), "a", "general"],
      [iso(20), "b", "slow"],
      [iso(30), "c", "general"],
    ]);
  });

  it("shows a log of which nothing is stored as an empty one", async () => {
    const id = await captureOf("both");
    await store(manifestOf(id, "general", 100));
    const body = await workloadOf(id);
    expect(body).toMatchObject({ records: 100, statements: 90 });
    expect(body.logs.map(({ log, records }) => [log, records])).toEqual([
      ["general", 100],
      ["slow", 0],
    ]);
  });

  it("has what its runner knows of both while it runs", async () => {
    const id = await captureOf("both", "RUNNING");
    const digests = { capacity: 0, total: 0, entries: [] };
    const logs = (["general", "slow"] as const).map((log) => ({
      manifest: manifestOf(id, log, 10),
      digests,
    }));
    const problem = { since: START, reason: "AWS refused the credentials" };
    const state = withState({ logs, caughtUpAt: null, problem });
    const get = async <T>(path: string) => {
      const url = `/api/captures/${id}/${path}`;
      return (await requestIn<T>(state, "GET", url, { headers: cast.member.headers })).body;
    };
    const shown = { since: new Date(START).toISOString(), reason: problem.reason };
    expect(await get<Workload>("workload")).toMatchObject({
      records: 20,
      logs: [{ records: 10 }, { records: 10 }],
      live: { behindBy: null, problem: shown },
    });
    expect((await get<LiveMessage>("live")).workload).toEqual({
      records: 20,
      statements: 9,
      bytes: 2000,
      gapCount: 0,
      problem: shown,
    });
  });

  it("is downloaded by log, the general one where none is named", async () => {
    const id = await captureOf("both");
    await store(manifestOf(id, "general", 1), manifestOf(id, "slow", 1));
    const lines = { general: '{"log":"general"}\n', slow: '{"log":"slow"}\n' };
    for (const log of ["general", "slow"] as const) {
      const bytes = await gzip(lines[log]);
      const manifest = { ...manifestOf(id, log, 1), version1: undefined, storedBytes: bytes.length };
      const micros = String(manifest.firstMicros);
      await env.BUCKET.put(fragmentKey(id, 0, log, 1), bytes, {
        customMetadata: { firstMicros: micros, lastMicros: micros, records: "1" },
      });
      await store(manifest);
    }
    const get = async (query: string) => {
      const reply = await open(cast.member, id, query);
      const name = reply.headers.get("content-disposition")?.replace(`-${id}`, "");
      return [name, unzip(new Uint8Array(await reply.arrayBuffer()))];
    };
    expect(await get("")).toEqual(['attachment; filename="capture.ndjson.gz"', lines.general]);
    expect(await get("?log=general")).toEqual(['attachment; filename="capture.ndjson.gz"', lines.general]);
    expect(await get("?log=slow")).toEqual(['attachment; filename="capture-slow.ndjson.gz"', lines.slow]);
  });
});

describe("a capture of one log", () => {
  it("has no threshold where it is of the general log", async () => {
    const body = await workloadOf(await captureOf("general"));
    expect(body).toMatchObject({ log: "general", minDuration: null });
    expect(body.logs.map(({ log }) => log)).toEqual(["general"]);
  });

  it("has the slow log's numbers, statements too, where it is of that", async () => {
    const id = await captureOf("slow");
    await store(manifestOf(id, "slow", 10));
    const body = await workloadOf(id);
    expect(body).toMatchObject({ log: "slow", minDuration: 1.5, records: 10, statements: 9 });
    expect(body.logs.map(({ log }) => log)).toEqual(["slow"]);
  });

  it("says since when sessions are complete, and what the parameters were, once the slow log is on", async () => {
    const id = await captureOf("slow");
    expect((await workloadOf(id)).timing).toBeNull();
    const before = { slow_query_log: "0", long_query_time: null };
    await store({ ...manifestOf(id, "slow", 10), timing: { completeSince: START, before } });
    expect((await workloadOf(id)).timing).toEqual({
      completeSince: iso(0),
      before,
      sessions: expect.stringContaining("until they reconnect"),
    });
    await store({ ...manifestOf(id, "slow", 10), timing: { completeSince: null, before } });
    expect((await workloadOf(id)).timing).toMatchObject({ completeSince: null });
  });

  it.each([
    ["general", "slow"],
    ["slow", "general"],
  ] as const)("has no download of the other log: %s", async (log, other) => {
    const id = await captureOf(log);
    const reply = await cast.member.get(`/api/captures/${id}/workload/download?log=${other}`);
    expectRefusal(reply, 400, "log: this capture is not made of that log");
  });
});

describe("the digest of the slow log", () => {
  /** Statements of the slow log: how often each, how long each time, rows examined each time. */
  const TIMED = [
    ["SELECT 1", 6, 100, 0],
    ["SELECT a FROM t", 2, 900, 50],
    ["DELETE FROM t", 1, 1000, 90],
  ] as const;
  /** The same with one that the slow log lacks, one of which it has half, and without one that only it has. */
  const COUNTED = [
    ["SELECT 1", 12],
    ["SELECT a FROM t", 2],
    ["COMMIT", 6],
  ] as const;

  async function storeTimed(id: number) {
    const digests = new Digests();
    for (const [statement, times, micros, rowsExamined] of TIMED) {
      for (let at = 0; at < times; at++)
        digests.addTimed(slowRecord(statement, micros, { errno: 0, rowsExamined }));
    }
    await env.BUCKET.put(digestKey(id, "slow"), digestsFormat.stringify(digests.toJSON()));
  }

  async function storeCounted(id: number) {
    const digests = new Digests();
    for (const [statement, times] of COUNTED) {
      for (let at = 0; at < times; at++)
        digests.add({ command: "Query", statement, timeMicros: START * 1000 });
    }
    await env.BUCKET.put(digestKey(id, "general"), digestsFormat.stringify(digests.toJSON()));
  }

  const digestOf = async (id: number, query = "") =>
    (await cast.member.get<WorkloadDigest[]>(`/api/captures/${id}/workload/digest${query}`)).body;
  const examplesOf = async (id: number, query = "") =>
    (await digestOf(id, query)).map(({ example }) => example);

  it("says how long each statement took, those that took most time first", async () => {
    const id = await captureOf("slow");
    await storeTimed(id);
    const [first] = await digestOf(id);
    expect(first).toMatchObject({
      example: "SELECT a FROM t",
      count: 2,
      overcount: 0,
      share: 2 / 9,
      calls: 2,
      overcalls: 0,
      totalMicros: 1800,
      overTotalMicros: 0,
      meanMicros: 900,
      minMicros: 900,
      maxMicros: 900,
      timeShare: 1800 / 3400,
      rowsExamined: 100,
      errors: 0,
      timedShare: 1,
    });
    expect(first?.p99Micros).toBeCloseTo(900, -2);
  });

  it.each([
    ["", ["SELECT a FROM t", "DELETE FROM t", "SELECT 1"]],
    ["?order=time&limit=2", ["SELECT a FROM t", "DELETE FROM t"]],
    ["?order=calls", ["SELECT 1", "SELECT a FROM t", "DELETE FROM t"]],
    ["?order=mean", ["DELETE FROM t", "SELECT a FROM t", "SELECT 1"]],
    ["?order=p99", ["DELETE FROM t", "SELECT a FROM t", "SELECT 1"]],
    ["?order=rows", ["SELECT a FROM t", "DELETE FROM t", "SELECT 1"]],
  ])("is in the order that is asked for: %s", async (query, examples) => {
    const id = await captureOf("slow");
    await storeTimed(id);
    expect(await examplesOf(id, query)).toEqual(examples);
  });

  it("is paired with the general log's, and says what part of its calls was timed", async () => {
    const id = await captureOf("both");
    await storeTimed(id);
    await storeCounted(id);
    const [select, deleted, one, commit] = await digestOf(id);
    expect(select).toMatchObject({ count: 2, calls: 2, totalMicros: 1800, timedShare: 1, share: 0.1 });
    expect(deleted).toMatchObject({ example: "DELETE FROM t", count: 1, totalMicros: 1000 });
    expect(deleted).not.toHaveProperty("timedShare");
    expect(one).toMatchObject({ count: 12, calls: 6, totalMicros: 600, timedShare: 0.5, share: 0.6 });
    expect(commit).toMatchObject({ example: "COMMIT", count: 6, timedShare: 0, share: 0.3 });
    expect(commit).not.toHaveProperty("totalMicros");
  });

  it("of a general log alone has no times, and is by calls in any order", async () => {
    const id = await captureOf("general");
    await storeCounted(id);
    for (const query of ["", "?order=time", "?order=p99"]) {
      expect(await examplesOf(id, query)).toEqual(["SELECT 1", "COMMIT", "SELECT a FROM t"]);
    }
    expect((await digestOf(id))[0]).not.toHaveProperty("timedShare");
  });

  it.each(["size", "", "time&order=time"])("refuses order=%s", async (order) => {
    const id = await captureOf("slow");
    const reply = await cast.member.get(`/api/captures/${id}/workload/digest?order=${order}`);
    expectRefusal(reply, 400, /^order: /);
  });
});
