import { beforeAll, describe, expect, test } from "vitest";
import {
  createApiKey,
  expectRefusal,
  type Person,
  type Reply,
  type RequestOptions,
  request,
  requestIn,
  signUp,
} from "../support/api.ts";
import { faultyDatabase } from "../support/faults.ts";

const CONSOLE = "https://console.example.com";
const STAGING = "http://localhost:5173";
const listed = { CORS_ORIGINS: `${CONSOLE}, ${STAGING}` };

/** Origins that are near to a listed one, or that no page should have. */
const FOREIGN = [
  "https://evil.example",
  "http://console.example.com",
  "https://console.example.com:8443",
  "https://console.example.com.evil.example",
  "https://evil-console.example.com",
  "https://sub.console.example.com",
  "https://example.com",
  "https://CONSOLE.example.com",
  "https://console.example.com/",
  "http://localhost:5174",
  "http://captures.test.evil.example",
  "null",
  "*",
  "",
];

let person: Person;
let key: string;
beforeAll(async () => {
  person = await signUp();
  ({ key } = await createApiKey(person));
});

const send = (method: string, path: string, headers: Record<string, string>, options: RequestOptions = {}) =>
  requestIn(listed, method, path, { ...options, headers });
const preflight = (path: string, origin: string, method = "POST") =>
  send("OPTIONS", path, {
    origin,
    "access-control-request-method": method,
    "access-control-request-headers": "content-type,idempotency-key",
  });
const allowedOrigin = (reply: Reply) => reply.headers.get("access-control-allow-origin");
const corsHeaders = (reply: Reply) =>
  [...reply.headers.keys()].filter((name) => name.startsWith("access-control-"));
const words = (list: string | null) => list?.split(/, ?/).sort();

describe("a page of a listed origin", () => {
  test.each([CONSOLE, STAGING])("at %s may read replies, with the visitor's cookie", async (origin) => {
    const reply = await send("GET", "/api/captures", { ...person.headers, origin });
    expect(reply.status).toBe(200);
    expect(allowedOrigin(reply)).toBe(origin);
    expect(reply.headers.get("access-control-allow-credentials")).toBe("true");
    expect(words(reply.headers.get("vary"))).toContain("Origin");
    expect(words(reply.headers.get("access-control-expose-headers"))).toEqual(
      expect.arrayContaining(["ETag", "Link", "RateLimit", "Retry-After", "X-D1-Bookmark", "X-Request-Id"]),
    );
  });

  test("may read refusals, the service's own faults and what is answered about sessions", async () => {
    const origin = CONSOLE;
    const DB = faultyDatabase(() => ({ error: new Error("away") }));
    const replies = [
      await send("GET", "/api/captures", { origin }),
      await send("GET", "/nope", { origin }),
      await send("PATCH", "/api/captures", { ...person.headers, origin }),
      await send("POST", "/api/captures", { ...person.headers, origin }, { body: "{" }),
      await send("GET", "/api/auth/get-session", { ...person.headers, origin }),
      await requestIn({ ...listed, DB }, "GET", "/api/captures/1", {
        headers: { ...person.headers, origin },
      }),
    ];
    expect(replies.map(({ status }) => status)).toEqual([401, 404, 405, 415, 200, 500]);
    for (const reply of replies) expect(allowedOrigin(reply)).toBe(origin);
  });

  test("gets a preflight's answer, which may be cached", async () => {
    for (const path of ["/api/captures", "/api/captures/1", "/api/auth/sign-in/email"]) {
      const reply = await preflight(path, CONSOLE);
      expect(reply.status).toBe(204);
      expect(reply.body).toBeUndefined();
      expect(allowedOrigin(reply)).toBe(CONSOLE);
      expect(reply.headers.get("access-control-allow-credentials")).toBe("true");
      expect(words(reply.headers.get("access-control-allow-methods"))).toEqual([
        "DELETE",
        "GET",
        "HEAD",
        "POST",
        "PUT",
      ]);
      expect(words(reply.headers.get("access-control-allow-headers"))).toEqual(
        expect.arrayContaining(["Authorization", "Content-Type", "Idempotency-Key", "If-Match", "X-Api-Key"]),
      );
      expect(reply.headers.get("access-control-max-age")).toBe("7200");
      expect(words(reply.headers.get("vary"))).toContain("Origin");
    }
  });

  test("gets a 405 for an OPTIONS that is no preflight", async () => {
    const headers = { ...person.headers, origin: CONSOLE };
    expectRefusal(await send("OPTIONS", "/api/captures", headers), 405, /possible: /);
  });

  test("may sign a visitor in, write and sign out with the cookie", async () => {
    const { email } = await signUp();
    const json = { email, password: "a long password" };
    const signedIn = await send("POST", "/api/auth/sign-in/email", { origin: CONSOLE }, { json });
    expect(signedIn.status).toBe(200);
    const cookie = signedIn.headers.get("set-cookie")?.split(";")[0] as string;
    for (const [path, status] of [
      ["/api/environments/999999/abandon", 404],
      ["/api/auth/sign-out", 200],
    ] as const) {
      const reply = await send("POST", path, { cookie, origin: CONSOLE, "sec-fetch-site": "same-site" });
      expect(reply.status).toBe(status);
      expect(allowedOrigin(reply)).toBe(CONSOLE);
    }
  });
});

