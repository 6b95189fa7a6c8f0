import { tooManyAccounts } from "../identity/refusals.ts";
import { refuseSignOn } from "../identity/sign-on/refusals.ts";
import * as replies from "../identity/sign-on/replies.ts";
import { finishSchema, startSchema } from "../identity/sign-on/schema.ts";
import { user } from "./examples/identity.ts";
import { RETRY_AFTER, SIGN_IN_POLICY } from "./header-fields.ts";
import { SESSION_COOKIE, TOO_MANY_SIGN_INS } from "./identity.ts";
import type { Header, Operation, Refusal } from "./operation.ts";
import {
  ANY_NUMBER,
  ANY_TEXT,
  FAULT,
  FAULTS,
  invalidFor,
  OF_BODIES,
  refusalOf,
  refusals,
  TOO_LARGE,
  varies,
} from "./refusals.ts";

/* Signing in by a provider of OpenID Connect. */

const PROVIDER = "okta";
const NAME = "Okta";
const CONTACT = "the platform team, platform@example.com";
const STATE = "jXvKqLwPzRbTmHsYcNdGfAeUoIxWnVqPdWkHcTzRbGm";

const { unknownProvider, notBegun, used, unavailable, garbage, notAccepted, cancelled, inviteRequired } =
  refuseSignOn;
/** Why the operator's rules, or what the provider says, keep somebody out. */
const DENIED = (["noAddress", "unverified", "otherDomain", "noGroup", "otherPerson"] as const).map((name) =>
  varies(name, refuseSignOn[name](NAME, CONTACT), refuseSignOn[name](ANY_TEXT, ANY_TEXT)),
);
const OF_PROVIDERS: Refusal[] = [
  refusalOf("unknownProvider", unknownProvider()),
  varies("providerGarbage", garbage(NAME), garbage(ANY_TEXT)),
  { ...varies("providerAway", unavailable(NAME), unavailable(ANY_TEXT)), headers: RETRY_AFTER },
  TOO_MANY_SIGN_INS,
  ...refusals("otherOrigin"),
  TOO_LARGE,
  ...OF_BODIES,
];

const ATTEMPT_COOKIE: Record<string, Header> = {
  "Set-Cookie": {
    description:
      "What only this browser can finish the sign-on with, for ten minutes; over HTTPS with the prefix `__Host-`, and `Secure`.",
    schema: { type: "string", pattern: "^(__Host-)?captures\\.sign_on=" },
    required: true,
    example: "captures.sign_on=value.signature; Max-Age=600; Path=/; HttpOnly; SameSite=Strict",
  },
};

/** `/api/auth/ways` and `/api/auth/sign-on`. */
export const signOnOperations: Operation[] = [
  {
    id: "getSignInWays",
    method: "get",
    path: "/api/auth/ways",
    tag: "Accounts",
    summary: "Show how people may sign in",
    permission: "Everybody.",
    credentials: "none",
    success: {
      status: 200,
      description: "How people may sign in.",
      content: {
        "application/json": {
          schema: replies.waysSchema,
          example: {
            password: true,
            signUp: "invite",
            providers: [{ id: PROVIDER, name: NAME }],
            contact: CONTACT,
          },
        },
      },
    },
    refusals: [FAULT],
  },
  {
    id: "startSignOn",
    method: "post",
    path: "/api/auth/sign-on/start",
    tag: "Accounts",
    summary: "Begin a sign-on at a provider",
    description:
      "Single sign-on by OpenID Connect. The browser goes to the `url`, which sends it back to `/sign-on/{provider}` of this service: " +
      "the console finishes it there, with what is in the address.",
    permission: "Everybody.",
    credentials: "none",
    body: {
      schema: startSchema(),
      examples: { example: { summary: "Sign in with Okta", value: { provider: PROVIDER } } },
    },
    success: {
      status: 200,
      description: "Where to go.",
      headers: { ...ATTEMPT_COOKIE, ...SIGN_IN_POLICY },
      content: {
        "application/json": {
          schema: replies.startedSchema,
          example: { url: `https://login.example.com/authorize?client_id=captures&state=${STATE}` },
        },
      },
    },
    refusals: [invalidFor(startSchema(), {}), ...OF_PROVIDERS, FAULT],
  },
  {
    id: "finishSignOn",
    method: "post",
    path: "/api/auth/sign-on/finish",
    tag: "Accounts",
    summary: "Finish a sign-on",
    description:
      "Signs in whom the provider has signed in: to the account that has this identity, or to the one with the same address, or to a " +
      "new one, if there may be one. Only the browser that has begun it can finish it, once.",
    permission: "Whom the provider has signed in, and the operator's rules let in.",
    credentials: "none",
    body: {
      schema: finishSchema(),
      examples: {
        example: {
          summary: "Finish a sign-on",
          value: { provider: PROVIDER, state: STATE, code: "SplxlOBeZQQYbYS6WxSbIA" },
        },
      },
    },
    success: {
      status: 200,
      description: "Who is signed in.",
      headers: { ...SESSION_COOKIE, ...SIGN_IN_POLICY },
      content: {
        "application/json": {
          schema: replies.finishedSchema,
          example: { user: { id: user.id, name: user.name, email: user.email }, isNew: false },
        },
      },
    },
    refusals: [
      invalidFor(finishSchema(), {}),
      refusalOf("notBegun", notBegun()),
      refusalOf("used", used()),
      varies("cancelled", cancelled(NAME), cancelled(ANY_TEXT)),
      ...DENIED,
      varies("signOnByInvite", inviteRequired(CONTACT), inviteRequired(ANY_TEXT)),
      varies("tooManyAccounts", tooManyAccounts(10_000), tooManyAccounts(ANY_NUMBER)),
      varies("notAccepted", notAccepted(NAME), notAccepted(ANY_TEXT)),
      ...OF_PROVIDERS,
      ...FAULTS,
    ],
  },
];
