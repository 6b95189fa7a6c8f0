import { APIError, createAuthMiddleware } from "better-auth/api";
// The build without Kysely: this service has an adapter of its own.
import { betterAuth } from "better-auth/minimal";
import type { Credential } from "../db/caller.ts";
import type { Db } from "../db/types.ts";
import type { Env } from "../env.ts";
import { COOKIE_PREFIX, HOST_COOKIE_PREFIX } from "../http/authentication.ts";
import { currentContext, noteCaller } from "../http/context.ts";
import { listedOrigins } from "../http/origins.ts";
import { addressLimit, clientAddress, clientNetwork } from "../http/rate-limits.ts";
import { log, rootCause } from "../lib/log.ts";
import { nameSchema } from "../lib/names.ts";
import { addressLimits } from "./address-limits.ts";
import { d1Adapter } from "./d1-adapter.ts";
import { revokeKeysOf } from "./keys/store.ts";
import { SESSION_SECONDS } from "./new-session.ts";
import { dropLinksOf } from "./ownership.ts";
import { hashPassword, verifyPassword } from "./passwords.ts";
import { refuseIdentity } from "./refusals.ts";
import { admitSignUp } from "./sign-up-limits.ts";

const SIGN_UP_PATH = "/sign-up/email";
const CHANGE_PASSWORD_PATH = "/change-password";
/** The console reads the session with each page: those of a whole office, which has one address, are not counted, as no read is. */
const UNLIMITED_READS = {
  "/get-session": false,
  "/list-sessions": false,
} as const;

/** What a sign-up does with the code of the invite that it names, whatever an invite is to. */
export interface Invites {
  /** Whether an address could sign up with an invite, where sign-up is by invite. */
  isClaimable(db: Db, code: string, email: string, now: number): Promise<boolean>;
  /** Reserves an invite for the address that signs up with it; whether the invite is that address's to use. */
  claimInvite(db: Db, code: string, email: string, now: number): Promise<boolean>;
  /** Accepts an invite for somebody who has signed up. One that can't be accepted is left. */
  acceptInvite(db: Db, credential: Credential, code: string, now: number): Promise<unknown>;
}

/**
 * better-auth as this service sets it up: e-mail and password, sessions in signed cookies. It is large, so it is
 * imported only by the requests that change who is signed in; `http/authentication.ts` answers for all others.
 * @param invites what becomes of the invite that a sign-up names
 * @param origin the origin that the request came to, such as `https://captures.example.com`
 */
export function createAuth(env: Env, invites: Invites, origin: string) {
  const limit = addressLimit(env);
  const isSecure = origin.startsWith("https:");
  return betterAuth({
    appName: "Captures",
    baseURL: origin,
    basePath: "/api/auth",
    secret: env.BETTER_AUTH_SECRET,
    trustedOrigins: [...listedOrigins(env)],
    telemetry: { enabled: false },
    // Errors are thrown to routes.ts, which answers and logs them as for any other request.
    onAPIError: { throw: true },
    logger: {
      level: "error",
      log: noteLog,
    },
    database: d1Adapter(env.DB),
    emailAndPassword: { password: { hash: hashPassword, verify: verifyPassword }, enabled: true },
    session: { expiresIn: SESSION_SECONDS },
    rateLimit: {
      enabled: true,
      customStorage: addressLimits(env.DB),
      customRules: { "/sign-in/*": limit, "/sign-up/*": limit, ...UNLIMITED_READS },
    },
    advanced: {
      // better-auth's own prefix would be `__Secure-`.
      useSecureCookies: false,
      cookiePrefix: isSecure ? HOST_COOKIE_PREFIX : COOKIE_PREFIX,
      defaultCookieAttributes: { secure: isSecure },
      ipAddress: { ipAddressHeaders: ["cf-connecting-ip"], ipv6Subnet: 56 },
    },
    hooks: {
      // Before better-auth checks anything: it would tell people without an invite which addresses have an account.
      before: createAuthMiddleware(async (ctx) => {
        // Whoever knows the old password may be why it is changed.
        if (ctx.path === CHANGE_PASSWORD_PATH) return { context: { body: endingOtherSessions(ctx.body) } };
        if (ctx.path !== SIGN_UP_PATH || env.SIGN_UP === "open") return;
        const { inviteCode, email } = inviteOf(ctx.body);
        if (!(await invites.isClaimable(env.DB, inviteCode, email, Date.now()))) throw inviteRequired();
      }),
      after: createAuthMiddleware(async (ctx) => {
        const inviteCode: unknown = ctx.body?.inviteCode;
        if (ctx.path === CHANGE_PASSWORD_PATH) await revokeKeys(env, ctx.body, ctx.context.returned);
        const userId = ctx.context.newSession?.user.id;
        if (userId !== undefined) noteCaller(userId);
        if (ctx.path !== SIGN_UP_PATH || typeof inviteCode !== "string" || userId === undefined) return;
        const request = currentContext();
        const address = request === undefined ? null : clientAddress(request);
        await invites.acceptInvite(env.DB, { kind: "user", value: userId, address }, inviteCode, Date.now());
      }),
    },
    databaseHooks: {
      account: {
        update: {
          // A new password makes void what was mailed before: who is afraid of somebody's change of the address changes it.
          after: async ({ userId }) => dropLinksOf(env.DB, userId),
        },
      },
      user: {
        create: {
          // After all other checks: a mistyped address or a short password must not use up the invite.
          before: async (user, ctx) => {
            const name = checkedName(user.name);
            if (env.SIGN_UP !== "open") {
              const { inviteCode } = inviteOf(ctx?.body);
              if (!(await invites.claimInvite(env.DB, inviteCode, user.email, Date.now())))
                throw inviteRequired();
            }
            const isOpen = env.SIGN_UP === "open" && ctx?.path === SIGN_UP_PATH;
            await admitSignUp(env, env.DB, isOpen ? networkOfCaller() : null);
            return { data: { ...user, name } };
          },
        },
        update: {
          before: async (changes) =>
            changes.name === undefined
              ? undefined
              : { data: { ...changes, name: checkedName(changes.name) } },
        },
      },
    },
  });
}

