import { env } from "cloudflare:workers";
import { expect } from "vitest";
import type { Webhook, WebhookDelivery, WebhookWithSecret } from "../../src/webhooks/replies.ts";
import type { Person } from "../support/api.ts";

/** Makes a webhook that is accepted. */
export async function createWebhook(
  admin: Person,
  envId: number,
  body: Record<string, unknown> = {},
): Promise<WebhookWithSecret> {
  const reply = await admin.post<WebhookWithSecret>(`/api/environments/${envId}/webhooks`, {
    kind: "standard",
    name: "ours",
    address: "https://hooks.shop.com/captures",
    events: ["capture.started", "capture.done", "capture.failed", "capture.gap", "log.left-on"],
    ...body,
  });
  if (reply.status !== 201)
    throw new Error(`The webhook answered ${reply.status} ${JSON.stringify(reply.body)}`);
  return reply.body;
}

const pathOf = ({ envId, id }: Pick<Webhook, "envId" | "id">) => `/api/environments/${envId}/webhooks/${id}`;

/** A webhook as its admin sees it. */
export const readWebhook = async (admin: Person, webhook: Pick<Webhook, "envId" | "id">): Promise<Webhook> =>
  (await admin.get<Webhook>(pathOf(webhook))).body;

/** The last deliveries of a webhook, oldest first. */
export const deliveriesOf = async (
  admin: Person,
  webhook: Pick<Webhook, "envId" | "id">,
): Promise<WebhookDelivery[]> =>
  (await admin.get<WebhookDelivery[]>(`${pathOf(webhook)}/deliveries`)).body.toReversed();

/** Waits until the deliveries of a webhook have these statuses. */
export async function untilDelivered(
  admin: Person,
  webhook: Pick<Webhook, "envId" | "id">,
  statuses: WebhookDelivery["status"][],
): Promise<WebhookDelivery[]> {
  await expect
    .poll(async () => (await deliveriesOf(admin, webhook)).map(({ status }) => status))
    .toEqual(statuses);
  return deliveriesOf(admin, webhook);
}

/** Lets the next attempt of all pending deliveries be due at a time. */
export async function dueAt(time: number): Promise<void> {
  await env.DB.prepare("update webhook_deliveries set next_at = ?1 where status = 'pending'")
    .bind(time)
    .run();
}
