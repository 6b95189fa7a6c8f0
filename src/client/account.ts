import type * as z from "zod";
import type { accountDeletedSchema, accountExportSchema } from "../account/replies.ts";
import type { deleteAccountSchema } from "../account/schema.ts";
import type * as accounts from "../identity/accounts/schema.ts";
import type * as keys from "../identity/keys/schema.ts";
import type * as linkReplies from "../identity/links/replies.ts";
import type * as links from "../identity/links/schema.ts";
import type * as replies from "../identity/replies.ts";
import type * as signOn from "../identity/sign-on/replies.ts";
import type { finishSchema } from "../identity/sign-on/schema.ts";
import { type Call, type CallOptions, type ClientOptions, Transport } from "./transport.ts";

export { CapturesError } from "./error.ts";
export type { CallOptions, ClientOptions } from "./transport.ts";

/** Somebody with an account. */
export type User = z.output<typeof replies.signedUpSchema>["user"];
/** A signed-in browser or program. */
export type Session = z.output<typeof replies.sessionSchema>;
/** A new session, by its token, and whose it is. */
export type SignedIn = z.output<typeof replies.signedUpSchema>;
/** An API key, without the key itself. */
export type ApiKey = z.output<typeof replies.apiKeySchema>;
/** An API key that was just made. */
export type NewApiKey = z.output<typeof replies.newApiKeySchema>;

/** A new account. */
export type SignUp = z.input<ReturnType<typeof accounts.signUpSchema>>;
/** Who signs in. */
export type SignIn = z.input<ReturnType<typeof accounts.signInSchema>>;
/** What to change of oneself. */
export type UserChanges = z.input<ReturnType<typeof accounts.updateUserSchema>>;
/** The old password and the new one. */
export type PasswordChange = z.input<ReturnType<typeof accounts.changePasswordSchema>>;
/** A new password, and the link by which it is set. */
export type PasswordReset = z.input<ReturnType<typeof links.resetSchema>>;
/** A new address, and the password. */
export type EmailChange = z.input<ReturnType<typeof links.changeEmailSchema>>;
/** A key to make. */
export type NewKey = z.input<ReturnType<typeof keys.createKeySchema>>;
/** What to change of a key, whose id is `keyId`. */
export type KeyChanges = z.input<ReturnType<typeof keys.updateKeySchema>>;

/** All that the service has of somebody, without secrets. */
export type AccountExport = z.output<typeof accountExportSchema>;
/** What shows that one may delete the account: its password, if it has one. */
export type AccountDeletion = z.input<ReturnType<typeof deleteAccountSchema>>;
/** How people may sign in. */
export type SignInWays = signOn.Ways;
/** A sign-on that the provider has answered, as its address says. */
export type SignOnFinish = z.input<ReturnType<typeof finishSchema>>;
/** Who has signed in at a provider. */
export type SignedOn = signOn.SignedOn;

/** A client of one's own account. */
export type AccountClient = ReturnType<typeof createAccountClient>;

/**
 * Makes a client of one's own account: signing in and out, and API keys. It is apart from `createClient`, since a program with
 * an API key has no use for it: all of this is for whoever has the session's cookie. A browser keeps that itself; elsewhere the client
 * does, from signing in to signing out.
 */
