import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { createApiKey, expectRefusal, type Person, request, requestIn, signUp } from "../support/api.ts";
import { begin, expire, poll } from "./device/support.ts";

describe("the API keys of a user", () => {
  const FULL =
    "You have 2 API keys, programs that are about to get one among them, which is the most you may have: delete one first";
  const LIMITED = { MAX_API_KEYS: "2" };
  const make = ({ headers }: Person) =>
    requestIn<{ id: string }>(LIMITED, "POST", "/api/auth/api-key/create", { json: { name: "x" }, headers });
  const approve = ({ headers }: Person, userCode: string) =>
    requestIn(LIMITED, "POST", "/api/auth/device/approve", {
      json: { userCode, expiresIn: 86_400 },
      headers,
    });
  const keysOf = ({ id }: Person) =>
    env.DB.prepare("select count(*) as n from apikey where reference_id = ?").bind(id).first<number>("n");

  test("are as many as there may be: 409 says so, and no other is made", async () => {
    const person = await signUp();
    const first = await make(person);
    expect((await make(person)).status).toBe(200);
    expectRefusal(await make(person), 409, FULL);
    expect(await keysOf(person)).toBe(2);
    await person.post("/api/auth/api-key/delete", { keyId: first.body.id });
    expect((await make(person)).status).toBe(200);
  });

  test("are one more of five that are made at once for the last place", async () => {
    const person = await signUp();
    await make(person);
    const replies = await Promise.all(Array.from({ length: 5 }, () => make(person)));
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409]);
  });

  test("are not those that have expired, nor those of others", async () => {
    const person = await signUp();
    for (let i = 0; i < 2; i++) await createApiKey(person, { expiresIn: 86_400 });
    await env.DB.prepare("update apikey set expires_at = 1 where reference_id = ?").bind(person.id).run();
    expect((await make(person)).status).toBe(200);
    expect((await make(await signUp())).status).toBe(200);
  });

  test("are those too that a program is about to get: a login is not approved, but can be denied", async () => {
    const person = await signUp();
    await createApiKey(person);
    const [one, two] = [await begin(), await begin()];
    expect((await approve(person, one.user_code)).status).toBe(200);
    expectRefusal(await make(person), 409, FULL);
    expectRefusal(await approve(person, two.user_code), 409, FULL);
    expect((await poll(one)).status).toBe(200);
    expectRefusal(await approve(person, two.user_code), 409, FULL);
    const json = { userCode: two.user_code };
    const denied = await requestIn(LIMITED, "POST", "/api/auth/device/deny", {
      json,
      headers: person.headers,
    });
    expect(denied.status).toBe(200);
    expect(await keysOf(person)).toBe(2);
  });

  test("are not those that a program did not fetch in time", async () => {
    const person = await signUp();
    await createApiKey(person);
    const code = await begin();
    await approve(person, code.user_code);
    await expire(code);
    expect((await make(person)).status).toBe(200);
  });
});

describe("the accounts", () => {
  let people = 0;
  const join = (bindings: Partial<Cloudflare.Env>, address = "192.0.2.1", more: object = {}) =>
    requestIn(bindings, "POST", "/api/auth/sign-up/email", {
      json: { name: "New", email: `joins-${++people}@example.com`, password: "a long password", ...more },
      headers: { "cf-connecting-ip": address },
    });
  const accounts = () => env.DB.prepare("select count(*) as n from user").first<number>("n");

  test("of the service are as many as there may be: 409 says so, and no other is made", async () => {
    await signUp();
    const before = await accounts();
    const bindings = { MAX_ACCOUNTS: String(before) };
    const refused = await join(bindings);
    const message = `This service has ${before} accounts, which is the most it may have: ask whoever runs it for more`;
    expectRefusal(refused, 409, message);
    expect(refused.headers.get("set-cookie")).toBeNull();
    expect(await accounts()).toBe(before);
    expect((await join({ MAX_ACCOUNTS: String((before ?? 0) + 1) })).status).toBe(200);
  });

  test("of the service are not those that were deleted", async () => {
    const leaving = await signUp();
    const bindings = { MAX_ACCOUNTS: String(await accounts()) };
    expect((await join(bindings)).status).toBe(409);
    const json = { password: "a long password" };
    const left = await request("DELETE", "/api/account", { headers: leaving.headers, json });
    expect(left.status).toBe(200);
    expect((await join(bindings)).status).toBe(200);
  });

  test("that a network makes in a day are counted exactly, and the next is a 429", async () => {
    const bindings = { SIGN_UPS_PER_DAY: "2" };
    const replies = await Promise.all([1, 2, 3, 4].map(() => join(bindings, "192.0.2.2")));
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 200, 429, 429]);
    const refused = await join(bindings, "192.0.2.2");
    expectRefusal(refused, 429, /^Too many accounts: 2 were made from your network in the last 24 hours/);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(86_000);
    expect((await join(bindings, "192.0.2.3")).status).toBe(200);
    await env.DB.prepare("update rate_limit set last_request = last_request - 86400000 where key like ?")
      .bind("192.0.2.2|%")
      .run();
    expect((await join(bindings, "192.0.2.2")).status).toBe(200);
  });

  test("that were refused for another reason are not counted", async () => {
    const bindings = { SIGN_UPS_PER_DAY: "1" };
    const { email } = await signUp();
    for (const more of [{ email }, { password: "short" }, { name: "" }])
      expect((await join(bindings, "192.0.2.4", more)).status).toBeGreaterThanOrEqual(400);
    expect((await join(bindings, "192.0.2.4")).status).toBe(200);
  });
});
