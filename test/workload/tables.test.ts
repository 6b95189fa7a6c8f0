import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { seriesKey } from "../../src/workload/stored/keys.ts";
import { publishSeries } from "../../src/workload/timing/series-object.ts";
import { type Cast, createCast, expectRefusal } from "../support/api.ts";
import { ended, record, START } from "../support/stored-workload.ts";

/* The tables of a workload as CSV: how cells are written is tested with lib/csv.ts. */

let cast: Cast;
beforeAll(async () => {
  cast = await createCast();
});

const get = (id: number, path: string) => cast.member.get<string>(`/api/captures/${id}/workload/${path}`);

describe("a table of a workload", () => {
  it("of statements is a file of CSV on request", async () => {
    const { id } = await ended(cast, [[[record(0, "-- =1\nSELECT 'a,b' AS x"), record(5, "DELETE FROM t")]]]);
    const reply = await get(id, "digest?format=csv");
    expect(reply.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    expect(reply.headers.get("content-disposition")).toBe(
      `attachment; filename="capture-${id}-statements.csv"`,
    );
    const [names, ...rows] = reply.body.trimEnd().split("\r\n");
    expect(names).toMatch(/^fingerprint,count,overcount,share,firstSeen,.*,digest,example,reads,writes$/);
    expect(rows).toHaveLength(2);
    // Not timed: no figures. A comment is no formula, and is defused all the same.
    expect(reply.body).toMatch(
      /^[0-9a-f]{16},1,0,0\.5,2026-11-23T05:00:00\.000007Z,2026-11-23T05:00:00\.000007Z,{15}.*,"'-- =1\nSELECT 'a,b' AS x",,\r$/m,
    );
    expect(reply.body).toMatch(/,DELETE FROM t,,t\r$/m);
    expect((await get(id, "digest?format=csv&limit=1")).body.trimEnd().split("\r\n")).toHaveLength(2);
  });

  it("of a series is a file of CSV on request, empty where there is none", async () => {
    const { id } = await ended(cast, [[[record(0, "SELECT 1")]]]);
    await publishSeries(env.BUCKET, seriesKey(id, "general"), {
      statements: () => [],
      read: () => ({
        step: 10,
        from: START / 1000,
        to: START / 1000,
        starts: [START / 1000],
        figures: [[3]],
      }),
    });
    const reply = await get(id, "series?format=csv");
    expect(reply.headers.get("content-disposition")).toBe(`attachment; filename="capture-${id}-series.csv"`);
    expect(reply.body).toBe(
      "time,statements,timed,totalMicros,p50Micros,p95Micros,p99Micros,rowsExamined,errors\r\n" +
        "2026-11-23T05:00:00.000Z,3,,,,,,,\r\n",
    );
  });

  it.each(["digest", "series"])("refuses another format: %s", async (table) => {
    const { id } = await ended(cast, [[[record(0, "SELECT 1")]]]);
    expectRefusal(await get(id, `${table}?format=xlsx`), 400, "format: must be one of json, csv");
  });
});
