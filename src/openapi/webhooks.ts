import * as z from "zod";
import { EVENT_TYPES, TEST_TYPE } from "../webhooks/events.ts";
import { tooManyWebhooks } from "../webhooks/refusals.ts";
import {
  deliverySchema,
  payloadSchema,
  type Webhook,
  type WebhookDelivery,
  type WebhookPayload,
  webhookSchema,
  webhookWithSecretSchema,
} from "../webhooks/replies.ts";
import { changeSchema, createSchema, deliveriesSchema, MAX_WEBHOOKS } from "../webhooks/schema.ts";
import { ADMIN, ID, MEMBER } from "./environments.ts";
import type { JsonSchema, Operation } from "./operation.ts";
import { idParameter, queryParameters } from "./parameters.ts";
import { BAD_ID, invalidFor, OF_BODIES, OF_CALLERS, OF_WRITERS, refusalOf, refusals } from "./refusals.ts";
import "./webhook-requests.ts";

const PATH = "/api/environments/{id}/webhooks";
const IDS = [ID, idParameter("webhookId", "The webhook's id.")];
const BAD_IDS = {
  ...BAD_ID,
  name: "badIdOfWebhook",
  pattern: `(?:webhookI|deliveryI|i)d: (?:${(BAD_ID.pattern ?? "").replaceAll("id: ", "")})`,
};
const ADMIN_OR_RECIPIENT = "Admins of the environment; of an e-mail also the member who gets it.";

const webhook: Webhook = {
  id: 1,
  envId: 1,
  kind: "standard",
  name: "on call",
  address: "https://example.com/…",
  recipient: null,
  events: ["capture.failed", "log.left-on"],
  state: "active",
  failingSince: null,
  pausedAt: null,
  disabledAt: null,
  disabledReason: null,
  createdAt: "2026-11-12T09:14:03.211Z",
  updatedAt: "2026-11-12T09:14:03.211Z",
};

const delivery: WebhookDelivery = {
  id: 7,
  messageId: "msg_5f0e6c1f6f9c4c7fa3c19a7bb02b1d11",
  type: "capture.failed",
  captureId: 12,
  sequence: 2,
  time: "2026-11-12T10:00:00.120Z",
  status: "pending",
  attempts: 1,
  nextAttempt: "2026-11-12T10:00:05.009Z",
  lastAttempts: [{ time: "2026-11-12T10:00:00.480Z", duration: 131, status: 503, error: "It answered 503" }],
};

const payload: WebhookPayload = {
  type: "capture.done",
  timestamp: "2026-11-12T10:00:00.120Z",
  data: {
    version: 1,
    sequence: 2,
    url: "https://captures.example.com/captures/12",
    environment: { id: 1, name: "production" },
    capture: {
      id: 12,
      name: "nightly",
      log: "slow",
      schedule: 3,
      start: "2026-11-12T09:00:00.000Z",
      end: "2026-11-12T10:00:00.000Z",
    },
    counts: { records: 81_242, statements: 80_911, bytes: 12_104_223, gapCount: 0 },
  },
};

const secret = "whsec_c2VjcmV0IG9mIHRoaXMgZXhhbXBsZSwgbm9ib2R5J3M=";
const ONE = { "application/json": { schema: webhookSchema, example: webhook } };
const ONE_DELIVERY = { "application/json": { schema: deliverySchema, example: delivery } };
const withSecret = (previousUntil: string | null) => ({
  "application/json": { schema: webhookWithSecretSchema, example: { ...webhook, secret, previousUntil } },
});

const NOT_THERE = refusals("environmentNotFound", "notAdmin", "webhookNotFound");
const OF_READS = [BAD_IDS, ...OF_CALLERS, ...NOT_THERE];
const OF_CHANGES = [BAD_IDS, ...OF_WRITERS, ...NOT_THERE];

