import { afterEach, describe, expect, test } from "vitest";
import { HashingPlaces, hashing } from "../../src/identity/hashing.ts";
import { expectRefusal, type Person, requestIn, signUp } from "../support/api.ts";

const BUSY = "Too many are signing in or up just now: try again soon";

/** Hashes that take until they are told to end. */
function slow(places: HashingPlaces) {
  let running = 0;
  let most = 0;
  const { promise: end, resolve } = Promise.withResolvers<void>();
  const hash = () =>
    places.run(async () => {
      most = Math.max(most, ++running);
      await end;
      running--;
      return "hashed";
    });
  return { hash, end: resolve, running: () => running, most: () => most };
}

let finish: () => Promise<unknown> = async () => undefined;
afterEach(() => finish());

describe("passwords", () => {
  test("are hashed two at a time, and the eleventh is refused", async () => {
    const { hash, end, running, most } = slow(new HashingPlaces());
    const ten = Array.from({ length: 10 }, hash);
    await expect.poll(running).toBe(2);
    await expect(hash()).rejects.toMatchObject({ status: 503, headers: { "Retry-After": "2" } });
    end();
    expect(await Promise.all(ten)).toEqual(Array(10).fill("hashed"));
    expect(most()).toBe(2);
  });

  test("free their places when hashing fails", async () => {
    const places = new HashingPlaces();
    const failures = Array.from({ length: 10 }, () => places.run(() => Promise.reject(new Error("no"))));
    for (const failure of failures) await expect(failure).rejects.toThrow("no");
    expect(await places.run(async () => "hashed")).toBe("hashed");
  });

  test.each<[string, (person: Person) => object]>([
    ["sign-up/email", () => ({ name: "New", email: "new@example.com", password: "a long password" })],
    ["sign-in/email", ({ email }) => ({ email, password: "a long password" })],
    ["sign-in/email", () => ({ email: "nobody@example.com", password: "a long password" })],
    ["reset-password", () => ({ token: "x", newPassword: "another password" })],
    ["change-email", () => ({ newEmail: "new@example.com", password: "a long password" })],
    ["change-password", () => ({ currentPassword: "a long password", newPassword: "another password" })],
  ])("that are too many are a 503 to POST /api/auth/%s, while others are answered", async (path, jsonOf) => {
    const person = await signUp();
    const { hash, end, running } = slow(hashing);
    const ten = Array.from({ length: 10 }, hash);
    finish = () => {
      end();
      return Promise.all(ten);
    };
    await expect.poll(running).toBe(2);
    const ask = (method: string, at: string, json?: object) =>
      requestIn({}, method, at, { headers: person.headers, ...(json && { json }) });
    const refused = await ask("POST", `/api/auth/${path}`, jsonOf(person));
    expectRefusal(refused, 503, BUSY);
    expect(refused.headers.get("retry-after")).toBe("2");
    expect((await ask("GET", "/api/environments")).status).toBe(200);
  });
});
