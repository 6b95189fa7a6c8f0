import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { createApiKey, type Person, request, signUp } from "../support/api.ts";

const DAY_SECONDS = 24 * 60 * 60;
interface Listed {
  apiKeys: { id: string; name: string | null; expiresAt: string | null }[];
  total: number;
  limit?: number;
  offset?: number;
}
const list = (person: Person, query = "") => person.get<Listed>(`/api/auth/api-key/list${query}`);
const update = (person: Person, json: object) =>
  person.post<{ name: string; expiresAt: string | null; enabled: boolean }>("/api/auth/api-key/update", json);

async function withThreeKeys(): Promise<Person> {
  const person = await signUp();
  for (const name of ["one", "two", "three"]) {
    const { id } = await createApiKey(person, { name });
    // So that they are not of the same millisecond.
    await env.DB.prepare("update apikey set created_at = created_at + ? where id = ?")
      .bind(["one", "two", "three"].indexOf(name), id)
      .run();
  }
  return person;
}

test("one's keys are listed oldest first, a part at a time where that is asked for, and nobody else's", async () => {
  const person = await withThreeKeys();
  await createApiKey(await signUp());
  const names = async (query: string) => (await list(person, query)).body.apiKeys.map(({ name }) => name);
  expect((await list(person)).body).toMatchObject({ total: 3 });
  expect(await names("")).toEqual(["one", "two", "three"]);
  expect(await names("?limit=2")).toEqual(["one", "two"]);
  expect((await list(person, "?limit=2&offset=2")).body).toMatchObject({
    apiKeys: [{ name: "three" }],
    total: 3,
    limit: 2,
    offset: 2,
  });
  expect(await names("?offset=3")).toEqual([]);
});

test("somebody without keys is shown an empty list", async () => {
  const { status, body } = await list(await signUp());
  expect([status, body]).toEqual([200, { apiKeys: [], total: 0 }]);
});

test("a session that has ended lists and makes no keys", async () => {
  const person = await signUp();
  await env.DB.prepare("update session set expires_at = 1 where user_id = ?").bind(person.id).run();
  expect((await list(person)).status).toBe(401);
  expect((await person.post("/api/auth/api-key/create", {})).status).toBe(401);
  expect((await update(person, { keyId: "x", enabled: false })).status).toBe(401);
});

test("what is changed of a key is what was asked for, and no more", async () => {
  const person = await signUp();
  const { id: keyId } = await createApiKey(person, { name: "nightly", expiresIn: 2 * DAY_SECONDS });
  const renamed = await update(person, { keyId, name: "weekly" });
  expect(renamed.body).toMatchObject({ name: "weekly", enabled: true, expiresAt: expect.any(String) });
  expect((await update(person, { keyId, expiresIn: null })).body).toMatchObject({
    name: "weekly",
    expiresAt: null,
  });
  const { body } = await update(person, { keyId, enabled: false, expiresIn: DAY_SECONDS });
  expect(body).toMatchObject({ name: "weekly", enabled: false });
  const days = (Date.parse(body.expiresAt as string) - Date.now()) / 1000 / DAY_SECONDS;
  expect(days).toBeGreaterThan(0.9);
  expect(days).toBeLessThan(1.1);
});

test.each([
  ["of somebody else", { userId: "x" }, "userId: not known here"],
  ["with permissions", { permissions: {} }, "permissions: not known here"],
  ["without a name", { name: "" }, "name: must be 1 to 100 characters long"],
  ["that expires at no number", { expiresIn: "soon" }, expect.stringMatching(/^expiresIn: /)],
])("a key %s is refused", async (_, json, message) => {
  const person = await signUp();
  const { body } = await person.post("/api/auth/api-key/create", json);
  expect(body).toEqual({ code: 400, message });
  expect((await list(person)).body.total).toBe(0);
});

test("a key that better-auth's plugin has made still works, is shown, and can be changed", async () => {
  const person = await signUp();
  // A row as version 0.1.0 wrote it, of the key `captures_` and 64 times `a`.
  const hash = "MNwoYQdkmQ2uSX5WqznlQXuaufeYggqldipnbI98ZlU";
  await env.DB.prepare(
    `insert into apikey (id, config_id, name, start, prefix, key, reference_id, refill_interval, refill_amount,
       last_refill_at, enabled, rate_limit_enabled, rate_limit_time_window, rate_limit_max, request_count, remaining,
       last_request, expires_at, permissions, metadata, created_at, updated_at)
     values ('old', 'default', 'old', 'captures_aaaa', 'captures_', ?, ?, null, null, null, 1, 0, 86400000, 10, 0, null,
       null, null, null, 'null', 1795855186092, 1795855186092)`,
  )
    .bind(hash, person.id)
    .run();
  const headers = { "x-api-key": `captures_${"a".repeat(64)}` };
  expect((await request("GET", "/api/environments", { headers })).status).toBe(200);
  expect((await list(person)).body.apiKeys).toMatchObject([
    { id: "old", name: "old", prefix: "captures_", expiresAt: null },
  ]);
  // The plugin took another prefix where it was asked for one, and none.
  for (const prefix of ["cap_", null]) {
    await env.DB.prepare("update apikey set prefix = ? where id = 'old'").bind(prefix).run();
    expect((await list(person)).body.apiKeys).toMatchObject([{ id: "old", prefix }]);
  }
  expect((await update(person, { keyId: "old", enabled: false })).body).toMatchObject({ enabled: false });
  expect((await request("GET", "/api/environments", { headers })).status).toBe(401);
});