/** The network of the request that is being handled. */
function networkOfCaller(): string {
  const c = currentContext();
  if (c === undefined) throw new Error("Somebody signs up outside of a request");
  return clientNetwork(c);
}

/** What D1 and, as its cause, SQLite say of a fault: `D1_ERROR: …`, `no such table: user: SQLITE_ERROR`. */
const OF_DATABASE = /^D1_|: SQLITE_[A-Z_]+$/;

/**
 * Logs what better-auth has to say, without anything that a caller sent: of its message what is before the first colon, behind which it
 * quotes addresses of requests; of an error its kind, and what the database says of it, which has no values.
 */
function noteLog(level: string, message: unknown, ...rest: unknown[]): void {
  const error = rest.map(rootCause).find((value) => value instanceof Error);
  const isOfDatabase = error !== undefined && OF_DATABASE.test(error.message);
  log.warn("auth.log", {
    level,
    message: typeof message === "string" ? message.replace(/:.*/s, "") : typeof message,
    ...(error && { error: isOfDatabase ? `${error.name}: ${error.message}` : error.name }),
  });
}

/** Revokes the keys of somebody who has just changed the password, if the request asks for that. */
async function revokeKeys(env: Env, body: unknown, returned: unknown): Promise<void> {
  if ((body as { revokeKeys?: unknown } | undefined)?.revokeKeys !== true) return;
  const userId = (returned as { user?: { id?: unknown } } | undefined)?.user?.id;
  if (typeof userId === "string") await revokeKeysOf(env.DB, userId);
}

/** A person's name, which other people see, by the same rule as all names. */
function checkedName(name: string): string {
  const { data, error } = nameSchema().safeParse(name);
  if (data !== undefined) return data;
  throw new APIError("BAD_REQUEST", { message: `name: ${error?.issues[0]?.message}` });
}

/** A change of password that ends the account's other sessions, unless it says that it does not. */
function endingOtherSessions(body: unknown): unknown {
  const isObject = typeof body === "object" && body !== null && !Array.isArray(body);
  return isObject ? { revokeOtherSessions: true, ...body } : body;
}

/** What a sign-up says of its invite, which better-auth has not looked at yet. */
function inviteOf(body: unknown): { inviteCode: string; email: string } {
  const { inviteCode, email } = (body ?? {}) as Record<string, unknown>;
  if (typeof inviteCode !== "string" || typeof email !== "string") throw inviteRequired();
  return { inviteCode, email };
}

function inviteRequired(): APIError {
  const { message } = refuseIdentity.inviteRequired();
  return new APIError("FORBIDDEN", { message });
}
