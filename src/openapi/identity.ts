import * as z from "zod";
import { SIGN_INS } from "../http/limits.ts";
import {
  changePasswordSchema,
  signInSchema,
  signUpSchema,
  updateUserSchema,
} from "../identity/accounts/schema.ts";
import { tooManyAccounts, tooManySignUps, tooManyWrongPasswords, tooOften } from "../identity/refusals.ts";
import * as replies from "../identity/replies.ts";
import { nothingSchema, revokeSessionSchema } from "../identity/sessions/schema.ts";
import { refuseSignOn } from "../identity/sign-on/refusals.ts";
import { session, token, user } from "./examples/identity.ts";
import { EXHAUSTED, SIGN_IN_POLICY, WRITE_POLICY } from "./header-fields.ts";
import type { Header, Operation, Refusal } from "./operation.ts";
import {
  ANY_NUMBER,
  FAULTS,
  invalidFor,
  OF_BODIES,
  OF_SESSION_WRITERS,
  OF_SESSIONS,
  overLimit,
  refusalOf,
  refusals,
  TOO_LARGE,
  TOO_MANY_REQUESTS,
  varies,
} from "./refusals.ts";

/** The cookie of a new session. */
export const SESSION_COOKIE: Record<string, Header> = {
  "Set-Cookie": {
    description: "The session's cookie; over HTTPS with the prefix `__Host-`, and `Secure`.",
    schema: { type: "string", pattern: "^(__Host-|__Secure-)?captures\\." },
    required: true,
    example: `captures.session_token=${token}.signature; Max-Age=604800; Path=/; HttpOnly; SameSite=Lax`,
  },
};

const ENDED_COOKIE: Record<string, Header> = {
  "Set-Cookie": {
    description: "Takes the cookie of the session away.",
    schema: { type: "string", pattern: "^(__Host-)?captures\\.session_token=;" },
    required: true,
    example: "captures.session_token=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax",
  },
};

const PROLONGED_COOKIE: Record<string, Header> = {
  "Set-Cookie": {
    description: "When the session was prolonged, which it is once a day.",
    schema: { type: "string", pattern: "^(__Host-)?captures\\." },
    example: `captures.session_token=${token}.signature; Max-Age=604800; Path=/; HttpOnly; SameSite=Lax`,
  },
};

const NEW_COOKIE: Record<string, Header> = {
  "Set-Cookie": {
    description: "Of the new session, if the others have ended.",
    schema: { type: "string", pattern: "^(__Host-)?captures\\." },
    example: `captures.session_token=${token}.signature; Max-Age=604800; Path=/; HttpOnly; SameSite=Lax`,
  },
};

/** A password, where people sign in by single sign-on only. */
export const NO_PASSWORDS = refusalOf("noPasswords", refuseSignOn.noPasswords());
/** More of one kind of change from an address than are let through. */
export const TOO_OFTEN: Refusal = { ...refusalOf("tooOften", tooOften()), headers: EXHAUSTED };
/** More sign-ins and sign-ups of one address in a minute than are let through. */
export const TOO_MANY_SIGN_INS = overLimit("tooManySignIns", SIGN_INS, 20, SIGN_IN_POLICY);
/** Of a password that comes too soon after others that were wrong. */
const TOO_MANY_WRONG_PASSWORDS = varies(
  "tooManyWrongPasswords",
  tooManyWrongPasswords(60),
  tooManyWrongPasswords(ANY_NUMBER),
);
/** Who may use an operation that needs a session. */
export const SIGNED_IN = "Whoever is signed in with a session.";
/** The refusals of an operation that nobody has to be signed in for, and that changes something. */
export const OF_ANYBODY = [...refusals("otherOrigin"), TOO_LARGE, ...OF_BODIES, ...FAULTS];
/** The same where an address may only send so many. */
export const OF_LIMITED_ANYBODY = [...OF_ANYBODY, TOO_MANY_SIGN_INS, TOO_OFTEN];
/** Of a body, where none is needed, that is no object. */
const NOT_OBJECT: Refusal = { ...invalidFor(nothingSchema(), []), name: "notObject" };
/** The refusals of operations that hash a password. */
const OF_PASSWORDS = [...refusals("tooManyHashes"), NO_PASSWORDS];

type Parts = Pick<Operation, "id" | "summary" | "permission" | "credentials" | "refusals"> &
  Partial<Operation>;

/** An operation on accounts or sessions. */
function endpoint(
  method: "get" | "post",
  path: string,
  schema: z.ZodType,
  example: unknown,
  {
    body,
    success,
    ...parts
  }: Omit<Parts, "body" | "success"> & {
    body?: { schema: z.ZodType; value: unknown };
    success?: Partial<Operation["success"]>;
  },
): Operation {
  return {
    method,
    path: `/api/auth/${path}`,
    tag: "Accounts",
    ...parts,
    ...(body && {
      body: { schema: body.schema, examples: { example: { summary: parts.summary, value: body.value } } },
    }),
    success: {
      status: 200,
      description: "Done.",
      content: { "application/json": { schema, example } },
      ...success,
    },
  };
}

const get = (path: string, schema: z.ZodType, example: unknown, parts: Parameters<typeof endpoint>[4]) =>
  endpoint("get", path, schema, example, parts);
const post = (path: string, schema: z.ZodType, example: unknown, parts: Parameters<typeof endpoint>[4]) =>
  endpoint("post", path, schema, example, parts);

