import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { Env } from "../../src/env.ts";
import type { Workload, WorkloadDigest } from "../../src/workload/replies.ts";
import { digestKey, manifestKey } from "../../src/workload/stored/keys.ts";
import { DIGESTS, MANIFEST } from "../fixtures/stored-unversioned.ts";
import {
  type Cast,
  createCast,
  expectRefusal,
  linesOf,
  type Person,
  personWith,
  requestIn,
} from "../support/api.ts";
import {
  captureIn,
  download,
  downloadLog,
  ended,
  iso,
  ndjson,
  record,
  START,
  storeFragments,
  unzip,
  withState,
} from "../support/stored-workload.ts";

const CAPTURES_ENVIRONMENT = "Capture's environment not found";

let cast: Cast;

beforeAll(async () => {
  cast = await createCast();
});

const PATHS = [
  "workload",
  "workload/amazon",
  "workload/digest",
  "workload/records",
  "workload/sessions/8",
  "workload/download",
  "workload/download?format=log",
];

afterEach(() => vi.useRealTimers());

describe.each(PATHS)("GET /api/captures/{id}/%s", (path) => {
  let id: number;

  beforeAll(async () => {
    ({ id } = await ended(cast, [[[record(0, "SELECT 1")]]]));
  });

  it.each<[string, () => Person]>([
    ["the owner", () => cast.owner],
    ["a member", () => cast.member],
    ["an admin", () => cast.admin],
  ])("serves %s", async (_, person) => {
    expect((await person().get(`/api/captures/${id}/${path}`)).status).toBe(200);
  });

  it("answers 401 to somebody who is not signed in, whatever the query", async () => {
    const nobody = personWith("", "", {});
    expectRefusal(await nobody.get(`/api/captures/${id}/${path}`), 401, "Login required");
    const query = path.includes("?") ? "&from=never" : "?limit=never";
    expectRefusal(await nobody.get(`/api/captures/${id}/${path}${query}`), 401, "Login required");
  });

  it("answers a stranger as if there were no such capture", async () => {
    expectRefusal(await cast.stranger.get(`/api/captures/${id}/${path}`), 404, CAPTURES_ENVIRONMENT);
    expectRefusal(await cast.member.get(`/api/captures/999999/${path}`), 404, CAPTURES_ENVIRONMENT);
  });

  it("is 404 once the capture is deleted", async () => {
    const { id: deleted } = await ended(cast, [[[record(0, "SELECT 1")]]]);
    await cast.owner.delete(`/api/captures/${deleted}`);
    expectRefusal(await cast.owner.get(`/api/captures/${deleted}/${path}`), 404, CAPTURES_ENVIRONMENT);
  });
});

describe("a capture that has captured nothing", () => {
  it.each(["SCHEDULED", "STARTING", "RUNNING", "STOPPING", "DONE", "FAILED"])(
    "has an empty workload when %s",
    async (status) => {
      const id = await captureIn(cast, status);
      const { body } = await cast.member.get<Workload>(`/api/captures/${id}/workload`);
      expect(body).toEqual({
        log: "general",
        minDuration: null,
        records: 0,
        statements: 0,
        commands: {},
        bytes: 0,
        strayBytes: 0,
        storedBytes: 0,
        fragments: 0,
        firstRecord: null,
        lastRecord: null,
        gaps: [],
        gapCount: 0,
        logs: [
          {
            log: "general",
            records: 0,
            statements: 0,
            bytes: 0,
            strayBytes: 0,
            storedBytes: 0,
            fragments: 0,
            firstRecord: null,
            lastRecord: null,
            gapCount: 0,
          },
        ],
        timing: null,
        leftOut: { total: 0, users: [] },
        redact: "secrets",
        digestVersion: 2,
        live: status === "RUNNING" || status === "STOPPING" ? { behindBy: null, problem: null } : null,
      });
      expect((await cast.member.get(`/api/captures/${id}/workload/digest`)).body).toEqual([]);
      expect(unzip(await download(cast.member, id))).toBe("");
      expect(unzip(await download(cast.member, id, `?from=${iso(0)}`))).toBe("");
      expect(await downloadLog(cast.member, id)).toBe("");
    },
  );
});

