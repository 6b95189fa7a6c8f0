import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import type { AuditEvent } from "../../src/audit/replies.ts";
import type { Environment, Invite, OpenInvite, SeenInvite } from "../../src/environments/replies.ts";
import { verify } from "../identity/links/support.ts";
import { type Cast, createCast, createEnvironment, type Person, request, signUp } from "../support/api.ts";

const NO_INVITE = {
  code: 404,
  message:
    "Invite does not exist, has expired, was used or revoked already, or is for another e-mail address",
};

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

const accept = (person: Person, code: string) => person.post<Environment>("/api/invites/accept", { code });

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
      id: expect.stringMatching(/^[\w-]{16}$/),
      role: "member",
      email: null,
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
    [
      "removed",
      (person: Person) => cast.admin.delete(`${path}/members/${person.id}`),
      "who made it was removed",
    ],
    [
      "demoted",
      (person: Person) => cast.admin.put(`${path}/members/${person.id}`, { role: "member" }),
      "the role of who made it was changed",
    ],
  ])(
    "can't be used once the admin who made it is %s, nor when they are an admin again",
    async (_, put, reason) => {
      const insider = await signUp("Insider");
      await accept(insider, await invite(cast.admin, "admin"));
      const made = await insider.post<Invite>(`${path}/invites`, {
        role: "admin",
        email: "accomplice@example.com",
      });
      const { id, code } = (await insider.post<Invite>(`${path}/invites`, { role: "admin" })).body;
      const others = await invite(cast.admin);
      const used = await invite(insider);
      const guest = await signUp("Guest");
      await accept(guest, used);
      expect((await put(insider)).status).toBe(200);
      await expectDead(code);
      const reply = await cast.admin.get<AuditEvent[]>(`${path}/audit?action=invite.revoked&limit=2`);
      expect(reply.body).toEqual([
        expect.objectContaining({
          subject: expect.anything(),
          actor: expect.objectContaining({ name: "Admin" }),
        }),
        expect.anything(),
      ]);
      const noted = reply.body.map(({ subject, details }) => ({ id: subject?.id, details }));
      for (const revoked of [id, made.body.id])
        expect(noted).toContainEqual({ id: revoked, details: { role: "admin", reason } });
      if ((await insider.get(path)).status === 404) await accept(insider, await invite(cast.admin));
      await cast.admin.put(`${path}/members/${insider.id}`, { role: "admin" });
      await expectDead(code);
      expect((await accept(await signUp("Late"), others)).status).toBe(200);
      expect((await guest.get(path)).status).toBe(200);
    },
  );

  test("stays as it was after a demotion that is refused", async () => {
    const { admin, environment } = await createCast();
    const alone = `/api/environments/${environment.id}`;
    const code = await invite(admin, "member", alone);
    expect((await admin.put(`${alone}/members/${admin.id}`, { role: "member" })).status).toBe(409);
    expect((await admin.delete(`${alone}/members/${admin.id}`)).status).toBe(409);
    expect((await accept(await signUp("Guest"), code)).status).toBe(200);
  });

  test("that a demotion has only suspended, before it revoked them, is revoked by the promotion", async () => {
    const insider = await signUp("Insider");
    await accept(insider, await invite(cast.admin, "admin"));
    const code = await invite(insider);
    await env.DB.prepare("update members set role = 'member' where user_id = ?").bind(insider.id).run();
    await cast.admin.put(`${path}/members/${insider.id}`, { role: "admin" });
    await expectDead(code);
  });

  test("that does not exist is answered alike, whatever it looks like", async () => {
    for (const code of ["x", "A".repeat(43), "%00", "..%2f..", "A".repeat(1000), "'--"]) {
      await expectDead(code);
    }
  });

  test("asks for a login before it says anything about the code", async () => {
    const reply = await request("POST", "/api/invites/accept", { json: { code: await invite() } });
    expect(reply.status).toBe(401);
    expect(reply.body).toEqual({ code: 401, message: "Login required" });
  });

  test.each([{}, { role: "owner" }, { role: null }])("for the role in %o is refused", async (json) => {
    const reply = await cast.admin.post(`${path}/invites`, json);
    expect(reply.status).toBe(400);
    expect(reply.body).toEqual({ code: 400, message: "role: must be one of admin, member, viewer" });
  });
});

