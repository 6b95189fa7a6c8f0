import * as z from "zod";
import { lazy } from "../../lib/lazy.ts";

const textSchema = (most: number) => z.string().max(most, `must be at most ${most} characters long`);
const providerSchema = lazy(() =>
  textSchema(32).meta({
    description: "The provider's id, as `GET /api/auth/ways` lists it.",
    examples: ["okta"],
  }),
);

/** The body of POST /api/auth/sign-on/start. */
export const startSchema = lazy(() =>
  z
    .strictObject({ provider: providerSchema() })
    .meta({ id: "SignOnStart", description: "A sign-on to begin." }),
);

/** The body of POST /api/auth/sign-on/finish. */
export const finishSchema = lazy(() =>
  z
    .strictObject({
      provider: providerSchema(),
      state: textSchema(200).meta({ description: "As the provider has sent the browser back with it." }),
      code: textSchema(8192).optional().meta({ description: "The same. Absent if there is an error." }),
      iss: textSchema(1000)
        .optional()
        .meta({ description: "The same, where the provider sends it (RFC 9207)." }),
      error: textSchema(200)
        .optional()
        .meta({ description: "Why the provider has not signed the person in." }),
      inviteCode: textSchema(200).optional().meta({
        description: "The code of an invite, which somebody without an account accepts with it.",
      }),
    })
    .meta({ id: "SignOnFinish", description: "A sign-on that the provider has answered." }),
);
