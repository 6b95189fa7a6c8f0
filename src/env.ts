import type { CaptureRunner } from "./captures/runner.ts";
import type { LogLease } from "./leases/lease.ts";

declare global {
  namespace Cloudflare {
    /** The bindings, variables and secrets of the Worker; `wrangler.toml` and the README's table explain each. */
    interface Env {
      DB: D1Database;
      BUCKET: R2Bucket;
      CAPTURE_RUNNER: DurableObjectNamespace<CaptureRunner>;
      LOG_LEASE: DurableObjectNamespace<LogLease>;
      SIGN_IN_LIMITER: RateLimit;
      WRITE_LIMITER: RateLimit;

      /** Secret that signs session cookies. */
      BETTER_AUTH_SECRET: string;
      /** Secret keys that seal AWS credentials: `id:base64` pairs parted by commas, the one in use first. */
      CREDENTIALS_KEYS: string;
      /** The Worker's own AWS identity, which assumes the roles of environments that name one. */
      AWS_ACCESS_KEY_ID?: string;
      AWS_SECRET_ACCESS_KEY?: string;

      /** Another endpoint for every AWS service, such as the local AWS. Unset in production. */
      AWS_ENDPOINT_URL?: string;
      /** How long one AWS call may take, in milliseconds. */
      AWS_TIMEOUT_MS: string;
      /** How long the log of an idle database may take to come to a capture's end, in milliseconds. */
      LOG_SETTLE_MS: string;
      /** The most that one capture may record, in bytes of NDJSON before compression. */
      MAX_CAPTURE_BYTES: string;
      /** How many captures that have not ended an environment may have. */
      MAX_LIVE_CAPTURES: string;
      /** Who may sign up: `open`, or `invite` for people with an invite only. */
      SIGN_UP: string;
      /** How many sign-ins, and how many sign-ups, one address may try in a window. */
      AUTH_RATE_LIMIT_MAX: string;
      /** The length of that window, in seconds. */
      AUTH_RATE_LIMIT_WINDOW_SECONDS: string;
      /** How many sign-ins and sign-ups of one address SIGN_IN_LIMITER lets through in a minute at one location. */
      SIGN_IN_LIMIT: string;
      /** How many changes of one session or API key WRITE_LIMITER lets through in a minute at one location. */
      WRITE_LIMIT: string;
      /** Origins whose pages may use the API, parted by commas; empty or absent for none. */
      CORS_ORIGINS?: string;
      /** How long the data of deleted captures and environments is kept, in days. */
      DELETED_RETENTION_DAYS: string;
    }
  }
}

/** The bindings, variables and secrets of the Worker. */
export type Env = Cloudflare.Env;

type NumberName =
  | "AWS_TIMEOUT_MS"
  | "AUTH_RATE_LIMIT_MAX"
  | "AUTH_RATE_LIMIT_WINDOW_SECONDS"
  | "DELETED_RETENTION_DAYS"
  | "LOG_SETTLE_MS"
  | "MAX_CAPTURE_BYTES"
  | "MAX_LIVE_CAPTURES"
  | "SIGN_IN_LIMIT"
  | "WRITE_LIMIT";

/**
 * Reads a variable that must be a positive number.
 * @throws Error naming the variable when it is not: a wrong deployment should say so, not act on NaN.
 */
export function positiveNumber(env: Env, name: NumberName): number {
  const value = Number(env[name]);
  if (!(value > 0))
    throw new Error(`The variable ${name} must be a positive number, not ${JSON.stringify(env[name])}`);
  return value;
}
