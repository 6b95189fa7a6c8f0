import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import type { AuditEvent } from "../../src/audit/replies.ts";
import type { Environment, Invite, SeenInvite } from "../../src/environments/replies.ts";

import { mailbox, newAddress, verify } from "../identity/links/support.ts";
import { beginWith, signOn, somebody } from "../identity/sign-on/support.ts";
import {
  byKey,
  type Cast,
  createCast,
  expectRefusal,
  type Person,
  requestIn,
  sessionCookie,
  signUp,
} from "../support/api.ts";

const UNPROVEN =
  /^Invite is for your e-mail address, which nobody has proven to be yours: confirm it by the link/;
/** A service that sends mail. */
const MAILING = { MAIL_FROM: "captures@example.com" };
/** One that sends none. */
const SILENT = { MAIL_FROM: "" };

let cast: Cast;
let path: string;
beforeAll(async () => {
  cast = await createCast();
  path = `/api/environments/${cast.environment.id}`;
});

async function invite(email: string | null): Promise<string> {
  const reply = await cast.admin.post<Invite>(`${path}/invites`, {
    role: "member",
    ...(email !== null && { email }),
  });
  expect(reply.status).toBe(201);
  return reply.body.code;
}

const use = <T = unknown>(
  what: "look" | "accept",
  { headers }: Pick<Person, "headers">,
  code: string,
  bindings: object = MAILING,
) => requestIn<T>(bindings, "POST", `/api/invites/${what}`, { headers, json: { code } });

const isMember = async ({ id }: Pick<Person, "id">) =>
  (await env.DB.prepare("select 1 from members where user_id = ? and env_id = ?")
    .bind(id, cast.environment.id)
    .first()) !== null;

describe("an invite for one address, where mail is sent", () => {
  test("shows nothing and lets nobody in before the address is proven, and then its owner", async () => {
    const guest = await signUp("Guest");
    const code = await invite(guest.email);
    for (const person of [guest, await byKey(guest)]) {
      for (const what of ["look", "accept"] as const)
        expectRefusal(await use(what, person, code), 403, UNPROVEN);
    }
    expect(await isMember(guest)).toBe(false);
    await verify(guest);
    const seen = await use<SeenInvite>("look", guest, code);
    expect(seen.body).toMatchObject({ environment: { id: cast.environment.id }, role: "member" });
    expect((await use("accept", guest, code)).status).toBe(200);
    const trail = await cast.admin.get<AuditEvent[]>(`${path}/audit?action=member.added`);
    expect(trail.body.filter(({ subject }) => subject?.id === guest.id)).toHaveLength(1);
  });

  test("is of no use to another address, proven or not, which is told nothing of it", async () => {
    const code = await invite("somebody@example.com");
    const thief = await signUp("Thief");
    for (let i = 0; i < 2; i++) {
      expect((await use("look", thief, code)).status).toBe(404);
      expect((await use("accept", thief, code)).status).toBe(404);
      await verify(thief);
    }
  });

  test.each(["open", "invite"])(
    "makes no member with a sign-up where that is %s, and one by the mail that it sends",
    async (SIGN_UP) => {
      const box = mailbox({ SIGN_UP });
      const email = `guest-of-${SIGN_UP}@example.com`;
      const inviteCode = await invite(email);
      const account = { name: "Guest", email, password: "a long password", inviteCode };
      const reply = await box.post<{ user: { id: string } }>("sign-up/email", account);
      expect(reply.status).toBe(200);
      const { id } = reply.body.user;
      expect(await isMember({ id })).toBe(false);
      const headers = { cookie: sessionCookie(reply) };
      expectRefusal(await use("accept", { headers }, inviteCode), 403, UNPROVEN);
      const proof = await box.post("verify-email", { token: box.token(email) }, { headers });
      expect(proof.status).toBe(200);
      expect((await use<Environment>("accept", { headers }, inviteCode)).body.id).toBe(cast.environment.id);
      expect(await isMember({ id })).toBe(true);
    },
  );

  test("lets whoever a provider says has the address in, at once", async () => {
    const claims = somebody();
    const { browser, provider } = await beginWith({ claims, bindings: { ...MAILING, SIGN_UP: "invite" } });
    const inviteCode = await invite(claims.email);
    const { body } = await signOn(browser, provider, { inviteCode });
    expect(body.isNew).toBe(true);
    expect(await isMember(body.user)).toBe(true);
  });

  test("that is for nobody in particular lets an address in that nobody has proven", async () => {
    const guest = await signUp("Guest");
    expect((await use("accept", guest, await invite(null))).status).toBe(200);
  });
});

test("an invite for one address asks for no proof where no mail is sent, by which there is none", async () => {
  const guest = await signUp("Guest");
  const code = await invite(guest.email);
  expect((await use("look", guest, code, SILENT)).status).toBe(200);
  expect((await use("accept", guest, code, SILENT)).status).toBe(200);

  const email = "guest-without-mail@example.com";
  const reply = await requestIn<{ user: { id: string } }>(SILENT, "POST", "/api/auth/sign-up/email", {
    json: { name: "Guest", email, password: "a long password", inviteCode: await invite(email) },
    headers: { "cf-connecting-ip": newAddress() },
  });
  expect(await isMember(reply.body.user)).toBe(true);
});
