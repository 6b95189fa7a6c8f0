import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { fakeDatabase, type Person, recordConsole, request, requestIn, signUp } from "../support/api.ts";

describe("/api/auth", () => {
  test.each([
    "/error",
    "/error?error=<script>alert(1)</script>",
    "/ok",
    "/callback/google?code=1",
    "/reset-password/token?callbackURL=https://evil.example",
    "/sign-in/social",
    "/delete-user",
    "/api-key/verify",
    "/api-key/delete-all-expired-api-keys",
    "/no-such-path",
    "/",
    "",
  ])("has no %s: it is a 404", async (path) => {
    const { headers } = await signUp();
    for (const method of ["GET", "POST"]) {
      const reply = await request(method, `/api/auth${path}`, {
        headers,
        ...(method === "POST" ? { json: {} } : {}),
      });
      expect(reply.status).toBe(404);
      expect(reply.body).toEqual({ code: 404, message: "No such path" });
      expect(reply.headers.get("location")).toBeNull();
    }
  });

  test("counts nothing for paths that don't exist", async () => {
    const rows = () => env.DB.prepare("select count(*) as n from rate_limit").first<number>("n");
    const before = await rows();
    for (let i = 0; i < 3; i++) await request("GET", `/api/auth/made-up-${i}`);
    expect(await rows()).toBe(before);
  });

  test.each([
    ["GET", "/api/auth/sign-in/email", "POST"],
    ["GET", "/api/auth/verify-email?token=x&callbackURL=https://evil.example", "POST"],
    ["GET", "/api/auth/reset-password", "POST"],
    ["GET", "/api/auth/change-email", "POST"],
    ["PUT", "/api/auth/sign-out", "POST"],
    ["DELETE", "/api/auth/api-key/delete", "POST"],
    ["GET", "/api/auth/device/verify", "POST"],
    ["PUT", "/api/auth/device/approve", "POST"],
    ["GET", "/api/auth/device/deny", "POST"],
    ["POST", "/api/auth/get-session", "GET, HEAD"],
  ])("does not answer %s %s: a 405 says what is possible", async (method, path, allow) => {
    const reply = await request(method, path);
    expect(reply.status).toBe(405);
    expect(reply.headers.get("allow")).toBe(allow);
    expect(reply.body).toEqual({ code: 405, message: expect.stringContaining(allow) });
  });
});

describe("a page of another site", () => {
  const others = ["https://evil.example", "http://evil.captures.test", "http://captures.test:8080", "null"];

  let addresses = 0;
  // From an address of its own each time: it is limited how often one may change passwords.
  const act = async (person: Person, method: string, path: string, origin: string, json?: unknown) =>
    request(method, path, {
      json,
      headers: { ...person.headers, origin, "cf-connecting-ip": `192.0.2.${++addresses}` },
    });

  test.each(others)("at %s can't act with a cookie", async (origin) => {
    const person = await signUp();
    for (const [method, path, json] of [
      ["POST", "/api/auth/sign-out", undefined],
      ["POST", "/api/auth/api-key/create", { name: "stolen" }],
      [
        "POST",
        "/api/auth/change-password",
        { currentPassword: "a long password", newPassword: "password 2" },
      ],
      ["POST", "/api/environments/999999/abandon", undefined],
      ["POST", "/api/captures/1/stop", undefined],
      ["DELETE", "/api/environments/1", undefined],
    ] as const) {
      const reply = await act(person, method, path, origin, json);
      expect(reply.status).toBe(403);
      expect(reply.body).toEqual({ code: 403, message: expect.stringMatching(/origin/i) });
      expect(reply.headers.get("access-control-allow-origin")).toBeNull();
    }
    expect((await person.get("/api/environments")).status).toBe(200);
  });

  test.each(others)("at %s can't sign a visitor in or up", async (origin) => {
    const { email, headers } = await signUp();
    for (const [path, json] of [
      ["/api/auth/sign-in/email", { email, password: "a long password" }],
      ["/api/auth/sign-up/email", { name: "New", email: `new-${email}`, password: "a long password" }],
    ] as const) {
      const reply = await request("POST", path, { json, headers: { ...headers, origin } });
      expect(reply.status).toBe(403);
      expect(reply.headers.get("set-cookie")).toBeNull();
    }
  });

  test("can't sign a visitor in with a form", async () => {
    const { email } = await signUp();
    const body = new URLSearchParams({ email, password: "a long password" });
    const reply = await request("POST", "/api/auth/sign-in/email", { body });
    expect(reply.status).toBe(415);
    expect(reply.headers.get("set-cookie")).toBeNull();
  });

  test("changes nothing for a request with an API key", async () => {
    const person = await signUp();
    const { body } = await person.post<{ key: string }>("/api/auth/api-key/create", { name: "a program" });
    const headers = { "x-api-key": body.key, origin: "https://console.example" };
    expect((await request("POST", "/api/environments/999999/abandon", { headers })).status).toBe(404);
  });

  test("is not our own page", async () => {
    const person = await signUp();
    const reply = await act(person, "POST", "/api/environments/999999/abandon", "http://captures.test");
    expect(reply.status).toBe(404);
    expect((await act(person, "POST", "/api/auth/sign-out", "http://captures.test")).status).toBe(200);
  });
});

describe("a database that fails half-way", () => {
  /** The tests' database, except that statements that write to `table` fail. */
  function failing(table: string): D1Database {
    const prepare = (sql: string) =>
      env.DB.prepare(sql.replaceAll(`insert into ${table} (`, "insert into nowhere ("));
    return fakeDatabase({ prepare, batch: (statements: D1PreparedStatement[]) => env.DB.batch(statements) });
  }

  test.each(["session", "account", "user"])(
    "while it writes a row of %s answers without a word of it, and logs no secret",
    async (table) => {
      const email = `unlucky-${table}@example.com`;
      const stop = recordConsole();
      const reply = await requestIn({ DB: failing(table) }, "POST", "/api/auth/sign-up/email", {
        json: { name: "Unlucky", email, password: "a secret password" },
      });
      const lines = stop();
      expect(reply.status).toBeGreaterThanOrEqual(400);
      expect(Object.keys(reply.body as object).sort()).toEqual(["code", "message"]);
      expect(JSON.stringify(reply.body)).not.toMatch(/insert|nowhere|D1/i);
      expect(lines.join("\n")).toMatch(/nowhere/);
      for (const line of lines) {
        expect(line).not.toContain("a secret password");
        // The values of the failed statement: an address, a hash (hex:hex), a token (32 letters).
        expect(line).not.toContain(email);
        expect(line).not.toMatch(/[0-9a-f]{32}:[0-9a-f]{64}/);
        expect(line).not.toMatch(/params: /);
      }
    },
  );
});
