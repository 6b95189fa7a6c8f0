import * as z from "zod";
import { nameSchema } from "../lib/names.ts";

/*
 * The bodies and queries that better-auth's endpoints take, as far as this service has a use for them. better-auth validates
 * them itself.
 */

const email = z.string().meta({ format: "email", examples: ["demo@example.com"] });
const password = z.string().meta({ minLength: 8, maxLength: 128, format: "password" });
const rememberMe = z.boolean().optional().meta({
  description: "False for a session that ends with the browser's.",
});

/** The body of sign-up/email. */
export const signUpSchema = z
  .object({
    name: nameSchema(),
    email,
    password,
    inviteCode: z.string().optional().meta({
      description:
        "The code of an invite, which is accepted with it; needed where sign-up is by invite only. One for your address is left, where mail is sent, until you have confirmed that.",
    }),
    rememberMe,
  })
  .meta({ id: "SignUp", description: "A new account." });
/** The body of sign-in/email. */
export const signInSchema = z
  .object({ email, password, rememberMe })
  .meta({ id: "SignIn", description: "Who signs in." });
/** The body of update-user. */
export const updateUserSchema = z
  .object({ name: nameSchema() })
  .meta({ id: "UserChanges", description: "What to change of oneself." });
/** The body of change-password. */
export const changePasswordSchema = z
  .object({
    currentPassword: password,
    newPassword: password,
    revokeOtherSessions: z
      .boolean()
      .optional()
      .meta({ description: "Whether the account's other sessions end; true if absent." }),
    revokeKeys: z
      .boolean()
      .optional()
      .meta({ description: "Whether to revoke all API keys, and the calendar's address, too." }),
  })
  .meta({ id: "PasswordChange", description: "The old password and the new one." });
/** The body of revoke-session. */
export const revokeSessionSchema = z
  .object({ token: z.string() })
  .meta({ id: "SessionToken", description: "A session, by its token." });
