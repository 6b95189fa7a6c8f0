import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { expectRefusal, type Person, request, signUp } from "../support/api.ts";

const RIGHT = "a long password";
const WRONG = "a wrong password";
const MINUTE = 60_000;

let addresses = 0;
/** An address that was not heard of. */
const newAddress = () => `198.19.${++addresses >> 8}.${addresses & 255}`;

/** Tries to sign in, from a new address unless one is given. */
const signIn = (email: string, password: string, address = newAddress()) =>
  request("POST", "/api/auth/sign-in/email", {
    json: { email, password },
    headers: { "cf-connecting-ip": address },
  });

/** Tries wrong passwords, one after the other. @returns the statuses */
async function guess(email: string, times: number, address?: string): Promise<number[]> {
  const statuses = [];
  for (let i = 0; i < times; i++) statuses.push((await signIn(email, WRONG, address)).status);
  return statuses;
}

/** Lets time pass for all counts. */
const pass = (milliseconds: number) =>
  env.DB.prepare("update rate_limit set last_request = last_request - ? where key like 'passwords|%'")
    .bind(milliseconds)
    .run();

const all = (status: number, times: number) => Array<number>(times).fill(status);

describe("guesses of an account's password, each from another address,", () => {
  test("have to wait after ten wrong ones, and the right one with them", async () => {
    const { email } = await signUp();
    expect(await guess(email, 10)).toEqual(all(401, 10));
    const refused = await signIn(email, RIGHT);
    expectRefusal(refused, 429, /^Too many wrong passwords: try again in \d+ seconds$/);
    const seconds = Number(refused.headers.get("retry-after"));
    expect(seconds).toBeGreaterThan(50);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(refused.headers.get("ratelimit")).toBe(`"passwords";r=0;t=${seconds}`);
    expect(refused.headers.get("set-cookie")).toBeNull();
  });

  test("wait twice as long each time, and a quarter of an hour at most", async () => {
    const { email } = await signUp();
    await guess(email, 10);
    for (const minutes of [1, 2, 4, 8, 15, 15]) {
      await pass((minutes - 0.5) * MINUTE);
      expect(await guess(email, 1)).toEqual([429]);
      await pass(0.6 * MINUTE);
      expect(await guess(email, 2)).toEqual([401, 429]);
    }
  });

  test("leave the person who has signed in from the same network before alone", async () => {
    const { email } = await signUp();
    const home = newAddress();
    expect((await signIn(email, RIGHT, home)).status).toBe(200);
    await guess(email, 12);
    expect(await guess(email, 1)).toEqual([429]);
    expect((await signIn(email, RIGHT, home)).status).toBe(200);
    expect(await guess(email, 9, home)).toEqual(all(401, 9));
    expect((await signIn(email, RIGHT, home)).status).toBe(200);
    expect(await guess(email, 11, home)).toEqual([...all(401, 10), 429]);
  });

  test("leave the network alone from which the account was made", async () => {
    const [email, home] = ["made-at-home@example.com", newAddress()];
    const json = { name: "Home", email, password: RIGHT };
    await request("POST", "/api/auth/sign-up/email", { json, headers: { "cf-connecting-ip": home } });
    await guess(email, 11);
    expect((await signIn(email, RIGHT, home)).status).toBe(200);
  });

  test("are counted in any letter case of its address", async () => {
    const { email } = await signUp();
    await guess(email, 5);
    expect(await guess(email.toUpperCase(), 6)).toEqual([...all(401, 5), 429]);
  });

  test("are counted for an account that does not exist, too", async () => {
    expect(await guess("no-such-account@example.com", 11)).toEqual([...all(401, 10), 429]);
    const { results } = await env.DB.prepare("select key from rate_limit").all();
    expect(JSON.stringify(results)).not.toContain("no-such-account");
  });

  test("do not count for another account", async () => {
    const [one, other] = [await signUp(), await signUp()];
    await guess(one.email, 11);
    expect((await signIn(other.email, RIGHT)).status).toBe(200);
  });

  test("that come at once are ten, however many there are", async () => {
    const { email } = await signUp();
    await guess(email, 8);
    const statuses = (await Promise.all(all(0, 9).map(() => signIn(email, WRONG)))).map(
      ({ status }) => status,
    );
    expect(statuses.filter((status) => status === 401).length).toBe(2);
    expect(statuses).toContain(429);
  });

  test("are forgotten after a day without one", async () => {
    const { email } = await signUp();
    await guess(email, 10);
    await pass(24 * 60 * MINUTE);
    expect(await guess(email, 10)).toEqual(all(401, 10));
  });
});

describe("a sign-in that is not wrong", () => {
  test("is not counted", async () => {
    const { email } = await signUp();
    for (let i = 0; i < 12; i++) expect((await signIn(email, RIGHT)).status).toBe(200);
    expect(await guess(email, 10)).toEqual(all(401, 10));
  });

  test("is not counted when it is refused for another reason", async () => {
    const { email } = await signUp();
    for (let i = 0; i < 12; i++) {
      const json = { email, password: "x".repeat(129) };
      const headers = { "cf-connecting-ip": newAddress() };
      expect((await request("POST", "/api/auth/sign-in/email", { json, headers })).status).toBe(400);
    }
    expect(await guess(email, 10)).toEqual(all(401, 10));
  });

  test("is refused for what it lacks, as before", async () => {
    const send = (body: string) =>
      request("POST", "/api/auth/sign-in/email", { body, headers: { "content-type": "application/json" } });
    for (const body of ["{", "[]", "{}", '{"email": 1, "password": 2}', "null"])
      expect((await send(body)).status).toBe(400);
  });
});

describe("a change of a password", () => {
  const change = ({ headers }: Person, currentPassword: string) =>
    request("POST", "/api/auth/change-password", {
      json: { currentPassword, newPassword: RIGHT, revokeOtherSessions: false },
      headers: { ...headers, "cf-connecting-ip": newAddress() },
    });

  test("has to wait after ten wrong ones of its account, by whatever session", async () => {
    const person = await signUp();
    const again = await signIn(person.email, RIGHT);
    const [pair = ""] = (again.headers.get("set-cookie") ?? "").split(";");
    const other = { ...person, headers: { cookie: pair } };
    for (let i = 0; i < 5; i++) {
      expectRefusal(await change(person, WRONG), 400, "currentPassword: is not your password");
      expect((await change(other, WRONG)).status).toBe(400);
    }
    expectRefusal(await change(other, RIGHT), 429, /^Too many wrong passwords: try again in \d+ seconds$/);
    await pass(61_000);
    expect((await change(person, RIGHT)).status).toBe(200);
  });

  test("that is right makes the count begin anew, and does not count for sign-ins", async () => {
    const person = await signUp();
    for (let i = 0; i < 9; i++) await change(person, WRONG);
    expect((await change(person, RIGHT)).status).toBe(200);
    for (let i = 0; i < 9; i++) expect((await change(person, WRONG)).status).toBe(400);
    expect((await signIn(person.email, RIGHT)).status).toBe(200);
  });

  test("without a session is a 401, and counts for nobody", async () => {
    const nobody = { ...(await signUp()), headers: {} };
    for (let i = 0; i < 12; i++) expect((await change(nobody, WRONG)).status).toBe(401);
  });
});
