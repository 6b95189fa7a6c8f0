import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import type { Environment } from "../../src/environments/replies.ts";
import { type Cast, createCast, createEnvironment, type Person, request, signUp } from "../support/api.ts";

const NO_INVITE = { code: 404, message: "Invite does not exist, has expired or was used already" };

let cast: Cast;
let path: string;
beforeAll(async () => {
  cast = await createCast();
  path = `/api/environments/${cast.environment.id}`;
});

async function invite(by: Person = cast.admin, role = "member", from = path): Promise<string> {
  const reply = await by.post<{ code: string }>(`${from}/invites`, { role });
  expect(reply.status).toBe(201);
  return reply.body.code;
}

const accept = (person: Person, code: string) => person.post<Environment>(`/api/invites/${code}/accept`);

async function expectDead(code: string): Promise<void> {
  const reply = await accept(await signUp("Late"), code);
  expect(reply.status).toBe(404);
  expect(reply.body).toEqual(NO_INVITE);
}

describe("an invite", () => {
  test("is a code that can't be guessed, and its expiry", async () => {
    const reply = await cast.admin.post(`${path}/invites`, { role: "member" });
    expect(reply.status).toBe(201);
    expect(reply.body).toEqual({
      code: expect.stringMatching(/^[\w-]{43}$/),
      expiresAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    });
    expect(await invite()).not.toBe(await invite());
  });

  test("makes a member in its role, and answers the environment", async () => {
    for (const role of ["member", "admin"]) {
      const person = await signUp("Guest");
      const reply = await accept(person, await invite(cast.admin, role));
      expect(reply.status).toBe(200);
      // How it is reached is for admins alone.
      const { credentials } = cast.environment;
      const shown = role === "admin" ? credentials : null;
      expect(reply.body).toEqual({ ...cast.environment, role, credentials: shown });
      expect((await person.get(path)).body).toEqual(reply.body);
    }
  });

  test("is kept as a hash only", async () => {
    const code = await invite();
    const { results } = await env.DB.prepare("select * from invites").all();
    expect(results.length).toBeGreaterThan(0);
    expect(JSON.stringify(results)).not.toContain(code);
    const stolen = (results.at(-1) as { code_hash: string }).code_hash;
    expect((await accept(await signUp(), stolen)).status).toBe(404);
  });

  test("can be used once", async () => {
    const code = await invite();
    const person = await signUp("First");
    expect((await accept(person, code)).status).toBe(200);
    await expectDead(code);
    expect((await accept(person, code)).status).toBe(404);
  });

  test("does not let the person that it was used by back in", async () => {
    const code = await invite();
    const person = await signUp("Removed");
    await accept(person, code);
    await cast.admin.delete(`${path}/members/${person.id}`);
    expect((await accept(person, code)).body).toEqual(NO_INVITE);
    expect((await person.get(path)).status).toBe(404);
  });

  test("makes one member of several people who race for it", async () => {
    const code = await invite();
    const racers = await Promise.all([signUp("Racer"), signUp("Racer"), signUp("Racer")]);
    const replies = await Promise.all(racers.map((person) => accept(person, code)));
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 404, 404]);
    const members = await Promise.all(racers.map((person) => person.get(path)));
    expect(members.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  test("is not used up by somebody who is a member already", async () => {
    const code = await invite(cast.admin, "admin");
    const reply = await accept(cast.member, code);
    expect(reply.status).toBe(409);
    expect(reply.body).toEqual({ code: 409, message: "You are a member of this environment already" });
    expect((await cast.member.get<Environment>(path)).body.role).toBe("member");
    expect((await accept(await signUp("Guest"), code)).status).toBe(200);
  });

  test("can't be used once it has expired", async () => {
    const code = await invite();
    await env.DB.prepare("update invites set expires_at = ? where accepted_at is null")
      .bind(Date.now() - 1)
      .run();
    await expectDead(code);
  });

  test("can't be used once its environment is deleted", async () => {
    const { environment } = await createEnvironment(cast.admin, { aws: cast.aws });
    const code = await invite(cast.admin, "member", `/api/environments/${environment.id}`);
    expect((await cast.admin.delete(`/api/environments/${environment.id}`)).status).toBe(200);
    await expectDead(code);
  });

  test.each([
    ["removed", (person: Person) => cast.admin.delete(`${path}/members/${person.id}`)],
    ["demoted", (person: Person) => cast.admin.put(`${path}/members/${person.id}`, { role: "member" })],
  ])("can't be used once the admin who made it is %s, who could come back by it", async (_, put) => {
    const insider = await signUp("Insider");
    await accept(insider, await invite(cast.admin, "admin"));
    const code = await invite(insider, "admin");
    expect((await put(insider)).status).toBe(200);
    await expectDead(code);
  });

  test("that does not exist is answered alike, whatever it looks like", async () => {
    for (const code of ["x", "A".repeat(43), "%00", "%E0%A4%A", "..%2f..", "A".repeat(5000), "'--"]) {
      await expectDead(code);
    }
  });

  test("asks for a login before it says anything about the code", async () => {
    const reply = await request("POST", `/api/invites/${await invite()}/accept`);
    expect(reply.status).toBe(401);
    expect(reply.body).toEqual({ code: 401, message: "Login required" });
  });

  test.each([{}, { role: "owner" }, { role: null }])("for the role in %o is refused", async (json) => {
    const reply = await cast.admin.post(`${path}/invites`, json);
    expect(reply.status).toBe(400);
    expect(reply.body).toEqual({ code: 400, message: "role: must be one of admin, member" });
  });
});
