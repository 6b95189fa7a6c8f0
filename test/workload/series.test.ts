import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { LogName } from "../../src/logs/names.ts";
import type { WorkloadSeries } from "../../src/workload/replies.ts";
import { manifestKey, seriesKey } from "../../src/workload/stored/keys.ts";
import { emptyManifest } from "../../src/workload/stored/manifest.ts";
import { Figures } from "../../src/workload/timing/figures.ts";
import { publishSeries } from "../../src/workload/timing/series-object.ts";
import type { SeriesState } from "../../src/workload/timing/series-state.ts";
import { type Cast, createCast, expectRefusal, personWith } from "../support/api.ts";
import { captureIn, START } from "../support/stored-workload.ts";
import { UNTIMED } from "./timing/records.ts";

/* The series of a capture as the API shows it, from what is stored: how it is kept is tested in timing/. */

let cast: Cast;

beforeAll(async () => {
  cast = await createCast();
});

const FINGERPRINT = "8e1a6f0d5c3b2a47";
const FROM = START / 1000;

async function captureOf(log: LogName | "both", status = "DONE"): Promise<number> {
  const id = await captureIn(cast, status);
  await env.DB.prepare("update captures set log = ?2 where id = ?1").bind(id, log).run();
  return id;
}

/** So many statements, not timed. */
function counted(statements: number): number[] {
  const figures = new Figures();
  for (let at = 0; at < statements; at++) figures.count();
  return figures.toJSON();
}

/** So many statements of a millisecond each, one of them with an error. */
function timed(statements: number): number[] {
  const figures = new Figures();
  for (let at = 0; at < statements; at++) {
    const errno = at === 0 ? 1062 : 0;
    figures.add({ durationMicros: 1000, lockMicros: 1, rowsSent: 1, rowsExamined: 10, errno });
  }
  return figures.toJSON();
}

/** A series of steps from the start of the tests' records, of which an empty one stands for nothing that ran. */
function seriesOf(step: number, steps: readonly (number[] | null)[]): SeriesState {
  const ran = steps.flatMap((figures, at) =>
    figures === null ? [] : [{ start: FROM + at * step, figures }],
  );
  return {
    step,
    from: FROM,
    to: FROM + (steps.length - 1) * step,
    starts: ran.map(({ start }) => start),
    figures: ran.map(({ figures }) => figures),
  };
}

/** Stores the series of a log: of the whole workload, and of one statement. */
async function store(id: number, log: LogName, whole: SeriesState, ofOne?: SeriesState) {
  await publishSeries(env.BUCKET, seriesKey(id, log), {
    statements: () => (ofOne === undefined ? [] : [FINGERPRINT]),
    read: (fingerprint) => (fingerprint === "" ? whole : (ofOne ?? null)),
  });
}

const get = async (id: number, query = "") =>
  (await cast.member.get<WorkloadSeries>(`/api/captures/${id}/workload/series${query}`)).body;
const refused = async (id: number, query: string, status: number, message: string | RegExp) =>
  expectRefusal(await cast.member.get(`/api/captures/${id}/workload/series${query}`), status, message);

describe("the series of a general log", () => {
  it("has the statements of each step, those without any too, and no times", async () => {
    const id = await captureOf("general");
    await store(id, "general", seriesOf(10, [counted(3), null, counted(1)]));
    expect(await get(id)).toEqual({
      step: 10,
      points: [
        { time: "2026-11-23T05:00:00.000Z", statements: 3, ...UNTIMED },
        { time: "2026-11-23T05:00:10.000Z", statements: 0, ...UNTIMED },
        { time: "2026-11-23T05:00:20.000Z", statements: 1, ...UNTIMED },
      ],
    });
  });

  it("has longer steps on request, if those that are kept make them", async () => {
    const id = await captureOf("general");
    await store(id, "general", seriesOf(20, [counted(3), counted(4), counted(1)]));
    const { step, points } = await get(id, "?step=40");
    expect(step).toBe(40);
    expect(points.map(({ statements }) => statements)).toEqual([7, 1]);
    for (const step of ["10", "30", "50"]) {
      await refused(
        id,
        `?step=${step}`,
        400,
        "step: this capture's series is kept in steps of 20 seconds: ask for a multiple of that",
      );
    }
  });

  it("is that of one statement on request, if it has one", async () => {
    const id = await captureOf("general");
    await store(id, "general", seriesOf(10, [counted(3)]), seriesOf(10, [counted(2)]));
    const { points } = await get(id, `?fingerprint=${FINGERPRINT}`);
    expect(points.map(({ statements }) => statements)).toEqual([2]);
    await refused(id, "?fingerprint=0123456789abcdef", 404, /^fingerprint: this statement has no series/);
  });

  it.each(["SCHEDULED", "RUNNING", "DONE"])(
    "is empty when nothing was recorded and it is %s",
    async (status) => {
      const id = await captureOf("general", status);
      expect(await get(id)).toEqual({ step: 10, points: [] });
      expect(await get(id, "?step=60")).toEqual({ step: 60, points: [] });
    },
  );

  it("is 404 of a capture that was recorded before there were any", async () => {
    const id = await captureOf("general");
    const manifest = { ...emptyManifest(id, "secrets", "general"), records: 1, statements: 1 };
    await env.BUCKET.put(manifestKey(id, "general"), JSON.stringify(manifest));
    await refused(id, "", 404, "This capture has no series: it was recorded before there were any");
  });

  it.each([
    "step=0",
    "step=1.5",
    "step=ten",
    "step=10&step=20",
    "fingerprint=xyz",
    "fingerprint=",
    "steps=10",
  ])("is refused with ?%s", async (query) => refused(await captureOf("general"), `?${query}`, 400, /^\w+: /));

  it("is for members only", async () => {
    const path = `/api/captures/${await captureOf("general")}/workload/series`;
    expectRefusal(await personWith("", "", {}).get(path), 401, "Login required");
    expectRefusal(await cast.stranger.get(path), 404, "Capture's environment not found");
  });
});

describe("the series of a slow log", () => {
  it("has how long statements took in each step", async () => {
    const id = await captureOf("slow");
    await store(id, "slow", seriesOf(10, [timed(3), null]));
    const { points } = await get(id);
    expect(points).toEqual([
      {
        time: "2026-11-23T05:00:00.000Z",
        statements: 3,
        timed: 3,
        totalMicros: 3000,
        p50Micros: expect.closeTo(1000, -2),
        p95Micros: expect.closeTo(1000, -2),
        p99Micros: expect.closeTo(1000, -2),
        rowsExamined: 30,
        errors: 1,
      },
      {
        time: "2026-11-23T05:00:10.000Z",
        statements: 0,
        timed: 0,
        totalMicros: 0,
        p50Micros: null,
        p95Micros: null,
        p99Micros: null,
        rowsExamined: 0,
        errors: null,
      },
    ]);
  });

  it("is paired with the general log's: how many from there, how long from here", async () => {
    const id = await captureOf("both");
    await store(id, "general", seriesOf(10, [counted(6), counted(2), counted(1)]));
    await store(id, "slow", seriesOf(20, [timed(4)]));
    const { step, points } = await get(id);
    expect(step).toBe(20);
    expect(points.map(({ statements, timed, totalMicros }) => [statements, timed, totalMicros])).toEqual([
      [8, 4, 4000],
      [1, 0, 0],
    ]);
    await refused(id, "?step=10", 400, /^step: this capture's series is kept in steps of 20 seconds/);
  });
});