describe("a page of another origin", () => {
  test.each(FOREIGN)("at %j may read nothing", async (origin) => {
    for (const headers of [person.headers, { "x-api-key": key }, {}]) {
      const reply = await send("GET", "/api/captures", { ...headers, origin });
      expect(corsHeaders(reply)).toEqual([]);
      expect(words(reply.headers.get("vary"))).toContain("Origin");
    }
  });

  test.each(FOREIGN)("at %j gets no preflight's answer", async (origin) => {
    for (const [path, status] of [
      ["/api/captures", 401],
      ["/api/auth/sign-in/email", 405],
    ] as const) {
      const reply = await preflight(path, origin);
      expect(reply.status).toBe(status);
      expect(corsHeaders(reply)).toEqual([]);
    }
  });

  test.each(FOREIGN)("at %j can't write with a visitor's cookie", async (origin) => {
    for (const [method, path] of [
      ["POST", "/api/captures/1/stop"],
      ["PUT", "/api/captures/1"],
      ["DELETE", "/api/captures/1"],
      ["POST", "/api/environments/999999/abandon"],
      ["POST", "/api/auth/sign-out"],
      ["POST", "/api/auth/revoke-sessions"],
    ] as const) {
      const reply = await send(method, path, { ...person.headers, origin });
      expectRefusal(reply, 403, /^Request of another origin/);
      expect(corsHeaders(reply)).toEqual([]);
    }
    expect((await person.get("/api/captures")).status).toBe(200);
  });

  test.each(FOREIGN)("at %j can't sign a visitor in or up, with a cookie or without", async (origin) => {
    for (const [path, json] of [
      ["/api/auth/sign-in/email", { email: person.email, password: "a long password" }],
      ["/api/auth/sign-up/email", { name: "N", email: "n@example.com", password: "a long password" }],
    ] as const) {
      for (const headers of [person.headers, {}]) {
        const reply = await send("POST", path, { ...headers, origin }, { json });
        expectRefusal(reply, 403, /^Request of another origin/);
        expect(reply.headers.get("set-cookie")).toBeNull();
      }
    }
  });

  test.each(FOREIGN)("at %j changes nothing for a request with an API key", async (origin) => {
    const reply = await send("POST", "/api/environments/999999/abandon", { "x-api-key": key, origin });
    expect(reply.status).toBe(404);
  });
});

