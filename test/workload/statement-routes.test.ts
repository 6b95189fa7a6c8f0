import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { Digests } from "../../src/workload/digest.ts";
import { digestsFormat } from "../../src/workload/digests-state.ts";
import type { WorkloadDigest, WorkloadGroups, WorkloadTables } from "../../src/workload/replies.ts";
import { digestKey } from "../../src/workload/stored/keys.ts";
import { DIGESTS } from "../fixtures/stored-unversioned.ts";
import {
  type Cast,
  createCapture,
  createCast,
  expectRefusal,
  personWith,
  requestIn,
} from "../support/api.ts";
import { captureIn, ended, record, storeFragments, withState } from "../support/stored-workload.ts";
import { slowRecord } from "./timing/records.ts";

let cast: Cast;
beforeAll(async () => {
  cast = await createCast();
});

const APP = { user: "app", host: "10.0.0.7", db: "shop" };
const JOB = { user: "job", host: "10.0.0.8", db: "stock" };
const NOBODY = { user: null, host: null, db: null };

/** A capture of the general log with these statements, each of somebody. */
async function captureOf(
  statements: [statement: string, whose?: typeof APP | typeof NOBODY][],
  capacity?: number,
) {
  const digests = new Digests(capacity);
  for (const [at, [statement, whose = APP]] of statements.entries()) {
    digests.add(record(at, statement), "mysql", null, whose);
  }
  const id = await captureIn(cast, "DONE");
  await env.BUCKET.put(digestKey(id, "general"), digestsFormat.stringify(digests.toJSON()));
  return id;
}

const get = async <T>(id: number, path: string) => {
  const { body, status } = await cast.member.get<T>(`/api/captures/${id}/workload/${path}`);
  expect(status).toBe(200);
  return body;
};
const digestsOf = async (id: number, query = "") =>
  (await get<WorkloadDigest[]>(id, `digest${query}`)).map(({ digest, mayMatch }) =>
    mayMatch === true ? `${digest}?` : digest,
  );

describe.each(["digest", "tables", "users", "hosts", "tags", "tags?key=action"])(
  "GET /api/captures/{id}/workload/%s",
  (path) => {
    it("serves members, and nobody else", async () => {
      const { id } = await ended(cast, [[[record(0, "SELECT 1")]]]);
      const of = `/api/captures/${id}/workload/${path}`;
      for (const person of [cast.owner, cast.member, cast.admin])
        expect((await person.get(of)).status).toBe(200);
      expectRefusal(await personWith("", "", {}).get(of), 401, "Login required");
      expectRefusal(await cast.stranger.get(of), 404, "Capture's environment not found");
      expectRefusal(await cast.member.get(`/api/captures/999999/workload/${path}`), 404, /not found/);
    });

    it("refuses a query that it does not know, and an id that is none", async () => {
      const id = await captureIn(cast, "DONE");
      const mark = path.includes("?") ? "&" : "?";
      const ask = (of: string) => cast.member.get(`/api/captures/${of}`);
      expectRefusal(
        await ask(`${id}/workload/${path}${mark}format=xml`),
        400,
        /^format: must be one of json, csv/,
      );
      expectRefusal(await ask(`${id}/workload/${path}${mark}from=2026-11-23`), 400, /from/);
      expectRefusal(await ask(`one/workload/${path}`), 400, /^id: /);
    });

    it("is what the runner knows while the capture runs, and 503 when that does not answer", async () => {
      const id = await captureIn(cast, "RUNNING");
      const { manifest, digests } = await storeFragments(id, [
        [[record(0, "SELECT a FROM t /*action='x'*/")]],
      ]);
      const ask = (state: Parameters<typeof withState>[0]) =>
        requestIn(withState(state), "GET", `/api/captures/${id}/workload/${path}`, {
          headers: cast.member.headers,
        });
      const { status, body } = await ask({ logs: [{ manifest, digests }], caughtUpAt: null, problem: null });
      expect(status).toBe(200);
      expect((body as WorkloadGroups).groups ?? body).toHaveLength(1);
      expectRefusal(await ask(new Error("Network connection lost")), 503, /try again/);
    });

    it("opens what was stored before there were versions, and what has nothing", async () => {
      const id = await captureIn(cast, "DONE");
      const empty = await get<WorkloadGroups>(id, path);
      expect(path === "digest" ? empty : empty.groups).toEqual([]);
      await env.BUCKET.put(digestKey(id, "general"), DIGESTS);
      const { total } = await get<WorkloadGroups>(id, path);
      if (path !== "digest") expect(total).toBe(3);
    });
  },
);