describe("the manifest", () => {
  it("says what was stored, with times in ISO 8601", async () => {
    const records = [record(0, "", "Quit"), record(5, "SELECT 1"), record(2000, "SELECT 2")];
    const { id, manifest } = await ended(cast, [[records]]);
    manifest.gaps = [{ from: START + 10, to: START + 1000, cause: "The log was gone" }];
    manifest.gapCount = 1;
    await env.BUCKET.put(manifestKey(id, "general"), JSON.stringify(manifest));
    const { body } = await cast.member.get<Workload>(`/api/captures/${id}/workload`);
    const numbers = {
      records: 3,
      statements: 2,
      bytes: ndjson(records).length,
      strayBytes: 0,
      storedBytes: manifest.storedBytes,
      fragments: 1,
      firstRecord: "2026-11-23T05:00:00.000007Z",
      lastRecord: "2026-11-23T05:00:02.000007Z",
      gapCount: 1,
    };
    expect(body).toEqual({
      log: "general",
      minDuration: null,
      ...numbers,
      commands: { Quit: 1, Query: 2 },
      gaps: [{ from: iso(10), to: iso(1000), cause: "The log was gone", log: "general" }],
      logs: [{ log: "general", ...numbers }],
      timing: null,
      leftOut: { total: 0, users: [] },
      redact: "secrets",
      digestVersion: 2,
      live: null,
    });
  });

  it.each(["RUNNING", "STOPPING"])(
    "is the runner's when the capture is %s, with how far it is behind the log",
    async (status) => {
      const id = await captureIn(cast, status);
      const { manifest, digests } = await storeFragments(id, [[[record(0, "SELECT 1")]]]);
      const problem = { since: Date.parse("2026-11-23T12:00:00Z"), reason: "AWS refused the credentials" };
      // The clock stands: however long a request takes, the log is as far ahead.
      vi.useFakeTimers({ toFake: ["Date"] });
      const state = { logs: [{ manifest, digests }], caughtUpAt: Date.now() - 42_000, problem };
      const get = (path: string, overrides: Partial<Env>) =>
        requestIn(overrides, "GET", `/api/captures/${id}/${path}`, { headers: cast.member.headers });
      expect((await get("workload", withState(state))).body).toMatchObject({
        records: 1,
        live: { behindBy: 42, problem: { since: "2026-11-23T12:00:00.000Z", reason: problem.reason } },
      });
      expect(
        (await get("workload", withState({ ...state, caughtUpAt: null, problem: null }))).body,
      ).toMatchObject({
        live: { behindBy: null, problem: null },
      });
      expect((await get("workload/digest", withState(state))).body).toMatchObject([{ count: 1 }]);
    },
  );

  it("is the stored one when the capture ended just now", async () => {
    const { id } = await ended(cast, [[[record(0, "SELECT 1")]]]);
    await env.DB.prepare("update captures set status = 'STOPPING' where id = ?1").bind(id).run();
    const { body } = await cast.member.get(`/api/captures/${id}/workload`);
    expect(body).toMatchObject({ records: 1, live: null });
  });

  it.each([
    "workload",
    "workload/digest",
    "workload/series",
    "workload/series/statements",
    "workload/download",
    "live",
  ])("is 503 when the runner does not answer: %s", async (part) => {
    const id = await captureIn(cast, "RUNNING");
    const path = `/api/captures/${id}/${part}`;
    const away = withState(new Error("Network connection lost"));
    const reply = await requestIn(away, "GET", path, { headers: cast.member.headers });
    expectRefusal(reply, 503, /try again/);
    expect(reply.headers.get("retry-after")).toBe("5");
  });
});

describe("what is stored of a workload", () => {
  it("from before there were versions is read", async () => {
    const id = await captureIn(cast, "DONE");
    await env.BUCKET.put(manifestKey(id, "general"), MANIFEST);
    await env.BUCKET.put(digestKey(id, "general"), DIGESTS);
    const { body } = await cast.member.get<Workload>(`/api/captures/${id}/workload`);
    expect(body).toMatchObject({ records: 4, statements: 3, gaps: [], redact: "secrets", digestVersion: 1 });
    const digests = await cast.member.get<WorkloadDigest[]>(`/api/captures/${id}/workload/digest`);
    expect(digests.body.map(({ count }) => count)).toEqual([1, 1, 1]);
  });

  it.each([
    ["workload", manifestKey, "version 3", '{"version":3}'],
    ["workload/download", manifestKey, "damaged", MANIFEST.slice(0, 90)],
    ["live", manifestKey, "damaged", "null"],
    ["workload/digest", digestKey, "damaged", DIGESTS.replace('"total":3', '"total":null')],
  ])("that can't be read is a 500, and the log has the cause: %s", async (path, keyOf, cause, stored) => {
    const id = await captureIn(cast, "DONE");
    await env.BUCKET.put(keyOf(id, "general"), stored);
    const lines = await linesOf(async () => {
      const reply = await cast.member.get(`/api/captures/${id}/${path}`);
      expectRefusal(reply, 500, /^Something went wrong on our side/);
    });
    const [failed] = lines.filter(({ event }) => event === "request.failed");
    expect(failed?.error).toMatch(new RegExp(`^Unreadable: The .* is (of )?${cause}`));
  });
});

describe("the digest", () => {
  it("has the statements by how often they ran, with their share, their times and an example", async () => {
    const { id } = await ended(cast, [
      [[record(0, "SELECT 1"), record(5, "DELETE FROM t"), record(9, "SELECT 2"), record(10, "SELECT 3")]],
    ]);
    const { body } = await cast.member.get<WorkloadDigest[]>(`/api/captures/${id}/workload/digest`);
    expect(body).toEqual([
      {
        fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
        digest: expect.stringMatching(/^select \?$/i),
        count: 3,
        overcount: 0,
        share: 0.75,
        firstSeen: "2026-11-23T05:00:00.000007Z",
        lastSeen: "2026-11-23T05:00:00.010007Z",
        example: "SELECT 1",
        tables: { reads: [], writes: [] },
        examples: [
          {
            time: "2026-11-23T05:00:00.000007Z",
            user: null,
            host: null,
            db: null,
            durationMicros: null,
            statement: "SELECT 1",
          },
        ],
        sources: [{ user: null, host: null, db: null, count: 3 }],
        moreSources: 0,
        tags: [],
        moreTags: 0,
      },
      expect.objectContaining({ count: 1, share: 0.25, example: "DELETE FROM t" }),
    ]);
  });

  it("has a hundred statements, or as many as are asked for", async () => {
    const records = Array.from({ length: 150 }, (_, i) => record(i, `SELECT c${"x".repeat(i)}`));
    const { id } = await ended(cast, [[records]]);
    const count = async (query: string) =>
      (await cast.member.get<WorkloadDigest[]>(`/api/captures/${id}/workload/digest${query}`)).body.length;
    expect(await Promise.all(["", "?limit=1", "?limit=1000"].map(count))).toEqual([100, 1, 150]);
  });

  it.each(["0", "1001", "-1", "1.5", "ten", "", "1&limit=2"])("refuses limit=%s", async (limit) => {
    const id = await captureIn(cast, "DONE");
    const reply = await cast.member.get(`/api/captures/${id}/workload/digest?limit=${limit}`);
    expectRefusal(reply, 400, /^limit: /);
  });
});
