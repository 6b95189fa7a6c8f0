import { Hono } from "hono";
import type * as z from "zod";
import { positiveNumber } from "../../env.ts";
import { unknownCaller } from "../../http/authentication.ts";
import { type App, type AppContext, noteCaller } from "../../http/context.ts";
import { readAnybodysBody, readBody } from "../../http/input.ts";
import {
  clientAddress,
  clientNetwork,
  exhausted,
  limitAccountChanges,
  limitPolls,
  limitSignIns,
  networkOf,
} from "../../http/rate-limits.ts";
import { ApiError, refuse } from "../../http/refusals.ts";
import { isoTime } from "../../lib/values.ts";
import { countOfAddress } from "../by-address.ts";
import { bySession } from "../by-session.ts";
import { refuseIdentity, tooManyKeys } from "../refusals.ts";
import { shownCode, userCodeHash } from "./codes.ts";
import { CODE_LIFETIME_MS, POLL_SECONDS } from "./limits.ts";
import { DeviceRefusal, refuseKey, tooManyWrongCodes } from "./refusals.ts";
import type { DeviceCode, DeviceDecision, DeviceRequest, DeviceToken } from "./replies.ts";
import { approveSchema, codeSchema, tokenSchema, verifySchema } from "./schema.ts";
import * as store from "./store.ts";

/** The name of the count of wrong user codes in the headers. */
const WRONG_CODES_POLICY = "wrong-codes";

/**
 * `/api/auth/device`: the login of a program that has no browser, such as the command line on a server (RFC 8628). It asks for a
 * code, a person who is signed in approves it in the console, and the program is handed an API key of theirs. Bodies are JSON,
 * as everywhere in this API, with the names of the RFC.
 */
export const deviceRoutes = new Hono<App>()
  .post("/code", limitSignIns, async (c) => {
    await countOfAddress(c, "/device/code");
    const { client_id: client, scope } = await readRequest(c, codeSchema());
    const asking = { client, scope, address: clientAddress(c) };
    const begun = await store.beginLogin(c.var.db, c.env.BETTER_AUTH_SECRET, asking, Date.now());
    const userCode = shownCode(begun.userCode);
    const page = `${new URL(c.req.url).origin}/device`;
    return c.json({
      device_code: begun.deviceCode,
      user_code: userCode,
      verification_uri: page,
      // Behind `#`, which no server sees.
      verification_uri_complete: `${page}#code=${userCode}`,
      expires_in: CODE_LIFETIME_MS / 1000,
      interval: POLL_SECONDS,
    } satisfies DeviceCode);
  })

  .post("/token", limitPolls, async (c) => {
    const { device_code: deviceCode, client_id: client } = await readRequest(c, tokenSchema());
    const polled = await store.pollLogin(c.var.db, { deviceCode, client }, Date.now());
    if (polled.outcome !== "key") throw refusalOf(polled);
    noteCaller(polled.user.id);
    return c.json({
      access_token: polled.key,
      token_type: "Bearer",
      expires_in: polled.seconds,
      scope: polled.scope,
      user: polled.user,
    } satisfies DeviceToken);
  })

  .post("/verify", limitAccountChanges, bySession, async (c) => {
    const { userCode } = await readBody(c, verifySchema());
    const attempt = await attemptOf(c, userCode);
    const { client, address, scope, createdAt, expiresAt } = found(
      await store.findLogin(c.var.db, attempt, Date.now()),
    );
    return c.json({
      client,
      address,
      isYourNetwork: address !== null && networkOf(address) === attempt.network,
      scope,
      requestedAt: isoTime(createdAt),
      expiresAt: isoTime(expiresAt),
    } satisfies DeviceRequest);
  })

  .post("/approve", limitAccountChanges, bySession, async (c) => {
    const { userCode, expiresIn, scope = null, envId } = await readBody(c, approveSchema());
    const attempt = await attemptOf(c, userCode);
    const key = { seconds: expiresIn, scope, envId };
    const maxKeys = positiveNumber(c.env, "MAX_API_KEYS");
    const { client } = found(await store.decideLogin(c.var.db, attempt, key, maxKeys, Date.now()));
    return c.json({ client, status: "approved" } satisfies DeviceDecision);
  })

  .post("/deny", limitAccountChanges, bySession, async (c) => {
    const { userCode } = await readBody(c, verifySchema());
    const attempt = await attemptOf(c, userCode);
    const decided = await store.decideLogin(c.var.db, attempt, null, Number.MAX_SAFE_INTEGER, Date.now());
    const { client } = found(decided);
    return c.json({ client, status: "denied" } satisfies DeviceDecision);
  });

/** A program's request, through a schema. @throws DeviceRefusal when it is not one; ApiError 415 when it is not JSON */
async function readRequest<S extends z.ZodType>(c: AppContext, schema: S): Promise<z.output<S>> {
  try {
    return await readAnybodysBody(c, schema);
  } catch (error) {
    if (error instanceof ApiError && error.status === 400)
      throw new DeviceRefusal("invalid_request", error.message);
    throw error;
  }
}

/** Why a program has no key. */
function refusalOf(polled: Exclude<store.Polled, { outcome: "key" }>): DeviceRefusal {
  return polled.outcome === "too-fast" ? refuseKey.tooFast(polled.interval) : refuseKey[polled.outcome]();
}

async function attemptOf(c: AppContext, userCode: string): Promise<store.Attempt> {
  return {
    credential: c.var.credential,
    userHash: await userCodeHash(userCode, c.env.BETTER_AUTH_SECRET),
    network: clientNetwork(c),
  };
}

/** The login that a user code led to. @throws ApiError 401, 404, 409 or 429 when it led to none */
function found(result: store.Found): store.WaitingLogin {
  if (result.caller !== undefined) noteCaller(result.caller);
  switch (result.outcome) {
    case "found":
      return result.login;
    case "too-many":
      throw tooManyWrongCodes(result.counted, exhausted(WRONG_CODES_POLICY, result.seconds));
    case "no-room":
      throw tooManyKeys(result.maxKeys);
    case "unauthenticated":
      throw unknownCaller();
    case "no-code":
      throw refuseIdentity.deviceCodeNotFound();
    case "no-environment":
      throw refuse.environmentNotFound();
  }
}
