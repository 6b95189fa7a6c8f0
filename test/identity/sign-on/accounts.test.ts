import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import type { FullEnvironment } from "../../../src/environments/replies.ts";
import {
  createApiKey,
  createEnvironment,
  expectRefusal,
  type Person,
  request,
  signUp,
} from "../../support/api.ts";
import { begin, decide, poll } from "../device/support.ts";
import { FakeProvider } from "./fake-provider.ts";
import { Browser, beginWith, signOn, somebody, withProviders } from "./support.ts";

const verify = ({ id }: Person) =>
  env.DB.prepare("update user set email_verified = 1 where id = ?").bind(id).run();
const isVerified = async ({ id }: Person) =>
  (await env.DB.prepare("select email_verified as v from user where id = ?").bind(id).first<number>("v")) ===
  1;
const identitiesOf = async (id: string) =>
  (
    await env.DB.prepare("select provider_id as issuer, account_id as subject from account where user_id = ?")
      .bind(id)
      .all()
  ).results;
const signInByPassword = ({ email }: Person) =>
  request("POST", "/api/auth/sign-in/email", { json: { email, password: "a long password" } });

describe("an identity", () => {
  test("stays the same account when its address and name change", async () => {
    const { provider, browser, env: bindings } = await beginWith();
    const first = await signOn(browser, provider);
    provider.claims = { ...provider.claims, email: "married@sso.example", name: "Another" };
    const again = await signOn(new Browser(bindings), provider);
    expect(again.body).toEqual({ user: first.body.user, isNew: false });
  });

  test("stays the same account when its new address is somebody else's account", async () => {
    const { provider, browser, env: bindings } = await beginWith();
    const first = await signOn(browser, provider);
    const other = await signUp();
    provider.claims = { ...provider.claims, email: other.email };
    const again = await signOn(new Browser(bindings), provider);
    expect(again.body.user.id).toBe(first.body.user.id);
    expect(await isVerified(other)).toBe(false);
    expect((await signInByPassword(other)).status).toBe(200);
  });

  test("with another subject does not get the account of its address: providers give addresses to new people", async () => {
    const { provider, browser, env: bindings } = await beginWith();
    const first = await signOn(browser, provider);
    provider.claims = { ...provider.claims, sub: "a-new-colleague" };
    const other = new Browser(bindings);
    expectRefusal(await signOn(other, provider), 403, /belongs to another identity at Okta/);
    expect(await other.user()).toBeNull();
    expect(await identitiesOf(first.body.user.id)).toHaveLength(1);
  });

  test("is of its provider: another one's same subject is somebody else", async () => {
    const { provider, browser } = await beginWith();
    const first = await signOn(browser, provider);
    const second = await FakeProvider.begin();
    second.claims = somebody({ sub: provider.claims.sub });
    const reply = await signOn(new Browser(withProviders([[second]])), second);
    expect(reply.body.user.id).not.toBe(first.body.user.id);
  });

  test("of a second provider with the same verified address is the same account", async () => {
    const { provider, browser } = await beginWith();
    const first = await signOn(browser, provider);
    const second = await FakeProvider.begin();
    second.claims = somebody({ email: String(provider.claims.email).toUpperCase() });
    const reply = await signOn(new Browser(withProviders([[second]])), second);
    expect(reply.body).toEqual({ user: first.body.user, isNew: false });
    expect(await identitiesOf(first.body.user.id)).toHaveLength(2);
  });

  test("makes one account of two sign-ons at once", async () => {
    const { provider, env: bindings } = await beginWith();
    const replies = await Promise.all([1, 2, 3].map(() => signOn(new Browser(bindings), provider)));
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(new Set(replies.map(({ body }) => body.user.id)).size).toBe(1);
    expect(replies.filter(({ body }) => body.isNew)).toHaveLength(1);
  });
});

describe("a service that has as many accounts as it may have", () => {
  test("makes no other, and signs in who has one", async () => {
    const { provider, browser } = await beginWith();
    const first = await signOn(browser, provider);
    const full = new Browser(withProviders([[provider]], { MAX_ACCOUNTS: "1" }));
    expect((await signOn(full, provider)).body.user).toEqual(first.body.user);
    provider.claims = somebody();
    expectRefusal(await signOn(full, provider), 409, /accounts, which is the most/);
    expect(
      await env.DB.prepare("select id from user where email = ?").bind(provider.claims.email).first(),
    ).toBeNull();
  });
});