export function createAccountClient({
  fetch: send = (request) => fetch(request),
  ...options
}: ClientOptions) {
  const transport = new Transport({ ...options, fetch: withSession(send) });
  const get = <T>(path: string, options?: CallOptions, query?: Call["query"]) =>
    transport.get<T>(`/api/auth/${path}`, options, query);
  const post = <T>(path: string, json: object, options?: CallOptions) =>
    transport.change<T>("POST", `/api/auth/${path}`, options, json);
  const session = (call?: CallOptions) =>
    get<z.output<typeof replies.currentSessionSchema>>("get-session", call);
  type Done = z.output<typeof replies.statusSchema>;
  type Success = z.output<typeof replies.successSchema>;
  return {
    /** Who is signed in; null for nobody. */
    async user(call?: CallOptions): Promise<User | null> {
      return (await session(call))?.user ?? null;
    },
    /** The session that this client has, and whose it is; null without one. */
    session,
    /** Makes an account, and signs in. */
    signUp: (account: SignUp, call?: CallOptions) => post<SignedIn>("sign-up/email", account, call),
    /** Signs in. */
    signIn: (account: SignIn, call?: CallOptions) =>
      post<z.output<typeof replies.signedInSchema>>("sign-in/email", account, call),
    /** How people may sign in. */
    ways: (call?: CallOptions) => get<SignInWays>("ways", call),
    /** Begins to sign in at a provider, by its id. The browser goes to the URL, and comes back to `/sign-on/{provider}`. */
    startSignOn: (provider: string, call?: CallOptions) =>
      post<signOn.Started>("sign-on/start", { provider }, call),
    /** Signs in whom the provider has signed in. Only the browser that has begun it can. */
    finishSignOn: (finish: SignOnFinish, call?: CallOptions) =>
      post<SignedOn>("sign-on/finish", finish, call),
    /** Signs out: the session has ended then. */
    signOut: (call?: CallOptions) => post<Success>("sign-out", {}, call),
    /** Changes one's name. */
    updateUser: (changes: UserChanges, call?: CallOptions) => post<Done>("update-user", changes, call),
    /** Changes the password. */
    changePassword: (change: PasswordChange, call?: CallOptions) =>
      post<z.output<typeof replies.passwordChangedSchema>>("change-password", change, call),
    /** Has a link mailed by which a new password is set. The answer is the same for every address. */
    requestPasswordReset: (email: string, call?: CallOptions) =>
      post<z.output<typeof linkReplies.mailAskedSchema>>("request-password-reset", { email }, call),
    /** Sets a new password by a link: all sessions end. */
    resetPassword: (reset: PasswordReset, call?: CallOptions) =>
      post<z.output<typeof linkReplies.passwordResetSchema>>("reset-password", reset, call),
    /** Has a link mailed by which one confirms one's address. */
    sendVerificationEmail: (call?: CallOptions) =>
      post<z.output<typeof linkReplies.mailAskedSchema>>("send-verification-email", {}, call),
    /** Confirms an address by a link, whose token it takes. */
    verifyEmail: (token: string, call?: CallOptions) =>
      post<z.output<typeof linkReplies.emailVerifiedSchema>>("verify-email", { token }, call),
    /** Has a link mailed to a new address, by which that becomes one's own. */
    changeEmail: (change: EmailChange, call?: CallOptions) =>
      post<z.output<typeof linkReplies.mailAskedSchema>>("change-email", change, call),
    /** Where one is signed in. */
    listSessions: (call?: CallOptions) => get<Session[]>("list-sessions", call),
    /** Ends a session, by its token. */
    revokeSession: (token: string, call?: CallOptions) => post<Done>("revoke-session", { token }, call),
    /** Ends all sessions, this one too. */
    revokeSessions: (call?: CallOptions) => post<Done>("revoke-sessions", {}, call),
    /** Ends all sessions but this one. */
    revokeOtherSessions: (call?: CallOptions) => post<Done>("revoke-other-sessions", {}, call),
    /** All that the service has of one, without secrets. */
    exportAccount: (call?: CallOptions) => transport.get<AccountExport>("/api/account/export", call),
    /** Deletes the account. Refused while an environment has no other admin, but other members or something that has not ended. */
    deleteAccount: (deletion: AccountDeletion, call?: CallOptions) =>
      transport.change<z.output<typeof accountDeletedSchema>>("DELETE", "/api/account", call, deletion),
    /** One's API keys. */
    async listKeys(call?: CallOptions): Promise<ApiKey[]> {
      return (await get<z.output<typeof replies.apiKeyListSchema>>("api-key/list", call)).apiKeys;
    },
    /** Shows an API key, without the key itself. */
    getKey: (id: string, call?: CallOptions) => get<ApiKey>("api-key/get", call, { id }),
    /** Makes an API key. The key itself is shown once. */
    createKey: (key: NewKey, call?: CallOptions) => post<NewApiKey>("api-key/create", key, call),
    /** Changes an API key: its name, whether it is accepted, and when it expires. */
    updateKey: (changes: KeyChanges, call?: CallOptions) => post<ApiKey>("api-key/update", changes, call),
    /** Deletes an API key: it is refused from then on. */
    deleteKey: (keyId: string, call?: CallOptions) => post<Success>("api-key/delete", { keyId }, call),
  };
}

/** Keeps the cookies of a session and of a sign-on, and sends them. A browser does that by itself, and shows none to programs. */
function withSession(send: (request: Request) => Promise<Response>): (request: Request) => Promise<Response> {
  const cookies = new Map<string, string>();
  return async (request) => {
    if (cookies.size > 0) request.headers.set("Cookie", [...cookies.values()].join("; "));
    const reply = await send(request);
    for (const set of reply.headers.getSetCookie()) {
      const [, pair, name, value] = /^([\w.-]*(session_token|sign_on)=([^;]*))/.exec(set) ?? [];
      if (pair === undefined || name === undefined) continue;
      if (value === "") cookies.delete(name);
      else cookies.set(name, pair);
    }
    return reply;
  };
}
