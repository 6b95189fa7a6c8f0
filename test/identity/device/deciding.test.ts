import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import {
  createApiKey,
  createEnvironment,
  expectRefusal,
  type Person,
  personWith,
  request,
  signUp,
} from "../../support/api.ts";
import { begin, CLIENT, decide, keysOf, newAddress, poll } from "./support.ts";

const NOT_FOUND = {
  status: 404,
  body: { code: 404, message: "userCode: is not known, has expired or was used already" },
};
const WHAT = ["verify", "approve", "deny"] as const;

let person: Person;
beforeAll(async () => {
  person = await signUp();
});

/** A code that no login has. */
const WRONG = "BBBB-BBBB";

describe("whoever is to decide about a login", () => {
  test("sees who asks, since when and from which address", async () => {
    const address = newAddress();
    const code = await begin(address);
    const { status, body } = await decide<{ requestedAt: string; expiresAt: string }>(
      person,
      "verify",
      code.user_code,
    );
    expect(status).toBe(200);
    expect(body).toEqual({
      client: CLIENT,
      address,
      isYourNetwork: false,
      scope: "write",
      requestedAt: expect.any(String),
      expiresAt: expect.any(String),
    });
    expect(Date.parse(body.expiresAt) - Date.parse(body.requestedAt)).toBe(600_000);
  });

  test.each([
    ["198.51.100.200", "198.51.100.200", true],
    ["198.51.100.200", "198.51.100.201", false],
    ["2001:db8:1:2::3", "2001:db8:1:2:ffff::1", true],
    ["2001:db8:1:2::3", "2001:db8:1:102::3", false],
  ])("is told whether %s is in the network of %s: %s", async (asking, deciding, isYourNetwork) => {
    const code = await begin(asking);
    const headers = { "cf-connecting-ip": deciding };
    const { body } = await decide(person, "verify", code.user_code, { headers });
    expect(body).toMatchObject({ address: asking, isYourNetwork });
  });

  test("is not told of an address that nobody has seen", async () => {
    const { body: code } = await request<{ user_code: string }>("POST", "/api/auth/device/code", {
      json: { client_id: CLIENT },
    });
    const { body } = await request("POST", "/api/auth/device/verify", {
      json: { userCode: code.user_code },
      headers: person.headers,
    });
    expect(body).toMatchObject({ address: null, isYourNetwork: false });
  });

  test.each([
    ["in small letters", (code: string) => code.toLowerCase()],
    ["without the hyphen", (code: string) => code.replace("-", "")],
    ["with spaces around and in it", (code: string) => ` ${code.replace("-", " ")} `],
  ])("may type the code %s", async (_, typed) => {
    const code = await begin();
    expect((await decide(person, "verify", typed(code.user_code))).status).toBe(200);
  });

  test.each([
    ["is too short", "BCDF-GHJ"],
    ["is too long", "BCDF-GHJKL"],
    ["has digits", "BCDF-GHJ1"],
    ["has vowels", "BADF-GHJK"],
    ["is empty", ""],
    ["is very long", "B".repeat(1000)],
    ["is no text", 7],
  ])("is told of a code that %s, which is not counted", async (_, userCode) => {
    const typist = await signUp();
    for (let i = 0; i < 12; i++) {
      const reply = await request("POST", "/api/auth/device/verify", {
        json: { userCode },
        headers: typist.headers,
      });
      expect(reply.status).toBe(400);
      expect(reply.body).toEqual({ code: 400, message: expect.stringMatching(/^userCode: must be /) });
    }
  });

  test.each([
    ["less than a day", 86_399],
    ["more than a year", 31_536_001],
    ["a part of a second", 86_400.5],
    ["for ever", null],
  ])("can't let its key be valid for %s", async (_, expiresIn) => {
    const code = await begin();
    const reply = await decide(person, "approve", code.user_code, { json: { expiresIn } });
    expect(reply).toMatchObject({
      status: 400,
      body: { message: expect.stringMatching(/^expiresIn: must/) },
    });
    expect((await decide(person, "verify", code.user_code)).status).toBe(200);
  });
});

