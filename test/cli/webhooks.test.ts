import { expect, test } from "vitest";
import { type FindingWebhooks, findMember, findWebhook } from "../../src/cli/webhooks.ts";
import { createClient } from "../../src/client/index.ts";

const webhook = (id: number, envId: number, name: string) => ({ id, envId, name });
const replies: Record<string, object[]> = {
  "/api/environments": [
    { id: 1, name: "prod" },
    { id: 2, name: "staging" },
  ],
  "/api/environments/1/webhooks": [webhook(7, 1, "ci"), webhook(8, 1, "chat")],
  "/api/environments/2/webhooks": [webhook(9, 2, "ci"), webhook(10, 2, "7")],
  "/api/environments/1/members": [
    { userId: "u1", name: "Jo", email: "jo@shop.com" },
    { userId: "u2", name: "Sam", email: "sam@shop.com" },
    { userId: "u3", name: "Sam", email: "sam2@shop.com" },
  ],
};
const baseUrl = "https://captures.example.com";
const service: FindingWebhooks = {
  baseUrl,
  signal: new AbortController().signal,
  client: createClient({
    baseUrl,
    fetch: async (request) => Response.json(replies[new URL(request.url).pathname]),
  }),
};

test("a webhook is found by its id before its name, in all environments or in one", async () => {
  expect((await findWebhook(service, "7", undefined)).webhook.id).toBe(7);
  expect(await findWebhook(service, "chat", undefined)).toMatchObject({
    webhook: { id: 8 },
    environment: "prod",
  });
  expect((await findWebhook(service, "7", "staging")).webhook.id).toBe(10);
  expect((await findWebhook(service, "ci", "staging")).webhook.id).toBe(9);
});

test("a webhook whose name several have, or none has, is refused", async () => {
  await expect(findWebhook(service, "ci", undefined)).rejects.toThrow(/by its id, 7 and 9/);
  await expect(findWebhook(service, "chat", "staging")).rejects.toThrow('There is no webhook "chat"');
  await expect(findWebhook(service, "ci", "nowhere")).rejects.toThrow(/no environment "nowhere"/);
});

test("a member is found by address, id or name, and not by a name that several have", async () => {
  for (const text of ["JO@shop.com", "u1", "Jo"])
    expect((await findMember(service, 1, text)).userId).toBe("u1");
  await expect(findMember(service, 1, "Sam")).rejects.toThrow(/by e-mail address/);
  await expect(findMember(service, 1, "nobody")).rejects.toThrow(/no member "nobody"/);
});
