import * as z from "zod";
import { EVENT_TYPES } from "../webhooks/events.ts";
import { changeSchema, createSchema } from "../webhooks/schema.ts";

/*
 * What the reference says of requests for webhooks, as requests.ts does of others.
 */

const add = (schema: z.ZodType, documentation: z.GlobalMeta) => z.globalRegistry.add(schema, documentation);

add(createSchema(), {
  id: "NewWebhook",
  description:
    "A webhook to make: with an `address`, or for e-mails with a `recipient`. Unknown fields are refused.",
});
add(changeSchema(), {
  id: "WebhookChanges",
  description: "The fields of a webhook to change; absent ones stay.",
  minProperties: 1,
});
add(changeSchema().shape.paused, {
  description:
    "Whether it is paused: what happens meanwhile is not told. `false` also switches on again what the service has switched off.",
});

const { kind, recipient } = createSchema().shape;
add(kind, {
  description: "`standard`: Standard Webhooks; `slack`: an incoming webhook of Slack; `email`: e-mails.",
});
add(recipient, {
  description: "For e-mails: the id of a member of the environment whose address is verified.",
});

for (const shape of [createSchema().shape, changeSchema().shape]) {
  add(shape.address, {
    description:
      "Where it is sent: an https address on the public Internet, of Slack one that begins with https://hooks.slack.com/. Redirects are not followed.",
    maxLength: 2000,
    examples: ["https://example.com/captures"],
  });
  add(shape.events, {
    description: "The types of events that it is told.",
    uniqueItems: true,
    maxItems: EVENT_TYPES.length,
  });
}
