import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { app } from "../../src/app.ts";
import { isMistyped, keyOf } from "../../src/http/api-key.ts";
import { refuse } from "../../src/http/refusals.ts";
import { sha256 } from "../../src/lib/hash.ts";
import {
  createApiKey,
  expectRefusal,
  fakeDatabase,
  linesOf,
  type Person,
  personWith,
  request,
  requestIn,
  signUp,
} from "../support/api.ts";
import { counting } from "../support/counting.ts";
import { begin, decide, poll } from "./device/support.ts";

let person: Person;
beforeAll(async () => {
  person = await signUp();
});

const lastUse = (id: string) =>
  env.DB.prepare("select last_request from apikey where id = ?")
    .bind(id)
    .first<number | null>("last_request");

/** Asks for something by a key, and waits for what goes on after the reply. @returns how often D1 was asked */
async function use(key: string, method = "GET"): Promise<number> {
  const { env: counted, cost } = counting(env);
  const context = createExecutionContext();
  const asked = new Request("http://captures.test/api/environments", {
    method,
    headers: { "x-api-key": key },
  });
  await app.fetch(asked, counted, context);
  await waitOnExecutionContext(context);
  return cost.d1;
}

describe("the last use of a key", () => {
  test("is the day on which it was used, and is noted once", async () => {
    const { id, key } = await createApiKey(person);
    expect(await lastUse(id)).toBeNull();
    expect(await use(key)).toBe(2);
    const today = Date.now() - (Date.now() % 86_400_000);
    expect(await lastUse(id)).toBe(today);
    expect(await use(key)).toBe(1);
    const { body } = await person.get<{ lastRequest: string }>(`/api/auth/api-key/get?id=${id}`);
    expect(body.lastRequest).toBe(new Date(today).toISOString());
  });

  test("is noted again on another day", async () => {
    const { id, key } = await createApiKey(person);
    await use(key);
    const now = vi.spyOn(Date, "now").mockReturnValue(Date.now() + 86_400_000);
    const tomorrow = Date.now() - (Date.now() % 86_400_000);
    expect(await use(key)).toBe(2);
    now.mockRestore();
    expect(await lastUse(id)).toBe(tomorrow);
  });

  test("is also that of a request that it may not make", async () => {
    const { id, key } = await createApiKey(person, { scope: "read" });
    await use(key, "POST");
    expect(await lastUse(id)).not.toBeNull();
  });

  test("is not noted of a key that is not valid", async () => {
    const { id, key } = await createApiKey(person);
    await person.post("/api/auth/api-key/update", { keyId: id, enabled: false });
    await use(key);
    expect(await lastUse(id)).toBeNull();
  });

  test("does not matter to the request when it can't be noted, and is noted with the next", async () => {
    const { id, key } = await createApiKey(person);
    const DB = {
      ...fakeDatabase({}),
      prepare: () => {
        throw new Error("D1 is away");
      },
      withSession: (...args: Parameters<D1Database["withSession"]>) => env.DB.withSession(...args),
    } as unknown as D1Database;
    const lines = await linesOf(async () => {
      const reply = await requestIn({ DB }, "GET", "/api/environments", { headers: { "x-api-key": key } });
      expect(reply.status).toBe(200);
    });
    expect(lines).toContainEqual(expect.objectContaining({ event: "apikey.use.failed" }));
    await use(key);
    expect(await lastUse(id)).not.toBeNull();
  });
});

describe("the form of a key", () => {
  test("is a prefix, forty characters, and a checksum of six", async () => {
    const { key } = await createApiKey(person);
    expect(key).toMatch(/^captures_[0-9A-Za-z]{40}[0-9A-Za-z]{6}$/);
    expect(isMistyped(key)).toBe(false);
    // By another implementation of CRC-32, in Python: base62 of zlib.crc32(b"captures_" + b"0" * 40).
    expect(keyOf("0".repeat(40))).toBe(`captures_${"0".repeat(40)}2YiHIO`);
  });

  test("tells a mistyped one, for which the database is not asked", async () => {
    const { key } = await createApiKey(person);
    for (const at of [9, 20, 48, 49, 54]) {
      const other = key[at] === "a" ? "b" : "a";
      const wrong = key.slice(0, at) + other + key.slice(at + 1);
      expect(isMistyped(wrong)).toBe(true);
      const { env: counted, cost } = counting(env);
      const reply = await requestIn({ DB: counted.DB }, "GET", "/api/environments", {
        headers: { "x-api-key": wrong },
      });
      expectRefusal(reply, 401, refuse.keyNotKnown().message);
      expect(cost.d1).toBe(0);
    }
  });

  test.each([
    ["64 letters behind the prefix", `captures_${"aB".repeat(32)}`],
    ["no prefix", "x".repeat(64)],
    ["forty-six characters behind another prefix", `capture_${"a".repeat(46)}`],
  ])("of before there was a checksum, with %s, is asked for", async (_, key) => {
    const { id } = await createApiKey(person, { expiresIn: null });
    await env.DB.prepare("update apikey set key = ? where id = ?")
      .bind(await sha256(key), id)
      .run();
    expect((await personWith("", "", { "x-api-key": key }).get("/api/environments")).status).toBe(200);
  });
});

describe("a change of password", () => {
  let addresses = 0;
  /** Each from an address of its own: few changes are let through from one. */
  const change = ({ headers }: Person, json: object) =>
    request("POST", "/api/auth/change-password", {
      json,
      headers: { ...headers, "cf-connecting-ip": `192.0.2.${++addresses}` },
    });
  /** The secret address of a new calendar of somebody's. */
  const makeCalendar = async (of: Person) =>
    (await of.post<{ url: string }>("/api/schedules/calendar")).body.url;
  const passwords = { currentPassword: "a long password", newPassword: "another password" };

  test("revokes the keys where that is asked for", async () => {
    const other = await signUp();
    const keys = await Promise.all([createApiKey(other), createApiKey(other, { expiresIn: null })]);
    const { key: mine } = await createApiKey(person);
    const login = await begin();
    expect((await decide(other, "approve", login.user_code)).status).toBe(200);
    const calendars = { mine: await makeCalendar(person), others: await makeCalendar(other) };
    expect((await change(other, { ...passwords, revokeKeys: true })).status).toBe(200);
    // Whoever has its address reads by it as by a key.
    expect((await request("GET", calendars.others)).status).toBe(404);
    expect((await request("GET", calendars.mine)).status).toBe(200);
    // One that was approved is a key that its program has not fetched yet.
    expect(await poll(login)).toMatchObject({ status: 400, body: { error: "invalid_grant" } });
    for (const { key } of keys) {
      const reply = await request("GET", "/api/environments", { headers: { "x-api-key": key } });
      expectRefusal(reply, 401, refuse.keyNotKnown().message);
    }
    expect((await request("GET", "/api/environments", { headers: { "x-api-key": mine } })).status).toBe(200);
  });

  test.each([
    ["it is not asked for", passwords, 200],
    ["it is asked not to", { ...passwords, revokeKeys: false }, 200],
    ["the password is wrong", { ...passwords, currentPassword: "not the password", revokeKeys: true }, 400],
  ])("leaves the keys where %s", async (_, body, status) => {
    const other = await signUp();
    const { key } = await createApiKey(other);
    const calendar = await makeCalendar(other);
    expect((await change(other, body)).status).toBe(status);
    expect((await request("GET", calendar)).status).toBe(200);
    expect((await request("GET", "/api/environments", { headers: { "x-api-key": key } })).status).toBe(200);
  });
});
