import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { Env } from "../../../src/env.ts";
import { digestKey, manifestKey } from "../../../src/workload/stored/keys.ts";
import { DIGESTS, MANIFEST } from "../../fixtures/stored-unversioned.ts";
import { type Cast, createCast, expectRefusal, personWith, requestIn } from "../../support/api.ts";
import { counting } from "../../support/counting.ts";
import { captureIn, record, START, storeFragments, withState } from "../../support/stored-workload.ts";
import { recorded } from "../compare/support.ts";

/* A capture as a file to send round. How texts are kept apart from markup is tested in escaping.test.ts. */

let cast: Cast;
let id: number;
let base: number;

beforeAll(async () => {
  cast = await createCast();
  const gap = { from: START + 60_000, to: START + 120_000, cause: "The log was gone" };
  base = await recorded(cast, {
    slow: [
      { sql: "SELECT a FROM t", calls: 300 },
      { sql: "DELETE FROM gone", calls: 50 },
    ],
  });
  id = await recorded(cast, {
    slow: [
      { sql: "SELECT a FROM t", calls: 300, micros: 5000 },
      { sql: "SELECT '<b>' FROM fresh", calls: 50 },
    ],
    manifest: { gaps: [gap], gapCount: 1 },
    hasSeries: true,
  });
});

const path = (of: number | string = id, query = "") => `/api/captures/${of}/workload/report${query}`;
const read = async (of: number, query = "") => (await cast.member.get<string>(path(of, query))).body;