describe("the pages of the digest", () => {
  it("have every statement once, in each order", async () => {
    const statements = Array.from({ length: 25 }, (_, n): [string] => [`SELECT c${n % 12} FROM t${n}`]);
    const id = await captureOf([...statements, ...statements.slice(3, 9)]);
    for (const order of ["calls", "time"]) {
      const seen: string[] = [];
      let cursor = "";
      for (let page = 0; page < 4; page++) {
        const shown = await get<WorkloadDigest[]>(id, `digest?limit=7&order=${order}${cursor}`);
        seen.push(...shown.map(({ fingerprint }) => fingerprint));
        cursor = `&cursor=${seen.at(-1)}`;
      }
      expect(seen).toHaveLength(25);
      expect(new Set(seen).size).toBe(25);
      expect(await get(id, `digest?limit=7&order=${order}${cursor}`)).toEqual([]);
    }
  });

  it("go on from a statement that a filter leaves out", async () => {
    const id = await captureOf([["SELECT 1 FROM a"], ["SELECT 1 FROM a"], ["SELECT 2 FROM b"]]);
    const [first] = await get<WorkloadDigest[]>(id, "digest?limit=1");
    expect(await digestsOf(id, `?table=b&cursor=${first?.fingerprint}`)).toEqual(["SELECT ? FROM b"]);
  });

  it("refuse a cursor that is none, and one that is not there any more", async () => {
    const id = await captureOf([["SELECT 1"]]);
    const ask = (cursor: string) => cast.member.get(`/api/captures/${id}/workload/digest?cursor=${cursor}`);
    expectRefusal(await ask("x"), 400, /^cursor: must be 16 hexadecimal digits/);
    expectRefusal(await ask("0000000000000000"), 400, /^cursor: .*begin again without cursor/);
  });
});

