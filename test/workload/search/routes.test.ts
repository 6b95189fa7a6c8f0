import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { CapturedLog, LogName } from "../../../src/logs/names.ts";
import type {
  WorkloadRecord,
  WorkloadRecords,
  WorkloadSession,
} from "../../../src/workload/search/replies.ts";
import { fragmentKey, manifestKey } from "../../../src/workload/stored/keys.ts";
import type { Manifest } from "../../../src/workload/stored/manifest.ts";
import { type Cast, createCast, expectRefusal, type Reply, request, requestIn } from "../../support/api.ts";
import { captureIn, iso, START, withState } from "../../support/stored-workload.ts";
import { lineOf, type Memory, type Said, stored } from "./support.ts";

let cast: Cast;

beforeAll(async () => {
  cast = await createCast();
});

/** What a test's capture is made of: fragments of records by its logs. */
interface Made {
  log?: CapturedLog;
  status?: string;
  version?: 1 | 2;
  manifest?: Partial<Manifest>;
}

/** Stores a capture with fragments of its logs, as it is in R2. */
async function captureOf(
  fragments: Partial<Record<LogName, Said[][]>>,
  { log = "general", status = "DONE", version = 2, manifest = {} }: Made = {},
): Promise<{ id: number; memories: Memory[] }> {
  const id = await captureIn(cast, status);
  await env.DB.prepare("update captures set log = ?2 where id = ?1").bind(id, log).run();
  const memories: Memory[] = [];
  for (const [name, all] of Object.entries(fragments) as [LogName, Said[][]][]) {
    const pieces = all.map((some) => [some.map((said) => lineOf(said, name, version))]);
    const memory = stored(
      id,
      name,
      pieces.map((one) => ({ version, pieces: one })),
    );
    Object.assign(memory.manifest, manifest);
    for (const [key, { bytes, customMetadata }] of memory.objects) {
      await env.BUCKET.put(key, bytes, { customMetadata });
    }
    if (status === "DONE") {
      await env.BUCKET.put(manifestKey(id, name), JSON.stringify({ ...memory.manifest, version }));
    }
    memories.push(memory);
  }
  return { id, memories };
}

const recordsOf = (id: number, query = "") =>
  cast.member.get<WorkloadRecords>(`/api/captures/${id}/workload/records${query}`);
const sessionOf = (id: number, threadId: number | string, query = "") =>
  cast.member.get<WorkloadSession>(`/api/captures/${id}/workload/sessions/${threadId}${query}`);

const statementsOf = ({ body, status }: Reply<{ records: WorkloadRecord[] }>): string[] => {
  expect(status).toBe(200);
  return body.records.map(({ statement }) => statement);
};

/** Follows the cursors of a list to its end. */
async function pagesOf<T extends { next: string | null }>(
  ask: (more: string) => Promise<Reply<T>>,
): Promise<T[]> {
  const pages: T[] = [];
  let more = "";
  for (;;) {
    const { body, status } = await ask(more);
    expect(status).toBe(200);
    pages.push(body);
    if (body.next === null) return pages;
    more = `&cursor=${body.next}`;
  }
}

