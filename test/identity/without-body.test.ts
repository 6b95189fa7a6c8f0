import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { expectRefusal, request, signUp } from "../support/api.ts";

/** What a request without a body has over HTTP, where `Content-Length: 0` makes a body of it that is empty. */
const empty = () => new ReadableStream({ start: (controller) => controller.close() });

const sessionsOf = (userId: string) =>
  env.DB.prepare("select count(*) as n from session where user_id = ?1").bind(userId).first<number>("n");

/** Somebody who is signed in twice. */
async function signUpTwice() {
  const person = await signUp();
  const json = { email: person.email, password: "a long password" };
  await request("POST", "/api/auth/sign-in/email", { json });
  expect(await sessionsOf(person.id)).toBe(2);
  return person;
}

describe.each([
  ["no body", undefined, {}],
  ["an empty body", empty, {}],
  ["an empty body that is said to be JSON", empty, { "content-type": "application/json" }],
  ["an empty object", () => "{}", { "content-type": "application/json" }],
])("with %s", (_, body, headers) => {
  test.each([
    ["/sign-out", 1],
    ["/revoke-sessions", 0],
    ["/revoke-other-sessions", 1],
  ])("POST /api/auth%s ends the sessions that it is to end", async (path, left) => {
    const person = await signUpTwice();
    const reply = await request("POST", `/api/auth${path}`, {
      ...(body && { body: body() }),
      headers: { ...person.headers, ...headers },
    });
    expect(reply.status).toBe(200);
    expect(await sessionsOf(person.id)).toBe(left);
  });
});

test.each([
  ["without a type", {}],
  ["of a form", { "content-type": "application/x-www-form-urlencoded" }],
])("a body %s is refused, and the session lives on", async (_, headers) => {
  const person = await signUp();
  const reply = await request("POST", "/api/auth/sign-out", {
    body: new TextEncoder().encode("a=b"),
    headers: { ...person.headers, ...headers },
  });
  expectRefusal(reply, 415, "The body must be JSON, with the header Content-Type: application/json");
  expect(await sessionsOf(person.id)).toBe(1);
});

test.each(["/sign-out", "/revoke-sessions", "/revoke-other-sessions"])(
  "POST /api/auth%s refuses a body that is no object, and the sessions live on",
  async (path) => {
    const person = await signUpTwice();
    for (const json of [[], null, "all", 7]) {
      const reply = await request("POST", `/api/auth${path}`, { json, headers: person.headers });
      expectRefusal(reply, 400, "body: must be an object");
    }
    expect(await sessionsOf(person.id)).toBe(2);
  },
);
