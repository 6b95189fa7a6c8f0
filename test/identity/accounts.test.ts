import { describe, expect, test } from "vitest";
import { createApiKey, type Reply, request, sessionCookie, signUp } from "../support/api.ts";

const PASSWORD = "a long password";
const DAY_SECONDS = 24 * 60 * 60;

let addresses = 0;

/** Posts as somebody, from an address of its own: it is limited how often one may change passwords. */
function post(path: string, json: unknown, headers: Record<string, string> = {}): Promise<Reply> {
  const address = { "cf-connecting-ip": `203.0.113.${++addresses}` };
  return request("POST", `/api/auth/${path}`, { json, headers: { ...headers, ...address } });
}

describe("an account", () => {
  test("signs in by an e-mail address", async () => {
    const reply = await post("sign-in/email", { email: "no address", password: PASSWORD });
    expect(reply.body).toEqual({
      code: 400,
      message: "email: must be an e-mail address, such as name@example.com",
    });
  });

  test("changes its name, and nothing else by that", async () => {
    const { headers } = await signUp();
    const renamed = await post("update-user", { name: " Renamed " }, headers);
    expect(renamed).toMatchObject({ status: 200, body: { status: true } });
    const { body } = await request<{ user: unknown }>("GET", "/api/auth/get-session", { headers });
    expect(body.user).toMatchObject({ name: "Renamed" });
    expect((await post("update-user", {}, headers)).body).toEqual({
      code: 400,
      message: "name: is required",
    });
    const other = { name: "Other", email: "other@example.com" };
    expect((await post("update-user", other, headers)).body).toEqual({
      code: 400,
      message: "email: not known here",
    });
  });

  test.each([
    ["with the wrong old one", "a wrong password", "a new password", "currentPassword: is not your password"],
    ["to a short one", PASSWORD, "1234567", "newPassword: must be at least 8 characters long"],
    ["to a long one", PASSWORD, "x".repeat(129), "newPassword: must be at most 128 characters long"],
  ])("does not change its password %s", async (_, currentPassword, newPassword, message) => {
    const { email, headers } = await signUp();
    const reply = await post("change-password", { currentPassword, newPassword }, headers);
    expect(reply.body).toEqual({ code: 400, message });
    expect((await post("sign-in/email", { email, password: PASSWORD })).status).toBe(200);
  });
});

describe("the sessions of an account", () => {
  /** Somebody who is signed in twice: both cookies, and what the list shows of the second. */
  async function signedInTwice() {
    const { email, headers } = await signUp();
    const cookie = sessionCookie(await post("sign-in/email", { email, password: PASSWORD }));
    return { first: headers, second: { cookie } };
  }

  const sessions = (headers: Record<string, string>) =>
    request<{ token: string }[]>("GET", "/api/auth/list-sessions", { headers });
  const status = async (headers: Record<string, string>) => (await sessions(headers)).status;

  test("are listed, and end one by one", async () => {
    const { first, second } = await signedInTwice();
    const { body } = await sessions(first);
    expect(body).toHaveLength(2);
    const token = body.find((session) => second.cookie.includes(session.token))?.token;
    expect((await post("revoke-session", { token }, first)).body).toEqual({ status: true });
    expect([await status(first), await status(second)]).toEqual([200, 401]);
  });

  test("end all at once", async () => {
    const { first, second } = await signedInTwice();
    expect((await post("revoke-sessions", {}, first)).body).toEqual({ status: true });
    expect([await status(first), await status(second)]).toEqual([401, 401]);
  });

  test("are nobody else's to end", async () => {
    const { first } = await signedInTwice();
    const [session] = (await sessions(first)).body;
    const stranger = await signUp();
    expect((await post("revoke-session", { token: session?.token }, stranger.headers)).status).toBe(200);
    expect(await status(first)).toBe(200);
  });
});

describe("the API keys of an account", () => {
  test("are shown to their owner, without the key itself", async () => {
    const person = await signUp();
    const { id, key } = await createApiKey(person, { name: "nightly" });
    const shown = await person.get(`/api/auth/api-key/get?id=${id}`);
    expect(shown).toMatchObject({ status: 200, body: { id, name: "nightly", start: key.slice(0, 13) } });
    expect(JSON.stringify(shown.body)).not.toContain(key);
    const stranger = await signUp();
    expect((await stranger.get(`/api/auth/api-key/get?id=${id}`)).body).toEqual({
      code: 404,
      message: "API key does not exist",
    });
  });

  test.each([
    ["a name of 101 characters", { name: "x".repeat(101) }, "name: must be 1 to 100 characters long"],
    [
      "an end within a day",
      { expiresIn: DAY_SECONDS - 1 },
      "expiresIn: must be at least 86400 seconds (a day)",
    ],
    [
      "an end in more than a year",
      { expiresIn: 366 * DAY_SECONDS },
      "expiresIn: must be at most 31536000 seconds (365 days)",
    ],
  ])("do not take %s, new or changed", async (_, fields, message) => {
    const person = await signUp();
    const { id: keyId } = await createApiKey(person);
    for (const [path, json] of [
      ["api-key/create", fields],
      ["api-key/update", { keyId, ...fields }],
    ] as const) {
      expect((await post(path, json, person.headers)).body).toEqual({ code: 400, message });
    }
  });

  test("are not changed by an empty request", async () => {
    const person = await signUp();
    const { id: keyId } = await createApiKey(person);
    expect((await post("api-key/update", { keyId }, person.headers)).body).toEqual({
      code: 400,
      message: "body: must have a field to change",
    });
  });
});