describe("an account with a password", () => {
  test("whose address is verified is signed in to, and keeps its password, sessions and keys", async () => {
    const person = await signUp();
    await verify(person);
    const { key } = await createApiKey(person);
    const { provider, browser } = await beginWith({ claims: somebody({ email: person.email }) });
    const reply = await signOn(browser, provider);
    expect(reply.body).toMatchObject({ user: { id: person.id }, isNew: false });
    expect((await signInByPassword(person)).status).toBe(200);
    expect((await person.get("/api/environments")).status).toBe(200);
    expect((await request("GET", "/api/environments", { headers: { "x-api-key": key } })).status).toBe(200);
  });

  test("whose address nobody has proved goes to the owner of the address, and every way in of before is closed", async () => {
    const squatter = await signUp();
    const { environment } = await createEnvironment(squatter);
    const { key } = await createApiKey(squatter);
    const device = await begin();
    await decide(squatter, "approve", device.user_code);
    const { body: invite } = await squatter.post<{ code: string }>(
      `/api/environments/${environment.id}/invites`,
      { role: "admin" },
    );
    const { provider, browser } = await beginWith({ claims: somebody({ email: squatter.email }) });

    const reply = await signOn(browser, provider);
    expect(reply.body).toMatchObject({ user: { id: squatter.id }, isNew: false });
    expect(await isVerified(squatter)).toBe(true);
    expect((await squatter.get("/api/environments")).status).toBe(401);
    expect((await request("GET", "/api/environments", { headers: { "x-api-key": key } })).status).toBe(401);
    expect((await signInByPassword(squatter)).status).toBe(401);
    expect((await poll(device)).status).toBe(400);
    const other = await signUp();
    expect((await other.post("/api/invites/accept", { code: invite.code })).status).toBe(404);
    expect((await browser.ask("GET", `/api/environments/${environment.id}`)).status).toBe(200);
  });

  test("whose address nobody has proved keeps all of it, if the same browser is signed in to it", async () => {
    const person = await signUp();
    const { key } = await createApiKey(person);
    const { provider, env: bindings } = await beginWith({ claims: somebody({ email: person.email }) });
    const browser = new Browser(bindings, "http://captures.test");
    browser.cookie = person.headers.cookie ?? "";
    expect((await signOn(browser, provider)).body).toMatchObject({ user: { id: person.id } });
    expect(await isVerified(person)).toBe(true);
    expect((await person.get("/api/environments")).status).toBe(200);
    expect((await request("GET", "/api/environments", { headers: { "x-api-key": key } })).status).toBe(200);
    expect((await signInByPassword(person)).status).toBe(200);
  });

  test("is not saved by the session of somebody else, or one that has ended", async () => {
    const [squatter, other] = await Promise.all([signUp(), signUp()]);
    const { provider, env: bindings } = await beginWith({ claims: somebody({ email: squatter.email }) });
    const browser = new Browser(bindings, "http://captures.test");
    browser.cookie = other.headers.cookie ?? "";
    expect((await signOn(browser, provider)).body.user.id).toBe(squatter.id);
    expect((await squatter.get("/api/environments")).status).toBe(401);
    expect((await other.get("/api/environments")).status).toBe(200);
  });

  test("is left as it is when the provider does not confirm the address", async () => {
    const person = await signUp();
    const { provider, browser } = await beginWith({
      claims: somebody({ email: person.email, email_verified: false }),
    });
    expect((await signOn(browser, provider)).status).toBe(403);
    expect((await person.get("/api/environments")).status).toBe(200);
    expect(await isVerified(person)).toBe(false);
  });
});

describe("where sign-up is by invite", () => {
  const INVITE_ONLY = { SIGN_UP: "invite" };
  let admin: Person;
  let environment: FullEnvironment;
  beforeAll(async () => {
    admin = await signUp("Admin");
    ({ environment } = await createEnvironment(admin));
  });
  const invite = async () =>
    (await admin.post<{ code: string }>(`/api/environments/${environment.id}/invites`, { role: "member" }))
      .body.code;

  test("somebody without an account and without an invite is refused, and told whom to ask", async () => {
    const { provider, browser } = await beginWith({ bindings: INVITE_ONLY });
    expectRefusal(
      await signOn(browser, provider),
      403,
      /^Sign-up is by invite only: follow the link of an invite.*Ask /,
    );
    expect(await browser.user()).toBeNull();
  });

  test("somebody without an account joins by an invite, which is used up", async () => {
    const { provider, browser, env: bindings } = await beginWith({ bindings: INVITE_ONLY });
    const inviteCode = await invite();
    const reply = await signOn(browser, provider, { inviteCode });
    expect(reply.body.isNew).toBe(true);
    expect((await browser.ask("GET", `/api/environments/${environment.id}`)).status).toBe(200);
    provider.claims = somebody();
    expectRefusal(await signOn(new Browser(bindings), provider, { inviteCode }), 403, /by invite only/);
  });

  test("a made-up invite lets nobody in", async () => {
    const { provider, browser } = await beginWith({ bindings: INVITE_ONLY });
    expectRefusal(await signOn(browser, provider, { inviteCode: "made-up" }), 403, /by invite only/);
  });

  test("somebody with an account needs no invite, and uses none up", async () => {
    const person = await signUp();
    await verify(person);
    const inviteCode = await invite();
    const { provider, browser } = await beginWith({
      bindings: INVITE_ONLY,
      claims: somebody({ email: person.email }),
    });
    expect((await signOn(browser, provider, { inviteCode })).body.isNew).toBe(false);
    expect((await admin.post("/api/invites/accept", { code: inviteCode })).status).toBe(409);
    const other = await signUp();
    expect((await other.post("/api/invites/accept", { code: inviteCode })).status).toBe(200);
  });

  test.each([[{ domains: ["sso.example"] }], [{ groups: { claim: "groups", values: ["dba"] } }]])(
    "nobody needs an invite whom the operator's rules let in: %j",
    async (provider) => {
      const begun = await beginWith({
        bindings: INVITE_ONLY,
        provider,
        claims: somebody({ groups: ["dba"] }),
      });
      expect((await signOn(begun.browser, begun.provider)).body.isNew).toBe(true);
    },
  );
});
