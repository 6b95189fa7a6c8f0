import * as z from "zod";
import { allowsPasswords, type Env } from "../../env.ts";
import { problemsOf } from "../../http/problems.ts";
import { lazy } from "../../lib/lazy.ts";
import { nameSchema } from "../../lib/names.ts";

/* Who may say here who somebody is: the variable SIGN_IN and the secret OIDC_PROVIDERS. */

/** Which providers there may be, and how many entries a list of one may have. */
const MAX_PROVIDERS = 20;
const MAX_LISTED = 1000;

const textSchema = (most: number) => z.string().min(1).max(most);

/** An issuer as its discovery document and its tokens name it. `http` is for a provider on this machine. */
const issuerSchema = lazy(() =>
  textSchema(1000).refine(
    (issuer) =>
      /^(https:\/\/|http:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:|\/|$))[^?#@]*$/.test(issuer) &&
      URL.canParse(issuer),
    "must be an address that begins with https://, without a query",
  ),
);

const providerSchema = lazy(() =>
  z.strictObject({
    id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, "must be 1 to 32 of a-z, 0-9 and -"),
    name: nameSchema(),
    issuer: issuerSchema(),
    clientId: textSchema(1000),
    clientSecret: textSchema(1000),
    scopes: z
      .array(z.string().regex(/^[!#-[\]-~]+$/, "must be scopes without spaces"))
      .max(MAX_LISTED)
      .default([]),
    domains: z
      .array(
        z
          .string()
          .toLowerCase()
          .regex(/^[^\s@]+\.[^\s@.]+$/, "must be domains such as example.com"),
      )
      .min(1)
      .max(MAX_LISTED)
      .optional(),
    groups: z
      .strictObject({ claim: textSchema(200), values: z.array(textSchema(1000)).min(1).max(MAX_LISTED) })
      .optional(),
    prompt: z.enum(["login", "consent", "select_account"]).optional(),
    trustEmail: z.boolean().default(false),
  }),
);

const configSchema = lazy(() =>
  z
    .strictObject({
      version: z.literal(1),
      contact: nameSchema().optional(),
      providers: z.array(providerSchema()).min(1).max(MAX_PROVIDERS),
    })
    .refine(({ providers }) => new Set(providers.map(({ id }) => id)).size === providers.length, {
      path: ["providers"],
      message: "must have an id of its own each",
    }),
);

/** A provider of identities, as OIDC_PROVIDERS describes it. */
export type Provider = z.output<ReturnType<typeof providerSchema>>;

/** How people may sign in. */
export interface SignInWays {
  /** Whether by e-mail and password. */
  password: boolean;
  providers: readonly Provider[];
  /** Whom to ask who can't sign in, in the operator's words; null where nobody is named. */
  contact: string | null;
}

/** What was read: a deployment has one text. */
let known: { text: string; config: z.output<ReturnType<typeof configSchema>> } | undefined;

/**
 * How people may sign in.
 * @param origin that the request came to: only a service on plain HTTP, which is for local use, has providers on plain HTTP
 * @throws Error saying what is wrong with SIGN_IN or OIDC_PROVIDERS, without what they hold
 */
export function signInWays(env: Env, origin: string): SignInWays {
  const password = allowsPasswords(env);
  const text = env.SIGN_IN === "password" ? "" : (env.OIDC_PROVIDERS ?? "");
  if (text === "") {
    if (password) return { password, providers: [], contact: null };
    throw new Error("SIGN_IN is sso, and the secret OIDC_PROVIDERS is not set: nobody can sign in");
  }
  const config = known?.text === text ? known.config : read(text);
  known = { text, config };
  const { providers, contact = null } = config;
  const insecure = providers.find(({ issuer }) => issuer.startsWith("http:"));
  if (insecure !== undefined && !origin.startsWith("http:"))
    throw new Error(`The secret OIDC_PROVIDERS: the issuer of ${insecure.id} must begin with https://`);
  return { password, providers, contact };
}

function read(text: string): z.output<ReturnType<typeof configSchema>> {
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch {
    // Not the parser's message, which quotes the text.
    throw new Error("The secret OIDC_PROVIDERS is not valid JSON");
  }
  const { data, error } = configSchema().safeParse(config);
  if (data !== undefined) return data;
  throw new Error(`The secret OIDC_PROVIDERS is not valid: ${problemsOf(error)}`);
}