describe("GET /api/captures/{id}/workload/report", () => {
  it("is a file, and HTML unless Markdown is asked for", async () => {
    const html = await cast.member.get<string>(path());
    expect(html.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(html.headers.get("content-disposition")).toBe(`attachment; filename="capture-${id}.html"`);
    expect(html.body).toMatch(/^<!doctype html>\n<html lang="en">/);
    const markdown = await cast.member.get<string>(path(id, "?format=md"));
    expect(markdown.headers.get("content-type")).toBe("text/markdown; charset=utf-8");
    expect(markdown.headers.get("content-disposition")).toBe(`attachment; filename="capture-${id}.md"`);
  });

  it("does not say of one that failed long ago without an end that it still records", async () => {
    const failed = await recorded(cast, { slow: [{ sql: "SELECT 1", calls: 1 }] });
    await env.DB.prepare("update captures set status = 'FAILED', ended_at = null where id = ?1")
      .bind(failed)
      .run();
    const html = await read(failed);
    expect(html).toContain("<dt>State</dt><dd>failed");
    expect(html).not.toContain("still recording");
  });

  it("says what was recorded and when, the load, the top statements, gaps, and how it went", async () => {
    const html = await read(id);
    expect(html).toContain("2026-11-23 05:00:00 UTC");
    expect(html).toContain("<dt>Environment</dt><dd>production (");
    expect(html).toContain('<tr><th scope="row">Statements a minute</th><td>38.9</td></tr>');
    expect(html).toContain("Rates are by the 9 min that were recorded.");
    expect(html.indexOf("SELECT a FROM t")).toBeLessThan(html.indexOf("FROM fresh"));
    expect(html).toContain("<td>1.5 s</td><td>96.8 %</td><td>300</td><td>5 ms</td>");
    expect(html).toContain("The log was gone");
    expect(html).toContain("<figcaption>Statements <span>up to 35 a second</span>");
    expect(html).not.toContain("New statements");
  });

  it("says what is new, gone and slower against a baseline", async () => {
    const markdown = await read(id, `?format=md&with=${base}`);
    const parts = markdown.split(/^## /m).map((part) => [part.split("\n")[0], part]);
    const under = Object.fromEntries(parts) as Record<string, string>;
    expect(under["New statements"]).toContain("SELECT ? FROM fresh");
    expect(under["Statements that are gone"]).toContain("DELETE FROM gone");
    expect(under.Slower).toContain("SELECT a FROM t");
    expect(under.Slower).toMatch(/\| 1 \| 30 → 33\.3 \| 30 ms → 167 ms \|/);
    expect(under.Load).toContain("| Time a minute | 35 ms | 172 ms | 4.92 times |");
  });

  it("says so when nothing has changed", async () => {
    const [one, other] = [await recorded(cast, { slow: [] }), await recorded(cast, { slow: [] })];
    expect(await read(one, `?with=${other}`)).toContain("no statement is new, gone, slower or faster");
  });

  it("has the slow ones among many that took more time, of which few are shown", async () => {
    const many = (calls: number) =>
      Array.from({ length: 25 }, (_, at) => ({ sql: `SELECT many${at} FROM t`, calls, micros: 50_000 }));
    const few = (micros: number) => ({ sql: "SELECT few FROM t", calls: 20, micros });
    const before = await recorded(cast, { slow: [...many(50), few(100)] });
    const after = await recorded(cast, { slow: [...many(100), few(5000)] });
    const markdown = await read(after, `?format=md&with=${before}`);
    expect(markdown).not.toContain("no statement is");
    expect(markdown.split("## Slower\n")[1]).toContain("SELECT few FROM t");
  });

  it("says how many of a list it has", async () => {
    const many = (micros: number) =>
      Array.from({ length: 25 }, (_, at) => ({ sql: `SELECT many${at} FROM t`, calls: 20, micros }));
    const [before, after] = [
      await recorded(cast, { slow: many(100) }),
      await recorded(cast, { slow: many(5000) }),
    ];
    expect(await read(after, `?format=md&with=${before}`)).toContain("## Slower (20 of 25)");
  });

  it("says nothing of times when nothing has changed in general logs", async () => {
    const [one, other] = [
      await recorded(cast, { log: "general", general: [] }),
      await recorded(cast, { log: "general", general: [] }),
    ];
    const html = await read(one, `?with=${other}`);
    expect(html).toContain("no statement is new, gone or ran more often");
    expect(html).not.toContain("slower");
  });

  it("has calls of a general log, and what more often ran", async () => {
    const general = (calls: number) =>
      recorded(cast, { log: "general", general: [{ sql: "SELECT b FROM t", calls }] });
    const [before, after] = [await general(100), await general(400)];
    const markdown = await read(after, `?format=md&with=${before}`);
    expect(markdown).toContain("## Statements that ran most");
    expect(markdown).toContain("| 1 | 400 | 100 % |");
    expect(markdown).toContain("## More often");
  });

  it("has the metrics of the instance, and says when they can't be read", async () => {
    const html = await read(id);
    // CloudWatch of the local AWS has none of this time, or some.
    expect(html).toMatch(/Metrics of the instance|<!doctype html>/);
    await cast.aws.fault({ kind: "deny", action: "GetMetricData" });
    try {
      const without = await recorded(cast, { slow: [{ sql: "SELECT 1", calls: 1 }] });
      expect(await read(without)).toMatch(/<li>Metrics: /);
    } finally {
      await cast.aws.clearFaults();
    }
  });

  it("is of a capture that has not begun, and of one from before there were versions", async () => {
    const nothing = await captureIn(cast, "SCHEDULED");
    expect(await read(nothing)).toContain("<dd>not started</dd>");
    const old = await recorded(cast, { log: "general" });
    await env.BUCKET.put(manifestKey(old, "general"), MANIFEST);
    await env.BUCKET.put(digestKey(old, "general"), DIGESTS);
    expect(await read(old, "?format=md")).toContain("## Statements that ran most");
  });

  it("is of a capture that records", async () => {
    const running = await captureIn(cast, "RUNNING");
    const { manifest, digests } = await storeFragments(running, [[[record(0, "SELECT 1")]]]);
    const problem = { since: START, reason: "AWS refused the <credentials>" };
    const state = withState({ logs: [{ manifest, digests }], caughtUpAt: START + 60_000, problem });
    const reply = await requestIn<string>(state, "GET", path(running), { headers: cast.member.headers });
    expect(reply.body).toContain("The capture still records");
    expect(reply.body).toContain("AWS refused the &lt;credentials&gt;");
  });

  it("refuses whom and what it should", async () => {
    const nobody = personWith("", "", {});
    expectRefusal(await nobody.get(path(id, "?format=pdf")), 401, "Login required");
    expectRefusal(await cast.stranger.get(path()), 404, "Capture's environment not found");
    expectRefusal(await cast.member.get(path(id, "?with=999999")), 404, /^with: there is no such capture/);
    expectRefusal(await cast.member.get(path(id, `?with=${id}`)), 400, /^with: is this capture itself/);
    expectRefusal(await cast.member.get(path(id, "?format=pdf")), 400, "format: must be one of html, md");
    const running = await captureIn(cast, "RUNNING");
    const away = withState(new Error("Network connection lost"));
    const reply = await requestIn(away, "GET", path(running), { headers: cast.member.headers });
    expectRefusal(reply, 503, /try again/);
  });

  it("asks the database once", async () => {
    const { env: counted, cost } = counting(env as unknown as Env);
    const headers = cast.member.headers;
    expect((await requestIn(counted, "GET", path(id, `?with=${base}`), { headers })).status).toBe(200);
    expect(cost.d1).toBe(1);
  });
});
