import type * as z from "zod";
import type { KeyScope } from "../db/key-scopes.ts";
import type * as replies from "../identity/device/replies.ts";
import type * as schema from "../identity/device/schema.ts";
import { CapturesError, isPassing } from "./error.ts";
import { type CallOptions, type ClientOptions, pause, Transport } from "./transport.ts";

/*
 * Logging a program in that has no browser of its own (RFC 8628): it shows a code, a person approves that in the console, and the
 * program is handed an API key of theirs.
 */

export type { DeviceDecision, DeviceRequest } from "../identity/device/replies.ts";

/** Where the service is. An API key is not needed: this is how to get one. */
export type DeviceOptions = Omit<ClientOptions, "apiKey">;

/** A login that waits for somebody to approve it. */
export interface DeviceLogin {
  /** What the program calls itself, which becomes its key's name. */
  client: string;
  /** What to show: a person types it, or compares it with what the page shows. */
  userCode: string;
  /** The page where it is typed. */
  verificationUri: string;
  /** The same page, with the code filled in. */
  verificationUriComplete: string;
  /** The program's own secret, not to be shown. */
  deviceCode: string;
  /** Until when it can be approved. */
  expiresAt: Date;
  /** How many seconds are to be between two polls. */
  interval: number;
}

/** What an approved login is handed, once. */
export interface DeviceKey {
  /** An API key of the person who has approved. */
  key: string;
  /** Until when it is valid. */
  expiresAt: Date;
  /** What it may do: only read, or also change. The person may have decided otherwise than was asked. */
  scope: KeyScope;
  user: replies.DeviceToken["user"];
}

/** What the key of an approved login is to be. What is absent is what the program asked for, or else the default of the service. */
export type ApprovedKey = Omit<z.input<ReturnType<typeof schema.approveSchema>>, "userCode">;

/** By how much RFC 8628 (section 3.5) wants polls to slow down when they are told to, in seconds. */
const SLOWER_SECONDS = 5;

const path = (what: string): string => `/api/auth/device/${what}`;

const transportOf = (options: DeviceOptions) => new Transport({ ...options, apiKey: undefined });

const after = (seconds: number): Date => new Date(Date.now() + seconds * 1000);

/**
 * Begins a login.
 * @param client what the program calls itself, such as `captures on build-7`: 1 to 100 characters
 * @param call with `scope` for what the key is to be allowed: `write` if absent. The person decides
 * @throws CapturesError when the service refuses, or can't be reached
 */
export async function startDeviceLogin(
  options: DeviceOptions,
  client: string,
  call?: CallOptions & { scope?: KeyScope | undefined },
): Promise<DeviceLogin> {
  const json: z.input<ReturnType<typeof schema.codeSchema>> = {
    client_id: client,
    ...(call?.scope && { scope: call.scope }),
  };
  const begun = await transportOf(options).change<replies.DeviceCode>("POST", path("code"), call, json);
  return {
    client,
    userCode: begun.user_code,
    verificationUri: begun.verification_uri,
    verificationUriComplete: begun.verification_uri_complete,
    deviceCode: begun.device_code,
    expiresAt: after(begun.expires_in),
    interval: begun.interval,
  };
}

/**
 * Waits until a login is approved, asking as often as the service wants it. A service that can't be reached meanwhile is asked
 * again, until the login has expired.
 * @throws CapturesError with the `reason` `access_denied` when it was denied, `expired_token` when nobody approved it in time,
 * `invalid_grant` when its key was handed over already; what the signal was aborted with
 */
export async function pollDeviceLogin(
  options: DeviceOptions,
  login: DeviceLogin,
  { signal }: CallOptions = {},
): Promise<DeviceKey> {
  // Without retries of its own: each poll is the retry of the one before.
  const transport = transportOf({ ...options, retries: 0 });
  const json: z.input<ReturnType<typeof schema.tokenSchema>> = {
    grant_type: "urn:ietf:params:oauth:grant-type:device_code",
    device_code: login.deviceCode,
    client_id: login.client,
  };
  let { interval } = login;
  let wait = interval;
  for (;;) {
    await pause(wait, signal);
    try {
      const token = await transport.change<replies.DeviceToken>("POST", path("token"), { signal }, json);
      return {
        key: token.access_token,
        expiresAt: after(token.expires_in),
        scope: token.scope,
        user: token.user,
      };
    } catch (error) {
      if (!(error instanceof CapturesError) || !mayChange(error)) throw error;
      if (error.reason === "slow_down") interval += SLOWER_SECONDS;
      wait = Math.max(interval, error.retryAfter ?? 0);
      // The service says so itself, if it can be reached.
      if (error.reason === null && Date.now() >= login.expiresAt.getTime()) throw error;
    }
  }
}

/** Whether another poll may have another answer. */
const mayChange = (error: CapturesError): boolean =>
  error.reason === "authorization_pending" || error.reason === "slow_down" || isPassing(error);

/**
 * Logs a program in: begins a login, has its code shown, and waits until it is approved.
 * @param client what the program calls itself, such as `captures on build-7`
 * @param onCode shows the code and the page to a person
 * @param scope what the key is to be allowed: `write` if absent. The person decides
 * @throws CapturesError as `pollDeviceLogin` does; what the signal was aborted with
 */
export async function deviceLogin(
  options: DeviceOptions,
  {
    client,
    onCode,
    scope,
    signal,
  }: CallOptions & {
    client: string;
    onCode: (login: DeviceLogin) => void | Promise<void>;
    scope?: KeyScope | undefined;
  },
): Promise<DeviceKey> {
  const login = await startDeviceLogin(options, client, { scope, signal });
  await onCode(login);
  return pollDeviceLogin(options, login, { signal });
}

/** Makes a client of the other side: for the person who approves logins, which needs their session's cookie. */
export function createDeviceApproval(options: ClientOptions) {
  const transport = new Transport(options);
  const ask = <T>(what: string, json: object, call?: CallOptions) =>
    transport.change<T>("POST", path(what), call, json);
  return {
    /** Shows who asks to be logged in with a code. */
    verify: (userCode: string, call?: CallOptions) =>
      ask<replies.DeviceRequest>("verify", { userCode }, call),
    /** Approves a login. @param key what its key is to be: for how many seconds it is valid, what it may do, and where */
    approve: (userCode: string, key: ApprovedKey = {}, call?: CallOptions) =>
      ask<replies.DeviceDecision>("approve", { userCode, ...key }, call),
    /** Denies a login. */
    deny: (userCode: string, call?: CallOptions) => ask<replies.DeviceDecision>("deny", { userCode }, call),
  };
}
