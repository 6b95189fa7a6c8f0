import { createExecutionContext } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import { app } from "../../src/app.ts";
import { createAccountClient } from "../../src/client/account.ts";
import { createClient } from "../../src/client/index.ts";
import { mailbox } from "../identity/links/support.ts";
import { beginWith } from "../identity/sign-on/support.ts";
import { checkUnread, operations } from "../support/contract.ts";

/** The operations that the accounts of these tests have asked for. */
const operated = new Set<string>();

/** The Worker, asked as a browser asks it: with the cookie that the last sign-in has set. */
function browser(answer = (asked: Request) => exports.default.fetch(asked)) {
  let cookie = "";
  const send = async (request: Request): Promise<Response> => {
    const asked = new Request(request, { headers: { ...Object.fromEntries(request.headers), cookie } });
    operated.add(`${request.method} ${new URL(request.url).pathname}`);
    const reply = await answer(asked);
    await checkUnread(asked, reply);
    for (const set of reply.headers.getSetCookie()) {
      if (set.startsWith("captures.session_token=")) cookie = set.split(";")[0] as string;
    }
    return reply;
  };
  return { baseUrl: "http://captures.test", fetch: send, retries: 0 };
}

test("somebody signs up, out and in again, and is known by the session", async () => {
  const options = browser();
  const account = createAccountClient(options);
  expect(await account.user()).toBeNull();
  const email = `${crypto.randomUUID()}@example.com`;
  const password = "a long password";
  const { user } = await account.signUp({ name: "Somebody", email, password });
  expect(user).toMatchObject({ name: "Somebody", email });
  expect(await account.user()).toMatchObject({ id: user.id });
  await account.signOut();
  expect(await account.user()).toBeNull();
  await expect(account.signIn({ email, password: "another password" })).rejects.toMatchObject({
    name: "CapturesError",
    status: 401,
    message: "The e-mail address or the password is wrong",
  });
  await account.signIn({ email, password });
  expect(await createClient(options).environments.list()).toEqual([]);
});

test("an API key is made, listed without the key itself, and deleted", async () => {
  const account = createAccountClient(browser());
  const email = `${crypto.randomUUID()}@example.com`;
  await account.signUp({ name: "Somebody", email, password: "a long password" });
  const { id, key } = await account.createKey({ name: "a program" });
  expect(key).toMatch(/^captures_/);
  const [listed] = await account.listKeys();
  expect(listed).toMatchObject({ id, name: "a program" });
  expect(listed).not.toHaveProperty("key");
  await account.deleteKey(id);
  expect(await account.listKeys()).toEqual([]);
});

test("an API key is shown, renamed and refused for a while", async () => {
  const account = createAccountClient(browser());
  const email = `${crypto.randomUUID()}@example.com`;
  await account.signUp({ name: "Somebody", email, password: "a long password" });
  const { id } = await account.createKey({ name: "a program" });
  expect(await account.updateKey({ keyId: id, name: "renamed", enabled: false })).toMatchObject({ id });
  expect(await account.getKey(id)).toMatchObject({ name: "renamed", enabled: false });
});

test("somebody changes their name and password, and ends sessions", async () => {
  const [here, there] = [createAccountClient(browser()), createAccountClient(browser())];
  const email = `${crypto.randomUUID()}@example.com`;
  await here.signUp({ name: "Somebody", email, password: "a long password" });
  await here.updateUser({ name: "Renamed" });
  expect(await here.user()).toMatchObject({ name: "Renamed" });
  const password = "another long password";
  await here.changePassword({ currentPassword: "a long password", newPassword: password });
  const { token } = await there.signIn({ email, password });
  expect((await here.listSessions()).map((session) => session.token)).toContain(token);
  await here.revokeSession(token);
  expect(await there.user()).toBeNull();
  await there.signIn({ email, password });
  await here.revokeOtherSessions();
  expect(await there.user()).toBeNull();
  await here.revokeSessions();
  expect(await here.user()).toBeNull();
});

test("somebody confirms their address, forgets the password, and takes another address", async () => {
  const box = mailbox();
  const account = createAccountClient(browser(box.fetch));
  const email = `${crypto.randomUUID()}@example.com`;
  await account.signUp({ name: "Somebody", email, password: "a long password" });
  await account.sendVerificationEmail();
  expect(await account.verifyEmail(box.token(email))).toEqual({ status: true, email });
  expect(await account.user()).toMatchObject({ emailVerified: true });
  await account.requestPasswordReset(email);
  const password = "another long password";
  const reset = await account.resetPassword({ token: box.token(email), newPassword: password });
  expect(reset).toEqual({ status: true, email, keysRevoked: false });
  expect(await account.user()).toBeNull();
  await account.signIn({ email, password });
  const newEmail = `new-${email}`;
  await account.changeEmail({ newEmail, password });
  await account.verifyEmail(box.token(newEmail));
  expect(await account.user()).toMatchObject({ email: newEmail });
});

test("without a browser, the client keeps the session from signing in to signing out", async () => {
  const cookies: (string | null)[] = [];
  const send = (request: Request) => {
    cookies.push(request.headers.get("cookie"));
    return exports.default.fetch(request);
  };
  const account = createAccountClient({ baseUrl: "http://captures.test", fetch: send });
  const email = `${crypto.randomUUID()}@example.com`;
  const { user } = await account.signUp({ name: "Somebody", email, password: "a long password" });
  expect(await account.user()).toMatchObject({ id: user.id });
  await account.signOut();
  expect(await account.user()).toBeNull();
  const session = expect.stringMatching(/^captures\.session_token=[^;]+$/);
  expect(cookies).toEqual([null, session, session, null]);
});

test("somebody signs in at a provider, which the client keeps in mind meanwhile", async () => {
  const { provider, env: bindings } = await beginWith();
  const send = async (request: Request) => {
    operated.add(`${request.method} ${new URL(request.url).pathname}`);
    return app.fetch(request, { ...env, ...bindings }, createExecutionContext());
  };
  const account = createAccountClient({ baseUrl: "http://captures.test", fetch: send });
  expect((await account.ways()).providers).toEqual([{ id: "okta", name: "Okta" }]);
  const { url } = await account.startSignOn("okta");
  const { user, isNew } = await account.finishSignOn({ provider: "okta", ...provider.authorize(url) });
  expect(isNew).toBe(true);
  expect(await account.user()).toMatchObject({ id: user.id, email: user.email });
});

test("the client leaves out no operation of accounts; those of devices are tested by themselves", () => {
  const described = operations
    .filter(({ path }) => /^\/api\/auth\/(?!device\/)/.test(path))
    .map(({ method, path }) => `${method} ${path}`);
  const ofAccounts = [...operated].filter((operation) => operation.includes(" /api/auth/"));
  expect(ofAccounts.sort()).toEqual(described.sort());
});
