import { beforeAll, describe, expect, test } from "vitest";
import { ApiError } from "../../src/http/refusals.ts";
import {
  type Cast,
  createCapture,
  createCast,
  expectRefusal,
  recordConsole,
  request,
} from "../support/api.ts";
import { inFuture } from "../support/time.ts";

let cast: Cast;
let captureId: number;
beforeAll(async () => {
  cast = await createCast();
  const scheduledStart = inFuture(3_600_000);
  captureId = (await createCapture(cast.admin, { envId: cast.environment.id, scheduledStart })).id;
});

/** Every endpoint that reads a JSON body. */
const BODIES: [string, string, () => string][] = [
  ["POST", "/api/captures", () => "/api/captures"],
  ["PUT", "/api/captures/{id}", () => `/api/captures/${captureId}`],
  ["POST", "/api/environments", () => "/api/environments"],
  ["PUT", "/api/environments/{id}", () => `/api/environments/${cast.environment.id}`],
  [
    "PUT",
    "/api/environments/{id}/members/{userId}",
    () => `/api/environments/${cast.environment.id}/members/${cast.member.id}`,
  ],
  ["POST", "/api/environments/{id}/invites", () => `/api/environments/${cast.environment.id}/invites`],
];
const AUTH_BODIES: typeof BODIES = [
  ["POST", "/api/auth/sign-up/email", () => "/api/auth/sign-up/email"],
  ["POST", "/api/auth/sign-in/email", () => "/api/auth/sign-in/email"],
  ["POST", "/api/auth/api-key/update", () => "/api/auth/api-key/update"],
];

const KEY_NOT_KNOWN = "API key is not known, was revoked or has expired";
const JSON_TYPE = { "content-type": "application/json" };
const KIB_65 = `{"name":"${"x".repeat(65 * 1024)}"}`;

/** A body whose length nobody knows beforehand. */
function streamed(text: string): ReadableStream {
  const { readable, writable } = new TransformStream();
  const writer = writable.getWriter();
  // Whoever refuses the body stops reading it.
  void (async () => {
    for (let i = 0; i < text.length; i += 8192)
      await writer.write(new TextEncoder().encode(text.slice(i, i + 8192)));
    await writer.close();
  })().catch(() => undefined);
  return readable;
}

describe.each([...BODIES, ...AUTH_BODIES])("%s %s", (method, template, path) => {
  const isAuth = template.startsWith("/api/auth");
  const send = (body: BodyInit | undefined, headers: Record<string, string> = JSON_TYPE) =>
    request(method, path(), {
      ...(body === undefined ? {} : { body }),
      headers: { ...cast.admin.headers, ...headers },
    });

  test.each([
    ["JSON that stops half-way", '{"name": "x"'],
    ["JSON with a comma too many", '{"name": "x",}'],
    ["JSON with single quotes", "{'name': 'x'}"],
    ["something else", "name=x"],
    ["nothing", ""],
    ["HTML", "<script>alert(1)</script>"],
    ["a NUL", "\u0000"],
    ["two values", "{}{}"],
  ])("refuses %s as malformed", async (_, body) => {
    const reply = await send(body);
    expectRefusal(reply, 400, isAuth ? /JSON|body|is required|Invalid/i : /^The body is not valid JSON: /);
  });

  test.each([
    ["a list", "[]"],
    ["null", "null"],
    ["a number", "7"],
    ["text", '"text"'],
    ["a list 30,000 deep", "[".repeat(30_000) + "]".repeat(30_000)],
    ["an object 10,000 deep", `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`],
  ])("refuses %s, and says what is missing or wrong", async (_, body) => {
    expectRefusal(
      await send(body),
      400,
      isAuth ? /\w/ : /must be an object|is required|not known here|must be one of/,
    );
  });

  test.each([
    ["a form", "application/x-www-form-urlencoded"],
    ["a form with files", "multipart/form-data; boundary=x"],
    ["text", "text/plain"],
    ["text that hides JSON", "text/plain; application/json"],
    ["something that only begins like JSON", "application/jsonx"],
  ])("refuses a body that says it is %s with 415", async (_, type) => {
    expectRefusal(
      await send('{"name": "x"}', { "content-type": type }),
      415,
      /Content-Type: application\/json/,
    );
  });

  test("refuses a body of more than 64 KiB with 413, with or without a Content-Length", async () => {
    const said = await send(KIB_65, { ...JSON_TYPE, "content-length": String(KIB_65.length) });
    expectRefusal(said, 413, "The body is larger than 64 KiB");
    const stop = recordConsole();
    const unsaid = await send(streamed(KIB_65));
    expect(stop().filter((line) => JSON.parse(line).level !== "info")).toEqual([]);
    expectRefusal(unsaid, 413, "The body is larger than 64 KiB");
  });
});

