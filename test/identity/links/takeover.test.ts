import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { AuditEvent } from "../../../src/audit/replies.ts";
import type { Member } from "../../../src/environments/replies.ts";
import {
  addMember,
  createApiKey,
  createEnvironment,
  type Person,
  personWith,
  request,
  sessionCookie,
  signUp,
} from "../../support/api.ts";
import { begin, decide, poll } from "../device/support.ts";
import { isVerified, mailbox } from "./support.ts";

/*
 * The attack: somebody signs up with the address of a colleague, who has no account, and is invited as them. Until the colleague
 * proves the address, the attacker is in, and marked. From then on, nothing that the attacker has lets them in.
 */

const ATTACKERS = "the attacker's password";
const OWNERS = "the owner's password";

const withKey = (key: string) => request("GET", "/api/environments", { headers: { "x-api-key": key } });

/** An environment that an attacker has joined in a victim's name, with all that the attacker has of the account. */
async function attacked() {
  const box = mailbox();
  const victim = `victim-${crypto.randomUUID()}@mail.example`;
  const attacker = await box.signUp(victim, ATTACKERS);
  const admin = await signUp("Admin");
  const { environment } = await createEnvironment(admin);
  await addMember(admin, environment.id, attacker, "admin");
  const second = await box.post("sign-in/email", { email: victim, password: ATTACKERS });
  const { key } = await createApiKey(attacker);
  const login = await begin();
  await decide(attacker, "approve", login.user_code);
  const invite = await attacker.post<{ code: string }>(`/api/environments/${environment.id}/invites`, {
    role: "admin",
  });
  const calendar = await attacker.post<{ url: string }>("/api/schedules/calendar");
  const sessions: Person[] = [attacker, personWith(attacker.id, victim, { cookie: sessionCookie(second) })];
  const path = `/api/environments/${environment.id}`;
  const { code } = invite.body;
  return { box, victim, attacker, admin, sessions, key, login, code, path, calendar: calendar.body.url };
}

describe("whoever signs up with another's address", () => {
  test("is let in, and marked to the admins as somebody whose address is not confirmed", async () => {
    const { admin, attacker, path, victim } = await attacked();
    expect((await attacker.get(path)).status).toBe(200);
    const { body } = await admin.get<Member[]>(`${path}/members`);
    expect(body.find(({ email }) => email === victim)).toMatchObject({ emailVerified: false });
  });

  test.each([
    ["a new password that is asked for", "request-password-reset"],
    ["the mail of the sign-up", null],
    ["the mail of a sign-up of their own, which is refused", "sign-up/email"],
  ])("loses all of it to the owner, by %s", async (_, ask) => {
    const { box, victim, admin, sessions, key, login, code, path, calendar } = await attacked();
    if (ask !== null) await box.post(ask, { name: "Owner", email: victim, password: OWNERS });
    const reply = await box.post("reset-password", { token: box.token(victim), newPassword: OWNERS });
    expect(reply).toMatchObject({ status: 200, body: { email: victim, keysRevoked: true } });
    // Sessions, key, password, a login that waits, an invite that was made to come back by, links that were mailed, and a calendar.
    for (const session of sessions) expect((await session.get("/api/environments")).status).toBe(401);
    expect((await withKey(key)).status).toBe(401);
    expect(await box.signsIn(victim, ATTACKERS)).toBe(false);
    expect(await poll(login)).toMatchObject({ status: 400, body: { error: "invalid_grant" } });
    const other = await signUp("Attacker");
    expect((await other.post("/api/invites/accept", { code })).status).toBe(404);
    expect((await request("GET", calendar)).status).toBe(404);
    // The owner is in, and what was granted to the address is theirs.
    const signedIn = await box.post<{ user: { id: string } }>("sign-in/email", {
      email: victim,
      password: OWNERS,
    });
    const owner = personWith(signedIn.body.user.id, victim, { cookie: sessionCookie(signedIn) });
    expect((await owner.get(path)).status).toBe(200);
    expect(await isVerified(owner)).toBe(true);
    const { body } = await admin.get<Member[]>(`${path}/members`);
    expect(body.find(({ email }) => email === victim)).toMatchObject({ emailVerified: true });
    const trail = await admin.get<AuditEvent[]>(`${path}/audit?action=invite.revoked`);
    expect(trail.body).toMatchObject([{ via: "service", actor: { id: "take-over" } }]);
  });

  test("can't have another way to sign in outlive that", async () => {
    const { box, victim, attacker } = await attacked();
    await env.DB.prepare(
      `insert into account (id, account_id, provider_id, user_id, created_at, updated_at)
       values ('linked', 'attacker', 'a-provider', ?, 1, 1)`,
    )
      .bind(attacker.id)
      .run();
    await box.post("reset-password", { token: box.token(victim), newPassword: OWNERS });
    const { results } = await env.DB.prepare("select provider_id from account where user_id = ?")
      .bind(attacker.id)
      .all();
    expect(results).toEqual([{ provider_id: "credential" }]);
  });

  test("can't take it back by a change of the address that waits", async () => {
    const { box, victim, attacker } = await attacked();
    const change = { newEmail: "attacker@mail.example", password: ATTACKERS };
    await box.post("change-email", change, { headers: attacker.headers });
    const token = box.token("attacker@mail.example");
    await box.post("request-password-reset", { email: victim });
    await box.post("reset-password", { token: box.token(victim), newPassword: OWNERS });
    expect((await box.post("verify-email", { token }, { headers: attacker.headers })).status).toBe(401);
    expect((await box.post("reset-password", { token, newPassword: ATTACKERS })).status).toBe(404);
    expect(await box.signsIn(victim, OWNERS)).toBe(true);
  });

  test("can't confirm it without the mail, nor have the owner confirm it by opening the link", async () => {
    const { box, victim, attacker } = await attacked();
    const token = box.token(victim);
    // The owner opens the link where nobody is signed in, or somebody else is.
    const owner = await box.signUp();
    expect((await box.post("verify-email", { token })).status).toBe(401);
    expect((await box.post("verify-email", { token }, { headers: owner.headers })).status).toBe(404);
    expect(await isVerified(attacker)).toBe(false);
  });
});

test("an owner who has confirmed the address keeps keys, invites and other ways to sign in over a new password", async () => {
  const box = mailbox();
  const person = await box.signUp();
  await box.post("verify-email", { token: box.token(person.email) }, { headers: person.headers });
  const { environment } = await createEnvironment(person);
  const { key } = await createApiKey(person);
  const invite = await person.post<{ code: string }>(`/api/environments/${environment.id}/invites`, {
    role: "member",
  });
  await box.post("request-password-reset", { email: person.email });
  await box.post("reset-password", { token: box.token(person.email), newPassword: OWNERS });
  expect((await withKey(key)).status).toBe(200);
  const other = await signUp();
  expect((await other.post("/api/invites/accept", { code: invite.body.code })).status).toBe(200);
});