describe("a login is decided once", () => {
  test.each([
    ["approve", "approve"],
    ["approve", "deny"],
    ["deny", "approve"],
    ["deny", "deny"],
    ["approve", "verify"],
  ] as const)("%s, then %s", async (first, second) => {
    const other = await signUp();
    const code = await begin();
    expect((await decide(person, first, code.user_code)).status).toBe(200);
    expect(await decide(other, second, code.user_code)).toMatchObject(NOT_FOUND);
    const { status } = await poll(code);
    expect(status).toBe(first === "approve" ? 200 : 400);
    expect(await keysOf(other)).toBe(0);
  });

  test("by one of two people who approve at once: the key is that one's", async () => {
    const [a, b] = [await signUp(), await signUp()];
    const code = await begin();
    const replies = await Promise.all([a, b].map((one) => decide(one, "approve", code.user_code)));
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 404]);
    const winner = replies[0]?.status === 200 ? a : b;
    expect((await poll(code)).body.user.id).toBe(winner.id);
    expect(await keysOf(winner)).toBe(1);
    expect(await keysOf(winner === a ? b : a)).toBe(0);
  });

  test("and not by its device code, nor by the code of another login", async () => {
    const [one, other] = [await begin(), await begin()];
    expect((await decide(person, "approve", one.device_code)).status).toBe(400);
    await decide(person, "approve", one.user_code);
    expect((await poll(other)).status).toBe(400);
  });
});

describe("nobody decides", () => {
  test.each(WHAT)("by an API key: %s", async (what) => {
    const { key } = await createApiKey(person);
    const code = await begin();
    for (const headers of [
      { "x-api-key": key },
      { authorization: `Bearer ${key}` },
      { ...person.headers, "x-api-key": key },
    ]) {
      expect(await decide({ headers }, what, code.user_code)).toMatchObject({
        status: 401,
        body: { message: "Login required: this needs a session, an API key is not enough" },
      });
    }
    expect((await decide(person, "verify", code.user_code)).status).toBe(200);
  });

  test.each(WHAT)("without a session, or with one that has ended: %s", async (what) => {
    const leaving = await signUp();
    await leaving.post("/api/auth/sign-out");
    const code = await begin();
    for (const headers of [{}, leaving.headers, { cookie: `${person.headers.cookie}x` }]) {
      const reply = await decide(personWith("", "", headers as Record<string, string>), what, code.user_code);
      expect(reply).toMatchObject({ status: 401, body: { message: "Login required" } });
      expect(reply.body).not.toHaveProperty("client");
    }
    expect(await decide(leaving, what, "malformed")).toMatchObject({ status: 401 });
    expect((await decide(person, "verify", code.user_code)).status).toBe(200);
  });

  test.each(["https://evil.example", "http://evil.captures.test", "null"])(
    "from a page of %s, nor with a form",
    async (origin) => {
      const code = await begin();
      for (const what of WHAT) {
        const reply = await decide(person, what, code.user_code, { headers: { origin } });
        expect(reply.status).toBe(403);
        expect(reply.headers.get("access-control-allow-origin")).toBeNull();
      }
      const form = await request("POST", "/api/auth/device/approve", {
        body: new URLSearchParams({ userCode: code.user_code }),
        headers: person.headers,
      });
      expect(form.status).toBe(415);
      expect((await decide(person, "verify", code.user_code)).status).toBe(200);
    },
  );

  test("from a page of another origin, that a program begins a login or fetches a key either", async () => {
    for (const path of ["code", "token"]) {
      const headers = { origin: "https://evil.example" };
      const reply = await request("POST", `/api/auth/device/${path}`, { json: {}, headers });
      expect(reply.status).toBe(403);
    }
  });
});

