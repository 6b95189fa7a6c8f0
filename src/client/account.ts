import type * as z from "zod";
import type * as replies from "../identity/replies.ts";
import type * as requests from "../identity/requests.ts";
import { type Call, type CallOptions, type ClientOptions, Transport } from "./transport.ts";

/** Somebody with an account. */
export type User = z.output<typeof replies.signedUpSchema>["user"];
/** An API key, without the key itself. */
export type ApiKey = z.output<typeof replies.apiKeySchema>;
/** An API key that was just made. */
export type NewApiKey = z.output<typeof replies.newApiKeySchema>;

type SignUp = z.input<typeof requests.signUpSchema>;
type SignIn = z.input<typeof requests.signInSchema>;
type NewKey = z.input<typeof requests.createKeySchema>;

/**
 * Makes a client of one's own account: signing in and out, and API keys. It is apart from `createClient`, since a program with
 * an API key has no use for it: all of this is for whoever has the session's cookie, as a browser does.
 */
export function createAccountClient(options: ClientOptions) {
  const transport = new Transport(options);
  const ask = <T>(method: Call["method"], path: string, json?: object, call?: CallOptions) =>
    transport.json<T>({ method, path: `/api/auth/${path}`, ...(json && { json }), options: call });
  return {
    /** Who is signed in; null for nobody. */
    async user(call?: CallOptions): Promise<User | null> {
      const session = await ask<z.output<typeof replies.currentSessionSchema>>(
        "GET",
        "get-session",
        undefined,
        call,
      );
      return session?.user ?? null;
    },
    /** Makes an account, and signs in. */
    signUp: (account: SignUp, call?: CallOptions) =>
      ask<z.output<typeof replies.signedUpSchema>>("POST", "sign-up/email", account, call),
    signIn: (account: SignIn, call?: CallOptions) =>
      ask<z.output<typeof replies.signedInSchema>>("POST", "sign-in/email", account, call),
    signOut: (call?: CallOptions) =>
      ask<z.output<typeof replies.successSchema>>("POST", "sign-out", {}, call),
    /** Your API keys. */
    async listKeys(call?: CallOptions): Promise<ApiKey[]> {
      const { apiKeys } = await ask<z.output<typeof replies.apiKeyListSchema>>(
        "GET",
        "api-key/list",
        undefined,
        call,
      );
      return apiKeys;
    },
    /** Makes an API key. The key itself is shown once. */
    createKey: (key: NewKey, call?: CallOptions) => ask<NewApiKey>("POST", "api-key/create", key, call),
    deleteKey: (keyId: string, call?: CallOptions) =>
      ask<z.output<typeof replies.successSchema>>("POST", "api-key/delete", { keyId }, call),
  };
}
