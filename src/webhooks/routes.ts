import { Hono } from "hono";
import { unknownCaller } from "../http/authentication.ts";
import { type App, type AppContext, noteCaller } from "../http/context.ts";
import { readBody, readId, readQuery, refuseInput } from "../http/input.ts";
import { ApiError, refuse } from "../http/refusals.ts";
import { signedIn } from "../http/signed-in.ts";
import { addressHint } from "../lib/address-hint.ts";
import { isoTime } from "../lib/values.ts";
import { mailerOf } from "../mail/mail.ts";
import { addressProblem } from "./address.ts";
import * as deliveries from "./asked-deliveries.ts";
import { deliver, type FindNewStatements } from "./delivering.ts";
import { sendMessage } from "./outbox.ts";
import { refuseWebhook, tooManyWebhooks } from "./refusals.ts";
import type { WebhookWithSecret } from "./replies.ts";
import { changeSchema, createSchema, deliveriesSchema, MAX_WEBHOOKS, type WebhookRequest } from "./schema.ts";
import { newSecret } from "./signing.ts";
import * as store from "./store.ts";
import { openTarget, sealTarget, type Target } from "./target.ts";
import { toDelivery, toWebhook } from "./to-reply.ts";

/** How long the secret before a rotation signs too. */
const ROTATION_GRACE_MS = 24 * 60 * 60_000;

/** `/api/environments/{id}/webhooks`: where an environment's events are told. */
export const webhookRoutes = (find: FindNewStatements) =>
  new Hono<App>()
    .use("/:id/webhooks/*", signedIn)

    .get("/:id/webhooks", async (c) => {
      const { webhooks } = ok(
        await store.listWebhooks(c.var.db, c.var.credential, await readId(c), Date.now()),
      );
      return c.json(webhooks.map(toWebhook));
    })

    .post("/:id/webhooks", async (c) => {
      const envId = await readId(c);
      const request = await readBody(c, createSchema());
      const now = Date.now();
      const { name, kind, events, recipient = null } = request;
      const given = await givenTarget(c, request);
      const made = await store.createWebhook(
        c.var.db,
        c.var.credential,
        envId,
        {
          ...{ kind, name, recipient, events: JSON.stringify(events), origin: new URL(c.req.url).origin },
          target: given === null ? null : await sealTarget(c.env, envId, given.target),
          addressHint: given?.hint ?? null,
        },
        now,
      );
      if (made.outcome === "too-many") throw tooManyWebhooks(MAX_WEBHOOKS);
      if (made.outcome === "unreachable") throw refuseWebhook.recipientNotReachable();
      return c.json(withSecret(ok(made).webhook, given?.target ?? null), 201);
    })

    .get("/:id/webhooks/:webhookId", async (c) => {
      const { envId, webhookId } = await idsOf(c);
      const found = await store.readWebhook(c.var.db, c.var.credential, envId, webhookId, Date.now());
      return c.json(toWebhook(ok(found).webhook));
    })

    .put("/:id/webhooks/:webhookId", async (c) => {
      const ids = await idsOf(c);
      const { name = null, events, address, paused = null } = await readBody(c, changeSchema());
      const change = {
        ...{ name, isPaused: paused },
        events: events === undefined ? null : JSON.stringify(events),
        target: null,
      };
      if (address === undefined) return c.json(toWebhook(await update(c, ids, change)));
      const { target } = await retarget(
        c,
        ids,
        (before) => ({ ...before, address }),
        refuseWebhook.webhookHasNoAddress,
      );
      return c.json(toWebhook(await update(c, ids, { ...change, target })));
    })

    .delete("/:id/webhooks/:webhookId", async (c) => {
      const { envId, webhookId } = await idsOf(c);
      const deleted = await store.deleteWebhook(c.var.db, c.var.credential, envId, webhookId, Date.now());
      return c.json(toWebhook(ok(deleted).webhook));
    })

    .post("/:id/webhooks/:webhookId/rotate-secret", async (c) => {
      const ids = await idsOf(c);
      const now = Date.now();
      const { changed, target } = await retarget(
        c,
        ids,
        (before) => {
          if (before.secret === null) throw refuseWebhook.webhookNotSigned();
          const previous = { secret: before.secret, until: now + ROTATION_GRACE_MS };
          return { ...before, secret: newSecret(), previous };
        },
        refuseWebhook.webhookNotSigned,
      );
      const webhook = await update(c, ids, {
        name: null,
        events: null,
        isPaused: null,
        target,
        rotates: true,
      });
      return c.json(withSecret(webhook, changed));
    })

    .post("/:id/webhooks/:webhookId/test", async (c) => {
      const ids = await idsOf(c);
      const now = Date.now();
      const made = await deliveries.insertTest(c.var.db, c.var.credential, ids, now);
      if (made.outcome === "idle") throw refuseWebhook.webhookIdle();
      const { id: deliveryId } = ok(made);
      await deliver(c.env, find, { deliveryId });
      const delivery = await deliveries.readDelivery(
        c.var.db,
        c.var.credential,
        { ...ids, deliveryId },
        Date.now(),
      );
      // Deleted meanwhile.
      if (delivery === null) throw refuseWebhook.webhookNotFound();
      return c.json(toDelivery(delivery));
    })

    .get("/:id/webhooks/:webhookId/deliveries", async (c) => {
      const ids = await idsOf(c);
      const { limit } = await readQuery(c, deliveriesSchema());
      const found = await deliveries.listDeliveries(
        c.var.db,
        c.var.credential,
        { ...ids, limit },
        Date.now(),
      );
      return c.json(ok(found).deliveries.map(toDelivery));
    })

    .post("/:id/webhooks/:webhookId/deliveries/:deliveryId/redeliver", async (c) => {
      const ids = await idsOf(c);
      const deliveryId = await readId(c, "deliveryId");
      const sent = await deliveries.redeliver(c.var.db, c.var.credential, { ...ids, deliveryId }, Date.now());
      if (sent.outcome === "no-delivery") throw refuseWebhook.deliveryNotFound();
      if (sent.outcome === "pending") throw refuseWebhook.deliveryPending();
      if (sent.outcome === "idle") throw refuseWebhook.webhookIdle();
      const { delivery } = ok(sent);
      await sendMessage(c.env, { deliveryId });
      return c.json(toDelivery(delivery));
    });

