import * as z from "zod";
import { text, textOrNull } from "../../lib/reply-fields.ts";

/** How people may sign in. */
export const waysSchema = z
  .object({
    password: z.boolean().meta({ description: "Whether by e-mail and password." }),
    signUp: z
      .enum(["open", "invite"])
      .meta({ description: "Who may sign up: everybody, or by invite only." }),
    providers: z
      .array(z.object({ id: text("Its name in requests."), name: text("Its name for people.") }))
      .meta({ description: "The providers of identities that people may sign in with." }),
    contact: textOrNull("Whom to ask who can't sign in; null if nobody is named."),
  })
  .meta({ id: "SignInWays", description: "How people may sign in." });
/** How people may sign in. */
export type Ways = z.output<typeof waysSchema>;

/** A sign-on that has begun. */
export const startedSchema = z
  .object({
    url: text("Where the browser goes: the provider's page. It comes back to `/sign-on/{provider}`."),
  })
  .meta({ id: "SignOnStarted", description: "A sign-on that has begun." });
/** A sign-on that has begun. */
export type Started = z.output<typeof startedSchema>;

/** Who has signed in. */
export const finishedSchema = z
  .object({
    user: z.object({ id: z.string(), name: z.string(), email: z.string().meta({ format: "email" }) }),
    isNew: z.boolean().meta({ description: "Whether the account was made with it." }),
  })
  .meta({ id: "SignOnFinished", description: "A new session." });
/** Who has signed in. */
export type SignedOn = z.output<typeof finishedSchema>;
