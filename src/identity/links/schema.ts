import * as z from "zod";
import { lazy } from "../../lib/lazy.ts";
import { emailSchema, newPasswordSchema, passwordSchema } from "../fields.ts";

/** The token of a link. */
const tokenSchema = lazy(() =>
  z
    .string()
    .max(128, "must be at most 128 characters long")
    .meta({ description: "What is behind the `#` of the link." }),
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
    password: passwordSchema().meta({ format: "password", description: "Your password as it is." }),
  }),
);
