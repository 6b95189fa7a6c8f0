import type { Env } from "../../../src/env.ts";
import type { SignedOn, Started, Ways } from "../../../src/identity/sign-on/replies.ts";
import { type Reply, requestIn } from "../../support/api.ts";
import { FakeProvider } from "./fake-provider.ts";

let addresses = 0;
/** An address that was not heard of, so that nothing is counted for it. */
export const newAddress = (): string => `198.18.77.${++addresses}`;

let people = 0;
/** The claims of somebody new, whose address the provider has verified. */
export function somebody(
  claims: Record<string, unknown> = {},
): Record<string, unknown> & { email: string; sub: string } {
  const number = ++people;
  return {
    sub: `subject-${number}`,
    email: `person-${number}@sso.example`,
    email_verified: true,
    name: `Person ${number}`,
    ...claims,
  };
}

/** Somebody's browser, which signs on at a service with certain providers. */
export class Browser {
  readonly #bindings: Partial<Env>;
  readonly #cookies = new Map<string, string>();
  readonly #origin: string;

  constructor(bindings: Partial<Env>, origin = "https://captures.test") {
    this.#bindings = bindings;
    this.#origin = origin;
  }

  get cookie(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  /** Has the cookies of another browser. */
  set cookie(text: string) {
    this.#cookies.clear();
    for (const pair of text.split("; ")) this.#take(pair);
  }

  async ask<T>(method: string, path: string, json?: unknown): Promise<Reply<T>> {
    const reply = await requestIn<T>(this.#bindings, method, `${this.#origin}${path}`, {
      ...(json !== undefined && { json }),
      headers: { cookie: this.cookie, origin: this.#origin, "cf-connecting-ip": newAddress() },
    });
    for (const set of reply.headers.getSetCookie()) this.#take(set.split(";")[0] ?? "");
    return reply;
  }

  ways = (): Promise<Reply<Ways>> => this.ask("GET", "/api/auth/ways");
  start = (provider = "okta"): Promise<Reply<Started>> =>
    this.ask("POST", "/api/auth/sign-on/start", { provider });
  finish = (returned: object): Promise<Reply<SignedOn>> =>
    this.ask("POST", "/api/auth/sign-on/finish", { provider: "okta", ...returned });

  /** Who is signed in. */
  async user(): Promise<{ id: string; email: string } | null> {
    const { body } = await this.ask<{ user: { id: string; email: string } } | null>(
      "GET",
      "/api/auth/get-session",
    );
    return body?.user ?? null;
  }

  #take(pair: string): void {
    const at = pair.indexOf("=");
    if (at < 1) return;
    const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
    if (value === "") this.#cookies.delete(name);
    else this.#cookies.set(name, value);
  }
}

/** Bindings with providers, each of which may be changed from a plain one. */
export function withProviders(
  providers: [FakeProvider, object?][],
  bindings: Partial<Env> = {},
  config: object = {},
): Partial<Env> {
  const listed = providers.map(([{ issuer, clientId, clientSecret }, more], index) => ({
    id: index === 0 ? "okta" : `provider-${index}`,
    name: index === 0 ? "Okta" : `Provider ${index}`,
    issuer,
    clientId,
    clientSecret,
    ...more,
  }));
  return { OIDC_PROVIDERS: JSON.stringify({ version: 1, providers: listed, ...config }), ...bindings };
}

/** A provider, and a browser whose person it knows. */
export async function beginWith({
  provider: options = {},
  bindings = {},
  claims = somebody(),
}: {
  provider?: object;
  bindings?: Partial<Env>;
  claims?: Record<string, unknown>;
} = {}): Promise<{ provider: FakeProvider; browser: Browser; env: Partial<Env> }> {
  const provider = await FakeProvider.begin();
  provider.claims = claims;
  const env = withProviders([[provider, options]], bindings);
  return { provider, env, browser: new Browser(env) };
}

/** Signs on from beginning to end; the reply of the end. */
export async function signOn(
  browser: Browser,
  provider: FakeProvider,
  more: object = {},
): Promise<Reply<SignedOn>> {
  const started = await browser.start();
  if (started.status !== 200)
    throw new Error(`The sign-on answered ${started.status} ${JSON.stringify(started.body)}`);
  return browser.finish({ ...provider.authorize(started.body.url), ...more });
}
