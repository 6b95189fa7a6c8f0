import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { callerStatement } from "../../src/db/caller.ts";
import { statement } from "../../src/db/statement.ts";
import type { Db } from "../../src/db/types.ts";

/** What a database is asked to prepare and bind. */
function recording() {
  const asked: { sql: string; values: unknown[] }[] = [];
  const db = {
    prepare: (sql: string) => ({ bind: (...values: unknown[]) => asked.push({ sql, values }) }),
  } as unknown as Db;
  return { db, asked };
}

describe("a statement", () => {
  it("binds each parameter by its name, one that is named twice once", async () => {
    const sum = statement("select :a as a, :b as b, :a + :b as sum");
    expect(await sum(env.DB, { b: 2, a: 1 }).first()).toEqual({ a: 1, b: 2, sum: 3 });
    expect(await sum(env.DB, { a: 3, b: null }).first()).toEqual({ a: 3, b: null, sum: null });
  });

  it("leaves what looks like a parameter in a string or a name as it is", async () => {
    const odd = statement(
      `select ':a' as "b:c", 'it''s :a' as d, json_extract('{"a":1}', '$.a') as e, :f as f`,
    );
    expect(await odd(env.DB, { f: "g" }).first()).toEqual({ "b:c": ":a", d: "it's :a", e: 1, f: "g" });
  });

  it("takes the values that it names from those of its batch", async () => {
    const values = { first: 1, second: 2 };
    const batch = ["select :first as it", "select :second as it"].map((sql) =>
      statement(sql)(env.DB, values),
    );
    const results = await env.DB.batch<{ it: number }>(batch);
    expect(results.map((result) => result.results[0]?.it)).toEqual([1, 2]);
  });

  it("is not bound when a parameter has no value", () => {
    const one = statement("select :one");
    expect(() => one(env.DB, { another: 1 })).toThrow("parameter :one has no value");
  });

  it("that acts for a caller has the caller's and the time as its first parameters", () => {
    const { db, asked } = recording();
    const mine = callerStatement("select :id from caller where :now > 1");
    mine(db, { kind: "user", value: "me" }, 5, { id: 7 });
    mine(db, { kind: "session", value: "token" }, 6, { id: 8 });
    expect(asked).toEqual([
      {
        sql: expect.stringMatching(/^with caller as .*\?1 and \?2 .*select \?3 from/s),
        values: ["me", 5, 7],
      },
      {
        sql: expect.stringMatching(/session\s+where token = \?1 .*\?2\) .*select \?3/s),
        values: ["token", 6, 8],
      },
    ]);
  });
});
