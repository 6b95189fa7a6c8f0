import * as oauth from "oauth4webapi";
import type { Attempt } from "./attempt.ts";
import type { Provider } from "./config.ts";
import { ProviderFault, refuseSignOn } from "./refusals.ts";

/*
 * What is asked of a provider: OpenID Connect Core 1.0, by authorization code with PKCE. oauth4webapi verifies what it answers:
 * its issuer, and of the ID token signature, issuer, audience, times and nonce.
 */

/** How long a provider's description is used, in milliseconds. Its keys are fetched anew after five minutes, or for one not seen yet. */
const DESCRIPTION_MS = 60 * 60 * 1000;
/** How many descriptions an isolate keeps. */
const MAX_DESCRIPTIONS = 20;
/** The most bytes of one answer. */
const MAX_ANSWER = 512 * 1024;
/** How far a provider's clock may be from this one's, in seconds. */
const CLOCK_TOLERANCE = 30;

/** What a provider says of somebody. */
export type Claims = Readonly<Record<string, unknown>> & { iss: string; sub: string };

/** What comes back by the browser. */
export interface Returned {
  state: string;
  code?: string | undefined;
  error?: string | undefined;
  iss?: string | undefined;
}

/** The descriptions that were read, by issuer. */
const descriptions = new Map<string, { server: oauth.AuthorizationServer; readAt: number }>();

/** One provider, asked within one time limit, whatever it has to be asked. */
export class ProviderCalls {
  readonly #provider: Provider;
  readonly #client: oauth.Client;
  readonly #options;

  /** @param milliseconds that all of its answers may take together */
  constructor(provider: Provider, milliseconds: number) {
    this.#provider = provider;
    this.#client = { client_id: provider.clientId, [oauth.clockTolerance]: CLOCK_TOLERANCE };
    const signal = AbortSignal.timeout(milliseconds);
    this.#options = {
      signal,
      [oauth.customFetch]: boundedFetch,
      // Whether it may be at all, config.ts says.
      [oauth.allowInsecureRequests]: provider.issuer.startsWith("http:"),
    };
  }

  /**
   * Where the browser is sent.
   * @param redirectUri where it comes back to
   * @throws ProviderFault
   */
  authorization(attempt: Attempt, redirectUri: string): Promise<string> {
    return this.#asked(async () => {
      const { authorization_endpoint: endpoint = "" } = await this.#description();
      const url = new URL(endpoint);
      oauth.checkProtocol(url, this.#options[oauth.allowInsecureRequests] !== true);
      const { clientId, scopes, prompt } = this.#provider;
      const parameters = {
        client_id: clientId,
        response_type: "code",
        redirect_uri: redirectUri,
        scope: [...new Set(["openid", "email", "profile", ...scopes])].join(" "),
        state: attempt.state,
        nonce: attempt.nonce,
        code_challenge: await oauth.calculatePKCECodeChallenge(attempt.verifier),
        code_challenge_method: "S256",
        ...(prompt !== undefined && { prompt }),
      };
      for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
      return url.href;
    });
  }

  /**
   * What the provider says of who has come back: the claims of the ID token, and of the UserInfo endpoint those that it lacks.
   * @param needed the claims that are looked for
   * @throws ProviderFault; ApiError when the provider did not sign anybody in, or the code is not good any more
   */
  claims(attempt: Attempt, returned: Returned, redirectUri: string, needed: string[]): Promise<Claims> {
    return this.#asked(async () => {
      const server = await this.#description();
      const client = this.#client;
      const sent = Object.entries(returned).filter((pair): pair is [string, string] => pair[1] !== undefined);
      const parameters = oauth.validateAuthResponse(server, client, new URLSearchParams(sent), attempt.state);
      const reply = await oauth.authorizationCodeGrantRequest(
        server,
        client,
        this.#authentication(server),
        parameters,
        redirectUri,
        attempt.verifier,
        this.#options,
      );
      const tokens = await oauth.processAuthorizationCodeResponse(server, client, reply, {
        expectedNonce: attempt.nonce,
        requireIdToken: true,
      });
      await oauth.validateApplicationLevelSignature(server, reply, this.#options);
      const claims = oauth.getValidatedIdTokenClaims(tokens);
      if (claims === undefined) throw new Error("There is no ID token");
      if (needed.every((name) => name in claims) || server.userinfo_endpoint === undefined) return claims;
      const answer = await oauth.userInfoRequest(server, client, tokens.access_token, this.#options);
      const more = await oauth.processUserInfoResponse(server, client, claims.sub, answer);
      // An address and whether it is verified are taken from one of the two.
      const { email_verified, ...others } = claims;
      return { ...("email" in more ? others : claims), ...more, iss: claims.iss };
    });
  }

  /** By the header, which the specification prefers, unless the provider lists only the other way. */
  #authentication({
    token_endpoint_auth_methods_supported: ways,
  }: oauth.AuthorizationServer): oauth.ClientAuth {
    const { clientSecret } = this.#provider;
    const isByBody = ways?.includes("client_secret_basic") === false && ways.includes("client_secret_post");
    return isByBody ? oauth.ClientSecretPost(clientSecret) : oauth.ClientSecretBasic(clientSecret);
  }

  /** The provider's description of itself, whose issuer is the configured one. */
  async #description(): Promise<oauth.AuthorizationServer> {
    const { issuer } = this.#provider;
    const known = descriptions.get(issuer);
    const now = Date.now();
    if (known !== undefined && now - known.readAt < DESCRIPTION_MS) return known.server;
    const url = new URL(issuer);
    const server = await oauth.processDiscoveryResponse(
      url,
      await oauth.discoveryRequest(url, this.#options),
    );
    if (descriptions.size >= MAX_DESCRIPTIONS) descriptions.clear();
    descriptions.set(issuer, { server, readAt: now });
    return server;
  }

  async #asked<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      const { name } = this.#provider;
      if (error instanceof oauth.AuthorizationResponseError) throw refuseSignOn.cancelled(name);
      if (error instanceof oauth.ResponseBodyError) {
        if (error.error === "invalid_grant") throw refuseSignOn.used();
        throw new ProviderFault(refuseSignOn.notAccepted(name), error, error.error);
      }
      throw new ProviderFault(
        isAway(error) ? refuseSignOn.unavailable(name) : refuseSignOn.garbage(name),
        error,
      );
    }
  }
}

/** A provider that does not answer, or answers that it can't. */
class Away extends Error {
  override readonly name = "Away";
}

const isAway = (error: unknown): boolean => error instanceof Away;

/** Fetches what oauth4webapi asks for, all of it at once, since its answers are read later. @throws Away */
async function boundedFetch(
  url: string,
  { body, signal, ...init }: oauth.CustomFetchOptions<"GET" | "POST", URLSearchParams | undefined>,
): Promise<Response> {
  let reply: Response;
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    reply = await fetch(url, { ...init, body: body ?? null, signal: signal ?? null });
    for await (const part of reply.body ?? []) {
      length += part.length;
      if (length > MAX_ANSWER) break;
      parts.push(part);
    }
  } catch (error) {
    throw new Away(`${new URL(url).host} did not answer`, { cause: error });
  }
  const { status, headers } = reply;
  if (status >= 500 || status === 429) throw new Away(`${new URL(url).host} answered ${status}`);
  if (length > MAX_ANSWER) throw new Error(`${new URL(url).host} answered more than ${MAX_ANSWER} bytes`);
  return new Response(length === 0 ? null : new Blob(parts), { status, headers });
}