describe("a write with a cookie and without an Origin", () => {
  const write = (headers: Record<string, string>) =>
    send("POST", "/api/environments/999999/abandon", { ...person.headers, ...headers });

  test("is done: it comes from a program, not a browser", async () => {
    expect((await write({})).status).toBe(404);
    expect(
      (await send("POST", "/api/auth/update-user", person.headers, { json: { name: "Me" } })).status,
    ).toBe(200);
  });

  test.each(["cross-site", "same-site", "none", "something new"])(
    "is refused when a browser says that it is %s",
    async (site) => {
      expectRefusal(await write({ "sec-fetch-site": site }), 403, /^Request of another origin/);
    },
  );

  test("is done when a browser says that it is same-origin", async () => {
    expect((await write({ "sec-fetch-site": "same-origin" })).status).toBe(404);
    const reply = await send(
      "POST",
      "/api/auth/update-user",
      { ...person.headers, "sec-fetch-site": "same-origin" },
      {
        json: { name: "Me" },
      },
    );
    expect(reply.status).toBe(200);
  });
});

test("a read with a cookie is answered whatever the origin, for the browser keeps the reply to itself", async () => {
  for (const method of ["GET", "HEAD"]) {
    const reply = await send(method, "/api/captures", { ...person.headers, origin: "https://evil.example" });
    expect(reply.status).toBe(200);
  }
});

describe("without CORS_ORIGINS", () => {
  test("our own page can write, no other can, and nobody is told of CORS", async () => {
    for (const CORS_ORIGINS of ["", " ", undefined]) {
      const variables = { CORS_ORIGINS } as Partial<Cloudflare.Env>;
      const act = (origin: string) =>
        requestIn(variables, "POST", "/api/environments/999999/abandon", {
          headers: { ...person.headers, origin },
        });
      expect((await act("http://captures.test")).status).toBe(404);
      const other = await act(CONSOLE);
      expect(other.status).toBe(403);
      expect(corsHeaders(other)).toEqual([]);
      expect(other.headers.get("vary")).toBeNull();
    }
  });
});

describe("CORS_ORIGINS", () => {
  test.each([
    "*",
    "null",
    "https://*.example.com",
    "console.example.com",
    "https://console.example.com/",
    "https://console.example.com/app",
    "https://Console.example.com",
    "https://console.example.com:443",
    "https://user@console.example.com",
    "ftp://console.example.com",
    "javascript:alert(1)",
    `${CONSOLE}; ${STAGING}`,
    `${CONSOLE} ${STAGING}`,
    `${CONSOLE},*`,
  ])("that is %j lets nobody in, and fails every request", async (CORS_ORIGINS) => {
    for (const headers of [{}, { origin: CONSOLE }, { origin: "https://a.example.com" }]) {
      const reply = await requestIn({ CORS_ORIGINS }, "GET", "/api/captures", { headers });
      expectRefusal(reply, 500, /^Something went wrong on our side/);
      expect(corsHeaders(reply)).toEqual([]);
    }
  });
});

describe("security headers", () => {
  const EXPECTED = {
    "content-security-policy":
      "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "permissions-policy": expect.stringContaining("camera=()"),
  };

  test.each([
    ["a reply", "GET", "/api/captures", 200],
    ["who is signed in", "GET", "/api/auth/get-session", 200],
    ["a refusal", "GET", "/api/captures/0", 400],
    ["a path that is not there", "GET", "/nope", 404],
    ["a method that is not there", "PATCH", "/api/captures", 405],
  ])("are on %s", async (_, method, path, status) => {
    const reply = await request(method, path, { headers: person.headers });
    expect(reply.status).toBe(status);
    expect(Object.fromEntries(reply.headers)).toMatchObject(EXPECTED);
    expect(reply.headers.get("strict-transport-security")).toBeNull();
  });

  test("are on a preflight's answer, and on a fault of ours", async () => {
    expect(Object.fromEntries((await preflight("/api/captures", CONSOLE)).headers)).toMatchObject(EXPECTED);
    const broken = await requestIn({ CORS_ORIGINS: "*" }, "GET", "/api/captures");
    expect(Object.fromEntries(broken.headers)).toMatchObject(EXPECTED);
  });

  test("keep a browser that came by HTTPS there", async () => {
    const reply = await request("GET", "https://captures.test/api/captures");
    expect(reply.headers.get("strict-transport-security")).toBe("max-age=31536000; includeSubDomains");
  });
});
