import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/*
 * Accounts and sessions. The tables and columns are those of better-auth, which wrote them before; some columns nothing fills any more.
 */

/** A moment, in milliseconds since the Unix epoch. */
export const date = (name: string) => integer(name, { mode: "timestamp_ms" });

/** A person who can sign in. */
export const user = sqliteTable("user", {
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  email: text("email").notNull().unique(),
  emailVerified: integer("email_verified", { mode: "boolean" }).notNull(),
  image: text("image"),
  createdAt: date("created_at").notNull(),
  updatedAt: date("updated_at").notNull(),
  /** When the account was deleted: the row stays as long as captures and histories refer to it. */
  deletedAt: integer("deleted_at"),
});

/** A signed-in browser or client; `token` is what its signed cookie carries. */
export const session = sqliteTable(
  "session",
  {
    id: text("id").primaryKey(),
    token: text("token").notNull().unique(),
    userId: text("user_id")
      .notNull()
      .references(() => user.id),
    expiresAt: date("expires_at").notNull(),
    ipAddress: text("ip_address"),
    userAgent: text("user_agent"),
    createdAt: date("created_at").notNull(),
    updatedAt: date("updated_at").notNull(),
    /** How it was made; those that are older than this column count as by a password. */
    signedInBy: text("signed_in_by", { enum: ["password", "sso"] })
      .notNull()
      .default("password"),
  },
  (table) => [
    index("session_user_id").on(table.userId),
    // What the daily purge looks for.
    index("session_expires_at").on(table.expiresAt),
  ],
);

/**
 * A way to sign in. By e-mail and password, `providerId` is `credential`, `accountId` the user's id, and the password a scrypt hash.
 * By OpenID Connect they are the provider's issuer and the subject there.
 */
export const account = sqliteTable(
  "account",
  {
    id: text("id").primaryKey(),
    accountId: text("account_id").notNull(),
    providerId: text("provider_id").notNull(),
    userId: text("user_id")
      .notNull()
      .references(() => user.id),
    accessToken: text("access_token"),
    refreshToken: text("refresh_token"),
    idToken: text("id_token"),
    accessTokenExpiresAt: date("access_token_expires_at"),
    refreshTokenExpiresAt: date("refresh_token_expires_at"),
    scope: text("scope"),
    password: text("password"),
    createdAt: date("created_at").notNull(),
    updatedAt: date("updated_at").notNull(),
  },
  (table) => [
    index("account_user_id").on(table.userId),
    uniqueIndex("account_identity").on(table.providerId, table.accountId),
  ],
);

/** Short-lived values that are used once: by which a sign-on at a provider is finished. */
export const verification = sqliteTable(
  "verification",
  {
    id: text("id").primaryKey(),
    identifier: text("identifier").notNull(),
    value: text("value").notNull(),
    expiresAt: date("expires_at").notNull(),
    createdAt: date("created_at").notNull(),
    updatedAt: date("updated_at").notNull(),
  },
  (table) => [index("verification_identifier").on(table.identifier)],
);

/** How many sign-ins, sign-ups and other changes of accounts came, by client address and path, since `lastRequest`. */
export const rateLimit = sqliteTable("rate_limit", {
  id: text("id").primaryKey(),
  key: text("key").notNull().unique(),
  count: integer("count").notNull(),
  lastRequest: integer("last_request").notNull(),
});
