import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { LogName } from "../../src/logs/names.ts";
import type { WorkloadSpan } from "../../src/workload/replies.ts";
import { manifestKey, seriesKey } from "../../src/workload/stored/keys.ts";
import { emptyManifest } from "../../src/workload/stored/manifest.ts";
import { Figures } from "../../src/workload/timing/figures.ts";
import { publishSeries } from "../../src/workload/timing/series-object.ts";
import type { SeriesState } from "../../src/workload/timing/series-state.ts";
import { type Cast, createCast, expectRefusal, personWith } from "../support/api.ts";
import { captureIn, START } from "../support/stored-workload.ts";
import { UNTIMED } from "./timing/records.ts";

/* What ran in a part of a capture's time as the API shows it, from what is stored: what is kept is tested in timing/. */

let cast: Cast;

beforeAll(async () => {
  cast = await createCast();
});

const OFTEN = "8e1a6f0d5c3b2a47";
const LONG = "1111222233334444";
const FROM = START / 1000;

async function captureOf(log: LogName | "both", status = "DONE"): Promise<number> {
  const id = await captureIn(cast, status);
  await env.DB.prepare("update captures set log = ?2 where id = ?1").bind(id, log).run();
  return id;
}

/** So many statements, of so many microseconds each; without these, not timed. */
function ran(statements: number, durationMicros?: number): number[] {
  const figures = new Figures();
  for (let at = 0; at < statements; at++) {
    if (durationMicros === undefined) figures.count();
    else figures.add({ durationMicros, lockMicros: 0, rowsSent: 1, rowsExamined: 10, errno: 0 });
  }
  return figures.toJSON();
}

/** Stores series of steps of ten seconds from the start of the tests' records, "" that of the whole workload. */
async function store(id: number, log: LogName, series: Record<string, number[][]>): Promise<void> {
  const states = new Map(
    Object.entries(series).map(([of, figures]): [string, SeriesState] => {
      const starts = figures.map((_, at) => FROM + at * 10);
      return [of, { step: 10, from: FROM, to: FROM + 20, starts, figures }];
    }),
  );
  await publishSeries(env.BUCKET, seriesKey(id, log), {
    statements: () => [...states.keys()].filter((of) => of !== ""),
    read: (of) => states.get(of) ?? null,
  });
}

const path = (id: number, query = "") => `/api/captures/${id}/workload/series/statements${query}`;
const get = async (id: number, query = "") => (await cast.member.get<WorkloadSpan>(path(id, query))).body;

describe("what ran in a part of a capture's time", () => {
  it("is the sums of the steps that are in it, at least in part, of all and of each statement that ran then", async () => {
    const id = await captureOf("general");
    await store(id, "general", {
      "": [ran(3), ran(20), ran(100)],
      [OFTEN]: [ran(2), ran(15), ran(90)],
      [LONG]: [ran(1)],
    });
    expect(await get(id, "?from=2026-11-23T05:00:15Z&to=2026-11-23T05:00:20.001Z")).toEqual({
      step: 10,
      from: "2026-11-23T05:00:10.000Z",
      to: "2026-11-23T05:00:30.000Z",
      whole: { statements: 120, ...UNTIMED },
      statements: [{ fingerprint: OFTEN, since: "2026-11-23T05:00:00.000Z", statements: 105, ...UNTIMED }],
    });
    expect((await get(id, "?to=2026-11-23T05:00:20Z")).whole.statements).toBe(23);
    const { from, to, whole, statements } = await get(id);
    expect([from, to]).toEqual(["2026-11-23T05:00:00.000Z", "2026-11-23T05:00:30.000Z"]);
    expect(whole.statements).toBe(123);
    expect(statements.map(({ statements: calls }) => calls)).toEqual([107, 1]);
  });

  it("has the times of a slow log, percentiles of all calls in it, and most time first", async () => {
    const id = await captureOf("slow");
    await store(id, "slow", {
      "": [ran(99, 1000), ran(1, 500_000)],
      [OFTEN]: [ran(99, 1000)],
      [LONG]: [[0], ran(1, 500_000)],
    });
    const { whole, statements } = await get(id);
    expect(whole).toMatchObject({ statements: 100, timed: 100, totalMicros: 599_000, errors: 0 });
    expect(whole.p50Micros).toBeCloseTo(1000, -2);
    expect(statements.map(({ fingerprint, totalMicros }) => [fingerprint, totalMicros])).toEqual([
      [LONG, 500_000],
      [OFTEN, 99_000],
    ]);
  });

  it("is paired of both logs, and what only the slow log has a series of has that log's count", async () => {
    const id = await captureOf("both");
    await store(id, "general", { "": [ran(10)], [OFTEN]: [ran(8)] });
    await store(id, "slow", { "": [ran(5, 1000)], [OFTEN]: [ran(4, 1000)], [LONG]: [ran(1, 1000)] });
    const { whole, statements } = await get(id);
    expect(whole).toMatchObject({ statements: 10, timed: 5, totalMicros: 5000 });
    expect(statements).toMatchObject([
      { fingerprint: OFTEN, statements: 8, timed: 4 },
      { fingerprint: LONG, statements: 1, timed: 1 },
    ]);
  });

  it("is nothing where the capture has no step in it", async () => {
    const id = await captureOf("general");
    await store(id, "general", { "": [ran(3)], [OFTEN]: [ran(3)] });
    expect(await get(id, "?from=2026-11-23T06:00:00Z")).toEqual({
      step: 10,
      from: null,
      to: null,
      whole: { statements: 0, ...UNTIMED },
      statements: [],
    });
  });

  it.each(["SCHEDULED", "RUNNING", "DONE"])(
    "is nothing when nothing was recorded and the capture is %s",
    async (status) => {
      expect(await get(await captureOf("general", status))).toMatchObject({ from: null, statements: [] });
    },
  );

  it("is CSV on request", async () => {
    const id = await captureOf("general");
    await store(id, "general", { "": [ran(3)], [OFTEN]: [ran(2)] });
    const reply = await cast.member.get<string>(path(id, "?format=csv"));
    expect(reply.body).toMatch(
      /^fingerprint,since,statements,.*\r\n8e1a6f0d5c3b2a47,2026-11-23T05:00:00.000Z,2,/,
    );
  });

  it("is 404 of a capture that was recorded before there were series", async () => {
    const id = await captureOf("general");
    const manifest = { ...emptyManifest(id, "secrets", "general"), records: 1, statements: 1 };
    await env.BUCKET.put(manifestKey(id, "general"), JSON.stringify(manifest));
    const refused = await cast.member.get(path(id));
    expectRefusal(refused, 404, "This capture has no series: it was recorded before there were any");
  });

  it.each([
    "from=yesterday",
    "to=5",
    "from=2026-11-23T05:00:00Z&to=2026-11-23T05:00:00Z",
    "from=2026-11-23&from=2026-11-24",
    "fingerprint=8e1a6f0d5c3b2a47",
  ])("is refused with ?%s", async (query) => {
    expectRefusal(await cast.member.get(path(await captureOf("general"), `?${query}`)), 400, /^\w+: /);
  });

  it("is for members only", async () => {
    const id = await captureOf("general");
    expectRefusal(await personWith("", "", {}).get(path(id)), 401, "Login required");
    expectRefusal(await cast.stranger.get(path(id)), 404, "Capture's environment not found");
  });
});
