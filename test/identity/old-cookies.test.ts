import { describe, expect, test } from "vitest";
import { request, sessionCookie, signUp } from "../support/api.ts";

/* Cookies that this service once had another library for, and that anybody can send. */

const NAMES = ["session_data", "account_data", "oauth_state", "state"];

describe.each([
  ["a JWT", "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOjk5OTk5OTk5OTl9.c2lnbmF0dXJl"],
  [
    "an encrypted JWT",
    "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2Q0JDLUhTNTEyIiwia2lkIjoieCJ9..aXY.Y2lwaGVydGV4dA.dGFn",
  ],
  ["text", "x"],
])("%s in cookies that mean nothing any more", (_, value) => {
  const cookies = NAMES.map((name) => `captures.${name}=${value}`).join("; ");

  test("signs nobody in", async () => {
    const headers = { cookie: cookies };
    const session = await request("GET", "/api/auth/get-session", { headers });
    expect(session).toMatchObject({ status: 200, body: null });
    expect((await request("GET", "/api/environments", { headers })).status).toBe(401);
  });

  test("changes nothing for who signs in and out", async () => {
    const { id, email, headers: own } = await signUp();
    const headers = { cookie: `${own.cookie}; ${cookies}` };
    const session = await request("GET", "/api/auth/get-session", { headers });
    expect(session).toMatchObject({ status: 200, body: { user: { id } } });
    const json = { email, password: "a long password" };
    const again = await request("POST", "/api/auth/sign-in/email", { headers, json });
    expect(again.status).toBe(200);
    expect(sessionCookie(again)).toContain("captures.session_token=");
    expect((await request("POST", "/api/auth/sign-out", { headers })).status).toBe(200);
    expect((await request("GET", "/api/environments", { headers })).status).toBe(401);
  });
});
