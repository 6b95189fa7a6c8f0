import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { LogRecord } from "../../src/logs/record.ts";
import { fragmentKey } from "../../src/workload/stored/keys.ts";
import { type Cast, createCast, expectRefusal } from "../support/api.ts";
import {
  countingBucket,
  download,
  downloadLog,
  downloadRecords,
  ended,
  iso,
  logText,
  ndjson,
  open,
  record,
  type Stored,
  unzip,
} from "../support/stored-workload.ts";

/* Downloads as SQL and as CSV, and those of one session. What is in them, their own tests show, and `npm run proof:downloads`. */

let cast: Cast;

beforeAll(async () => {
  cast = await createCast();
});

/** A record of another session than the rest. */
const of = (threadId: number, one: LogRecord): LogRecord => ({ ...one, threadId });

describe.each([1, 2] as const)("a download of fragments of version %i", (version) => {
  const RECORDS = [
    record(0, "SELECT 'é😀\n\t\"quoted\"'"),
    of(9, record(1, "SELECT 'a\u2028b', 'it''s'")),
    record(2, `INSERT INTO t VALUES ('${"𝒳".repeat(70_000)}')`),
    record(3, "=1+1, \0"),
    of(88, record(4, "SELECT 88")),
    record(5, "", "Quit"),
  ];
  let stored: Stored & { id: number };

  beforeAll(async () => {
    stored = await ended(
      cast,
      [[RECORDS.slice(0, 1), RECORDS.slice(1, 2)], [RECORDS.slice(2, 4)], [RECORDS.slice(4)]],
      version,
    );
  });

  const text = async (query: string) =>
    new TextDecoder().decode(await download(cast.member, stored.id, query));

  it("is SQL on request, each record a comment and, if it is run, its statement", async () => {
    const { id } = stored;
    const reply = await open(cast.member, id, "?format=sql");
    expect(Object.fromEntries(reply.headers)).toMatchObject({
      "content-type": "application/sql",
      "content-disposition": `attachment; filename="capture-${id}.sql"`,
    });
    expect(reply.headers.has("content-encoding")).toBe(false);
    const sql = await reply.text();
    expect(sql).toMatch(/^-- The general log of capture \d+,(?:.*\n-- )+.*\nDELIMITER ;;\n/);
    expect(sql).toMatch(/\n;;\n-- \{.*"command":"Quit","statement":""\}\nDELIMITER ;\n$/);
    const said = [...sql.matchAll(/^-- (\{.*)$/gm)].map(([, json]) => JSON.parse(json as string));
    const records = await downloadRecords(cast.member, id);
    expect(said.map(({ time, threadId, user }) => ({ time, threadId, user }))).toEqual(
      records.map(({ time, threadId, user }) => ({ time, threadId, user })),
    );
    for (const { statement } of [RECORDS[0], RECORDS[1], RECORDS[2], RECORDS[4]] as LogRecord[]) {
      expect(sql).toContain(`}\n${statement}\n;;\n`);
    }
  });

  it("is CSV on request, a row each, where spreadsheets run nothing", async () => {
    const { id } = stored;
    const reply = await open(cast.member, id, "?format=csv");
    expect(Object.fromEntries(reply.headers)).toMatchObject({
      "content-type": "text/csv; charset=utf-8",
      "content-disposition": `attachment; filename="capture-${id}.csv"`,
    });
    const csv = await reply.text();
    const [names, ...rows] = csv.split("\r\n");
    expect(names).toBe(
      "time,threadId,user,host,db,command,fingerprint,statement,truncated,log,timeIs,precisionMicros,server,durationMicros,lockMicros," +
        "rowsSent,rowsExamined,routine,innerMicros,rowsAffected,bytesSent,bytesReceived,errno,killed,fullScan,fullJoin,tmpTables," +
        "tmpDiskTables,filesort,queryCacheHit,repeats",
    );
    expect(rows).toHaveLength(RECORDS.length + 1);
    expect(rows[0]).toBe(
      `2026-11-23T05:00:00.000007Z,8,app,10.0.0.7,,Query,,"SELECT 'é😀\n\t""quoted""'"${",".repeat(23)}`,
    );
    expect(rows[3]).toContain(`,"'=1+1, \uFFFD",`);
    expect(rows[5]).toBe(`2026-11-23T05:00:00.005007Z,8,app,10.0.0.7,,Quit,,${",".repeat(23)}`);
    expect(rows.at(-1)).toBe("");
  });

  it.each(["sql", "csv"])("as %s has the records of a range", async (format) => {
    const ranged = await text(`?format=${format}&from=${iso(1)}&to=${iso(3)}`);
    for (const [index, { statement }] of RECORDS.entries()) {
      if (statement === "") continue;
      const shown = statement.slice(0, 9);
      if (index === 1 || index === 2) expect(ranged).toContain(shown);
      else if (index !== 0) expect(ranged).not.toContain(shown);
    }
    const none = await text(`?format=${format}&from=${iso(1000)}`);
    expect(none.split("\n").filter((line) => line.includes("Query"))).toEqual([]);
  });

  it.each(["sql", "csv"])("as %s says nothing to HEAD of its length, and reads nothing", async (format) => {
    const { BUCKET, fragmentsRead } = countingBucket();
    const head = await open(cast.member, stored.id, `?format=${format}`, { BUCKET }, { method: "HEAD" });
    expect(head.status).toBe(200);
    expect(head.headers.has("content-length")).toBe(false);
    expect(fragmentsRead()).toEqual([]);
  });

  it("of a session has its records only, in every format", async () => {
    const { id } = stored;
    const mine = RECORDS.filter(({ threadId }) => threadId === 8);
    const reply = await open(cast.member, id, "?threadId=8");
    expect(reply.headers.get("content-disposition")).toBe(
      `attachment; filename="capture-${id}-session-8.ndjson.gz"`,
    );
    expect(unzip(new Uint8Array(await reply.arrayBuffer()))).toBe(ndjson(mine));
    expect(await text("?threadId=8&format=ndjson")).toBe(ndjson(mine));
    expect(await downloadLog(cast.member, id, "&threadId=8")).toBe(logText(mine));
    expect(await text("?threadId=88&format=log")).toBe(logText(RECORDS.slice(4, 5)));
    const sql = await text("?threadId=8&format=sql");
    expect(sql.match(/"threadId":\d+/g)).toEqual(mine.map(() => '"threadId":8'));
    expect((await text("?threadId=8&format=csv")).split("\r\n")).toHaveLength(mine.length + 2);
    expect(await text("?threadId=7&format=log")).toBe("");
    // Together with a range.
    expect(await text(`?threadId=8&format=log&from=${iso(1)}&to=${iso(4)}`)).toBe(logText(mine.slice(1, 3)));
  });

  it("of a session says nothing to HEAD of its length", async () => {
    const head = await open(cast.member, stored.id, "?threadId=8", {}, { method: "HEAD" });
    expect(head.headers.has("content-length")).toBe(false);
  });

  it("says what is missing as a comment in SQL, and in the header alone of CSV", async () => {
    const { id } = await ended(
      cast,
      [0, 5, 9].map((millis) => [[record(millis, `SELECT ${millis}`)]]),
      version,
    );
    await env.BUCKET.delete(fragmentKey(id, 1, "general", version));
    const sql = await open(cast.member, id, "?format=sql");
    expect(sql.headers.get("x-workload-incomplete")).toMatch(/^a fragment is missing after/);
    expect(await sql.text()).toContain(
      'SELECT 0\n;;\n-- {"missing":{"fragments":1,"after":"2026-11-23T05:00:00.000007Z","before":"2026-11-23T05:00:00.009007Z"}}\n-- {',
    );
    const csv = await open(cast.member, id, "?format=csv");
    expect(csv.headers.get("x-workload-incomplete")).toMatch(/^a fragment is missing after/);
    expect((await csv.text()).split("\r\n")).toHaveLength(4);
  });
});

it.each(["-1", "1.5", "all", "", "99999999999999999"])("refuses the session %j", async (threadId) => {
  const { id } = await ended(cast, [[[record(0, "SELECT 1")]]]);
  const reply = await cast.member.get(`/api/captures/${id}/workload/download?threadId=${threadId}`);
  expectRefusal(reply, 400, "threadId: must be the number of a thread, such as 17");
});
