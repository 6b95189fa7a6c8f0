import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { Env } from "../../../src/env.ts";
import type { Comparison } from "../../../src/workload/compare/replies.ts";
import { digestKey, manifestKey } from "../../../src/workload/stored/keys.ts";
import { DIGESTS, MANIFEST } from "../../fixtures/stored-unversioned.ts";
import {
  addMember,
  type Cast,
  createCast,
  createEnvironment,
  expectRefusal,
  personWith,
  requestIn,
} from "../../support/api.ts";
import { counting } from "../../support/counting.ts";
import { captureIn, record, START, storeFragments, withState } from "../../support/stored-workload.ts";
import { compare, recorded } from "./support.ts";

/* Who may compare captures, what is refused, and where what is compared comes from. */

let cast: Cast;
let id: number;
let base: number;

beforeAll(async () => {
  cast = await createCast();
  base = await recorded(cast, { slow: [{ sql: "SELECT 1", calls: 100 }] });
  id = await recorded(cast, {
    slow: [
      { sql: "SELECT 1", calls: 300 },
      { sql: "=1", calls: 20 },
    ],
  });
});

const path = (of: number | string = id, query = `with=${base}`) =>
  `/api/captures/${of}/workload/compare?${query}`;

describe("GET /api/captures/{id}/workload/compare", () => {
  it("is for members, and 401 for who is not signed in, whatever the query", async () => {
    for (const person of [cast.owner, cast.member, cast.admin])
      expect((await person.get(path())).status).toBe(200);
    const nobody = personWith("", "", {});
    expectRefusal(await nobody.get(path()), 401, "Login required");
    expectRefusal(await nobody.get(path(id, "with=x")), 401, "Login required");
  });

  it("answers a stranger as if there were no such captures", async () => {
    expectRefusal(await cast.stranger.get(path()), 404, "Capture's environment not found");
    expectRefusal(await cast.member.get(path(999_999)), 404, "Capture's environment not found");
    const other = "with: there is no such capture in an environment of yours";
    expectRefusal(await cast.member.get(path(id, "with=999999")), 404, other);
  });

  it("compares captures of two environments for a member of both, and of no other", async () => {
    const { environment } = await createEnvironment(cast.admin);
    const there = await recorded(cast, { slow: [{ sql: "SELECT 1", calls: 5 }], envId: environment.id });
    const refusal = "with: there is no such capture in an environment of yours";
    expectRefusal(await cast.member.get(path(id, `with=${there}`)), 404, refusal);
    expectRefusal(await cast.member.get(path(there, `with=${id}`)), 404, "Capture's environment not found");
    await addMember(cast.admin, environment.id, cast.member);
    const { notes } = await compare(cast.member, id, there);
    expect(notes).toEqual([expect.stringMatching(/^The captures are of different environments/)]);
  });

  it("knows no deleted capture", async () => {
    const deleted = await recorded(cast, { slow: [] });
    await cast.owner.delete(`/api/captures/${deleted}`);
    expectRefusal(await cast.owner.get(path(deleted)), 404, "Capture's environment not found");
    expectRefusal(await cast.owner.get(path(id, `with=${deleted}`)), 404, /^with: /);
  });

  it("does not compare a capture with itself", async () => {
    expectRefusal(await cast.member.get(path(id, `with=${id}`)), 400, /^with: is this capture itself/);
  });

  it.each([
    ["", /^with: is required$/],
    ["with=1&with=2", /^with: may be given once only$/],
    ["with=one", /^with: must be a positive integer$/],
    ["with=1&minCalls=-1", /^minCalls: must be a whole number/],
    ["with=1&minChange=x", /^minChange: must be a number/],
    ["with=1&minChange=1001", /^minChange: must be a number/],
    ["with=1&order=p99", /^order: must be one of time, calls, p50, p95, rows$/],
    ["with=1&change=better", /^change: must be one of slower, /],
    ["with=1&limit=1001", /^limit: /],
    ["with=1&cursor=no.1.0", /^cursor: must be one of next$/],
    ["with=1&format=csv&limit=5", /^format: csv has all statements/],
    ["with=1&nope=1", /^nope: not known here$/],
  ])("refuses %j", async (query, message) => {
    expectRefusal(await cast.member.get(path(id, query)), 400, message);
  });

  it("asks the database once", async () => {
    const { env: counted, cost } = counting(env as unknown as Env);
    const reply = await requestIn(counted, "GET", path(), { headers: cast.member.headers });
    expect(reply.status).toBe(200);
    expect(cost).toMatchObject({ d1: 1, objects: 0 });
  });

  it("is a file of CSV with every statement on request", async () => {
    const reply = await cast.member.get<string>(path(id, `with=${base}&format=csv`));
    expect(reply.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    expect(reply.headers.get("content-disposition")).toBe(
      `attachment; filename="capture-${id}-compared-with-${base}.csv"`,
    );
    const [names, ...rows] = reply.body.trimEnd().split("\r\n");
    expect(names).toMatch(
      /^fingerprint,part,unknown,isSure,changes,ratios\.calls,.*,base\.calls,.*,this\.calls,.*,digest$/,
    );
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatch(/^[0-9a-f]{16},new,,true,,,,,,,,.*,20,0,2,.*,'= \?$/);
    expect(rows[1]).toMatch(
      /^[0-9a-f]{16},changed,,true,more-calls more-time,3,3,1,1,1,100,0,10,.*,300,0,30,.*SELECT \?$/,
    );
  });
});

describe("what is compared", () => {
  it("is the runner's while a capture records, until where the log was read", async () => {
    const running = await captureIn(cast, "RUNNING");
    const set = "update captures set started_at = ?2 where id = ?1";
    await env.DB.prepare(set).bind(running, START).run();
    const { manifest, digests } = await storeFragments(running, [
      [[record(0, "SELECT 1"), record(5, "SELECT 2")]],
    ]);
    const state = { logs: [{ manifest, digests }], caughtUpAt: START + 4 * 60_000, problem: null };
    const general = await recorded(cast, { log: "general", general: [{ sql: "SELECT 1", calls: 5 }] });
    // Of two captures only the one that runs is asked for.
    const reply = await requestIn<Comparison>(withState(state), "GET", path(running, `with=${general}`), {
      headers: cast.member.headers,
    });
    expect(reply.body.this).toMatchObject({
      status: "RUNNING",
      minutes: 4,
      statements: 2,
      perMinute: { statements: 0.5 },
    });
    expect(reply.body.notes).toEqual([expect.stringMatching(/still records/)]);
    const unread = { ...state, caughtUpAt: null };
    const early = await requestIn<Comparison>(withState(unread), "GET", path(general, `with=${running}`), {
      headers: cast.member.headers,
    });
    expect(early.body.base).toMatchObject({ minutes: expect.closeTo(0, 2), statements: 2 });
  });

  it("is 503 while the runner is away", async () => {
    const running = await captureIn(cast, "RUNNING");
    const away = withState(new Error("Network connection lost"));
    const reply = await requestIn(away, "GET", path(id, `with=${running}`), { headers: cast.member.headers });
    expectRefusal(reply, 503, /try again/);
  });

  it("is 503 while R2 is away", async () => {
    const lost = async () => {
      throw new Error("get: We encountered an internal error. Please try again. (10001)");
    };
    const BUCKET = { get: lost } as unknown as Env["BUCKET"];
    const reply = await requestIn({ BUCKET }, "GET", path(), { headers: cast.member.headers });
    expectRefusal(reply, 503, /try again/);
  });

  it("may have been stored before there were versions", async () => {
    const old = await recorded(cast, { log: "general" });
    await env.BUCKET.put(manifestKey(old, "general"), MANIFEST);
    await env.BUCKET.put(digestKey(old, "general"), DIGESTS);
    const { this: shown, counts } = await compare(cast.member, old, base, "&minChange=0");
    expect(shown).toMatchObject({ log: "general", statements: 3, rowsExamined: null });
    // By rules of then: what seems to be new may be none.
    expect(counts).toMatchObject({ new: 0, gone: 0 });
  });

  it("may be a capture that failed without a record", async () => {
    const failed = await captureIn(cast, "FAILED");
    const { this: shown, notes } = await compare(cast.member, failed, base);
    expect(shown).toMatchObject({ status: "FAILED", minutes: 0, statements: 0 });
    expect(notes).toContainEqual(expect.stringMatching(/has recorded nothing/));
  });
});