const idsOf = async (c: AppContext) => ({ envId: await readId(c), webhookId: await readId(c, "webhookId") });

/** What was asked for, or the refusal that fits. */
function ok<T extends { outcome: string }>(result: T): Extract<T, { caller: string }> {
  switch (result.outcome) {
    case "unauthenticated":
      throw unknownCaller();
    case "not-found":
      throw refuse.environmentNotFound();
    case "forbidden":
      throw refuse.notAdmin();
    case "no-webhook":
      throw refuseWebhook.webhookNotFound();
    case "conflict":
      throw refuseWebhook.webhookChangedMeanwhile();
  }
  const done = result as Extract<T, { caller: string }>;
  noteCaller((done as { caller: string }).caller);
  return done;
}

/** The target that is asked for; null for e-mail. What is wrong with it is told only to who is signed in. */
async function givenTarget(
  c: AppContext,
  { kind, address }: WebhookRequest,
): Promise<{ target: Target; hint: string } | null> {
  if (kind === "email") {
    if (mailerOf(c.env) === null) await refuseInput(c, refuseWebhook.kindNeedsMail());
    return null;
  }
  const given = await checkedAddress(c, kind, address ?? "");
  const secret = kind === "standard" ? newSecret() : null;
  return { target: { address: given, secret }, hint: addressHint(given) };
}

async function checkedAddress(c: AppContext, kind: "standard" | "slack", address: string): Promise<string> {
  const problem = addressProblem(c.env, kind, address);
  if (problem !== null) await refuseInput(c, badAddress(problem));
  return new URL(address).href;
}

/** The refusal of an address. */
const badAddress = (problem: string): ApiError => new ApiError(400, `address: ${problem}`);

/** The target that a webhook is to have, made of the one that it has, and as the store takes it. */
async function retarget(
  c: AppContext,
  { envId, webhookId }: { envId: number; webhookId: number },
  change: (before: Target) => Target,
  refused: () => ApiError,
): Promise<{ changed: Target; target: NonNullable<store.WebhookUpdate["target"]> }> {
  const found = ok(await store.readWebhook(c.var.db, c.var.credential, envId, webhookId, Date.now()));
  if (found.role !== "admin") throw refuse.notAdmin();
  const { kind, target: before } = found.webhook;
  if (kind === "email" || before === null) throw refused();
  const asked = change(await openTarget(c.env, envId, before));
  const changed = { ...asked, address: await checkedAddress(c, kind, asked.address) };
  const sealed = await sealTarget(c.env, envId, changed);
  return { changed, target: { sealed, before, addressHint: addressHint(changed.address) } };
}

async function update(
  c: AppContext,
  ids: { envId: number; webhookId: number },
  change: store.WebhookUpdate,
): Promise<store.WebhookRow> {
  return ok(await store.updateWebhook(c.var.db, c.var.credential, ids, change, Date.now())).webhook;
}

const withSecret = (webhook: store.WebhookRow, target: Target | null): WebhookWithSecret => ({
  ...toWebhook(webhook),
  secret: target?.secret ?? null,
  previousUntil: isoTime(target?.previous?.until ?? null),
});
