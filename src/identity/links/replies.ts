import * as z from "zod";

const email = z.string().meta({ format: "email", examples: ["demo@example.com"] });

/** What asking for a mail is answered with, whoever it would go to. */
export const mailAskedSchema = z
  .object({ status: z.literal(true) })
  .meta({ id: "MailAsked", description: "The same answer, whether a mail is sent or not." });
/** What asking for a mail is answered with. */
export type MailAsked = z.output<typeof mailAskedSchema>;

/** What a new password is answered with. */
export const passwordResetSchema = z
  .object({
    status: z.literal(true),
    email: email.meta({ description: "The account's address, to sign in with." }),
    keysRevoked: z
      .boolean()
      .meta({ description: "Whether the account's API keys, and its calendar's address, have ended." }),
  })
  .meta({ id: "PasswordReset", description: "An account that has a new password, and no sessions." });
/** What a new password is answered with. */
export type PasswordReset = z.output<typeof passwordResetSchema>;

/** What the proof of an address is answered with. */
export const emailVerifiedSchema = z
  .object({
    status: z.literal(true),
    email: email.meta({ description: "The account's address from now on." }),
  })
  .meta({ id: "EmailVerified", description: "An account whose address is confirmed." });
/** What the proof of an address is answered with. */
export type EmailVerified = z.output<typeof emailVerifiedSchema>;