/** `/api/environments/{id}/webhooks`. */
export const webhookOperations: Operation[] = [
  {
    id: "listWebhooks",
    method: "get",
    path: PATH,
    tag: "Webhooks",
    summary: "List an environment's webhooks",
    description: "Admins see all; other members those that send e-mails to them.",
    permission: MEMBER,
    credentials: "any",
    parameters: [ID],
    success: {
      status: 200,
      description: "The webhooks, oldest first.",
      content: { "application/json": { schema: z.array(webhookSchema), example: [webhook] } },
    },
    refusals: [BAD_ID, ...OF_CALLERS, ...refusals("environmentNotFound")],
  },
  {
    id: "createWebhook",
    method: "post",
    path: PATH,
    tag: "Webhooks",
    summary: "Make a webhook",
    description: "The secret that it is signed with is shown only now.",
    permission: ADMIN,
    credentials: "any",
    parameters: [ID],
    body: {
      schema: createSchema(),
      examples: {
        standard: {
          summary: "Standard Webhooks",
          value: {
            kind: "standard",
            name: "on call",
            address: "https://hooks.shop.com/captures",
            events: ["capture.failed", "log.left-on"],
          },
        },
        slack: {
          summary: "Slack",
          value: {
            kind: "slack",
            name: "#databases",
            address: "https://hooks.slack.com/services/T00000000/B00000000/XXXX",
            events: ["capture.done", "statement.new"],
          },
        },
      },
    },
    success: {
      status: 201,
      description: "The webhook.",
      content: withSecret(null),
    },
    refusals: [
      invalidFor(createSchema(), { kind: "standard", name: "a", events: ["capture.done"] }),
      BAD_ID,
      ...OF_BODIES,
      ...OF_WRITERS,
      ...refusals("environmentNotFound", "notAdmin", "recipientNotReachable", "kindNeedsMail"),
      refusalOf("tooManyWebhooks", tooManyWebhooks(MAX_WEBHOOKS)),
    ],
  },
  {
    id: "getWebhook",
    method: "get",
    path: `${PATH}/{webhookId}`,
    tag: "Webhooks",
    summary: "Show a webhook",
    permission: ADMIN_OR_RECIPIENT,
    credentials: "any",
    parameters: IDS,
    success: { status: 200, description: "The webhook.", content: ONE },
    refusals: OF_READS,
  },
  {
    id: "changeWebhook",
    method: "put",
    path: `${PATH}/{webhookId}`,
    tag: "Webhooks",
    summary: "Change, pause or resume a webhook",
    permission: ADMIN,
    credentials: "any",
    parameters: IDS,
    body: {
      schema: changeSchema(),
      examples: {
        pause: { summary: "Pause it", value: { paused: true } },
        resume: { summary: "Resume it, or switch it on again", value: { paused: false } },
      },
    },
    success: { status: 200, description: "The webhook as it is now.", content: ONE },
    refusals: [
      invalidFor(changeSchema(), {}),
      ...OF_BODIES,
      ...OF_CHANGES,
      ...refusals("webhookHasNoAddress", "webhookChangedMeanwhile"),
    ],
  },
  {
    id: "deleteWebhook",
    method: "delete",
    path: `${PATH}/{webhookId}`,
    tag: "Webhooks",
    summary: "Delete a webhook",
    description: "With its deliveries. Whoever gets its e-mails may do so, too.",
    permission: ADMIN_OR_RECIPIENT,
    credentials: "any",
    parameters: IDS,
    success: { status: 200, description: "The webhook as it was.", content: ONE },
    refusals: OF_CHANGES,
  },
  {
    id: "rotateWebhookSecret",
    method: "post",
    path: `${PATH}/{webhookId}/rotate-secret`,
    tag: "Webhooks",
    summary: "Give a webhook another secret",
    description: "It is shown only now. For a day, deliveries are signed with the one before, too.",
    permission: ADMIN,
    credentials: "any",
    parameters: IDS,
    success: {
      status: 200,
      description: "The webhook, and its new secret.",
      content: withSecret("2026-11-13T09:14:03.211Z"),
    },
    refusals: [...OF_CHANGES, ...refusals("webhookNotSigned", "webhookChangedMeanwhile")],
  },
  {
    id: "testWebhook",
    method: "post",
    path: `${PATH}/{webhookId}/test`,
    tag: "Webhooks",
    summary: "Send a test",
    description:
      "One attempt, which is waited for. A failure is no refusal: `lastAttempts` says what came of it.",
    permission: ADMIN,
    credentials: "any",
    parameters: IDS,
    success: {
      status: 200,
      description: "What came of it.",
      content: {
        "application/json": {
          schema: deliverySchema,
          example: {
            ...delivery,
            type: TEST_TYPE,
            captureId: null,
            sequence: 1,
            status: "delivered",
            nextAttempt: null,
            lastAttempts: [{ time: "2026-11-12T10:00:00.480Z", duration: 87, status: 204, error: null }],
          },
        },
      },
    },
    refusals: [...OF_CHANGES, ...refusals("webhookIdle")],
  },
  {
    id: "listWebhookDeliveries",
    method: "get",
    path: `${PATH}/{webhookId}/deliveries`,
    tag: "Webhooks",
    summary: "Show a webhook's last deliveries",
    permission: ADMIN,
    credentials: "any",
    parameters: [
      ...IDS,
      ...queryParameters(deliveriesSchema(), { limit: { description: "How many at most." } }),
    ],
    success: {
      status: 200,
      description: "The last deliveries, newest first. They are kept for 30 days.",
      content: { "application/json": { schema: z.array(deliverySchema), example: [delivery] } },
    },
    refusals: [invalidFor(deliveriesSchema(), { limit: ["0"] }), ...OF_READS],
  },
  {
    id: "redeliverWebhook",
    method: "post",
    path: `${PATH}/{webhookId}/deliveries/{deliveryId}/redeliver`,
    tag: "Webhooks",
    summary: "Send a delivery again",
    description: "One that was delivered or given up, under the same `webhook-id`.",
    permission: ADMIN,
    credentials: "any",
    parameters: [...IDS, idParameter("deliveryId", "The delivery's id.")],
    success: { status: 200, description: "The delivery, which is pending again.", content: ONE_DELIVERY },
    refusals: [...OF_CHANGES, ...refusals("deliveryNotFound", "deliveryPending", "webhookIdle")],
  },
];

