import { beforeAll, expect, test } from "vitest";
import { createApiKey, createEnvironment, type Person, signUp } from "../support/api.ts";
import { startReceiver } from "../webhooks/receiver.ts";
import { clientOf, errorOf, expectAllSent } from "./support.ts";

let admin: Person;
let key: string;
let envId: number;
beforeAll(async () => {
  admin = await signUp("Admin");
  ({ key } = await createApiKey(admin));
  ({ id: envId } = (await createEnvironment(admin)).environment);
});

test("a webhook is made, shown, changed, tested, given another secret and deleted", async () => {
  const receiver = startReceiver("hooks.shop.com");
  const { webhooks } = clientOf(key);
  const made = await webhooks.create(envId, {
    kind: "standard",
    name: "ours",
    address: "https://hooks.shop.com/captures",
    events: ["capture.done"],
  });
  expect(await webhooks.list(envId)).toEqual([await webhooks.get(envId, made.id)]);
  const tried = await webhooks.test(envId, made.id);
  expect(tried.status).toBe("delivered");
  expect(receiver.verified(made.secret ?? "")).toMatchObject([{ id: tried.messageId }]);
  expect((await webhooks.rotateSecret(envId, made.id)).secret).not.toBe(made.secret);
  expect(await webhooks.deliveries(envId, made.id, { limit: 5 })).toEqual([tried]);
  expect(await webhooks.redeliver(envId, made.id, tried.id)).toMatchObject({ status: "pending" });
  expect(await webhooks.update(envId, made.id, { paused: true })).toMatchObject({ state: "paused" });
  expect((await webhooks.delete(envId, made.id)).name).toBe("ours");
  expect(await errorOf(webhooks.get(envId, made.id))).toMatchObject({
    status: 404,
    message: "Webhook not found",
  });
});

test("the client leaves out no operation of webhooks", () => {
  expectAllSent((path) => path.includes("/webhooks"));
});