describe("GET /api/captures/{id}/workload/records", () => {
  const SHOP: Said[][] = [
    [
      { at: 0, statement: "app@10.0.0.7 on shop", command: "Connect", threadId: 17 },
      {
        at: 1,
        statement: "SELECT * FROM orders WHERE id = 1 /*action='checkout'*/",
        threadId: 17,
        db: "shop",
      },
      { at: 2, statement: "INSERT INTO items VALUES (2)", user: "batch", host: "10.0.0.9", threadId: 18 },
    ],
    [
      { at: 1000, statement: "SELECT * FROM orders WHERE id = 3", threadId: 17, db: "shop" },
      { at: 1001, statement: "UPDATE shop.orders SET a = 'Ü'", threadId: 19, command: "Execute" },
      { at: 1002, statement: "", command: "Quit", threadId: 17 },
    ],
  ];
  let shop: number;

  beforeAll(async () => {
    ({ id: shop } = await captureOf({ general: SHOP }));
  });

  it("gives records as the download has them, with their fingerprint and tags", async () => {
    const { body } = await recordsOf(shop, "?limit=2");
    expect(body).toEqual({
      records: [
        {
          time: "2026-11-23T05:00:00.000007Z",
          threadId: 17,
          user: "app",
          host: "10.0.0.7",
          command: "Connect",
          statement: "app@10.0.0.7 on shop",
        },
        {
          time: "2026-11-23T05:00:00.001007Z",
          threadId: 17,
          user: "app",
          host: "10.0.0.7",
          db: "shop",
          command: "Query",
          fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
          statement: "SELECT * FROM orders WHERE id = 1 /*action='checkout'*/",
          tags: { action: "checkout" },
        },
      ],
      next: expect.stringMatching(/^[\w-]+$/),
      missing: [],
    });
  });

  it.each<[string, number[]]>([
    ["", [0, 1, 2, 3, 4, 5]],
    ["?order=newest", [5, 4, 3, 2, 1, 0]],
    [`?from=${iso(1)}&to=${iso(1001)}`, [1, 2, 3]],
    ["?user=batch", [2]],
    ["?host=10.0.0.9", [2]],
    ["?db=shop", [1, 3]],
    ["?table=ORDERS", [1, 3, 4]],
    ["?table=shop.orders&order=newest", [4, 3, 1]],
    ["?tag=action:checkout", [1]],
    ["?tag=action:checkout&tag=route:x", []],
    ["?command=execute", [4]],
    ["?threadId=17&command=Query", [1, 3]],
    [`?contains=${encodeURIComponent("'ü'")}`, [4]],
    ["?contains=ORDERS%20where", [1, 3]],
    ["?user=nobody", []],
    ["?limit=1000&log=general", [0, 1, 2, 3, 4, 5]],
  ])("finds with %j those that are all of that", async (query, expected) => {
    const all = SHOP.flat().map(({ statement }) => statement);
    const reply = await recordsOf(shop, query);
    expect(statementsOf(reply)).toEqual(expected.map((index) => all[index]));
    expect(reply.body.next).toBe(null);
  });

  it("finds by a fingerprint what a record has shown", async () => {
    const { body } = await recordsOf(shop, "?contains=id%20=%203");
    const { fingerprint } = body.records[0] as WorkloadRecord;
    expect(statementsOf(await recordsOf(shop, `?fingerprint=${fingerprint}`))).toHaveLength(2);
  });

  it.each(["oldest", "newest"])(
    "goes on by its cursor, with another limit too: the %s first",
    async (order) => {
      const whole = statementsOf(await recordsOf(shop, `?order=${order}`));
      for (const limit of [1, 2, 4]) {
        const pages = await pagesOf((more) => recordsOf(shop, `?order=${order}&limit=${limit}${more}`));
        expect(pages.flatMap(({ records }) => records.map(({ statement }) => statement))).toEqual(whole);
      }
      const { body } = await recordsOf(shop, `?order=${order}&limit=1`);
      const rest = await recordsOf(shop, `?limit=100&cursor=${body.next}&order=${order}`);
      expect(statementsOf(rest)).toEqual(whole.slice(1));
    },
  );

  it("works out the fingerprints of what was stored before there were any", async () => {
    const { id } = await captureOf({ general: SHOP }, { version: 1 });
    const [old, now] = [(await recordsOf(id)).body, (await recordsOf(shop)).body];
    const shown = ({ records }: WorkloadRecords) =>
      records.map(({ fingerprint, tags }) => [fingerprint, tags]);
    expect(shown(old)).toEqual(shown(now));
    const { fingerprint } = now.records[1] as WorkloadRecord;
    expect(statementsOf(await recordsOf(id, `?fingerprint=${fingerprint}`))).toHaveLength(2);
    expect(statementsOf(await recordsOf(id, "?table=items"))).toHaveLength(1);
  });

  it("has none, and finds by none, of a capture that was counted by older rules", async () => {
    const { id } = await captureOf({ general: SHOP }, { version: 1, manifest: { digestVersion: 1 } });
    const { body } = await recordsOf(id);
    expect(body.records.every((record) => record.fingerprint === undefined)).toBe(true);
    expect(body.records[1]?.tags).toEqual({ action: "checkout" });
    expectRefusal(await recordsOf(id, "?fingerprint=0123456789abcdef"), 400, /^fingerprint: .*older rules/);
  });

  it("is refused by a database of a general log that was stored before there were any, wholly or in part", async () => {
    const { id } = await captureOf({ general: SHOP }, { version: 1 });
    const words = /^db: the general log of this capture, or the beginning of it, was recorded before/;
    expectRefusal(await recordsOf(id, "?db=shop"), 400, words);
    expect(statementsOf(await recordsOf(id, "?user=batch"))).toHaveLength(1);
    const version1 = { fragments: 1, storedBytes: 1 };
    const { id: partly } = await captureOf({ general: SHOP }, { manifest: { version1 } });
    expectRefusal(await recordsOf(partly, "?db=shop"), 400, words);
    const timed: Said[][] = [[{ at: 0, statement: "SELECT 1", db: "shop", durationMicros: 10 }]];
    const { id: slow } = await captureOf({ slow: timed }, { log: "slow", version: 1 });
    expect(statementsOf(await recordsOf(slow, "?db=shop"))).toEqual(["SELECT 1"]);
    expect(statementsOf(await recordsOf(await captureIn(cast, "DONE"), "?db=shop"))).toEqual([]);
  });

  it("is of the log that is asked for, and of both logs' the general one", async () => {
    const timed: Said[][] = [
      [
        { at: 0, statement: "SELECT 'slow'", durationMicros: 1500, errno: 0 },
        { at: 1, statement: "SELECT 'failed'", durationMicros: 20, errno: 1064 },
      ],
    ];
    const { id } = await captureOf(
      { general: [[{ at: 0, statement: "SELECT 'general'" }]], slow: timed },
      { log: "both" },
    );
    expect(statementsOf(await recordsOf(id))).toEqual(["SELECT 'general'"]);
    expect(statementsOf(await recordsOf(id, "?log=slow"))).toEqual(["SELECT 'slow'", "SELECT 'failed'"]);
    expect(statementsOf(await recordsOf(id, "?log=slow&minDuration=1.5"))).toEqual(["SELECT 'slow'"]);
    expect(statementsOf(await recordsOf(id, "?log=slow&minDuration=1.501"))).toEqual([]);
    expect(statementsOf(await recordsOf(id, "?log=slow&errors=true"))).toEqual(["SELECT 'failed'"]);
    expect(statementsOf(await recordsOf(id, "?log=slow&errors=false"))).toHaveLength(2);
    for (const query of ["?minDuration=1", "?errors=true"]) {
      expectRefusal(await recordsOf(id, query), 400, /^minDuration, errors: .* log=slow/);
    }
    const { id: slow } = await captureOf({ slow: timed }, { log: "slow" });
    expect(statementsOf(await recordsOf(slow, "?errors=true"))).toEqual(["SELECT 'failed'"]);
    expectRefusal(await recordsOf(slow, "?log=general"), 400, "log: this capture is not made of that log");
    expectRefusal(await recordsOf(shop, "?log=slow"), 400, "log: this capture is not made of that log");
  });

  it.each(["RUNNING", "STOPPING"])("is of what is recorded while the capture is %s", async (status) => {
    const { id, memories } = await captureOf({ general: SHOP }, { status });
    const logs = memories.map(({ manifest }) => ({
      manifest,
      digests: { capacity: 1, total: 0, entries: [] },
    }));
    const state = withState({ logs, caughtUpAt: null, problem: null });
    const ask = (overrides: Partial<Cloudflare.Env>, query = "") =>
      requestIn<WorkloadRecords>(overrides, "GET", `/api/captures/${id}/workload/records${query}`, {
        headers: cast.member.headers,
      });
    expect(statementsOf(await ask(state))).toHaveLength(6);
    expect(statementsOf(await ask(state, "?order=newest&limit=1"))).toEqual([""]);
    const away = await ask(withState(new Error("Network connection lost")));
    expectRefusal(away, 503, /^The workload of the running capture can't be read just now/);
  });

  it.each(["SCHEDULED", "RUNNING", "DONE", "FAILED"])(
    "is empty where nothing was recorded: %s",
    async (status) => {
      const id = await captureIn(cast, status);
      expect((await recordsOf(id)).body).toEqual({ records: [], next: null, missing: [] });
    },
  );

  it("says what is missing, and has the rest", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const { id } = await captureOf({ general: [0, 1, 2].map((at) => [{ at, statement: `${at}` }]) });
    await env.BUCKET.delete(fragmentKey(id, 1, "general"));
    const missing = {
      fragments: 1,
      after: "2026-11-23T05:00:00.000007Z",
      before: "2026-11-23T05:00:00.002007Z",
    };
    expect((await recordsOf(id)).body).toMatchObject({
      records: [{ statement: "0" }, { statement: "2" }],
      missing: [missing],
    });
    const pages = await pagesOf((more) => recordsOf(id, `?limit=1${more}`));
    expect(pages.flatMap((page) => page.missing)).toEqual([missing]);
  });

  it("is 503 while R2 is away", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const failed = async () => {
      throw new Error("list: We encountered an internal error. Please try again. (10001)");
    };
    const get = async (key: string) => (key.endsWith(".json") ? env.BUCKET.get(key) : failed());
    for (const broken of [
      { list: failed, get },
      { list: env.BUCKET.list.bind(env.BUCKET), get },
    ]) {
      const BUCKET = broken as unknown as R2Bucket;
      const path = `/api/captures/${shop}/workload/records`;
      const reply = await requestIn({ BUCKET }, "GET", path, { headers: cast.member.headers });
      expectRefusal(reply, 503, "The service can't answer just now: try again soon");
    }
  });

  it.each([
    ["contains=", /^contains: must have from 1 to 1000 characters/],
    [`contains=${"x".repeat(1001)}`, /^contains: must have from 1 to 1000 characters/],
    [`user=${"x".repeat(256)}`, /^user: must have at most 255 characters/],
    ["user=a&user=b", /^user: may be given once only/],
    ["fingerprint=XYZ", /^fingerprint: must be 16 hexadecimal digits/],
    ["threadId=-1", /^threadId: must be the number of a thread/],
    ["threadId=9999999999999999", /^threadId: must be the number of a thread/],
    ["command=Fly", /^command: must be a command as the log has it/],
    ["tag=checkout", /^tag: must be a key and a value/],
    ["minDuration=1.2345", /^minDuration: must be milliseconds/],
    ["errors=yes", /^errors: must be true or false/],
    ["order=random", /^order: must be one of oldest, newest/],
    ["limit=1001", /^limit: /],
    ["log=both", /^log: must be one of general, slow/],
    ["from=2026-11-23T06:00:00Z&to=2026-11-23T05:59:59.999Z", /^from: must not be after to/],
    ["statement=x", /^statement: not known here/],
  ])("is refused with ?%s", async (query, message) => {
    expectRefusal(await recordsOf(shop, `?${query}`), 400, message);
  });

  it("takes no cursor but one of the same search", async () => {
    const { body } = await recordsOf(shop, "?limit=1&contains=orders");
    const next = body.next as string;
    const { id: other } = await captureOf({ general: SHOP });
    const encoded = (value: unknown) => btoa(JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_");
    const inside = JSON.parse(atob(next.replaceAll("-", "+").replaceAll("_", "/")));
    expect(statementsOf(await recordsOf(shop, `?contains=orders&cursor=${encoded(inside)}`))).toHaveLength(2);
    const wrong: [number, string][] = [
      [shop, `?contains=order&cursor=${next}`],
      [shop, `?contains=orders&order=newest&cursor=${next}`],
      [shop, `?contains=orders&from=${iso(0)}&cursor=${next}`],
      [other, `?contains=orders&cursor=${next}`],
      [shop, `?contains=orders&cursor=${encoded({ ...inside, v: 2 })}`],
      [shop, `?contains=orders&cursor=${encoded({ ...inside, s: -1 })}`],
      [shop, `?contains=orders&cursor=${encoded({ ...inside, at: "0" })}`],
      [shop, `?contains=orders&cursor=${encoded([])}`],
      [shop, "?contains=orders&cursor="],
      [shop, "?contains=orders&cursor=%25%25"],
      [shop, `?contains=orders&cursor=${"A".repeat(5000)}`],
    ];
    for (const [id, query] of wrong) {
      expectRefusal(await recordsOf(id, query), 400, /^cursor: is not one of this search/);
    }
    // A place that there is no longer, or never was, has nothing behind it.
    const behind = encoded({ ...inside, s: 99 });
    expect((await recordsOf(shop, `?contains=orders&cursor=${behind}`)).body).toMatchObject({
      records: [],
      next: null,
    });
  });
});

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
    const { id } = await captureOf({ general: [ALL.slice(0, 4), ALL.slice(4)] });
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
    const { id } = await captureOf({ general: [ALL.slice(0, 4), ALL.slice(4)] });
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
    const { id } = await captureOf({ general: [ALL] });
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
    const lost = await captureOf({
      general: [SESSION.slice(0, 3), SESSION.slice(3, 5), SESSION.slice(5, 6)],
    });
    await env.BUCKET.delete(fragmentKey(lost.id, 1, "general"));
    const gap = { from: START + 20, to: START + 50, cause: "The log was gone" };
    const gone = await captureOf(
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
    const { id } = await captureOf({ general: [SESSION], slow: [timed] }, { log: "both" });
    const { body } = await sessionOf(id, 17, "?log=slow");
    expect(body).toMatchObject({ log: "slow", transactions: [{ outcome: "commit" }, { outcome: "open" }] });
    const long = await captureOf({ slow: [timed] }, { log: "slow", manifest: { minDurationMicros: 1000 } });
    expect((await sessionOf(long.id, 17)).body).toMatchObject({ log: "slow", transactions: null });
    expectRefusal(
      await sessionOf(long.id, 17, "?log=general"),
      400,
      "log: this capture is not made of that log",
    );
  });

  it("is of a capture of version 1, and of one that runs", async () => {
    const old = await captureOf({ general: [ALL] }, { version: 1 });
    const { body } = await sessionOf(old.id, 17);
    expect(body.records[2]).toMatchObject({ statement: "SELECT 1", fingerprint: expect.any(String) });
    const { id, memories } = await captureOf({ general: [ALL] }, { status: "RUNNING" });
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
    const { id } = await captureOf({ general: [ALL] });
    const words = "The capture has no record of this thread in the log and time that were asked for";
    expectRefusal(await sessionOf(id, 7), 404, words);
    expectRefusal(await sessionOf(id, 17, `?from=${iso(1000)}`), 404, words);
    expectRefusal(await sessionOf(await captureIn(cast, "DONE"), 17), 404, words);
  });

  it("is empty and not 404 where what is missing may have it", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const { id } = await captureOf({ general: [ALL, [{ at: 9000, statement: "SELECT 9", threadId: 99 }]] });
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
    const { id } = await captureOf({ general: [ALL] });
    expectRefusal(await sessionOf(id, threadId, query), 400, message);
  });

  it("takes no cursor of another session, nor of other records", async () => {
    const { id } = await captureOf({ general: [ALL] });
    const { body } = await sessionOf(id, 17, "?limit=1");
    expectRefusal(await sessionOf(id, 171, `?cursor=${body.next}`), 400, /^cursor: /);
    expectRefusal(await recordsOf(id, `?threadId=17&cursor=${body.next}`), 400, /^cursor: /);
    const records = await recordsOf(id, "?threadId=17&limit=1");
    expectRefusal(await sessionOf(id, 17, `?cursor=${records.body.next}`), 400, /^cursor: /);
  });

  it("is answered to HEAD without a body", async () => {
    const { id } = await captureOf({ general: [ALL] });
    const reply = await request("HEAD", `/api/captures/${id}/workload/sessions/17`, {
      headers: cast.member.headers,
    });
    expect(reply.status).toBe(200);
  });
});
