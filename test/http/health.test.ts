import { describe, expect, test } from "vitest";
import { linesOf, type Reply, request, requestIn } from "../support/api.ts";

/** A database that answers what it is told. */
const database = (first: () => Promise<unknown>) =>
  ({ DB: { prepare: () => ({ first }) } as unknown as D1Database }) as const;

describe("/api/health", () => {
  test("says that the service and its database work, to anybody, and writes no line to the log", async () => {
    let reply: Reply | undefined;
    const lines = await linesOf(async () => {
      reply = await request("GET", "/api/health");
    });
    expect(lines).toEqual([]);
    expect(reply?.status).toBe(200);
    expect(reply?.body).toEqual({ status: "ok", database: "ok" });
    expect(reply?.headers.get("cache-control")).toBe("no-store");
    expect(reply?.headers.get("x-request-id")).toBeTruthy();
  });

  test("answers HEAD without a body", async () => {
    const reply = await request("HEAD", "/api/health");
    expect(reply.status).toBe(200);
    expect(reply.body).toBeUndefined();
  });

  test.each(["POST", "PUT", "DELETE"])("is not for %s", async (method) => {
    const reply = await request(method, "/api/health");
    expect(reply.status).toBe(405);
    expect(reply.headers.get("allow")).toBe("GET, HEAD");
  });

  test.each([
    ["fails", () => Promise.reject(new Error("D1_ERROR: no such secret plan")), /secret plan/],
    ["never answers", () => new Promise(() => {}), /did not answer within 2000 ms/],
  ])("is a 503 when the database %s, with the cause in the log only", async (_, first, cause) => {
    for (const method of ["GET", "HEAD"]) {
      let reply: Reply | undefined;
      const lines = await linesOf(async () => {
        reply = await requestIn(database(first), method, "/api/health");
      });
      expect(reply?.status).toBe(503);
      if (method === "GET") expect(reply?.body).toEqual({ status: "unavailable", database: "unavailable" });
      expect(lines.map(({ event }) => event)).toEqual(["health.database.failed", "request"]);
      expect(lines[0]?.error).toMatch(cause);
      expect(lines[1]).toMatchObject({ level: "error", route: "/api/health", status: 503 });
    }
  });

  test("is a 503 when the query can't be made", async () => {
    const DB = {
      prepare: () => {
        throw new Error("no database");
      },
    } as unknown as D1Database;
    expect((await requestIn({ DB }, "GET", "/api/health")).status).toBe(503);
  });
});
