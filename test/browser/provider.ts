import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import Provider from "oidc-provider";
import type { Page } from "playwright-core";
import { tryPort } from "../../scripts/lib/ports.ts";

/*
 * A real provider of OpenID Connect: oidc-provider, with its own pages, where whoever types a name is that person.
 */

/** A provider that runs. */
export interface RunningProvider {
  id: string;
  name: string;
  issuer: string;
  clientId: string;
  clientSecret: string;
  server: Server;
}

/**
 * Starts a provider.
 * @param host of this machine, which no other provider has: cookies don't tell ports apart
 * @param console's origin, which it sends browsers back to
 * @param inIdToken whether the ID token has all claims; if not, they are at its UserInfo endpoint, as the specification prefers
 */
export async function startProvider(
  { id, name, host, inIdToken }: { id: string; name: string; host: string; inIdToken: boolean },
  console: string,
): Promise<RunningProvider> {
  const port = await tryPort(0);
  const issuer = `http://${host}:${port}`;
  const [clientId, clientSecret] = ["captures", `${id}: a secret with % and &`];
  const { privateKey } = inIdToken
    ? generateKeyPairSync("ec", { namedCurve: "P-256" })
    : generateKeyPairSync("rsa", { modulusLength: 2048 });
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [`${console}/sign-on/${id}`],
        id_token_signed_response_alg: inIdToken ? "ES256" : "RS256",
      },
    ],
    jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), use: "sig", kid: `${id}-1` }] },
    cookies: { keys: ["only for tests"] },
    conformIdTokenClaims: !inIdToken,
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "groups"] },
    scopes: ["openid", "email", "profile"],
    findAccount: (_: unknown, accountId: string) => ({
      accountId,
      claims: () => ({
        sub: accountId,
        // Somebody of elsewhere says so in their name.
        email: `${accountId}@${accountId.startsWith("guest") ? "elsewhere" : "sso"}.example`,
        email_verified: true,
        name: `Person ${accountId}`,
        groups: accountId.startsWith("dba") ? ["staff", "dba"] : ["staff"],
      }),
    }),
  });
  const answer = provider.callback();
  const server = createServer((request, response) => void answer(request, response));
  server.listen(port, host);
  await once(server, "listening");
  return { id, name, issuer, clientId, clientSecret, server };
}

/** Ends a provider, with all of its connections. */
export function stopProvider({ server }: RunningProvider): void {
  server.close();
  server.closeAllConnections();
}

/** Signs in at a provider's pages, and consents. */
export async function signInAt(page: Page, { issuer }: RunningProvider, account: string): Promise<void> {
  await page.waitForURL((url) => url.origin === issuer);
  await page.getByPlaceholder("Enter any login").fill(account);
  await page.getByPlaceholder("and password").fill("any");
  await page.getByRole("button", { name: "Sign-in" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
}
