import type * as z from "zod";
import { LINK_LIFETIME_MS } from "../identity/links/limits.ts";
import { tooManyChanges, tooManyMails } from "../identity/links/refusals.ts";
import * as replies from "../identity/links/replies.ts";
import {
  changeEmailSchema,
  requestResetSchema,
  resetSchema,
  verifySchema,
} from "../identity/links/schema.ts";
import { token, user } from "./examples/identity.ts";
import { EXHAUSTED, SIGN_IN_POLICY, WRITE_POLICY } from "./header-fields.ts";
import { NO_PASSWORDS, OF_LIMITED_ANYBODY, SIGNED_IN } from "./identity.ts";
import type { Operation, Refusal, RequestBody } from "./operation.ts";
import { invalidFor, OF_SESSION_CHANGES, OF_SESSION_WRITERS, refusalOf, refusals } from "./refusals.ts";

/* The ways back into an account, and the proof of its address. */

const MINUTES = LINK_LIFETIME_MS / 60_000;
const LINKS = `A link is good for ${MINUTES} minutes, and once. Its token is behind the \`#\` of its address.`;

const limited = (name: string, error: Parameters<typeof refusalOf>[1]): Refusal => ({
  ...refusalOf(name, error),
  headers: EXHAUSTED,
});

/** A body with one example. */
const bodyOf = (schema: z.ZodType, summary: string, value: unknown): RequestBody => ({
  schema,
  examples: { example: { summary, value } },
});

const answer = (
  schema: z.ZodType,
  example: unknown,
  description: string,
  headers: Operation["success"]["headers"],
): Operation["success"] => ({
  status: 200,
  description,
  ...(headers && { headers }),
  content: { "application/json": { schema, example } },
});

/** The ways back into an account, of `/api/auth`. */
export const emailLinkOperations: Operation[] = [
  {
    id: "requestPasswordReset",
    method: "post",
    path: "/api/auth/request-password-reset",
    tag: "Accounts",
    summary: "Ask for a link to set a new password by",
    description: `Mailed to the address if there is an account with it; the answer is the same if not. ${LINKS} An address is sent at most three mails an hour.`,
    permission: "Everybody.",
    credentials: "none",
    body: bodyOf(requestResetSchema(), "Forgot the password", { email: user.email }),
    success: answer(replies.mailAskedSchema, { status: true }, "Asked for.", SIGN_IN_POLICY),
    refusals: [
      invalidFor(requestResetSchema(), { email: "demo" }),
      ...refusals("noMail"),
      NO_PASSWORDS,
      ...OF_LIMITED_ANYBODY,
    ],
  },
  {
    id: "resetPassword",
    method: "post",
    path: "/api/auth/reset-password",
    tag: "Accounts",
    summary: "Set a new password by a link",
    description:
      "By a link that was asked for, one that was mailed to confirm the address, or one that an operator has made. It confirms the " +
      "account's address, and ends all sessions and logins of programs that wait for a key. API keys and the calendar's address go on, unless `revokeKeys` " +
      "ends them; of an account whose address was not confirmed before they end, since somebody else may have made them.",
    permission: "Whoever has the link.",
    credentials: "none",
    body: bodyOf(resetSchema(), "Set a new password", { token, newPassword: "another-password" }),
    success: answer(
      replies.passwordResetSchema,
      { status: true, email: user.email, keysRevoked: false },
      "The password is set: sign in with it.",
      SIGN_IN_POLICY,
    ),
    refusals: [
      invalidFor(resetSchema(), { token, newPassword: "short" }),
      ...refusals("linkNotFound", "tooManyHashes"),
      NO_PASSWORDS,
      ...OF_LIMITED_ANYBODY,
    ],
  },
  {
    id: "sendVerificationEmail",
    method: "post",
    path: "/api/auth/send-verification-email",
    tag: "Accounts",
    summary: "Ask for a link to confirm your address by",
    description: `Mailed to your address. ${LINKS} One is mailed when you sign up, too.`,
    permission: SIGNED_IN,
    credentials: "session",
    success: answer(replies.mailAskedSchema, { status: true }, "Asked for.", WRITE_POLICY),
    refusals: [
      ...refusals("noMail", "verifiedAlready"),
      limited("tooManyMails", tooManyMails()),
      ...OF_SESSION_CHANGES,
    ],
  },
  {
    id: "verifyEmail",
    method: "post",
    path: "/api/auth/verify-email",
    tag: "Accounts",
    summary: "Confirm an address by a link",
    description:
      "Yours as it is, or the one that you change it to. Nothing ends by that. Whoever has a link to an account that they can't sign in to " +
      "sets a new password by it instead.",
    permission: "Whoever is signed in, with a session, to the account that the link is for.",
    credentials: "session",
    body: bodyOf(verifySchema(), "Confirm an address", { token }),
    success: answer(
      replies.emailVerifiedSchema,
      { status: true, email: user.email },
      "The address is confirmed.",
      WRITE_POLICY,
    ),
    refusals: [
      invalidFor(verifySchema(), {}),
      ...refusals("linkNotYours", "addressTaken"),
      ...OF_SESSION_WRITERS,
    ],
  },
  {
    id: "changeEmail",
    method: "post",
    path: "/api/auth/change-email",
    tag: "Accounts",
    summary: "Ask for a link to change your address by",
    description: `Mailed to the new address, with a notice to the old one. Your address changes once you have used the link. ${LINKS} A change of the password makes it void. The answer is the same where the new address has an account already, which then is told so by mail.`,
    permission: SIGNED_IN,
    credentials: "session",
    body: bodyOf(changeEmailSchema(), "Change your address", {
      newEmail: "new@example.com",
      password: "demo-password",
    }),
    success: answer(replies.mailAskedSchema, { status: true }, "Asked for.", WRITE_POLICY),
    refusals: [
      invalidFor(changeEmailSchema(), { newEmail: "new", password: "demo-password" }),
      ...refusals("wrongPassword", "sameAddress", "noPassword", "noMail", "tooManyHashes"),
      NO_PASSWORDS,
      limited("tooManyAddressChanges", tooManyChanges()),
      ...OF_SESSION_WRITERS,
    ],
  },
];
