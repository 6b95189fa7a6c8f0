import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import type { Capture } from "../../src/captures/replies.ts";
import { Unreadable } from "../../src/lib/stored.ts";
import type { CapturedLog, LogName } from "../../src/logs/names.ts";
import { LogCollector } from "../../src/workload/collecting/log-collector.ts";
import { readManifests } from "../../src/workload/live-or-stored.ts";
import { manifestFormat } from "../../src/workload/stored/manifest.ts";
import type { StoredSlowRecord } from "../../src/workload/stored/slow-line.ts";
import { createCapture, readCapture, runnerOf } from "../support/api.ts";
import { castForEachTest } from "../support/each-test.ts";
import { GroupLease } from "../support/leases.ts";
import { quietLogOf } from "../support/quiet-log.ts";
import { slowEntry } from "../support/slow-entry.ts";
import { nextMoment, runAlarm, until } from "../support/time.ts";
import { storedLines } from "../workload/support.ts";

/* A capture of the slow log, and one of both logs, from the start to the end. */

const cast = castForEachTest();
const { write } = quietLogOf(cast);

/** Writes statements to the slow log, each of so many microseconds and ended now. */
async function writeSlow(...statements: [statement: string, micros: number][]) {
  const at = Date.now();
  const text = statements.map(([statement, micros]) => slowEntry(statement, { at, micros, db: "shop" }));
  await cast.aws.appendLog(cast.aws.instance, text.join(""), { log: "slow" });
}

/** A capture that runs. */
async function started(fields: { log: CapturedLog; [field: string]: unknown }): Promise<Capture> {
  const capture = await createCapture(cast.owner, { envId: cast.environment.id, ...fields });
  return until(cast.owner, capture, "RUNNING");
}

async function finish(capture: Capture): Promise<Capture> {
  await nextMoment();
  await cast.owner.post(`/api/captures/${capture.id}/stop`);
  return until(cast.owner, capture, "DONE");
}

/** What is stored of each log in R2. */
async function stored({ id }: Capture, log: LogName) {
  const folder = `captures/${id}/workload/${log === "slow" ? "slow/" : ""}`;
  const manifest = await env.BUCKET.get(`${folder}manifest.json`);
  return manifest && manifestFormat.parse(await manifest.text());
}

const keysOf = async ({ id }: Capture) =>
  (await env.BUCKET.list({ prefix: `captures/${id}/workload/` })).objects.map(({ key }) =>
    key.slice(`captures/${id}/workload/`.length),
  );

describe("a capture of both logs", () => {
  it("stores what each of them has, apart, and is DONE when both are", async () => {
    const capture = await started({ log: "both" });
    await write("SELECT 1", "SELECT 2", "SELECT 3");
    await writeSlow(["SELECT 1", 1500], ["SELECT 2", 2500]);
    await runAlarm(capture);
    const live = await runnerOf(capture).workload();
    expect(live?.manifests.map(({ log, records }) => [log, records])).toEqual([
      ["general", 2],
      ["slow", 1],
    ]);
    const series = await runnerOf(capture).series("");
    expect(Object.keys(series ?? {})).toEqual(["general", "slow"]);
    await finish(capture);
    expect(await keysOf(capture)).toEqual([
      "00000000.ndjson.deflate",
      "digest.json",
      "manifest.json",
      "series.gz",
      "slow/00000000.ndjson.deflate",
      "slow/digest.json",
      "slow/manifest.json",
      "slow/series.gz",
    ]);
    expect(await stored(capture, "general")).toMatchObject({
      log: "general",
      records: 3,
      statements: 3,
      gapCount: 0,
    });
    expect(await stored(capture, "slow")).toMatchObject({
      log: "slow",
      records: 2,
      statements: 2,
      gapCount: 0,
    });
    expect((await storedLines(capture.id, 1)).map(({ statement }) => statement)).toEqual([
      "SELECT 1",
      "SELECT 2",
      "SELECT 3",
    ]);
    const lines = (await storedLines(capture.id, 1, "slow")) as unknown as StoredSlowRecord[];
    expect(lines.map(({ statement, durationMicros, db }) => [statement, durationMicros, db])).toEqual([
      ["SELECT 1", 1500, "shop"],
      ["SELECT 2", 2500, "shop"],
    ]);
  });

  it("ends when what both have reaches its limit", async () => {
    const capture = await started({ log: "both", maxBytes: 450 });
    await write("SELECT 1", "SELECT 2", "SELECT 3");
    await writeSlow(["SELECT 1", 1500], ["SELECT 2", 2500]);
    await runAlarm(capture);
    const done = await until(cast.owner, capture, "DONE");
    expect(done.reason).toContain("450 bytes");
  });

  it("keeps what its other log has when what is kept of one can't be read", async () => {
    const capture = await started({ log: "both" });
    await write("SELECT 1", "SELECT 2");
    await writeSlow(["SELECT 1", 1500], ["SELECT 2", 2500]);
    await runAlarm(capture);
    vi.spyOn(LogCollector.prototype, "damage").mockImplementation(function (this: LogCollector) {
      return (this.manifest()?.log ?? "") === "slow" ? new Unreadable("It is damaged") : null;
    });
    await runAlarm(capture);
    vi.restoreAllMocks();
    expect((await readCapture(cast.owner, capture)).status).toBe("FAILED");
    expect(await stored(capture, "general")).toMatchObject({ records: 2, statements: 2 });
    expect(await stored(capture, "slow")).toMatchObject({
      log: "slow",
      records: 1,
      statements: 0,
      gapCount: 1,
    });
  });
});

describe("a capture of the slow log", () => {
  it("has nothing of the general log, and keeps to its threshold", async () => {
    await (await GroupLease.of(cast)).set({ general_log: "1" });
    const capture = await started({ log: "slow", minDuration: 2 });
    await write("SELECT 1", "SELECT 2", "SELECT 3");
    await writeSlow(["SELECT 1", 1500], ["SELECT 2", 2500], ["SELECT 3", 2000]);
    await runAlarm(capture);
    const done = await finish(capture);
    expect(done.reason).toBeNull();
    expect((await keysOf(capture)).filter((key) => !key.startsWith("slow/"))).toEqual([]);
    expect(await stored(capture, "slow")).toMatchObject({
      records: 2,
      minDurationMicros: 2000,
      timing: { completeSince: expect.any(Number), before: { slow_query_log: null, long_query_time: null } },
    });
    const read = await readManifests({
      store: env.BUCKET,
      ...{ id: capture.id, status: "DONE", redact: "secrets", log: "slow", minDurationMicros: 2000 },
      askRunner: async () => null,
      askRunnerForDigests: async () => null,
      askRunnerForSeries: async () => null,
      askRunnerForSpan: async () => null,
    });
    expect(read.manifests.map(({ log, records }) => [log, records])).toEqual([["slow", 2]]);
  });
});
