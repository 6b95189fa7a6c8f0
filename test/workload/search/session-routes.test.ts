import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { WorkloadSession } from "../../../src/workload/search/replies.ts";
import { fragmentKey } from "../../../src/workload/stored/keys.ts";
import { type Cast, createCast, expectRefusal, request, requestIn } from "../../support/api.ts";
import { captureIn, iso, START, withState } from "../../support/stored-workload.ts";
import { captureOf, pagesOf, recordsOf } from "./stored-captures.ts";
import type { Said } from "./support.ts";

let cast: Cast;

beforeAll(async () => {
  cast = await createCast();
});

const sessionOf = (id: number, threadId: number | string, query = "") =>
  cast.member.get<WorkloadSession>(`/api/captures/${id}/workload/sessions/${threadId}${query}`);

describe("GET /api/captures/{id}/workload/sessions/{threadId}", () => {
  const SESSION: Said[] = [
    { at: 0, statement: "app@10.0.0.7 on shop", command: "Connect" },
    { at: 10, statement: "BEGIN" },
    { at: 20, statement: "SELECT 1" },
    { at: 30, statement: "UPDATE t SET a = 1" },
    { at: 40, statement: "COMMIT" },
    { at: 50, statement: "SELECT 2" },
    { at: 60, statement: "BEGIN" },
    { at: 70, statement: "SELECT 3" },
  ].map((said) => ({ ...said, threadId: 17 }));
  const OTHERS: Said[] = [
    { at: 15, statement: "COMMIT", threadId: 1 },
    { at: 25, statement: "SELECT 17", threadId: 171 },
  ];
  const ALL = [...SESSION, ...OTHERS].sort((a, b) => a.at - b.at);

  it("has one connection's records in order, and its transactions", async () => {
    const { id } = await captureOf(cast, { general: [ALL.slice(0, 4), ALL.slice(4)] });
    const { body } = await sessionOf(id, 17);
    expect(body.records.map(({ statement }) => statement)).toEqual(SESSION.map(({ statement }) => statement));
    expect(body).toEqual({
      threadId: 17,
      log: "general",
      user: "app",
      host: "10.0.0.7",
      first: "2026-11-23T05:00:00.000007Z",
      last: "2026-11-23T05:00:00.070007Z",
      transactions: [
        {
          begin: "2026-11-23T05:00:00.010007Z",
          end: "2026-11-23T05:00:00.040007Z",
          statements: 2,
          durationMicros: 30_000,
          outcome: "commit",
        },
        {
          begin: "2026-11-23T05:00:00.060007Z",
          end: null,
          statements: 1,
          durationMicros: null,
          outcome: "open",
        },
      ],
      records: body.records,
      next: null,
      missing: [],
    });
  });

  it("has the same transactions page by page, each once, and from first to last what is known", async () => {
    const { id } = await captureOf(cast, { general: [ALL.slice(0, 4), ALL.slice(4)] });
    const whole = (await sessionOf(id, 17)).body;
    for (const limit of [1, 2, 3, 7]) {
      const pages = await pagesOf((more) => sessionOf(id, 17, `?limit=${limit}${more}`));
      expect(pages.flatMap(({ records }) => records)).toEqual(whole.records);
      expect(pages.flatMap(({ transactions }) => transactions ?? [])).toEqual(whole.transactions);
      expect(pages.at(-1)).toMatchObject({
        first: whole.first,
        last: whole.last,
        user: "app",
        host: "10.0.0.7",
      });
      expect(new Set(pages.map(({ first }) => first))).toEqual(new Set([whole.first]));
    }
  });

  it("has a part of its time on request", async () => {
    const { id } = await captureOf(cast, { general: [ALL] });
    const { body } = await sessionOf(id, 17, `?from=${iso(20)}&to=${iso(50)}`);
    expect(body.records.map(({ statement }) => statement)).toEqual([
      "SELECT 1",
      "UPDATE t SET a = 1",
      "COMMIT",
    ]);
    expect(body.transactions).toEqual([]);
  });

  it("says that a transaction's outcome is unknown where records are missing in it", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const lost = await captureOf(cast, {
      general: [SESSION.slice(0, 3), SESSION.slice(3, 5), SESSION.slice(5, 6)],
    });
    await env.BUCKET.delete(fragmentKey(lost.id, 1, "general"));
    const gap = { from: START + 20, to: START + 50, cause: "The log was gone" };
    const gone = await captureOf(
      cast,
      { general: [[...SESSION.slice(0, 3), ...SESSION.slice(5)]] },
      { manifest: { gaps: [gap], gapCount: 1 } },
    );
    const unknown = { begin: "2026-11-23T05:00:00.010007Z", end: null, statements: 1, outcome: "unknown" };
    expect((await sessionOf(lost.id, 17)).body).toMatchObject({
      transactions: [unknown],
      missing: [{ fragments: 1 }],
    });
    const { body } = await sessionOf(gone.id, 17);
    expect(body).toMatchObject({ transactions: [unknown, { outcome: "open", statements: 1 }], missing: [] });
    const pages = await pagesOf((more) => sessionOf(lost.id, 17, `?limit=1${more}`));
    expect(pages.flatMap(({ transactions }) => transactions)).toMatchObject([unknown]);
  });

  it("is of the slow log on request, whose transactions are unknown where it has long statements only", async () => {
    const timed = SESSION.slice(1).map((said) => ({ ...said, errno: 0 }));
    const { id } = await captureOf(cast, { general: [SESSION], slow: [timed] }, { log: "both" });
    const { body } = await sessionOf(id, 17, "?log=slow");
    expect(body).toMatchObject({ log: "slow", transactions: [{ outcome: "commit" }, { outcome: "open" }] });
    const long = await captureOf(
      cast,
      { slow: [timed] },
      { log: "slow", manifest: { minDurationMicros: 1000 } },
    );
    expect((await sessionOf(long.id, 17)).body).toMatchObject({ log: "slow", transactions: null });
    expectRefusal(
      await sessionOf(long.id, 17, "?log=general"),
      400,
      "log: this capture is not made of that log",
    );
  });

  it("is of a capture of version 1, and of one that runs", async () => {
    const old = await captureOf(cast, { general: [ALL] }, { version: 1 });
    const { body } = await sessionOf(old.id, 17);
    expect(body.records[2]).toMatchObject({ statement: "SELECT 1", fingerprint: expect.any(String) });
    const { id, memories } = await captureOf(cast, { general: [ALL] }, { status: "RUNNING" });
    const logs = memories.map(({ manifest }) => ({
      manifest,
      digests: { capacity: 1, total: 0, entries: [] },
    }));
    const path = `/api/captures/${id}/workload/sessions/17`;
    const options = { headers: cast.member.headers };
    const state = withState({ logs, caughtUpAt: null, problem: null });
    expect((await requestIn(state, "GET", path, options)).body).toMatchObject({ threadId: 17, next: null });
    const away = await requestIn(withState(new Error("Network connection lost")), "GET", path, options);
    expectRefusal(away, 503, /can't be read just now/);
  });

  it("is 404 where the capture has no record of it", async () => {
    const { id } = await captureOf(cast, { general: [ALL] });
    const words = "The capture has no record of this thread in the log and time that were asked for";
    expectRefusal(await sessionOf(id, 7), 404, words);
    expectRefusal(await sessionOf(id, 17, `?from=${iso(1000)}`), 404, words);
    expectRefusal(await sessionOf(await captureIn(cast, "DONE"), 17), 404, words);
  });

  it("is empty and not 404 where what is missing may have it", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const { id } = await captureOf(cast, {
      general: [ALL, [{ at: 9000, statement: "SELECT 9", threadId: 99 }]],
    });
    await env.BUCKET.delete(fragmentKey(id, 1, "general"));
    const { status, body } = await sessionOf(id, 99);
    expect(status).toBe(200);
    expect(body).toMatchObject({ threadId: 99, user: null, first: null, records: [], next: null });
    expect(body.missing).toMatchObject([{ fragments: 1 }]);
  });

  it.each([
    ["one", "", /^threadId: must be the number of a thread/],
    ["17", "?limit=0", /^limit: /],
    ["17", "?order=newest", /^order: not known here/],
    ["17", "?cursor=nonsense", /^cursor: is not one of this search/],
  ])("is refused for %j with %j", async (threadId, query, message) => {
    const { id } = await captureOf(cast, { general: [ALL] });
    expectRefusal(await sessionOf(id, threadId, query), 400, message);
  });

  it("takes no cursor of another session, nor of other records", async () => {
    const { id } = await captureOf(cast, { general: [ALL] });
    const { body } = await sessionOf(id, 17, "?limit=1");
    expectRefusal(await sessionOf(id, 171, `?cursor=${body.next}`), 400, /^cursor: /);
    expectRefusal(await recordsOf(cast, id, `?threadId=17&cursor=${body.next}`), 400, /^cursor: /);
    const records = await recordsOf(cast, id, "?threadId=17&limit=1");
    expectRefusal(await sessionOf(id, 17, `?cursor=${records.body.next}`), 400, /^cursor: /);
  });

  it("is answered to HEAD without a body", async () => {
    const { id } = await captureOf(cast, { general: [ALL] });
    const reply = await request("HEAD", `/api/captures/${id}/workload/sessions/17`, {
      headers: cast.member.headers,
    });
    expect(reply.status).toBe(200);
  });
});
