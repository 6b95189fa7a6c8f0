import * as z from "zod";
import { nameSchema } from "../lib/names.ts";
import { type Documentation, named, replyDocumentation } from "./replies.ts";
import { requestDocumentation } from "./requests.ts";

/*
 * The bodies of better-auth's endpoints, as far as this service has a use for them. better-auth validates requests itself; that
 * it answers like this, the tests check of every reply.
 */

function request<S extends z.ZodType>(schema: S, id: string, description: string): S {
  requestDocumentation.add(schema, { id, description });
  return schema;
}

function field<S extends z.ZodType>(schema: S, documentation: Documentation): S {
  requestDocumentation.add(schema, documentation);
  replyDocumentation.add(schema, documentation);
  return schema;
}

const time = field(z.string(), { format: "date-time" });
const email = field(z.string(), { format: "email", examples: ["demo@example.com"] });
const password = field(z.string(), { minLength: 8, maxLength: 128, format: "password" });
const rememberMe = field(z.boolean().optional(), {
  description: "False for a session that ends with the browser's.",
});

export const signUpSchema = request(
  z.object({
    name: nameSchema,
    email,
    password,
    inviteCode: field(z.string().optional(), {
      description:
        "The code of an invite, which is accepted with it; needed where sign-up is by invite only.",
    }),
    rememberMe,
  }),
  "SignUp",
  "A new account.",
);
export const signInSchema = request(z.object({ email, password, rememberMe }), "SignIn", "Who signs in.");
export const updateUserSchema = request(
  z.object({ name: nameSchema }),
  "UserChanges",
  "What to change of oneself.",
);
export const changePasswordSchema = request(
  z.object({
    currentPassword: password,
    newPassword: password,
    revokeOtherSessions: field(z.boolean().optional(), { description: "Whether to sign all others out." }),
  }),
  "PasswordChange",
  "The old password and the new one.",
);
export const revokeSessionSchema = request(
  z.object({ token: z.string() }),
  "SessionToken",
  "A session, by its token.",
);

const expiresIn = field(z.int().nullable().optional(), {
  description: "In how many seconds the key expires, from a day to a year; null for never.",
  minimum: 86_400,
  maximum: 31_536_000,
});
const keyName = field(z.string(), { minLength: 1, maxLength: 32, description: "A name to know the key by." });
export const createKeySchema = request(
  z.object({ name: keyName.optional(), expiresIn }),
  "NewApiKey",
  "A key to make.",
);
export const updateKeySchema = request(
  z.object({
    keyId: z.string(),
    name: keyName.optional(),
    enabled: field(z.boolean().optional(), {
      description: "False to refuse the key until it is enabled again.",
    }),
    expiresIn,
  }),
  "ApiKeyChanges",
  "What to change of a key.",
);
export const deleteKeySchema = request(z.object({ keyId: z.string() }), "ApiKeyId", "A key, by its id.");

const userSchema = named(
  z.object({
    id: z.string(),
    name: z.string(),
    email,
    emailVerified: z.boolean(),
    image: z.nullable(z.string()),
    createdAt: time,
    updatedAt: time,
  }),
  "User",
  "A person who can sign in.",
);

export const sessionSchema = named(
  z.object({
    id: z.string(),
    token: z.string(),
    userId: z.string(),
    expiresAt: time,
    createdAt: time,
    updatedAt: time,
    ipAddress: z.nullable(z.string()),
    userAgent: z.nullable(z.string()),
  }),
  "Session",
  "A signed-in browser or program.",
);

export const signedUpSchema = named(
  z.object({ token: z.string(), user: userSchema }),
  "SignedUp",
  "A new session.",
);
export const signedInSchema = named(
  z.object({ redirect: z.literal(false), token: z.string(), user: userSchema }),
  "SignedIn",
  "A new session.",
);
export const currentSessionSchema = z.nullable(
  named(
    z.object({ session: sessionSchema, user: userSchema }),
    "CurrentSession",
    "Who is signed in, and how.",
  ),
);
export const passwordChangedSchema = named(
  z.object({
    token: field(z.nullable(z.string()), { description: "That of the new session, if others were revoked." }),
    user: userSchema,
  }),
  "PasswordChanged",
  "Whose password was changed.",
);
export const statusSchema = named(z.object({ status: z.literal(true) }), "Done", "That it was done.");
export const successSchema = named(z.object({ success: z.literal(true) }), "Success", "That it was done.");

const apiKeyFields = {
  id: z.string(),
  configId: z.literal("default"),
  name: z.nullable(z.string()),
  start: field(z.string(), { description: "The first characters of the key, to know it by." }),
  prefix: z.literal("captures_"),
  referenceId: field(z.string(), { description: "Whose it is." }),
  enabled: z.boolean(),
  expiresAt: z.nullable(time),
  createdAt: time,
  updatedAt: time,
  // Of better-auth's own limits and permissions for keys, which this service does not use.
  refillInterval: z.null(),
  refillAmount: z.null(),
  lastRefillAt: z.null(),
  rateLimitEnabled: z.literal(false),
  rateLimitTimeWindow: z.int(),
  rateLimitMax: z.int(),
  requestCount: z.int(),
  remaining: z.null(),
  lastRequest: z.nullable(time),
  permissions: z.null(),
  metadata: z.null(),
};
export const apiKeySchema = named(z.object(apiKeyFields), "ApiKey", "A key that programs sign in with.");
export const newApiKeySchema = named(
  z.object({ ...apiKeyFields, key: field(z.string(), { description: "The key itself. It is shown once." }) }),
  "CreatedApiKey",
  "A key that was just made.",
);
export const apiKeyListSchema = named(
  z.object({
    apiKeys: z.array(apiKeySchema),
    total: z.int(),
    limit: z.int().optional(),
    offset: z.int().optional(),
  }),
  "ApiKeyList",
  "One's keys.",
);