describe("wrong codes", () => {
  const TOO_MANY = {
    status: 429,
    body: { message: expect.stringMatching(/^Too many requests: more than 10 wrong codes in 600 seconds/) },
  };

  test.each(WHAT)("of one account are let through ten times, and then no code is: %s", async (what) => {
    const guesser = await signUp();
    for (let i = 0; i < 10; i++) expect(await decide(guesser, what, WRONG)).toMatchObject(NOT_FOUND);
    // Ten were wrong, and the eleventh is one too many.
    const refused = await decide(guesser, what, WRONG);
    expect(refused).toMatchObject(TOO_MANY);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(590);
    const code = await begin();
    for (const each of WHAT) expect(await decide(guesser, each, code.user_code)).toMatchObject(TOO_MANY);
    // Not another session of the same account either, but everybody else.
    const again = await request("POST", "/api/auth/sign-in/email", {
      json: { email: guesser.email, password: "a long password" },
      headers: { "cf-connecting-ip": newAddress() },
    });
    const [cookie] = (again.headers.get("set-cookie") ?? "").split(";");
    const headers = { cookie: cookie as string };
    expect(await decide({ headers }, "approve", code.user_code)).toMatchObject(TOO_MANY);
    expect((await decide(person, "approve", code.user_code)).status).toBe(200);
  });

  test("that come at once are let through no more often", async () => {
    const guesser = await signUp();
    const replies = await Promise.all(Array.from({ length: 15 }, () => decide(guesser, "approve", WRONG)));
    expect(replies.filter(({ status }) => status === 404)).toHaveLength(10);
    expect(replies.filter(({ status }) => status === 429)).toHaveLength(5);
  });

  test("of one address are let through thirty times, whichever accounts try them", async () => {
    const headers = { "cf-connecting-ip": newAddress() };
    for (let account = 0; account < 3; account++) {
      const guesser = await signUp();
      for (let i = 0; i < 10; i++) {
        expect((await decide(guesser, "deny", WRONG, { headers })).status).toBe(404);
      }
    }
    const another = await signUp();
    expect(await decide(another, "deny", WRONG, { headers })).toMatchObject({
      status: 429,
      body: { message: expect.stringMatching(/more than 30 wrong codes/) },
    });
    const code = await begin();
    expect((await decide(another, "approve", code.user_code, { headers })).status).toBe(429);
    expect((await decide(another, "approve", code.user_code)).status).toBe(200);
  });

  test("are forgotten when the window has passed that began with the first", async () => {
    const guesser = await signUp();
    for (let i = 0; i < 11; i++) await decide(guesser, "verify", WRONG);
    await env.DB.prepare("update rate_limit set last_request = last_request - 601000 where key = ?")
      .bind(`device|account|${guesser.id}`)
      .run();
    expect((await decide(guesser, "verify", WRONG)).status).toBe(404);
    const code = await begin();
    expect((await decide(guesser, "approve", code.user_code)).status).toBe(200);
  });

  test("are not counted for somebody who is not signed in, nor are right ones", async () => {
    const address = newAddress();
    const headers = { "cf-connecting-ip": address };
    for (let i = 0; i < 3; i++) await decide({ headers: {} }, "verify", WRONG, { headers });
    for (let i = 0; i < 3; i++) {
      await decide(person, "approve", (await begin()).user_code, { headers });
    }
    const counted = await env.DB.prepare("select count(*) as n from rate_limit where key = ?")
      .bind(`device|address|${address}`)
      .first("n");
    expect(counted).toBe(0);
  });
});

describe("what an approved key may do", () => {
  const whoami = async (code: Awaited<ReturnType<typeof begin>>) => {
    const { body } = await poll(code);
    const program = personWith("", "", { "x-api-key": body.access_token });
    const read = (await program.get<{ id: number }[]>("/api/environments")).body;
    const change = (await program.post("/api/environments/external-id")).status;
    return { scope: body.scope, sees: read.map(({ id }) => id), change };
  };

  test.each([
    ["read", {}, { scope: "read", change: 403 }],
    ["read", { scope: "write" }, { scope: "write", change: 200 }],
    ["write", {}, { scope: "write", change: 200 }],
    ["write", { scope: "read" }, { scope: "read", change: 403 }],
  ] as const)("is %s as asked for, unless the person decides otherwise: %j", async (asked, json, made) => {
    const code = await begin(newAddress(), CLIENT, asked);
    const { body } = await decide<{ scope: string }>(person, "verify", code.user_code);
    expect(body.scope).toBe(asked);
    expect((await decide(person, "approve", code.user_code, { json })).status).toBe(200);
    expect(await whoami(code)).toMatchObject(made);
  });

  test("can be of one environment, which the person belongs to", async () => {
    const { environment } = await createEnvironment(person);
    await createEnvironment(person);
    const code = await begin();
    const stranger = await signUp();
    const json = { envId: environment.id };
    const refused = await decide(stranger, "approve", code.user_code, { json });
    expectRefusal(refused, 404, "Environment does not exist");
    expect((await decide(person, "approve", code.user_code, { json })).status).toBe(200);
    expect(await whoami(code)).toEqual({ scope: "write", sees: [environment.id], change: 403 });
  });

  test("is nothing when its environment was deleted before it was fetched", async () => {
    const { environment } = await createEnvironment(person);
    const code = await begin();
    await decide(person, "approve", code.user_code, { json: { envId: environment.id } });
    expect((await person.delete(`/api/environments/${environment.id}`)).status).toBe(200);
    expect(await poll(code)).toMatchObject({ status: 400, body: { error: "access_denied" } });
  });
});
