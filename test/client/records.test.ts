import { beforeAll, describe, expect, test } from "vitest";
import { type Cast, createApiKey, createCast } from "../support/api.ts";
import { ended, record, START } from "../support/stored-workload.ts";
import { answering, clientOf, sent } from "./support.ts";

let cast: Cast;
let key: string;
let id: number;

beforeAll(async () => {
  cast = await createCast();
  ({ key } = await createApiKey(cast.member));
  const fragments = [0, 1].map((fragment) => [
    [0, 1, 2].map((index) => record(fragment * 1000 + index, `SELECT ${fragment * 3 + index}`)),
  ]);
  ({ id } = await ended(cast, fragments));
});

describe("records", () => {
  test("are read a page at a time, whatever the filter, and only as far as they are used", async () => {
    const { captures } = clientOf(key);
    const statements: string[] = [];
    sent.length = 0;
    for await (const { statement } of captures.records(id, {
      contains: "select",
      limit: 2,
      order: "newest",
    })) {
      statements.push(statement);
    }
    expect(statements).toEqual([5, 4, 3, 2, 1, 0].map((index) => `SELECT ${index}`));
    expect(sent).toHaveLength(3);
    sent.length = 0;
    for await (const { statement } of captures.records(id, { limit: 2 })) if (statement === "SELECT 1") break;
    expect(sent).toHaveLength(1);
  });

  test("may be of a moment, with what else a query has", async () => {
    const { captures } = clientOf(key);
    const from = new Date(START + 1000);
    const { records, next } = await captures.recordsPage(id, {
      from,
      to: "2027-01-01",
      threadId: 8,
      limit: 1,
    });
    expect(records.map(({ statement }) => statement)).toEqual(["SELECT 3"]);
    const rest = await captures.recordsPage(id, { from, to: "2027-01-01", threadId: 8, cursor: next ?? "" });
    expect(rest.records).toHaveLength(2);
  });

  test("go on behind a page that has none, and what is missing is told", async () => {
    const missing = { fragments: 2, after: null, before: null };
    const replies = [
      { records: [], next: "further", missing: [missing] },
      { records: [{ statement: "SELECT 1" }], next: null, missing: [] },
    ];
    const server = answering(...replies.map((reply) => Response.json(reply)));
    const told: unknown[] = [];
    const found: string[] = [];
    const records = server
      .client()
      .captures.records(1, { errors: true, tag: ["a:b", "c:d"] }, { onMissing: (one) => told.push(one) });
    for await (const { statement } of records) found.push(statement);
    expect([found, told]).toEqual([["SELECT 1"], [missing]]);
    const [first, second] = server.requests.map(({ url }) => new URL(url).searchParams);
    expect(first?.toString()).toBe("errors=true&tag=a%3Ab&tag=c%3Ad");
    expect(second?.get("cursor")).toBe("further");
  });

  test("may be those of a session", async () => {
    const { captures } = clientOf(key);
    const session = await captures.session(id, 8, { limit: 2 });
    expect(session).toMatchObject({ threadId: 8, user: "app", transactions: [] });
    expect(session.records).toHaveLength(2);
    await expect(captures.session(id, 9)).rejects.toMatchObject({ status: 404 });
  });
});