describe("the filters of the digest", () => {
  let id: number;
  const ORDERS = "SELECT a FROM orders WHERE id = ?";
  const ITEMS = "UPDATE shop.items SET b = ?";
  const STOCK = "DELETE FROM stock.orders WHERE c = ?";
  const ITEMS_OF_JOB = "INSERT INTO items VALUES (?+)";

  beforeAll(async () => {
    id = await captureOf([
      ["SELECT a FROM orders WHERE id = 1 /*action='show',app='web'*/"],
      ["SELECT a FROM orders WHERE id = 2"],
      ["UPDATE shop.items SET b = 'Müller' /*action='save',app='web'*/"],
      ["DELETE FROM stock.orders WHERE c = 3", JOB],
      ["INSERT INTO items VALUES (1)", { ...JOB, user: "" }],
    ]);
  });

  it.each<[query: string, found: string[]]>([
    ["table=orders", [ORDERS, STOCK]],
    ["table=ORDERS", [ORDERS, STOCK]],
    ["table=shop.orders", [ORDERS]],
    ["table=shop.items", [ITEMS]],
    ["table=stock.items", [ITEMS_OF_JOB]],
    ["table=item", []],
    ["user=job", [STOCK]],
    ["user=", [ITEMS_OF_JOB]],
    ["user=nobody", []],
    ["host=10.0.0.8", [STOCK, ITEMS_OF_JOB]],
    ["db=shop", [ORDERS, ITEMS]],
    ["user=job&db=shop", []],
    ["user=job&db=stock&host=10.0.0.8&table=orders", [STOCK]],
    ["tag=app:web", [ORDERS, ITEMS]],
    ["tag=app:web&tag=action:save", [ITEMS]],
    ["tag=app:other", []],
    ["contains=m%C3%9CLLER", [ITEMS]],
    ["contains=where%20c", [STOCK]],
    ["contains=nothing", []],
    ["contains=from&table=orders&user=app", [ORDERS]],
  ])("%s", async (query, found) => {
    expect(new Set(await digestsOf(id, `?${query}`))).toEqual(new Set(found));
  });

  it.each([
    ["table=", /^table: must not be empty/],
    ["table=a&table=b", /^table: may be given once only/],
    [`contains=${"x".repeat(1001)}`, /^contains: must have at most 1000 characters/],
    [`user=${"x".repeat(256)}`, /^user: must have at most 255 characters/],
    ["tag=action", /must be a key and a value such as action:checkout/],
    [Array.from({ length: 9 }, (_, n) => `tag=a:${n}`).join("&"), /^tag: may be given 8 times at most/],
  ])("refuse %s", async (query, words) => {
    expectRefusal(await cast.member.get(`/api/captures/${id}/workload/digest?${query}`), 400, words);
  });

  it("show with a mark what may be asked for: a statement with more sources than are kept, and of before they were", async () => {
    const many = Array.from({ length: 20 }, (_, n): [string, typeof APP] => [
      "SELECT 1",
      { ...APP, host: `h${n}` },
    ]);
    const crowded = await captureOf([...many, ["SELECT a"]]);
    expect(await digestsOf(crowded, "?host=h3")).toEqual(["SELECT ?"]);
    expect(await digestsOf(crowded, "?host=h19")).toEqual(["SELECT ??"]);
    expect(await digestsOf(crowded, "?host=10.0.0.7")).toEqual(["SELECT ??", "SELECT a"]);
    const old = await captureIn(cast, "DONE");
    await env.BUCKET.put(digestKey(old, "general"), DIGESTS);
    expect(await digestsOf(old, "?user=app&table=orders")).toEqual([
      "UPDATE orders SET note = ? WHERE id = ??",
      "SELECT * FROM orders WHERE id = ??",
    ]);
    expect(await digestsOf(old, "?tag=a:b&contains=open")).toEqual(["SELECT ??"]);
  });
});

describe("one statement", () => {
  it("has its tables, its examples with who ran them, its sources and its tags", async () => {
    const id = await captureOf([
      ["INSERT INTO t SELECT a FROM u /*action='x'*/"],
      ["INSERT INTO t SELECT a FROM u", JOB],
      ["INSERT INTO t SELECT a FROM u", JOB],
      ["SELECT 1", NOBODY],
    ]);
    const [listed] = await get<WorkloadDigest[]>(id, "digest?limit=1");
    const one = await get<WorkloadDigest>(id, `digest/${listed?.fingerprint}`);
    expect(one).toEqual(listed);
    expect(one).toMatchObject({
      count: 3,
      share: 0.75,
      tables: { reads: ["u"], writes: ["t"] },
      sources: [
        { ...JOB, count: 2 },
        { ...APP, count: 1 },
      ],
      moreSources: 0,
      tags: [{ key: "action", value: "x", count: 1 }],
      moreTags: 0,
    });
    expect(one.examples).toEqual([
      {
        time: "2026-11-23T05:00:00.000007Z",
        ...APP,
        durationMicros: null,
        statement: "INSERT INTO t SELECT a FROM u /*action='x'*/",
      },
    ]);
  });

  it("is 404 where there is none, to members only, and 400 for what is no fingerprint", async () => {
    const id = await captureOf([["SELECT 1"]]);
    const of = (fingerprint: string) => `/api/captures/${id}/workload/digest/${fingerprint}`;
    expectRefusal(
      await cast.member.get(of("0011223344556677")),
      404,
      /^fingerprint: this capture has no such statement/,
    );
    expectRefusal(await cast.member.get(of("select")), 400, "fingerprint: must be 16 hexadecimal digits");
    expectRefusal(await cast.stranger.get(of("0011223344556677")), 404, "Capture's environment not found");
    expectRefusal(await personWith("", "", {}).get(of("select")), 401, "Login required");
    expectRefusal(await cast.member.get("/api/captures/one/workload/digest/0011223344556677"), 400, /^id: /);
  });

  it("is 503 while the runner does not answer", async () => {
    const id = await captureIn(cast, "RUNNING");
    const away = withState(new Error("Network connection lost"));
    const path = `/api/captures/${id}/workload/digest/0011223344556677`;
    expectRefusal(await requestIn(away, "GET", path, { headers: cast.member.headers }), 503, /try again/);
  });
});

