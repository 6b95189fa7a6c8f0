import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { type ApiKey, createApiKey, type Person, request, signUp } from "../support/api.ts";

const NOT_KNOWN = { code: 401, message: "API key is not known, was revoked or has expired" };
const LOGIN_REQUIRED = { code: 401, message: "Login required" };

const withKey = (key: string) => request("GET", "/api/environments", { headers: { "x-api-key": key } });

let person: Person;
beforeAll(async () => {
  person = await signUp();
});

describe("an API key", () => {
  test("calls the API as its owner, as a Bearer token of any letter case or as x-api-key", async () => {
    const { key } = await createApiKey(person);
    for (const headers of [
      { authorization: `Bearer ${key}` },
      { authorization: `bearer ${key}` },
      { authorization: `BEARER  ${key}` },
      { "x-api-key": key },
    ]) {
      expect((await request("GET", "/api/environments", { headers })).status).toBe(200);
    }
  });

  test("is stored as a hash: the key itself is nowhere in the database", async () => {
    const { key } = await createApiKey(person);
    const { results: tables } = await env.DB.prepare(
      "select name from sqlite_master where type = 'table' and name not like 'sqlite%' and name not like '\\_cf%' escape '\\'",
    ).all<{ name: string }>();
    expect(tables.map(({ name }) => name)).toContain("apikey");
    for (const { name } of tables) {
      const { results } = await env.DB.prepare(`select * from "${name}"`).all();
      expect(JSON.stringify(results)).not.toContain(key);
    }
    const shown = await person.get("/api/auth/api-key/list");
    expect(shown.status).toBe(200);
    expect(JSON.stringify(shown.body)).not.toContain(key);
  });

  test("is refused if a part of it is missing, and so is its hash", async () => {
    const { id, key } = await createApiKey(person);
    const row = await env.DB.prepare("select key from apikey where id = ?").bind(id).first<{ key: string }>();
    for (const wrong of [key.slice(0, -1), `${key}x`, key.toLowerCase(), row?.key ?? ""]) {
      const reply = await withKey(wrong);
      expect(reply.status).toBe(401);
      expect(reply.body).toEqual(NOT_KNOWN);
    }
  });

  test("is refused from the moment it expires", async () => {
    const { id, key } = await createApiKey(person, { expiresIn: 24 * 60 * 60 });
    expect((await withKey(key)).status).toBe(200);
    await env.DB.prepare("update apikey set expires_at = ? where id = ?")
      .bind(Date.now() - 1, id)
      .run();
    expect(await withKey(key)).toMatchObject({ status: 401, body: NOT_KNOWN });
  });

  test("is refused while it is disabled", async () => {
    const { id, key } = await createApiKey(person);
    const enable = (enabled: boolean) => person.post("/api/auth/api-key/update", { keyId: id, enabled });
    expect((await enable(false)).status).toBe(200);
    expect((await withKey(key)).status).toBe(401);
    expect((await enable(true)).status).toBe(200);
    expect((await withKey(key)).status).toBe(200);
  });

  test("is refused at once when it is deleted", async () => {
    const { id, key } = await createApiKey(person);
    expect((await person.post("/api/auth/api-key/delete", { keyId: id })).status).toBe(200);
    const reply = await withKey(key);
    expect(reply).toMatchObject({ status: 401, body: NOT_KNOWN });
    expect(reply.headers.get("www-authenticate")).toBe("Bearer");
  });

  test("works on after the session that made it has ended", async () => {
    const leaving = await signUp();
    const { key } = await createApiKey(leaving);
    await leaving.post("/api/auth/sign-out");
    expect((await withKey(key)).status).toBe(200);
  });

  test("of somebody else can't be changed or deleted", async () => {
    const { id, key } = await createApiKey(person);
    const stranger = await signUp("Stranger");
    expect((await stranger.post("/api/auth/api-key/update", { keyId: id, enabled: false })).status).toBe(404);
    expect((await stranger.post("/api/auth/api-key/delete", { keyId: id })).status).toBe(404);
    expect((await withKey(key)).status).toBe(200);
  });
});

describe("a key can't", () => {
  let key: ApiKey;
  beforeAll(async () => {
    key = await createApiKey(person);
  });

  test.each([
    ["make keys", "POST", "/api/auth/api-key/create", { name: "another" }],
    ["see keys", "GET", "/api/auth/api-key/list", undefined],
    ["see who is signed in", "GET", "/api/auth/list-sessions", undefined],
    ["change the account", "POST", "/api/auth/update-user", { name: "Renamed" }],
    [
      "change the password",
      "POST",
      "/api/auth/change-password",
      { currentPassword: "a long password", newPassword: "a longer password" },
    ],
  ])("%s", async (_, method, path, json) => {
    for (const headers of [{ "x-api-key": key.key }, { authorization: `Bearer ${key.key}` }]) {
      const reply = await request(method, path, { json, headers });
      expect(reply.status).toBe(401);
      expect(reply.body).toEqual({ code: 401, message: expect.any(String) });
    }
  });

  test("be made for somebody without a session, whoever it is said to be for", async () => {
    const made = await request("POST", "/api/auth/api-key/create", {
      json: { name: "stolen", userId: person.id, referenceId: person.id },
    });
    expect(made.status).toBe(401);
    const stranger = await signUp("Stranger");
    const reply = await stranger.post<{ referenceId?: string }>("/api/auth/api-key/create", {
      name: "stolen",
      userId: person.id,
    });
    expect(reply.body.referenceId).not.toBe(person.id);
  });
});

describe("the Authorization header", () => {
  test.each([
    ["another scheme", (key: string) => `Basic ${btoa(`user:${key}`)}`],
    ["no scheme", (key: string) => key],
    ["a scheme without a key", () => "Bearer"],
    ["a scheme and a space", () => "Bearer "],
    ["two keys", (key: string) => `Bearer ${key} ${key}`],
    ["a scheme that only begins like Bearer", (key: string) => `BearerToken ${key}`],
  ])("with %s is refused, even beside a good cookie or x-api-key", async (_, header) => {
    const { key } = await createApiKey(person);
    const authorization = header(key);
    for (const headers of [{}, person.headers, { "x-api-key": key }]) {
      const reply = await request("GET", "/api/environments", { headers: { ...headers, authorization } });
      expect(reply.status).toBe(401);
      expect(reply.body).toEqual(LOGIN_REQUIRED);
      expect(reply.headers.get("www-authenticate")).toBe("Bearer");
    }
  });

  test("decides who is calling when there is a cookie too", async () => {
    const other = await signUp("Other");
    const { key } = await createApiKey(other);
    const headers = { ...person.headers, authorization: `Bearer ${key}` };
    const made = await request<{ role: string }>("GET", "/api/environments", { headers });
    expect(made.status).toBe(200);
    await env.DB.prepare("delete from apikey where reference_id = ?").bind(other.id).run();
    // The cookie is still good, but the key is what was shown.
    expect((await request("GET", "/api/environments", { headers })).status).toBe(401);
  });
});