/** What is sent to receivers, by type: the summary of each event. */
const EVENTS: Record<WebhookPayload["type"], string> = {
  "capture.started": "A capture is RUNNING",
  "capture.done": "A capture is DONE",
  "capture.failed": "A capture has FAILED, or was cancelled",
  "capture.gap": "A part of a log could not be read",
  "statement.new": "A capture has statements that the one it is compared with has not",
  "log.left-on": "A parameter group could not be restored",
  "webhook.test": "Somebody has pressed the test button",
};

const header = (name: string, description: string, example: string) => ({
  name,
  in: "header",
  required: true,
  description,
  schema: { type: "string" },
  example,
});
const HEADERS = [
  header("webhook-id", "The same in every attempt: to tell a repetition.", delivery.messageId),
  header("webhook-timestamp", "When the attempt was made, in seconds since the epoch.", "1794477600"),
  header(
    "webhook-signature",
    "`v1,` and the HMAC-SHA256 of id, time and body, joined by dots, in base64. While a secret is rotated, two of them with a space between.",
    "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
  ),
];

/**
 * What webhooks of the kind `standard` are sent, as OpenAPI describes it.
 * @param of makes the JSON Schema of a payload
 */
export const describeWebhooks = (of: (schema: z.ZodType) => JsonSchema): JsonSchema =>
  Object.fromEntries(
    [...EVENT_TYPES, TEST_TYPE].map((type) => [
      type,
      {
        post: {
          operationId: `on.${type}`,
          tags: ["Webhooks"],
          summary: EVENTS[type],
          security: [],
          parameters: HEADERS,
          requestBody: {
            required: true,
            content: {
              "application/json": {
                schema: of(payloadSchema),
                ...(type === payload.type && { example: payload }),
              },
            },
          },
          responses: {
            "2XX": { description: "It has arrived, and is not sent again." },
            "410": { description: "Nothing is to be sent there any more: the webhook is switched off." },
            "4XX": {
              description:
                "It is sent again, with growing pauses, for about a day; after `Retry-After` at the earliest.",
            },
          },
        },
      },
    ]),
  );