/** `/api/auth`: accounts and sessions. */
export const identityOperations: Operation[] = [
  post(
    "sign-up/email",
    replies.signedUpSchema,
    { token, user },
    {
      id: "signUp",
      summary: "Sign up",
      permission: "Everybody, or people with an invite where sign-up is by invite only.",
      credentials: "none",
      body: {
        schema: signUpSchema(),
        value: { name: "Demo", email: "demo@example.com", password: "demo-password" },
      },
      success: {
        description: "The new account, signed in.",
        headers: { ...SESSION_COOKIE, ...SIGN_IN_POLICY },
      },
      refusals: [
        invalidFor(signUpSchema(), { name: "", email: "demo@example.com", password: "demo-password" }),
        ...refusals("inviteRequired", "emailTaken"),
        varies("tooManyAccounts", tooManyAccounts(10_000), tooManyAccounts(ANY_NUMBER)),
        {
          ...varies("tooManySignUps", tooManySignUps(50), tooManySignUps(ANY_NUMBER)),
          headers: { ...EXHAUSTED, ...SIGN_IN_POLICY },
        },
        ...OF_PASSWORDS,
        ...OF_LIMITED_ANYBODY,
      ],
    },
  ),
  post(
    "sign-in/email",
    replies.signedInSchema,
    { redirect: false, token, user },
    {
      id: "signIn",
      summary: "Sign in",
      permission: "Everybody.",
      credentials: "none",
      body: {
        schema: signInSchema(),
        value: { email: "demo@example.com", password: "demo-password" },
      },
      success: { description: "The new session.", headers: { ...SESSION_COOKIE, ...SIGN_IN_POLICY } },
      refusals: [
        invalidFor(signInSchema(), { email: "demo@example.com" }),
        ...refusals("wrongSignIn"),
        { ...TOO_MANY_WRONG_PASSWORDS, headers: { ...EXHAUSTED, ...SIGN_IN_POLICY } },
        ...OF_PASSWORDS,
        ...OF_LIMITED_ANYBODY,
      ],
    },
  ),
  post(
    "sign-out",
    replies.successSchema,
    { success: true },
    {
      id: "signOut",
      summary: "Sign out",
      permission: "Everybody.",
      credentials: "session",
      success: { headers: ENDED_COOKIE },
      refusals: [NOT_OBJECT, ...OF_ANYBODY],
    },
  ),
  get(
    "get-session",
    replies.currentSessionSchema,
    { session, user },
    {
      id: "getSession",
      summary: "Show who is signed in",
      permission: "Everybody.",
      credentials: "session",
      success: { description: "Who is signed in; null when nobody is.", headers: PROLONGED_COOKIE },
      refusals: [TOO_MANY_REQUESTS, ...FAULTS],
    },
  ),
  get("list-sessions", z.array(replies.sessionSchema), [session], {
    id: "listSessions",
    summary: "List your sessions",
    permission: SIGNED_IN,
    credentials: "session",
    success: { description: "Your sessions." },
    refusals: [...OF_SESSIONS, ...FAULTS],
  }),
  post(
    "revoke-session",
    replies.statusSchema,
    { status: true },
    {
      id: "revokeSession",
      summary: "End one of your sessions",
      permission: SIGNED_IN,
      credentials: "session",
      body: { schema: revokeSessionSchema(), value: { token } },
      success: { headers: WRITE_POLICY },
      refusals: [invalidFor(revokeSessionSchema(), { token: 7 }), ...OF_SESSION_WRITERS],
    },
  ),
  post(
    "revoke-sessions",
    replies.statusSchema,
    { status: true },
    {
      id: "revokeSessions",
      summary: "End all of your sessions",
      permission: SIGNED_IN,
      credentials: "session",
      success: { headers: { ...ENDED_COOKIE, ...WRITE_POLICY } },
      refusals: [NOT_OBJECT, ...OF_SESSION_WRITERS],
    },
  ),
  post(
    "revoke-other-sessions",
    replies.statusSchema,
    { status: true },
    {
      id: "revokeOtherSessions",
      summary: "End all of your sessions but this one",
      permission: SIGNED_IN,
      credentials: "session",
      success: { headers: WRITE_POLICY },
      refusals: [NOT_OBJECT, ...OF_SESSION_WRITERS],
    },
  ),
  post(
    "update-user",
    replies.statusSchema,
    { status: true },
    {
      id: "updateUser",
      summary: "Change your name",
      permission: SIGNED_IN,
      credentials: "session",
      body: { schema: updateUserSchema(), value: { name: "Demo" } },
      success: { headers: WRITE_POLICY },
      refusals: [invalidFor(updateUserSchema(), { name: "x".repeat(101) }), ...OF_SESSION_WRITERS],
    },
  ),
  post(
    "change-password",
    replies.passwordChangedSchema,
    { token: null, user },
    {
      id: "changePassword",
      summary: "Change your password",
      permission: SIGNED_IN,
      credentials: "session",
      body: {
        schema: changePasswordSchema(),
        value: {
          currentPassword: "demo-password",
          newPassword: "another-password",
          revokeOtherSessions: true,
        },
      },
      success: { headers: { ...NEW_COOKIE, ...WRITE_POLICY } },
      refusals: [
        invalidFor(changePasswordSchema(), { currentPassword: "demo-password" }),
        ...refusals("wrongCurrentPassword", "noPasswordYet"),
        { ...TOO_MANY_WRONG_PASSWORDS, headers: { ...EXHAUSTED, ...WRITE_POLICY } },
        ...OF_PASSWORDS,
        TOO_OFTEN,
        ...OF_SESSION_WRITERS,
      ],
    },
  ),
];