describe("the figures of a workload", () => {
  it("by table count each statement for each of its tables", async () => {
    const id = await captureOf([
      ["SELECT a FROM orders JOIN items"],
      ["SELECT b FROM orders"],
      ["SELECT b FROM orders"],
      ["INSERT INTO items SELECT c FROM orders"],
      ["COMMIT"],
    ]);
    const { groups, others, total } = await get<WorkloadTables>(id, "tables");
    expect(groups).toEqual([
      { name: "orders", statements: 4, overcount: 0, share: 0.8, digests: 3, reads: 4, writes: 0 },
      { name: "items", statements: 2, overcount: 0, share: 0.4, digests: 2, reads: 1, writes: 1 },
    ]);
    expect([others, total]).toEqual([null, 5]);
  });

  it("by table are bounded, and say by how much they may be too high", async () => {
    const id = await captureOf(
      Array.from({ length: 1200 }, (_, n): [string] => [`SELECT a FROM t${n}`]),
      2000,
    );
    const { groups, others } = await get<WorkloadTables>(id, "tables");
    expect(groups).toHaveLength(1000);
    expect(others).toMatchObject({ name: null, statements: 200, digests: 200, reads: 200 });
    const full = await captureOf([["SELECT a FROM t"], ["SELECT a FROM u"], ["SELECT a FROM v"]], 2);
    const of = await get<WorkloadTables>(full, "tables");
    expect(of.groups.reduce((sum, { overcount }) => sum + overcount, 0)).toBe(1);
    expect(of.total).toBe(3);
  });

  it("by user and by host say what the log does not, and how many are not known", async () => {
    const id = await captureOf([["SELECT 1"], ["SELECT 2"], ["SELECT 3", JOB], ["SELECT 4", NOBODY]]);
    const users = await get<WorkloadGroups>(id, "users");
    expect(users.groups.map(({ name, statements, share }) => [name, statements, share])).toEqual([
      ["app", 2, 0.5],
      ["job", 1, 0.25],
      [null, 1, 0.25],
    ]);
    expect([users.others, users.total, users.uncounted]).toEqual([null, 4, 0]);
    const { groups } = await get<WorkloadGroups>(id, "hosts");
    expect(groups.map(({ name }) => name)).toEqual(["10.0.0.7", "10.0.0.8", null]);
    const old = await captureIn(cast, "DONE");
    await env.BUCKET.put(digestKey(old, "general"), DIGESTS);
    expect(await get(old, "users")).toEqual({ groups: [], others: null, total: 3, uncounted: 3 });
  });

  it("by more users than are told apart have the rest in others", async () => {
    const each = Array.from({ length: 1010 }, (_, n): [string, typeof APP] => [
      "SELECT 1",
      { ...APP, user: `u${n}` },
    ]);
    const { groups, others } = await get<WorkloadGroups>(await captureOf(each), "users");
    expect(groups).toHaveLength(1000);
    expect(others).toMatchObject({ name: null, statements: 10 });
  });

  it("by tag are of one key, or of each key", async () => {
    const id = await captureOf([
      ["SELECT 1 /*action='a',app='x'*/"],
      ["SELECT 1 /*action='b',app='x'*/"],
      ["SELECT 1 /*action='b'*/"],
      ["SELECT 1"],
    ]);
    const of = async (query: string) => {
      const { groups, uncounted } = await get<WorkloadGroups>(id, `tags${query}`);
      return [groups.map(({ name, statements }) => [name, statements]), uncounted];
    };
    expect(await of("?key=action")).toEqual([
      [
        ["b", 2],
        ["a", 1],
      ],
      1,
    ]);
    expect(await of("?key=none")).toEqual([[], 4]);
    expect((await of(""))[0]).toEqual([
      ["action", 3],
      ["app", 2],
    ]);
    expectRefusal(
      await cast.member.get(`/api/captures/${id}/workload/tags?key=`),
      400,
      /^key: must be the key of a tag/,
    );
  });

  it("of both logs count by the general log, and have times of the slow one", async () => {
    const { id } = await createCapture(cast.owner, {
      envId: cast.environment.id,
      log: "both",
      scheduledStart: new Date(Date.now() + 86_400_000).toISOString(),
    });
    await env.DB.prepare("update captures set status = 'DONE', due_at = null where id = ?1").bind(id).run();
    const [general, slow] = [new Digests(), new Digests()];
    for (let n = 0; n < 4; n++) general.add(record(n, "SELECT a FROM t WHERE b = 1"), "mysql", null, APP);
    general.add(record(5, "COMMIT"), "mysql", null, APP);
    for (const durationMicros of [100, 300]) {
      slow.addTimed(slowRecord("SELECT a FROM t WHERE b = 2", durationMicros, { user: "app", threadId: 3 }));
    }
    slow.addTimed(slowRecord("DELETE FROM u", 400, { user: "job" }));
    await env.BUCKET.put(digestKey(id, "general"), digestsFormat.stringify(general.toJSON()));
    await env.BUCKET.put(digestKey(id, "slow"), digestsFormat.stringify(slow.toJSON()));
    const tables = await get<WorkloadTables>(id, "tables");
    expect(tables.groups).toMatchObject([
      { name: "t", statements: 4, reads: 4, calls: 2, totalMicros: 400, timeShare: 0.5 },
      { name: "u", statements: 1, writes: 1, calls: 1, totalMicros: 400, timeShare: 0.5 },
    ]);
    const users = await get<WorkloadGroups>(id, "users");
    expect(users.groups).toMatchObject([
      { name: "app", statements: 5, share: 1, calls: 2, totalMicros: 400, rowsExamined: 20 },
      { name: "job", statements: 0, calls: 1, totalMicros: 400 },
    ]);
    const [first] = await get<WorkloadDigest[]>(id, "digest?order=calls");
    expect(first).toMatchObject({ count: 4, sources: [{ ...APP, count: 4 }] });
    expect(first?.examples.map(({ durationMicros }) => durationMicros)).toEqual([100, 300]);
    expect(await digestsOf(id, "?user=job")).toEqual(["DELETE FROM u"]);
    expect(await digestsOf(id, "?host=10.0.0.7&table=t")).toEqual(["SELECT a FROM t WHERE b = ?"]);
  });

  it("are tables of CSV, too", async () => {
    const id = await captureOf([["SELECT a FROM t /*k='=v'*/"], ["SELECT a FROM t", NOBODY]]);
    const csv = async (path: string) => {
      const { body, headers } = await cast.member.get<string>(`/api/captures/${id}/workload/${path}`);
      expect(headers.get("content-type")).toBe("text/csv; charset=utf-8");
      return body.split("\r\n").map((line) => line.split(",").slice(0, 2).join());
    };
    expect(await csv("tables?format=csv")).toEqual(["name,statements", "t,2", ""]);
    expect(await csv("users?format=csv")).toEqual(["name,statements", "app,1", ",1", ""]);
    expect(await csv("hosts?format=csv")).toEqual(["name,statements", "10.0.0.7,1", ",1", ""]);
    expect(await csv("tags?key=k&format=csv")).toEqual(["name,statements", "'=v,1", ""]);
  });
});