describe("open invites", () => {
  const list = async (by: Person = cast.admin) => (await by.get<OpenInvite[]>(`${path}/invites`)).body;
  const make = async (json: object, by: Person = cast.admin) =>
    (await by.post<Invite>(`${path}/invites`, json)).body;

  test("are listed without their codes, with who has made them, and not once they are used", async () => {
    const made = await make({ role: "admin", email: "Jo@Example.com " });
    const shown = (await list()).find(({ id }) => id === made.id);
    expect(shown).toEqual({
      id: made.id,
      role: "admin",
      email: "jo@example.com",
      createdBy: { id: cast.admin.id, name: "Admin" },
      createdAt: expect.any(String),
      expiresAt: made.expiresAt,
    });
    const used = await make({ role: "member" });
    await accept(await signUp("Guest"), used.code);
    const now = await list();
    expect(now.map(({ id }) => id)).not.toContain(used.id);
    expect(JSON.stringify(now)).not.toContain(made.code);
  });

  test("are none of another environment's, and none where there are none", async () => {
    await make({ role: "member" });
    const { environment } = await createEnvironment(cast.admin, { aws: cast.aws });
    const reply = await cast.admin.get(`/api/environments/${environment.id}/invites`);
    expect(reply.body).toEqual([]);
  });

  test("are not listed once their maker is demoted, which voids them", async () => {
    const insider = await signUp("Insider");
    await accept(insider, await invite(cast.admin, "admin"));
    const made = await make({ role: "member" }, insider);
    expect((await list()).map(({ id }) => id)).toContain(made.id);
    await cast.admin.put(`${path}/members/${insider.id}`, { role: "member" });
    expect((await list()).map(({ id }) => id)).not.toContain(made.id);
    await expectDead(made.code);
  });

  test("can't be used once they are revoked, by their id and of their environment only", async () => {
    const made = await make({ role: "member" });
    const { environment } = await createEnvironment(cast.admin, { aws: cast.aws });
    const elsewhere = await cast.admin.delete(`/api/environments/${environment.id}/invites/${made.id}`);
    expect(elsewhere.body).toEqual({ code: 404, message: "Invite not found" });
    const reply = await cast.admin.delete(`${path}/invites/${made.id}`);
    expect(reply.body).toEqual({ id: made.id });
    await expectDead(made.code);
    expect((await list()).map(({ id }) => id)).not.toContain(made.id);
    expect((await cast.admin.delete(`${path}/invites/${made.id}`)).status).toBe(404);
  });

  test("that were used can't be revoked: the member is removed instead", async () => {
    const made = await make({ role: "member" });
    await accept(await signUp("Guest"), made.code);
    expect((await cast.admin.delete(`${path}/invites/${made.id}`)).status).toBe(404);
  });
});

describe("an invite for one address", () => {
  test("is of use to its owner only, whatever the case of the letters", async () => {
    const guest = await signUp("Guest");
    const reply = await cast.admin.post<Invite>(`${path}/invites`, {
      role: "member",
      email: guest.email.toUpperCase(),
    });
    const { code } = reply.body;
    await expectDead(code);
    const look = await (await signUp("Thief")).post("/api/invites/look", { code });
    expect(look.body).toEqual(NO_INVITE);
    await verify(guest);
    expect((await accept(guest, code)).status).toBe(200);
  });

  test.each(["jo", "jo@", "@example.com", `${"x".repeat(250)}@example.com`, 5])(
    "is refused for %s, which is none",
    async (email) => {
      const reply = await cast.admin.post<{ message: string }>(`${path}/invites`, { role: "member", email });
      expect(reply.status).toBe(400);
      expect(reply.body.message).toMatch(/^email: /);
    },
  );
});

describe("the invited", () => {
  const look = (person: Person, code: string) => person.post<SeenInvite>("/api/invites/look", { code });

  test("see who invites, and to what, before they accept", async () => {
    const code = await invite(cast.admin, "admin");
    const guest = await signUp("Guest");
    const { id, name, region, instance } = cast.environment;
    for (let i = 0; i < 2; i++) {
      const reply = await look(guest, code);
      expect(reply.status).toBe(200);
      expect(reply.body).toEqual({
        environment: { id, name, region, instance },
        role: "admin",
        invitedBy: { name: "Admin", email: cast.admin.email },
        expiresAt: expect.any(String),
      });
    }
    expect((await guest.get(path)).status).toBe(404);
    expect((await accept(guest, code)).status).toBe(200);
    expect((await look(guest, code)).body).toEqual(NO_INVITE);
  });

  test("see nothing of a code that is none", async () => {
    for (const code of ["x", "A".repeat(43), "'--"]) {
      expect((await look(await signUp(), code)).body).toEqual(NO_INVITE);
    }
  });

  test.each([[{}], [{ code: "" }], [{ code: 5 }], [{ code: "x".repeat(1001) }], [{ code: "x", more: 1 }]])(
    "are told what is wrong with %j",
    async (json) => {
      for (const what of ["look", "accept"]) {
        expect((await cast.member.post(`/api/invites/${what}`, json)).status).toBe(400);
      }
    },
  );
});
