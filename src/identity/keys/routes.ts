import { Hono } from "hono";
import type * as z from "zod";
import { positiveNumber } from "../../env.ts";
import { unknownCaller } from "../../http/authentication.ts";
import { type App, noteCaller } from "../../http/context.ts";
import { readBody, readQuery } from "../../http/input.ts";
import { limitAccountChanges, limitAccountReads } from "../../http/rate-limits.ts";
import { refuse } from "../../http/refusals.ts";
import { isoTime } from "../../lib/values.ts";
import { bySession } from "../by-session.ts";
import { refuseIdentity, tooManyKeys } from "../refusals.ts";
import type { apiKeyListSchema, apiKeySchema, newApiKeySchema } from "../replies.ts";
import { createKeySchema, deleteKeySchema, getKeySchema, listKeysSchema, updateKeySchema } from "./schema.ts";
import * as store from "./store.ts";

/**
 * `/api/auth/api-key`: the keys that one's programs sign in with. Only a person with a session sees or changes them: a key must not
 * make another key. The paths and replies are those of better-auth's plugin, which answered here before.
 */
export const keyRoutes = new Hono<App>()
  .get("/list", limitAccountReads, bySession, async (c) => {
    const { limit, offset } = await readQuery(c, listKeysSchema());
    const range = { limit, offset };
    const { keys, total } = known(await store.listKeys(c.var.db, c.var.credential, range, Date.now()));
    return c.json({
      apiKeys: keys.map(toKey),
      total,
      ...(limit !== undefined && { limit }),
      ...(offset !== undefined && { offset }),
    } satisfies z.output<typeof apiKeyListSchema>);
  })

  .get("/get", limitAccountReads, bySession, async (c) => {
    const { id } = await readQuery(c, getKeySchema());
    return c.json(toKey(found(await store.findKey(c.var.db, c.var.credential, id, Date.now()))));
  })

  .post("/create", limitAccountChanges, bySession, async (c) => {
    const asked = await readBody(c, createKeySchema());
    const maxKeys = positiveNumber(c.env, "MAX_API_KEYS");
    const made = known(await store.createKey(c.var.db, c.var.credential, asked, maxKeys, Date.now()));
    if (made === "no-environment") throw refuse.environmentNotFound();
    if (made === "no-room") throw tooManyKeys(maxKeys);
    const { key, row } = made;
    return c.json({ ...toKey(row), key } satisfies z.output<typeof newApiKeySchema>);
  })

  .post("/update", limitAccountChanges, bySession, async (c) => {
    const { keyId, ...changes } = await readBody(c, updateKeySchema());
    const changed = await store.updateKey(c.var.db, c.var.credential, keyId, changes, Date.now());
    return c.json(toKey(found(changed)));
  })

  .post("/delete", limitAccountChanges, bySession, async (c) => {
    const { keyId } = await readBody(c, deleteKeySchema());
    found(await store.deleteKey(c.var.db, c.var.credential, keyId, Date.now()));
    return c.json({ success: true });
  });

/** What somebody who is signed in asked for. @throws ApiError 401 when nobody is */
function known<T>(outcome: store.Outcome<T>): T {
  if (outcome.caller === null) throw unknownCaller();
  noteCaller(outcome.caller);
  return outcome.found;
}

/** The same, of a key. @throws ApiError 404 when it is not one of theirs, too */
function found(outcome: store.Outcome<store.KeyRow | null>): store.KeyRow {
  const row = known(outcome);
  if (row === null) throw refuseIdentity.keyNotFound();
  return row;
}

/** A key as it is shown. Of better-auth's own limits and permissions for keys, which nothing enforces, the fields have stayed. */
function toKey(row: store.KeyRow): z.output<typeof apiKeySchema> {
  const { id, name, start, prefix, referenceId, enabled, scope, envId, expiresAt, createdAt, updatedAt } =
    row;
  return {
    id,
    configId: "default",
    name,
    start,
    prefix,
    referenceId,
    enabled: enabled === 1,
    scope,
    envId,
    lastRequest: isoTime(row.lastRequest),
    expiresAt: isoTime(expiresAt),
    createdAt: isoTime(createdAt),
    updatedAt: isoTime(updatedAt),
    refillInterval: null,
    refillAmount: null,
    lastRefillAt: null,
    rateLimitEnabled: false,
    rateLimitTimeWindow: 86_400_000,
    rateLimitMax: 10,
    requestCount: 0,
    remaining: null,
    permissions: null,
    metadata: null,
  };
}
