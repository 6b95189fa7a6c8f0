import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { WorkloadRecord, WorkloadRecords } from "../../../src/workload/search/replies.ts";
import { fragmentKey } from "../../../src/workload/stored/keys.ts";
import { type Cast, createCast, expectRefusal, requestIn } from "../../support/api.ts";
import { captureIn, iso, withState } from "../../support/stored-workload.ts";
import { captureOf, pagesOf, recordsOf, statementsOf } from "./stored-captures.ts";
import type { Said } from "./support.ts";

let cast: Cast;

beforeAll(async () => {
  cast = await createCast();
});

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
    ({ id: shop } = await captureOf(cast, { general: SHOP }));
  });

  it("gives records as the download has them, with their fingerprint and tags", async () => {
    const { body } = await recordsOf(cast, shop, "?limit=2");
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
    const reply = await recordsOf(cast, shop, query);
    expect(statementsOf(reply)).toEqual(expected.map((index) => all[index]));
    expect(reply.body.next).toBe(null);
  });

  it("finds by a fingerprint what a record has shown", async () => {
    const { body } = await recordsOf(cast, shop, "?contains=id%20=%203");
    const { fingerprint } = body.records[0] as WorkloadRecord;
    expect(statementsOf(await recordsOf(cast, shop, `?fingerprint=${fingerprint}`))).toHaveLength(2);
  });

  it.each(["oldest", "newest"])(
    "goes on by its cursor, with another limit too: the %s first",
    async (order) => {
      const whole = statementsOf(await recordsOf(cast, shop, `?order=${order}`));
      for (const limit of [1, 2, 4]) {
        const pages = await pagesOf((more) => recordsOf(cast, shop, `?order=${order}&limit=${limit}${more}`));
        expect(pages.flatMap(({ records }) => records.map(({ statement }) => statement))).toEqual(whole);
      }
      const { body } = await recordsOf(cast, shop, `?order=${order}&limit=1`);
      const rest = await recordsOf(cast, shop, `?limit=100&cursor=${body.next}&order=${order}`);
      expect(statementsOf(rest)).toEqual(whole.slice(1));
    },
  );

  it("works out the fingerprints of what was stored before there were any", async () => {
    const { id } = await captureOf(cast, { general: SHOP }, { version: 1 });
    const [old, now] = [(await recordsOf(cast, id)).body, (await recordsOf(cast, shop)).body];
    const shown = ({ records }: WorkloadRecords) =>
      records.map(({ fingerprint, tags }) => [fingerprint, tags]);
    expect(shown(old)).toEqual(shown(now));
    const { fingerprint } = now.records[1] as WorkloadRecord;
    expect(statementsOf(await recordsOf(cast, id, `?fingerprint=${fingerprint}`))).toHaveLength(2);
    expect(statementsOf(await recordsOf(cast, id, "?table=items"))).toHaveLength(1);
  });

  it("has none, and finds by none, of a capture that was counted by older rules", async () => {
    const { id } = await captureOf(cast, { general: SHOP }, { version: 1, manifest: { digestVersion: 1 } });
    const { body } = await recordsOf(cast, id);
    expect(body.records.every((record) => record.fingerprint === undefined)).toBe(true);
    expect(body.records[1]?.tags).toEqual({ action: "checkout" });
    expectRefusal(
      await recordsOf(cast, id, "?fingerprint=0123456789abcdef"),
      400,
      /^fingerprint: .*older rules/,
    );
  });

  it("is refused by a database of a general log that was stored before there were any, wholly or in part", async () => {
    const { id } = await captureOf(cast, { general: SHOP }, { version: 1 });
    const words = /^db: the general log of this capture, or the beginning of it, was recorded before/;
    expectRefusal(await recordsOf(cast, id, "?db=shop"), 400, words);
    expect(statementsOf(await recordsOf(cast, id, "?user=batch"))).toHaveLength(1);
    const version1 = { fragments: 1, storedBytes: 1 };
    const { id: partly } = await captureOf(cast, { general: SHOP }, { manifest: { version1 } });
    expectRefusal(await recordsOf(cast, partly, "?db=shop"), 400, words);
    const timed: Said[][] = [[{ at: 0, statement: "SELECT 1", db: "shop", durationMicros: 10 }]];
    const { id: slow } = await captureOf(cast, { slow: timed }, { log: "slow", version: 1 });
    expect(statementsOf(await recordsOf(cast, slow, "?db=shop"))).toEqual(["SELECT 1"]);
    expect(statementsOf(await recordsOf(cast, await captureIn(cast, "DONE"), "?db=shop"))).toEqual([]);
  });

  it("is of the log that is asked for, and of both logs' the general one", async () => {
    const timed: Said[][] = [
      [
        { at: 0, statement: "SELECT 'slow'", durationMicros: 1500, errno: 0 },
        { at: 1, statement: "SELECT 'failed'", durationMicros: 20, errno: 1064 },
      ],
    ];
    const { id } = await captureOf(
      cast,
      { general: [[{ at: 0, statement: "SELECT 'general'" }]], slow: timed },
      { log: "both" },
    );
    expect(statementsOf(await recordsOf(cast, id))).toEqual(["SELECT 'general'"]);
    expect(statementsOf(await recordsOf(cast, id, "?log=slow"))).toEqual([
      "SELECT 'slow'",
      "SELECT 'failed'",
    ]);
    expect(statementsOf(await recordsOf(cast, id, "?log=slow&minDuration=1.5"))).toEqual(["SELECT 'slow'"]);
    expect(statementsOf(await recordsOf(cast, id, "?log=slow&minDuration=1.501"))).toEqual([]);
    expect(statementsOf(await recordsOf(cast, id, "?log=slow&errors=true"))).toEqual(["SELECT 'failed'"]);
    expect(statementsOf(await recordsOf(cast, id, "?log=slow&errors=false"))).toHaveLength(2);
    for (const query of ["?minDuration=1", "?errors=true"]) {
      expectRefusal(await recordsOf(cast, id, query), 400, /^minDuration, errors: .* log=slow/);
    }
    const { id: slow } = await captureOf(cast, { slow: timed }, { log: "slow" });
    expect(statementsOf(await recordsOf(cast, slow, "?errors=true"))).toEqual(["SELECT 'failed'"]);
    expectRefusal(
      await recordsOf(cast, slow, "?log=general"),
      400,
      "log: this capture is not made of that log",
    );
    expectRefusal(await recordsOf(cast, shop, "?log=slow"), 400, "log: this capture is not made of that log");
  });

  it.each(["RUNNING", "STOPPING"])("is of what is recorded while the capture is %s", async (status) => {
    const { id, memories } = await captureOf(cast, { general: SHOP }, { status });
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
      expect((await recordsOf(cast, id)).body).toEqual({ records: [], next: null, missing: [] });
    },
  );

  it("says what is missing, and has the rest", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const { id } = await captureOf(cast, { general: [0, 1, 2].map((at) => [{ at, statement: `${at}` }]) });
    await env.BUCKET.delete(fragmentKey(id, 1, "general"));
    const missing = {
      fragments: 1,
      after: "2026-11-23T05:00:00.000007Z",
      before: "2026-11-23T05:00:00.002007Z",
    };
    expect((await recordsOf(cast, id)).body).toMatchObject({
      records: [{ statement: "0" }, { statement: "2" }],
      missing: [missing],
    });
    const pages = await pagesOf((more) => recordsOf(cast, id, `?limit=1${more}`));
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
    expectRefusal(await recordsOf(cast, shop, `?${query}`), 400, message);
  });

  it("takes no cursor but one of the same search", async () => {
    const { body } = await recordsOf(cast, shop, "?limit=1&contains=orders");
    const next = body.next as string;
    const { id: other } = await captureOf(cast, { general: SHOP });
    const encoded = (value: unknown) => btoa(JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_");
    const inside = JSON.parse(atob(next.replaceAll("-", "+").replaceAll("_", "/")));
    expect(
      statementsOf(await recordsOf(cast, shop, `?contains=orders&cursor=${encoded(inside)}`)),
    ).toHaveLength(2);
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
      expectRefusal(await recordsOf(cast, id, query), 400, /^cursor: is not one of this search/);
    }
    // A place that there is no longer, or never was, has nothing behind it.
    const behind = encoded({ ...inside, s: 99 });
    expect((await recordsOf(cast, shop, `?contains=orders&cursor=${behind}`)).body).toMatchObject({
      records: [],
      next: null,
    });
  });
});
