import * as z from "zod";
import { lazy } from "../../lib/lazy.ts";
import { nameSchema } from "../../lib/names.ts";
import { emailSchema, newPasswordSchema, passwordSchema } from "../fields.ts";

/*
 * The bodies of the operations on accounts. A sign-in, a sign-up and a change of the password pass over fields that are not known, as they
 * always have here: clients of better-auth, whose paths these are, send some.
 */

const rememberMeSchema = lazy(() =>
  z.boolean().optional().meta({ description: "False for a session that ends with the browser's." }),
);

/** The body of POST /api/auth/sign-up/email. */
export const signUpSchema = lazy(() =>
  z
    .object({
      name: nameSchema(),
      email: emailSchema(),
      password: newPasswordSchema(),
      inviteCode: z.string().optional().meta({
        description:
          "The code of an invite, which is accepted with it; needed where sign-up is by invite only. One for your address is left, where mail is sent, until you have confirmed that.",
      }),
      rememberMe: rememberMeSchema(),
    })
    .meta({ id: "SignUp", description: "A new account." }),
);

/** As much of it as says whether somebody may sign up at all, where sign-up is by invite. */
export const invitedSchema = lazy(() =>
  z.object({ email: z.unknown().optional(), inviteCode: z.unknown().optional() }),
);

/** The body of POST /api/auth/sign-in/email. */
export const signInSchema = lazy(() =>
  z
    .object({ email: emailSchema(), password: passwordSchema(), rememberMe: rememberMeSchema() })
    .meta({ id: "SignIn", description: "Who signs in." }),
);

/** The body of POST /api/auth/update-user. */
export const updateUserSchema = lazy(() =>
  z
    .strictObject({ name: nameSchema() })
    .meta({ id: "UserChanges", description: "What to change of oneself." }),
);

/** The body of POST /api/auth/change-password. */
export const changePasswordSchema = lazy(() =>
  z
    .object({
      currentPassword: passwordSchema(),
      newPassword: newPasswordSchema(),
      revokeOtherSessions: z
        .boolean()
        .default(true)
        .meta({ description: "Whether the account's other sessions end." }),
      revokeKeys: z
        .boolean()
        .default(false)
        .meta({ description: "Whether to revoke all API keys, and the calendar's address, too." }),
    })
    .meta({ id: "PasswordChange", description: "The old password and the new one." }),
);
