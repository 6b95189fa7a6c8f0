import { exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import { createAccountClient } from "../../src/client/account.ts";
import { createClient } from "../../src/client/index.ts";
import { checkUnread } from "../support/contract.ts";

/** The Worker, asked as a browser asks it: with the cookie that the last sign-in has set. */
function browser() {
  let cookie = "";
  const send = async (request: Request): Promise<Response> => {
    const asked = new Request(request, { headers: { ...Object.fromEntries(request.headers), cookie } });
    const reply = await exports.default.fetch(asked);
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
