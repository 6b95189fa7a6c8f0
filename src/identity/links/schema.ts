import * as z from "zod";
import { lazy } from "../../lib/lazy.ts";

/** The longest address that mail can have (RFC 5321, section 4.5.3.1.3). */
const MAX_EMAIL = 254;

/** An e-mail address, in small letters as accounts have it. */
const emailSchema = lazy(() =>
  z
    .email()
    .max(MAX_EMAIL)
    .toLowerCase()
    .meta({ examples: ["demo@example.com"] }),
);
/** The token of a link. */
const tokenSchema = lazy(() =>
  z
    .string()
    .max(128, "must be at most 128 characters long")
    .meta({ description: "What is behind the `#` of the link." }),
);
/** A password that is set. */
const newPasswordSchema = lazy(() =>
  z
    .string()
    .min(8, "must be at least 8 characters long")
    .max(128, "must be at most 128 characters long")
    .meta({ format: "password" }),
);

/** The body of POST /api/auth/request-password-reset. */
export const requestResetSchema = lazy(() => z.strictObject({ email: emailSchema() }));
/** The body of POST /api/auth/reset-password. */
export const resetSchema = lazy(() =>
  z.strictObject({
    token: tokenSchema(),
    newPassword: newPasswordSchema(),
    revokeKeys: z.boolean().default(false).meta({
      description:
        "Whether to revoke the account's API keys, and its calendar's address, too. Those of an account whose address was not confirmed before end anyway.",
    }),
  }),
);
/** The body of POST /api/auth/verify-email. */
export const verifySchema = lazy(() => z.strictObject({ token: tokenSchema() }));
/** The body of POST /api/auth/change-email. */
export const changeEmailSchema = lazy(() =>
  z.strictObject({
    newEmail: emailSchema(),
    password: z
      .string()
      .max(128, "must be at most 128 characters long")
      .meta({ format: "password", description: "Your password as it is." }),
  }),
);
