import * as z from "zod";
import { SIGN_INS } from "../http/limits.ts";
import { tooManyAccounts, tooManySignUps, tooManyWrongPasswords } from "../identity/refusals.ts";
import * as replies from "../identity/replies.ts";
import * as requests from "../identity/requests.ts";
import { refuseSignOn } from "../identity/sign-on/refusals.ts";
import { inOurWords, TOO_MANY_REQUESTS as TRY_AGAIN_LATER } from "../identity/words.ts";
import { session, token, user } from "./examples/identity.ts";
import { EXHAUSTED, SIGN_IN_POLICY, WRITE_POLICY } from "./header-fields.ts";
import type { Header, Operation, Refusal } from "./operation.ts";
import {
  ANY_NUMBER,
  FAULTS,
  invalid,
  NOT_JSON_TYPE,
  overLimit,
  refusalOf,
  refusals,
  says,
  saysLike,
  TOO_LARGE,
  TOO_MANY_CHANGES,
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

const ONCE_MORE_COOKIE: Record<string, Header> = {
  "Set-Cookie": {
    description: "When the session was prolonged or ended.",
    schema: { type: "string", pattern: "^(__Host-|__Secure-)?captures\\." },
    example: "captures.session_token=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax",
  },
};

/** What better-auth refuses, in the words that this service has for it. */
const saysOf = (name: string, status: number, message: string, path = ""): Refusal =>
  says(name, status, inOurWords(message, path));

/** A password, where people sign in by single sign-on only. */
export const NO_PASSWORDS = refusalOf("noPasswords", refuseSignOn.noPasswords());
/** More of one kind of change from an address than are let through. */
export const TOO_OFTEN: Refusal = {
  ...says("tooOften", 429, TRY_AGAIN_LATER),
  headers: EXHAUSTED,
};
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
const OF_WRITES = [
  ...refusals("otherOrigin"),
  TOO_LARGE,
  NOT_JSON_TYPE,
  saysOf("malformed", 400, "Invalid JSON in request body"),
  // better-auth's, of fields that no operation here has a use for.
  saysLike(
    "otherAddress",
    403,
    inOurWords("Invalid callbackURL", ""),
    "(callbackURL|redirectURL|errorCallbackURL|newUserCallbackURL): must be an address of this service",
  ),
  TOO_OFTEN,
  ...FAULTS,
];
const OF_CHANGES = [TOO_MANY_CHANGES, TOO_MANY_REQUESTS, ...OF_WRITES];
/** The refusals of operations that hash a password. */
const OF_PASSWORDS = [...refusals("tooManyHashes"), NO_PASSWORDS];
const UNAUTHORIZED = saysOf("unauthorized", 401, "Unauthorized");
const passwordLength = (path: string) => [
  saysOf("passwordTooShort", 400, "Password too short", path),
  saysOf("passwordTooLong", 400, "Password too long", path),
];

type Parts = Pick<Operation, "id" | "summary" | "permission" | "credentials" | "refusals"> &
  Partial<Operation>;

/** An endpoint of better-auth's. */
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
        schema: requests.signUpSchema,
        value: { name: "Demo", email: "demo@example.com", password: "demo-password" },
      },
      success: {
        description: "The new account, signed in.",
        headers: { ...SESSION_COOKIE, ...SIGN_IN_POLICY },
      },
      refusals: [
        invalid("name: must not be empty"),
        ...passwordLength("/sign-up/email"),
        ...refusals("inviteRequired"),
        saysOf("exists", 422, "User already exists. Use another email."),
        saysOf("notCreated", 422, "Failed to create user"),
        varies("tooManyAccounts", tooManyAccounts(10_000), tooManyAccounts(ANY_NUMBER)),
        {
          ...varies("tooManySignUps", tooManySignUps(50), tooManySignUps(ANY_NUMBER)),
          headers: { ...EXHAUSTED, ...SIGN_IN_POLICY },
        },
        TOO_MANY_SIGN_INS,
        ...OF_PASSWORDS,
        ...OF_WRITES,
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
        schema: requests.signInSchema,
        value: { email: "demo@example.com", password: "demo-password" },
      },
      success: { description: "The new session.", headers: { ...SESSION_COOKIE, ...SIGN_IN_POLICY } },
      refusals: [
        invalid("password: is required"),
        saysOf("invalidEmail", 400, "Invalid email"),
        saysOf("wrong", 401, "Invalid email or password"),
        { ...TOO_MANY_WRONG_PASSWORDS, headers: { ...EXHAUSTED, ...SIGN_IN_POLICY } },
        TOO_MANY_SIGN_INS,
        ...OF_PASSWORDS,
        ...OF_WRITES,
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
      success: { headers: ONCE_MORE_COOKIE },
      refusals: [invalid("body: must be an object"), ...OF_WRITES],
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
      success: { description: "Who is signed in; null when nobody is.", headers: ONCE_MORE_COOKIE },
      refusals: [TOO_MANY_REQUESTS, ...FAULTS],
    },
  ),
  get("list-sessions", z.array(replies.sessionSchema), [session], {
    id: "listSessions",
    summary: "List your sessions",
    permission: SIGNED_IN,
    credentials: "session",
    success: { description: "Your sessions.", headers: ONCE_MORE_COOKIE },
    refusals: [UNAUTHORIZED, TOO_MANY_REQUESTS, ...FAULTS],
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
      body: { schema: requests.revokeSessionSchema, value: { token } },
      refusals: [invalid("token: is required"), UNAUTHORIZED, ...OF_CHANGES],
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
      success: { headers: ONCE_MORE_COOKIE },
      refusals: [UNAUTHORIZED, ...OF_CHANGES],
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
      refusals: [UNAUTHORIZED, ...OF_CHANGES],
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
      body: { schema: requests.updateUserSchema, value: { name: "Demo" } },
      success: { headers: SESSION_COOKIE },
      refusals: [
        invalid("name: must not be empty"),
        saysOf("nothing", 400, "No fields to update"),
        saysOf("email", 400, "Email can not be updated"),
        UNAUTHORIZED,
        ...OF_CHANGES,
      ],
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
        schema: requests.changePasswordSchema,
        value: {
          currentPassword: "demo-password",
          newPassword: "another-password",
          revokeOtherSessions: true,
        },
      },
      success: { headers: ONCE_MORE_COOKIE },
      refusals: [
        invalid("newPassword: is required"),
        saysOf("wrong", 400, "Invalid password", "/change-password"),
        { ...TOO_MANY_WRONG_PASSWORDS, headers: { ...EXHAUSTED, ...WRITE_POLICY } },
        ...OF_PASSWORDS,
        ...passwordLength("/change-password"),
        UNAUTHORIZED,
        ...OF_CHANGES,
      ],
    },
  ),
];
