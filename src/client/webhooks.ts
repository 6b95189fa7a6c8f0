import type * as z from "zod";
import type { Webhook, WebhookDelivery, WebhookWithSecret } from "../webhooks/replies.ts";
import type * as schemas from "../webhooks/schema.ts";
import type { CallOptions, Transport } from "./transport.ts";

export type { Webhook, WebhookDelivery, WebhookPayload, WebhookWithSecret } from "../webhooks/replies.ts";

/** A webhook to make: with an `address`, or for e-mails with a `recipient`. */
export type NewWebhook = z.input<ReturnType<typeof schemas.createSchema>>;
/** What to change of a webhook; what is absent stays. */
export type WebhookChanges = z.input<ReturnType<typeof schemas.changeSchema>>;

/** The calls of webhooks: where an environment's events are told. */
export function webhooksClient(transport: Transport) {
  const path = (envId: number, id?: number, more = "") =>
    `/api/environments/${envId}/webhooks${id === undefined ? "" : `/${id}`}${more}`;
  return {
    /** The webhooks of an environment; for others than its admins only those that send e-mails to them. */
    list: (envId: number, options?: CallOptions) => transport.get<Webhook[]>(path(envId), options),
    /** Makes a webhook, whose secret is shown once. */
    create: (envId: number, webhook: NewWebhook, options?: CallOptions) =>
      transport.change<WebhookWithSecret>("POST", path(envId), options, webhook),
    /** Shows a webhook. */
    get: (envId: number, id: number, options?: CallOptions) =>
      transport.get<Webhook>(path(envId, id), options),
    /** Changes, pauses or resumes a webhook. */
    update: (envId: number, id: number, changes: WebhookChanges, options?: CallOptions) =>
      transport.change<Webhook>("PUT", path(envId, id), options, changes),
    /** Deletes a webhook with its deliveries. */
    delete: (envId: number, id: number, options?: CallOptions) =>
      transport.change<Webhook>("DELETE", path(envId, id), options),
    /** Gives a webhook another secret, which is shown once; the one before signs too for a day. */
    rotateSecret: (envId: number, id: number, options?: CallOptions) =>
      transport.change<WebhookWithSecret>("POST", path(envId, id, "/rotate-secret"), options),
    /** Sends a test, and waits for what comes of it. */
    test: (envId: number, id: number, options?: CallOptions) =>
      transport.change<WebhookDelivery>("POST", path(envId, id, "/test"), options),
    /** The last deliveries of a webhook, newest first, up to 100. */
    deliveries: (
      envId: number,
      id: number,
      query: { limit?: number | undefined } = {},
      options?: CallOptions,
    ) => transport.get<WebhookDelivery[]>(path(envId, id, "/deliveries"), options, query),
    /** Sends a delivery again that was delivered or given up. */
    redeliver: (envId: number, id: number, deliveryId: number, options?: CallOptions) =>
      transport.change<WebhookDelivery>(
        "POST",
        path(envId, id, `/deliveries/${deliveryId}/redeliver`),
        options,
      ),
  };
}
