import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { createApiKey, type Person, request, requestIn, signUp } from "../../support/api.ts";
import { begin, CLIENT, decide, expire, GRANT, keysOf, letPass, newAddress, poll } from "./support.ts";

let person: Person;
beforeAll(async () => {
  person = await signUp("Demo");
});

const refused = (error: string, message: RegExp) => ({
  status: 400,
  body: { code: 400, error, message: expect.stringMatching(message) },
});
const PENDING = refused("authorization_pending", /Nobody has approved/);
const UNKNOWN = refused("invalid_grant", /^device_code: is not known/);

describe("a program that asks for a code", () => {
  test("is given one to show, without vowels and digits, and where it is typed", async () => {
    const code = await begin();
    expect(code).toEqual({
      device_code: expect.stringMatching(/^[A-Za-z]{43}$/),
      user_code: expect.stringMatching(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/),
      verification_uri: "http://captures.test/device",
      verification_uri_complete: `http://captures.test/device#code=${code.user_code}`,
      expires_in: 600,
      interval: 5,
    });
  });

  test("is given others each time, of which only hashes are stored", async () => {
    const codes = await Promise.all(Array.from({ length: 20 }, () => begin()));
    expect(new Set(codes.map(({ device_code }) => device_code)).size).toBe(20);
    expect(new Set(codes.map(({ user_code }) => user_code)).size).toBe(20);
    const { results } = await env.DB.prepare("select * from device_codes").all();
    const stored = JSON.stringify(results);
    for (const { device_code, user_code } of codes) {
      expect(stored).not.toContain(device_code);
      expect(stored).not.toContain(user_code);
      expect(stored).not.toContain(user_code.replace("-", ""));
    }
  });

  test("is given another one where the code that chance has made is in use, and none where three are", async () => {
    const real = crypto.getRandomValues.bind(crypto);
    let repeated = 0;
    const random = vi.spyOn(crypto, "getRandomValues").mockImplementation((bytes) => {
      const isUserCode = bytes instanceof Uint8Array && bytes.length === 8;
      return isUserCode && repeated-- > 0 ? ((bytes as Uint8Array).fill(19) as typeof bytes) : real(bytes);
    });
    repeated = 1;
    expect((await begin()).user_code).toBe("ZZZZ-ZZZZ");
    repeated = 2;
    expect((await begin()).user_code).not.toBe("ZZZZ-ZZZZ");
    repeated = 3;
    const reply = await request("POST", "/api/auth/device/code", { json: { client_id: CLIENT } });
    random.mockRestore();
    expect(reply.status).toBe(500);
  });

  test.each([
    ["no name", {}, /^client_id: is required$/],
    ["an empty name", { client_id: "  " }, /^client_id: must not be empty$/],
    ["a name that is too long", { client_id: "x".repeat(101) }, /^client_id: must be at most 100 characters/],
    ["a name with control characters", { client_id: "a\u001b[2Jb" }, /^client_id: .*control characters$/],
    ["a name that turns text round", { client_id: "a\u202eb" }, /^client_id: .*invisible characters$/],
    ["a name that is no text", { client_id: 7 }, /^client_id: must be a string$/],
    ["unknown fields", { client_id: CLIENT, scopes: "read" }, /^scopes: not known here$/],
    ["another scope", { client_id: CLIENT, scope: "all" }, /^scope: must be one of read, write$/],
  ])("with %s is refused", async (_, json, message) => {
    const reply = await request("POST", "/api/auth/device/code", { json });
    expect(reply).toMatchObject(refused("invalid_request", message));
  });

  test("with the longest name makes a key whose name can be given to it again", async () => {
    const name = "\u{1F511}".repeat(100);
    const code = await begin(newAddress(), name);
    expect(await decide(person, "approve", code.user_code)).toMatchObject({ status: 200 });
    expect((await poll(code, name)).status).toBe(200);
    const { body } = await person.get<{ apiKeys: { id: string; name: string }[] }>("/api/auth/api-key/list");
    const key = body.apiKeys.find((one) => one.name === name);
    const renamed = await person.post("/api/auth/api-key/update", { keyId: key?.id, name });
    expect(renamed).toMatchObject({ status: 200, body: { name } });
  });

  test.each(["code", "token"])("in a body that is no JSON is refused by %s", async (path) => {
    const headers = { "content-type": "application/json" };
    const reply = await request("POST", `/api/auth/device/${path}`, { body: '{"client_id": "x', headers });
    expect(reply).toMatchObject(refused("invalid_request", /^The body is not valid JSON: /));
  });

  test("has those forgotten that expired an hour ago, a few at a time, and no others", async () => {
    const insert = env.DB.prepare(
      `insert into device_codes (device_hash, user_hash, client, interval, created_at, expires_at)
       values (?1, ?1, 'old', 5, 1, ?2)`,
    );
    const ago = (minutes: number) => Date.now() - minutes * 60_000;
    await env.DB.batch(Array.from({ length: 30 }, (_, i) => insert.bind(`old ${i}`, ago(i < 25 ? 61 : 59))));
    const old = () =>
      env.DB.prepare("select count(*) as n from device_codes where client = 'old'").first<number>("n");
    const waiting = await begin();
    expect(await old()).toBe(20);
    for (let i = 0; i < 3; i++) await begin();
    expect(await old()).toBe(5);
    expect(await poll(waiting)).toMatchObject(PENDING);
  });

  test("too often from one address is refused, at once and in turn", async () => {
    const address = newAddress();
    const ask = () =>
      requestIn({ AUTH_RATE_LIMIT_MAX: "3" }, "POST", "/api/auth/device/code", {
        json: { client_id: CLIENT },
        headers: { "cf-connecting-ip": address },
      });
    const replies = await Promise.all(Array.from({ length: 6 }, ask));
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(3);
    const last = await ask();
    expect(last.status).toBe(429);
    expect(Number(last.headers.get("retry-after"))).toBeLessThanOrEqual(60);
    expect((await begin()).interval).toBe(5);
  });
});