describe.each(BODIES)("%s %s", (method, _, path) => {
  const send = (body: string, headers: Record<string, string>) =>
    request(method, path(), { body, headers: { ...JSON_TYPE, ...headers } });

  test("says nothing of the body to people who are not signed in", async () => {
    for (const body of ["{", "{}", "[]"]) {
      expectRefusal(await send(body, {}), 401, "Login required");
      expectRefusal(await send(body, { "x-api-key": "no such key" }), 401, KEY_NOT_KNOWN);
    }
  });

  test("does not repeat a secret that stands where the JSON is wrong", async () => {
    const secret = "wJalrXUtnFEMI/K7MDENG";
    for (const body of [`{"credentials": {"secretAccessKey": ${secret}}}`, `{"a": "b" ${secret}}`, secret]) {
      const reply = await send(body, cast.admin.headers);
      expect(reply.status).toBe(400);
      for (let i = 0; i + 4 <= secret.length; i++) {
        expect(JSON.stringify(reply.body)).not.toContain(secret.slice(i, i + 4));
      }
    }
  });

  test.each(["application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.captures+json"])(
    "reads %s as JSON",
    async (type) => {
      const reply = await send("[]", { ...cast.admin.headers, "content-type": type });
      expectRefusal(reply, 400, "body: must be an object");
    },
  );
});

/** Every endpoint with an id in its path. */
const IDS: [string, string][] = [
  ["GET", "/api/captures/{id}"],
  ["PUT", "/api/captures/{id}"],
  ["DELETE", "/api/captures/{id}"],
  ["POST", "/api/captures/{id}/stop"],
  ["GET", "/api/captures/{id}/metrics"],
  ["GET", "/api/captures/{id}/events"],
  ["GET", "/api/environments/{id}"],
  ["PUT", "/api/environments/{id}"],
  ["DELETE", "/api/environments/{id}"],
  ["POST", "/api/environments/{id}/check"],
  ["GET", "/api/environments/{id}/members"],
  ["PUT", "/api/environments/{id}/members/someone"],
  ["DELETE", "/api/environments/{id}/members/someone"],
  ["POST", "/api/environments/{id}/invites"],
];

describe.each(IDS)("%s %s", (method, template) => {
  const json = { name: "x", role: "member" };
  const send = (id: string, headers: Record<string, string>) =>
    request(method, template.replace("{id}", id), { ...(method === "GET" ? {} : { json }), headers });

  test.each([
    "0",
    "-1",
    "1.5",
    "abc",
    "1e3",
    "01",
    "0x1",
    "%00",
    "1%00",
    "%20",
    "+1",
    "1;drop",
    "%E0%A4%A",
    "%F0%9F%92%A9",
    "NaN",
  ])("refuses the id %s", async (id) => {
    expectRefusal(await send(id, cast.admin.headers), 400, "id: must be a positive integer");
  });

  test.each(["9007199254740992", "9".repeat(400)])("refuses the id %s, which is too large", async (id) => {
    expectRefusal(await send(id, cast.admin.headers), 400, "id: is too large to be an id");
  });

  test("does not look at the id of people who are not signed in", async () => {
    expectRefusal(await send("abc", {}), 401, "Login required");
    expectRefusal(await send("abc", { "x-api-key": "no such key" }), 401, KEY_NOT_KNOWN);
  });
});

describe("a refusal of what was sent", () => {
  const get = (path: string) => request<{ message: string }>("GET", path, { headers: cast.admin.headers });

  test("says a problem once, however often it is there", async () => {
    const reply = await get(`/api/captures/${captureId}/metrics?${"type=0&".repeat(2000)}`);
    expect(reply.status).toBe(400);
    expect(reply.body.message).toMatch(/^type: "0" is not one of CPU UTILIZATION, [^;]+$/);
    expect(reply.body.message.length).toBeLessThan(520);
  });

  test("says the first problems, cut, and how many more there are", async () => {
    const query = Array.from({ length: 100 }, (_, i) => `${"x".repeat(100)}${i}=1`).join("&");
    const unknown = await get(`/api/captures?${query}&limit=0&envId=x&cursor=x&status=x&name=a&name=b`);
    expect(unknown.status).toBe(400);
    expect(unknown.body.message.length).toBeLessThanOrEqual(1000);
    expect(unknown.body.message).toMatch(/… \(10404 characters\)$/);
  });

  test("says ten problems at most, and how many more there are", async () => {
    const person = { headers: cast.admin.headers };
    const labels = Object.fromEntries(Array.from({ length: 14 }, (_, i) => [`key-${i}`, 1]));
    const json = { name: "wrong", envId: cast.environment.id, labels };
    const { status, body } = await request<{ message: string }>("POST", "/api/captures", { ...person, json });
    expect(status).toBe(400);
    expect(body.message.split("; ")).toHaveLength(11);
    expect(body.message).toMatch(/; and 4 more$/);
  });

  test("is short however long the field that is wrong", async () => {
    const json = { email: "x".repeat(60_000), password: "a long password" };
    const reply = await request("POST", "/api/auth/sign-in/email", { json });
    expect(reply.status).toBeGreaterThanOrEqual(400);
    expect(JSON.stringify(reply.body).length).toBeLessThan(1100);
  });

  test("has at most a thousand characters, whatever makes it", () => {
    const { body } = new ApiError(502, `AWS said ${"x".repeat(5000)}`);
    expect(body.message).toMatch(/x… \(5009 characters\)$/);
    expect(body.message.length).toBeLessThanOrEqual(1000);
    expect(new ApiError(400, "x".repeat(1000)).body.message).toBe("x".repeat(1000));
  });
});
