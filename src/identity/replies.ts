import * as z from "zod";
import { KEY_SCOPES } from "../db/key-scopes.ts";

/* The replies of the operations on accounts, sessions and API keys, whose shapes are those of better-auth, which answered here before. */

const time = z.string().meta({ format: "date-time" });
const email = z.string().meta({ format: "email", examples: ["demo@example.com"] });

/** A person who can sign in. */
export const userSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    email,
    emailVerified: z.boolean(),
    image: z.nullable(z.string()),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: "User", description: "A person who can sign in." });

/** A signed-in browser or program. */
export const sessionSchema = z
  .object({
    id: z.string(),
    token: z.string(),
    userId: z.string(),
    expiresAt: time,
    createdAt: time,
    updatedAt: time,
    ipAddress: z.nullable(z.string()),
    userAgent: z.nullable(z.string()),
  })
  .meta({ id: "Session", description: "A signed-in browser or program." });

/** What signing up is answered with. */
export const signedUpSchema = z
  .object({ token: z.string(), user: userSchema })
  .meta({ id: "SignedUp", description: "A new session." });
/** What signing in is answered with. */
export const signedInSchema = z
  .object({ redirect: z.literal(false), token: z.string(), user: userSchema })
  .meta({ id: "SignedIn", description: "A new session." });
/** Who is signed in; null for nobody. */
export const currentSessionSchema = z.nullable(
  z
    .object({ session: sessionSchema, user: userSchema })
    .meta({ id: "CurrentSession", description: "Who is signed in, and how." }),
);
/** Whose password was changed. */
export const passwordChangedSchema = z
  .object({
    token: z
      .nullable(z.string())
      .meta({ description: "The token of the new session, if others were revoked." }),
    user: userSchema,
  })
  .meta({ id: "PasswordChanged", description: "Whose password was changed." });
/** What changes of a session or of oneself are answered with. */
export const statusSchema = z.object({ status: z.literal(true) }).meta({ id: "Done", description: "Done." });
/** What signing out and deleting a key are answered with. */
export const successSchema = z
  .object({ success: z.literal(true) })
  .meta({ id: "Success", description: "Done." });

const apiKeyFields = {
  id: z.string(),
  configId: z.literal("default"),
  name: z.nullable(z.string()),
  start: z.string().meta({ description: "The first characters of the key, to recognise it." }),
  prefix: z.nullable(z.string()).meta({
    description: "What the key begins with: `captures_`, unless it was made by another service before.",
  }),
  referenceId: z.string().meta({ description: "Whose it is." }),
  enabled: z.boolean(),
  scope: z.enum(KEY_SCOPES).meta({ description: "Whether it may only read, or also change." }),
  envId: z.nullable(z.int().positive()).meta({
    description: "The environment that it is for: it sees no other one. Null for all of its owner's.",
  }),
  lastRequest: z.nullable(time).meta({
    description: "The day on which it was last used, at its beginning; null when it was not.",
  }),
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
  permissions: z.null(),
  metadata: z.null(),
};
/** A key that programs sign in with. */
export const apiKeySchema = z
  .object(apiKeyFields)
  .meta({ id: "ApiKey", description: "A key that programs sign in with." });
/** A key that was just made. */
export const newApiKeySchema = z
  .object({ ...apiKeyFields, key: z.string().meta({ description: "The key itself. It is shown once." }) })
  .meta({ id: "CreatedApiKey", description: "A key that was just made." });
/** One's keys. */
export const apiKeyListSchema = z
  .object({
    apiKeys: z.array(apiKeySchema),
    total: z.int(),
    limit: z.int().optional(),
    offset: z.int().optional(),
  })
  .meta({ id: "ApiKeyList", description: "One's keys." });
