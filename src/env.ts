/*
 * The bindings and variables of wrangler.toml, and the classes of its Durable Objects, have their types in
 * worker-configuration.d.ts, which `npm run types` makes. Here is what wrangler.toml can't say.
 */

declare global {
  namespace Cloudflare {
    interface Env {
      /** Secret that signs session cookies. */
      BETTER_AUTH_SECRET: string;
      /** Secret keys that seal AWS credentials: `id:base64` pairs separated by commas, the one in use first. */
      CREDENTIALS_KEYS: string;
      /** The providers that people may sign in with, as JSON (identity/sign-on/config.ts); unset where there are none. */
      OIDC_PROVIDERS?: string;
      /** The Worker's own AWS identity, which assumes the roles of environments that name one. Both are secrets. */
      AWS_ACCESS_KEY_ID?: string;
      AWS_SECRET_ACCESS_KEY?: string;
      /** A region of the partition that this identity is of, where it is asked for its name; us-east-1 unless it is set. */
      AWS_REGION?: string;
      /** Where aws/environment-role.template.json is in S3, for links that open CloudFormation with it. */
      ROLE_TEMPLATE_URL?: string;
      /** Secret that the hook at MAIL_HOOK_URL asks for. */
      MAIL_HOOK_SECRET?: string;
      /** `true` lets webhooks be sent to this machine, without TLS: for a receiver that is tried there. Unset in production. */
      WEBHOOK_LOOPBACK?: string;
      /** Another endpoint for every AWS service, such as the local AWS. Unset in production. */
      AWS_ENDPOINT_URL?: string;
    }
  }
}

/** The bindings, variables and secrets of the Worker. */
export type Env = Cloudflare.Env;

type NumberName =
  | "AUDIT_RETENTION_DAYS"
  | "AWS_TIMEOUT_MS"
  | "AUTH_RATE_LIMIT_MAX"
  | "AUTH_RATE_LIMIT_WINDOW_SECONDS"
  | "COSTLY_LIMIT"
  | "CPU_LIMIT_MS"
  | "DELETED_RETENTION_DAYS"
  | "ERASURE_RECORD_DAYS"
  | "LOG_SETTLE_MS"
  | "MAX_ACCOUNTS"
  | "MAX_API_KEYS"
  | "MAX_CAPTURE_BYTES"
  | "MAX_ENVIRONMENTS"
  | "MAX_LIVE_CAPTURES"
  | "MAX_MONTHLY_BYTES"
  | "MAX_OPEN_INVITES"
  | "MAX_SOCKETS"
  | "MAX_SOCKETS_OF_USER"
  | "OIDC_TIMEOUT_MS"
  | "REQUEST_LIMIT"
  | "SEAL_KEY_DAYS"
  | "SIGN_IN_LIMIT"
  | "SIGN_UPS_PER_DAY"
  | "WRITE_LIMIT";

/**
 * Reads a variable that must be a positive number.
 * @throws Error naming the variable when it is not: a misconfigured service should say so, not calculate with NaN.
 */
export function positiveNumber(env: Env, name: NumberName): number {
  const value = Number(env[name]);
  if (!(value > 0))
    throw new Error(`The variable ${name} must be a positive number, not ${JSON.stringify(env[name])}`);
  return value;
}

/**
 * Reads a variable that must be a number from 0 to a most.
 * @throws Error naming the variable when it is not
 */
export function numberUpTo(env: Env, name: "LEASE_GRACE_MS", most: number): number {
  const value = Number(env[name]);
  if (value >= 0 && value <= most) return value;
  throw new Error(
    `The variable ${name} must be a number from 0 to ${most}, not ${JSON.stringify(env[name])}`,
  );
}

/**
 * Whether the workloads of all environments are sealed, or only those of environments that say so.
 * @throws Error when the variable is neither
 */
export function sealsAll({ SEAL_WORKLOADS: said }: Pick<Env, "SEAL_WORKLOADS">): boolean {
  if (said === "all" || said === "chosen") return said === "all";
  throw new Error(`The variable SEAL_WORKLOADS must be "all" or "chosen", not ${JSON.stringify(said)}`);
}

/**
 * Whether people may sign in by password, and have one at all.
 * @throws Error when SIGN_IN is none of its values: a misconfigured service should let nobody in by a way that was to be closed
 */
export function allowsPasswords({ SIGN_IN: ways }: Pick<Env, "SIGN_IN">): boolean {
  if (ways === "sso") return false;
  if (ways === "password" || ways === "both") return true;
  throw new Error(`The variable SIGN_IN must be password, sso or both, not ${JSON.stringify(ways)}`);
}

/** The Durable Object that makes a capture's transitions. */
export const runnerOf = (env: Pick<Env, "CAPTURE_RUNNER">, captureId: number) =>
  env.CAPTURE_RUNNER.getByName(String(captureId));

/** The Durable Object that keeps a parameter group's log switched on, by the lease's name. */
export const leaseOf = (env: Pick<Env, "LOG_LEASE">, leaseName: string) => env.LOG_LEASE.getByName(leaseName);
