import { type Context, Hono } from "hono";
import { positiveNumber } from "../../env.ts";
import { readSessionCookie } from "../../http/authentication.ts";
import { type App, type AppContext, noteCaller } from "../../http/context.ts";
import { readAnybodysBody } from "../../http/input.ts";
import { limitSignIns } from "../../http/rate-limits.ts";
import { ApiError } from "../../http/refusals.ts";
import { sha256 } from "../../lib/hash.ts";
import { describeError, log } from "../../lib/log.ts";
import { randomText } from "../../lib/random-text.ts";
import type { Invites } from "../invites.ts";
import { keepSession, newSession } from "../new-session.ts";
import { tooManyAccounts } from "../refusals.ts";
import { ATTEMPT_MS, type Attempt, forgetAttempt, keepAttempt, keptAttempt } from "./attempt.ts";
import { type Provider, type SignInWays, signInWays } from "./config.ts";
import { claimsNeeded, isSelective, type Person, personOf } from "./person.ts";
import type { ProviderCalls } from "./provider.ts";
import { ProviderFault, refuseSignOn } from "./refusals.ts";
import type { SignedOn, Started, Ways } from "./replies.ts";
import { finishSchema, startSchema } from "./schema.ts";
import { type Finished, finish } from "./store.ts";

/** The length of what nobody may guess: of a code verifier, RFC 7636 has 43 to 128 characters. */
const SECRET_LENGTH = 43;

/** `GET /api/auth/ways`: how people may sign in. The console asks before anybody has signed in. */
export function waysRoute(c: Context<App>): Response {
  const { password, providers, contact } = signInWays(c.env, originOf(c));
  c.header("Cache-Control", "public, max-age=60");
  return c.json({
    password,
    signUp: c.env.SIGN_UP === "open" ? "open" : "invite",
    providers: providers.map(({ id, name }) => ({ id, name })),
    contact,
  } satisfies Ways);
}

/**
 * `/api/auth/sign-on`: signing in by a provider of OpenID Connect. The console begins it, and sends the browser to the provider; that
 * sends it back to the console's page `/sign-on/{provider}`, which finishes it with what is in its address.
 * @param invites what becomes of the invite that a new account names
 */
export function signOnRoutes(invites: Invites) {
  return new Hono<App>()
    .post("/start", limitSignIns, async (c) => {
      const { provider } = chosen(c, (await readAnybodysBody(c, startSchema())).provider);
      const attempt: Attempt = {
        provider: provider.id,
        state: randomText(SECRET_LENGTH),
        nonce: randomText(SECRET_LENGTH),
        verifier: randomText(SECRET_LENGTH),
        expiresAt: Date.now() + ATTEMPT_MS,
      };
      const url = await asking(c, provider, (calls) => calls.authorization(attempt, returnTo(c, provider)));
      await keepAttempt(c, attempt);
      return c.json({ url } satisfies Started);
    })

    .post("/finish", limitSignIns, async (c) => {
      const { provider: id, inviteCode, ...returned } = await readAnybodysBody(c, finishSchema());
      const { provider, ways } = chosen(c, id);
      const attempt = await keptAttempt(c, Date.now());
      if (attempt?.provider !== id || (await sha256(attempt.state)) !== (await sha256(returned.state)))
        throw refuseSignOn.notBegun();
      const claims = await asking(c, provider, (calls) =>
        calls.claims(attempt, returned, returnTo(c, provider), claimsNeeded(provider)),
      );
      const person = told(provider, () => personOf(claims, provider, ways));
      const signedOn = await signOn(c, { attempt, person, inviteCode, provider, ways }, invites);
      forgetAttempt(c);
      return c.json(signedOn satisfies SignedOn);
    });
}

const originOf = (c: AppContext): string => new URL(c.req.url).origin;
/** The console's page that the provider sends the browser back to. One for each, so that none can pass for another (RFC 9700, 4.4). */
const returnTo = (c: AppContext, { id }: Provider): string => `${originOf(c)}/sign-on/${id}`;

/** The provider that a request names. @throws ApiError 404 */
function chosen(c: AppContext, id: string): { provider: Provider; ways: SignInWays } {
  const ways = signInWays(c.env, originOf(c));
  const provider = ways.providers.find((known) => known.id === id);
  if (provider === undefined) throw refuseSignOn.unknownProvider();
  return { provider, ways };
}

/** Asks a provider, with a line in the log if it fails. @throws ApiError 502 or 503, or why nobody is signed in */
async function asking<T>(
  c: AppContext,
  provider: Provider,
  ask: (calls: ProviderCalls) => Promise<T>,
): Promise<T> {
  // Large, and most requests don't need it.
  const { ProviderCalls } = await import("./provider.ts");
  try {
    return await ask(new ProviderCalls(provider, positiveNumber(c.env, "OIDC_TIMEOUT_MS")));
  } catch (error) {
    if (!(error instanceof ProviderFault)) throw error;
    log.error("sign_on.failed", { provider: provider.id, code: error.code, ...describeError(error.cause) });
    throw error.refusal;
  }
}

/** Does what can refuse somebody, with a line in the log that says why. */
function told<T>({ id }: Provider, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof ApiError) log.warn("sign_on.refused", { provider: id, reason: error.message });
    throw error;
  }
}

interface SignOn {
  attempt: Attempt;
  person: Person;
  inviteCode: string | undefined;
  provider: Provider;
  ways: SignInWays;
}

/** Signs somebody in, and makes an account for them if there is none and they may have one. */
async function signOn(c: AppContext, by: SignOn, invites: Invites): Promise<SignedOn> {
  const { attempt, person, inviteCode, provider, ways } = by;
  const { db } = c.var;
  const now = Date.now();
  const session = newSession(c, now);
  const signedIn = (await readSessionCookie(c))?.value ?? null;
  const id = crypto.randomUUID();
  const maxAccounts = positiveNumber(c.env, "MAX_ACCOUNTS");
  const finishing = (mayCreate: boolean) =>
    finish(db, { attempt, person, session, mayCreate, maxAccounts, signedIn, id }, now);
  let finished = await finishing(c.env.SIGN_UP === "open" || isSelective(provider));
  if (finished.outcome === "no-account" && inviteCode !== undefined) {
    // Only now: who has an account must not use up an invite.
    if (await invites.claimInvite(db, inviteCode, person.email, now)) finished = await finishing(true);
  }
  const { user, isNew } = told(provider, () => finishedBy(finished, provider, ways, maxAccounts));
  noteCaller(user.id);
  if (isNew && inviteCode !== undefined)
    await invites.acceptInvite(
      db,
      { kind: "user", value: user.id, address: session.address },
      inviteCode,
      now,
    );
  await keepSession(c, session);
  return { user, isNew };
}

/** Who was signed in. @throws ApiError when nobody was */
function finishedBy(
  finished: Finished,
  { name }: Provider,
  { contact }: SignInWays,
  maxAccounts: number,
): SignedOn {
  switch (finished.outcome) {
    case "signed-in":
      return { user: finished.user, isNew: finished.isNew };
    case "used":
      throw refuseSignOn.used();
    case "other-person":
      throw refuseSignOn.otherPerson(name, contact);
    case "no-account":
      throw refuseSignOn.inviteRequired(contact);
    case "full":
      throw tooManyAccounts(maxAccounts);
  }
}
