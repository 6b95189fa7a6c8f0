import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { remoteDatabase } from "../../bench/worker/remote-database.ts";
import sql from "../../bench/worker/sql.js";
import { isTransientFault } from "../../src/lib/transient.ts";

describe("the simulation's database of another process", () => {
  const remote = remoteDatabase("http://other.test/", "DB");
  const insert = (db: D1Database, id: string) =>
    db
      .prepare(
        "insert into user (id, name, email, email_verified, created_at, updated_at) values (?1, ?1, ?1, 0, 0, 0)",
      )
      .bind(id);
  const isThere = (id: string) => env.DB.prepare("select 1 from user where id = ?").bind(id).first();

  beforeEach(() => {
    const databases = { DB: env.DB };
    vi.stubGlobal("fetch", (url: string, init: RequestInit) => sql.fetch(new Request(url, init), databases));
  });
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  test("gives the first row, one of its columns, or null, as D1 does", async () => {
    const row = remote.prepare("select ?1 as a, 'b' as b").bind(7);
    expect(await row.first()).toEqual({ a: 7, b: "b" });
    expect(await row.first("b")).toBe("b");
    expect(await remote.prepare("select 1 where false").first()).toBe(null);
  });

  test("says how many rows each statement of a batch has changed", async () => {
    const results = await remote.batch([
      insert(remote, "one"),
      remote.prepare("delete from user where false"),
    ]);
    expect(results.map(({ meta }) => meta.changes)).toEqual([1, 0]);
    expect(await isThere("one")).not.toBe(null);
  });

  test("does nothing of a batch of which one statement fails", async () => {
    await expect(remote.batch([insert(remote, "two"), insert(remote, "two")])).rejects.toThrow(
      /^D1_ERROR: UNIQUE/,
    );
    expect(await isThere("two")).toBe(null);
  });

  test("fails with D1's own words, by which the service knows what passes", async () => {
    vi.stubGlobal(
      "fetch",
      async () => new Response("Error: D1_ERROR: Network connection lost.", { status: 500 }),
    );
    const error = await remote
      .prepare("select 1")
      .run()
      .catch((thrown: unknown) => thrown);
    expect(isTransientFault(error)).toBe(true);
  });

  test("sends no more than 32 requests at a time, and answers all that wait", async () => {
    let now = 0;
    let most = 0;
    vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
      most = Math.max(most, ++now);
      const reply = await sql.fetch(new Request(url, init), { DB: env.DB });
      now--;
      return reply;
    });
    const asked = Array.from({ length: 100 }, (_, i) => remote.prepare("select ?1 as i").bind(i).first("i"));
    expect(await Promise.all(asked)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(most).toBe(32);
  });
});
