import { describe, expect, test } from "vitest";
import { RouterOfRooms } from "../../src/http/router.ts";

/** A router of some paths, two of which Hono's fast router can't have beside each other. */
function made(): RouterOfRooms<string> {
  const router = new RouterOfRooms<string>();
  for (const [method, path] of [
    ["ALL", "/*"],
    ["GET", "/api/health"],
    ["ALL", "/*"],
    ["ALL", "/api/captures/*"],
    ["GET", "/api/captures"],
    ["GET", "/api/captures/:id"],
    ["POST", "/api/environments/:id/check"],
    ["POST", "/api/environments/instances"],
  ] as const)
    router.add(method, path, `${method} ${path}`);
  return router;
}

const found = (method: string, path: string, router = made()) =>
  router.match(method, path)[0].map(([handler]) => handler);

const AROUND = ["ALL /*", "ALL /*"];

describe("the router of rooms", () => {
  test.each([
    ["GET", "/api/health", ["ALL /*", "GET /api/health", "ALL /*"]],
    ["GET", "/api/captures", [...AROUND, "ALL /api/captures/*", "GET /api/captures"]],
    ["GET", "/api/captures/7", [...AROUND, "ALL /api/captures/*", "GET /api/captures/:id"]],
    ["PUT", "/api/captures/7", [...AROUND, "ALL /api/captures/*"]],
    ["POST", "/api/environments/7/check", [...AROUND, "POST /api/environments/:id/check"]],
    ["POST", "/api/environments/instances", [...AROUND, "POST /api/environments/instances"]],
    ["GET", "/api/captures-of-others", AROUND],
    ["GET", "/api", AROUND],
    ["GET", "/", AROUND],
  ])("finds for %s %s its handlers, in their order", (method, path, handlers) => {
    const router = made();
    for (let i = 0; i < 2; i++) expect(found(method, path, router)).toEqual(handlers);
  });

  test("reads the parameters of a path", () => {
    const [handlers, values] = made().match("GET", "/api/captures/7");
    const [, parameters] = handlers.at(-1) as [string, Record<string, number | string>];
    const id = parameters.id as number | string;
    expect(typeof id === "number" ? values?.[id] : id).toBe("7");
  });

  test("finds what is added after it was asked", () => {
    const router = made();
    expect(found("GET", "/api/invites", router)).toEqual(AROUND);
    router.add("GET", "/api/invites", "later");
    expect(found("GET", "/api/invites", router)).toEqual([...AROUND, "later"]);
  });
});
