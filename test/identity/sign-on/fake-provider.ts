import { onTestFinished, vi } from "vitest";

/*
 * A provider of OpenID Connect that can do everything wrong. It answers in the place of the network, and signs with real keys. That the
 * service gets on with a provider that others wrote, test/browser/sign-on.ts shows.
 */

const base64url = (bytes: Uint8Array): string => bytes.toBase64({ alphabet: "base64url", omitPadding: true });
const encoded = (value: unknown): string => base64url(new TextEncoder().encode(JSON.stringify(value)));

/** A key that tokens are signed with. */
export interface SigningKey {
  kid: string;
  pair: CryptoKeyPair;
}

/** A new key. */
export async function newKey(kid: string): Promise<SigningKey> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  return {
    kid,
    pair: (await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"])) as CryptoKeyPair,
  };
}

/** A JWT of these claims, signed with a key. */
export async function sign(claims: object, { kid, pair }: SigningKey, header: object = {}): Promise<string> {
  const text = `${encoded({ alg: "ES256", kid, ...header })}.${encoded(claims)}`;
  const algorithm = { name: "ECDSA", hash: "SHA-256" };
  const signature = await crypto.subtle.sign(algorithm, pair.privateKey, new TextEncoder().encode(text));
  return `${text}.${base64url(new Uint8Array(signature))}`;
}

/** A request that the service has sent. */
interface Sent {
  url: URL;
  body: URLSearchParams;
  headers: Headers;
}

let providers = 0;

/** A provider that signs in whom a test says. */
export class FakeProvider {
  readonly issuer: string;
  readonly clientId = "captures";
  readonly clientSecret = "a client's secret: with & and %";
  /** The keys that it shows, the first of which it signs with. */
  keys: SigningKey[];
  /** What it says of whoever signs in, in the ID token; and at its UserInfo endpoint. */
  claims: Record<string, unknown> = {};
  userInfo: Record<string, unknown> = {};
  /** What it does otherwise than it should: by the path of the request. */
  readonly instead = new Map<string, (sent: Sent) => Response | Promise<Response>>();
  /** Makes another ID token of the claims that it would have. */
  token: (claims: Record<string, unknown>) => Promise<string> = (claims) => sign(claims, this.#key);
  /** What it says of itself, beside what it must. */
  metadata: Record<string, unknown> = {};
  readonly sent: Sent[] = [];
  /** The codes that it has handed out, and for which request. */
  readonly #codes = new Map<string, URLSearchParams>();

  private constructor(issuer: string, key: SigningKey) {
    this.issuer = issuer;
    this.keys = [key];
  }

  /** A new provider, which is there until the test ends. */
  static async begin(origin = "https://provider"): Promise<FakeProvider> {
    const provider = new FakeProvider(`${origin}-${++providers}.example`, await newKey("first"));
    const spy = vi.spyOn(globalThis, "fetch");
    const network = spy.getMockImplementation() ?? fetch;
    spy.mockImplementation(async (...asked) => {
      const request = new Request(...asked);
      if (!request.url.startsWith(provider.issuer)) return network(...asked);
      // As the network does, it gives up when it is told to.
      const { promise: aborted, reject } = Promise.withResolvers<never>();
      request.signal.addEventListener("abort", () => reject(request.signal.reason));
      return Promise.race([provider.#answer(request), aborted]);
    });
    onTestFinished(() => void spy.mockRestore());
    return provider;
  }

  get #key(): SigningKey {
    const [key] = this.keys;
    if (key === undefined) throw new Error("The provider has no key");
    return key;
  }

  /** The page of the provider: signs in who is there, and gives the parameters that the browser comes back with. */
  authorize(url: string): { code: string; state: string; iss: string } {
    const { origin, searchParams } = new URL(url);
    if (origin !== new URL(this.issuer).origin) throw new Error(`${url} is not this provider's`);
    const code = crypto.randomUUID();
    this.#codes.set(code, searchParams);
    return { code, state: searchParams.get("state") ?? "", iss: this.issuer };
  }

  /** How often one of its paths was asked. */
  asked = (path: string): number => this.sent.filter(({ url }) => url.pathname === path).length;

  async #answer(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const sent = { url, body: new URLSearchParams(await request.text()), headers: request.headers };
    this.sent.push(sent);
    const instead = this.instead.get(url.pathname);
    if (instead !== undefined) return instead(sent);
    switch (url.pathname) {
      case "/.well-known/openid-configuration":
        return Response.json({
          issuer: this.issuer,
          authorization_endpoint: `${this.issuer}/authorize?tenant=one`,
          token_endpoint: `${this.issuer}/token`,
          jwks_uri: `${this.issuer}/keys`,
          userinfo_endpoint: `${this.issuer}/userinfo`,
          id_token_signing_alg_values_supported: ["RS256", "ES256", "HS256", "none"],
          ...this.metadata,
        });
      case "/token":
        return this.#token(sent);
      case "/keys":
        return Response.json({ keys: await Promise.all(this.keys.map(publicKey)) });
      case "/userinfo":
        return Response.json({ sub: this.claims.sub, ...this.userInfo });
      default:
        return new Response("No such path", { status: 404 });
    }
  }

  /** Hands a token out once for each code, to whom knows the client's secret and the code's verifier. */
  async #token({ body, headers }: Sent): Promise<Response> {
    const credentials = this.#credentials(body, headers);
    if (credentials !== `${this.clientId}:${this.clientSecret}`)
      return Response.json({ error: "invalid_client" }, { status: 401 });
    const asked = this.#codes.get(body.get("code") ?? "");
    this.#codes.delete(body.get("code") ?? "");
    const verifier = new TextEncoder().encode(body.get("code_verifier") ?? "");
    const challenge = base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", verifier)));
    const isGood =
      asked?.get("code_challenge") === challenge && asked.get("redirect_uri") === body.get("redirect_uri");
    if (asked === undefined || !isGood) return Response.json({ error: "invalid_grant" }, { status: 400 });
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: this.issuer,
      aud: this.clientId,
      iat: now,
      exp: now + 300,
      nonce: asked.get("nonce"),
      ...this.claims,
    };
    return Response.json({
      access_token: "access",
      token_type: "Bearer",
      id_token: await this.token(claims),
    });
  }

  #credentials(body: URLSearchParams, headers: Headers): string {
    const basic = /^Basic (.+)$/.exec(headers.get("authorization") ?? "")?.[1];
    if (basic === undefined) return `${body.get("client_id")}:${body.get("client_secret")}`;
    return atob(basic)
      .split(":")
      .map((part) => decodeURIComponent(part.replaceAll("+", " ")))
      .join(":");
  }
}

async function publicKey({ kid, pair }: SigningKey): Promise<object> {
  return { ...(await crypto.subtle.exportKey("jwk", pair.publicKey)), kid, alg: "ES256", use: "sig" };
}