describe("a login", () => {
  test("is pending until somebody approves it, and then hands over a key of theirs, once", async () => {
    const code = await begin();
    expect(await poll(code)).toMatchObject(PENDING);
    const approved = await decide(person, "approve", code.user_code);
    expect(approved).toMatchObject({ status: 200, body: { client: CLIENT, status: "approved" } });
    const { status, body } = await poll(code);
    expect(status).toBe(200);
    expect(body).toEqual({
      access_token: expect.stringMatching(/^captures_[0-9A-Za-z]{46}$/),
      token_type: "Bearer",
      expires_in: 90 * 24 * 60 * 60,
      scope: "write",
      user: { id: person.id, name: "Demo", email: person.email },
    });
    const headers = { authorization: `Bearer ${body.access_token}` };
    expect((await request("GET", "/api/environments", { headers })).status).toBe(200);
    expect(await poll(code)).toMatchObject(UNKNOWN);
  });

  test("hands its key over to one of many polls that come at once", async () => {
    const approver = await signUp();
    const code = await begin();
    await decide(approver, "approve", code.user_code);
    const replies = await Promise.all(Array.from({ length: 8 }, () => poll(code)));
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(await keysOf(approver)).toBe(1);
  });

  test("makes the key that one's own page would, listed by the program's name, changed and revoked as all are", async () => {
    const approver = await signUp();
    const made = await createApiKey(approver, { name: CLIENT, expiresIn: 30 * 24 * 60 * 60 });
    const code = await begin();
    await decide(approver, "approve", code.user_code, { json: { expiresIn: 30 * 24 * 60 * 60 } });
    const { body } = await poll(code);
    const { results } = await env.DB.prepare(
      "select * from apikey where reference_id = ? order by created_at",
    )
      .bind(approver.id)
      .all<Record<string, unknown>>();
    const [theirs, ours] = results as [Record<string, unknown>, Record<string, unknown>];
    const alike = ({ created_at, updated_at, expires_at, id, key, start, ...rest }: typeof ours) => ({
      ...rest,
      types: [created_at, updated_at, expires_at, id, key, start].map((value) => typeof value),
      lengths: [id, key, start].map((value) => String(value).length),
      lasts: Math.round((Number(expires_at) - Number(created_at)) / 1000),
    });
    expect(alike(ours)).toEqual(alike(theirs));
    expect(body.access_token).toHaveLength(made.key.length);
    const list = await approver.get<{ apiKeys: { id: string; name: string; start: string }[] }>(
      "/api/auth/api-key/list",
    );
    const listed = list.body.apiKeys.find(({ id }) => id !== made.id);
    expect(listed).toMatchObject({ name: CLIENT, start: body.access_token.slice(0, 13) });
    const keyId = listed?.id;
    expect((await approver.post("/api/auth/api-key/update", { keyId, name: "renamed" })).status).toBe(200);
    expect((await approver.post("/api/auth/api-key/delete", { keyId })).status).toBe(200);
    const headers = { "x-api-key": body.access_token };
    expect((await request("GET", "/api/environments", { headers })).status).toBe(401);
  });

  test("makes no key before it is fetched, and none if that is too late", async () => {
    const approver = await signUp();
    const code = await begin();
    await decide(approver, "approve", code.user_code);
    expect(await keysOf(approver)).toBe(0);
    await expire(code);
    expect(await poll(code)).toMatchObject(refused("expired_token", /has expired/));
    expect(await keysOf(approver)).toBe(0);
  });

  test("that is denied says so each time, and makes no key", async () => {
    const denier = await signUp();
    const code = await begin();
    expect((await decide(denier, "deny", code.user_code)).body).toEqual({ client: CLIENT, status: "denied" });
    for (let i = 0; i < 2; i++) {
      expect(await poll(code)).toMatchObject(refused("access_denied", /denied/));
    }
    expect(await keysOf(denier)).toBe(0);
  });

  test("that nobody decides about expires, and can't be approved any more", async () => {
    const code = await begin();
    await expire(code);
    expect(await poll(code)).toMatchObject(refused("expired_token", /has expired/));
    for (const what of ["verify", "approve", "deny"] as const) {
      expect((await decide(await signUp(), what, code.user_code)).status).toBe(404);
    }
  });

  test("can't be fetched by whoever does not know its device code, or calls itself something else", async () => {
    const code = await begin();
    await decide(person, "approve", code.user_code);
    for (const device_code of [
      "",
      code.user_code,
      code.device_code.slice(1),
      code.device_code.toLowerCase(),
    ]) {
      expect(await poll({ ...code, device_code })).toMatchObject(UNKNOWN);
    }
    expect(await poll(code, "captures on another")).toMatchObject(UNKNOWN);
    expect((await poll(code)).status).toBe(200);
  });

  test.each([
    ["another grant", { grant_type: "password" }, /^grant_type: must be urn:/],
    ["no device code", { device_code: undefined }, /^device_code: is required$/],
    ["a device code that is too long", { device_code: "x".repeat(129) }, /^device_code: must be at most/],
    ["unknown fields", { client_secret: "x" }, /^client_secret: not known here$/],
  ])("is not handed over for a request with %s", async (_, wrong, message) => {
    const json = { grant_type: GRANT, device_code: "x", client_id: CLIENT, ...wrong };
    const reply = await request("POST", "/api/auth/device/token", { json });
    expect(reply).toMatchObject(refused("invalid_request", message));
  });
});

describe("a program that polls", () => {
  test("too soon is told to slow down, by five seconds more each time", async () => {
    const code = await begin();
    expect(await poll(code)).toMatchObject(PENDING);
    expect(await poll(code)).toMatchObject(refused("slow_down", /wait 10 seconds/));
    expect(await poll(code)).toMatchObject(refused("slow_down", /wait 15 seconds/));
    await letPass(code, 10);
    expect(await poll(code)).toMatchObject(refused("slow_down", /wait 20 seconds/));
    await letPass(code, 20);
    expect(await poll(code)).toMatchObject(PENDING);
  });

  test("in its interval is not told to, also if the way was a little shorter this time", async () => {
    const code = await begin();
    for (const seconds of [5, 4.5]) {
      expect(await poll(code)).toMatchObject(PENDING);
      await letPass(code, seconds);
    }
    expect(await poll(code)).toMatchObject(PENDING);
  });

  test("too soon is handed its key all the same once it is approved", async () => {
    const code = await begin();
    await poll(code);
    await decide(person, "approve", code.user_code);
    expect((await poll(code)).status).toBe(200);
  });
});
