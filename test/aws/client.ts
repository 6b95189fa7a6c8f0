/**
 * The tests' side of the local AWS's control API. It runs in workerd and needs nothing but fetch. Each test file makes
 * an account of its own, so that files which run side by side don't disturb one another.
 */
import { env } from "cloudflare:workers";

/** A pair of AWS keys, and the session token if they are temporary. */
export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

/** The Worker's own identity in the local AWS (account 111111111111): it may assume the roles of all accounts. */
export const WORKER_CREDENTIALS: Credentials = {
  accessKeyId: "AKIALOCALWORKER00000",
  secretAccessKey: "local-worker-secret",
};

/** What can be changed about a DB instance. */
export interface InstanceProperties {
  /** `mysql`, `mariadb`, `postgres` or any other of RDS's names. */
  engine?: string;
  engineVersion?: string;
  /** DBInstanceStatus, such as `available` or `stopped`. */
  status?: string;
  instanceClass?: string;
  /** GiB. */
  allocatedStorage?: number;
  /** DBParameterGroupName; one that begins with `default.` can't be modified. */
  parameterGroup?: string;
  parameterApplyStatus?: "applying" | "in-sync" | "pending-reboot" | "failed-to-apply";
}

/** What may be said of an account when it is made. */
export interface AccountOptions {
  /** `us-east-1` unless told otherwise. */
  region?: string;
  /**
   * The instances it has; a MySQL 8.0 with a parameter group of its own where nothing else is said. By default there are
   * `demo-mysql`, `demo-mariadb`, `demo-default-group` (whose group can't be modified) and `demo-postgres`.
   */
  instances?: (InstanceProperties & { identifier: string })[];
}

/** A way for calls to fail; the first fault that was set strikes first. */
export interface Fault {
  /**
   * `throttle`: refused for its rate. `server-error`: 500. `unavailable`: 503. `deny`: AccessDenied. `delay`: answered
   * after `delayMs`. `hang`: never answered. `garbage`: 200 with a body that is not what the protocol says. `reset`:
   * the connection is cut off.
   */
  kind: "throttle" | "server-error" | "unavailable" | "deny" | "delay" | "hang" | "garbage" | "reset";
  /** The action to strike, such as `GetMetricData`; any if absent. For `AssumeRole`, the role's account counts too. */
  action?: string;
  /** How many calls to strike; all until `clearFaults()` if absent. */
  times?: number;
  /** For `delay` only. */
  delayMs?: number;
  /** The `retry-after` header of `throttle`, `server-error` and `unavailable`. */
  retryAfterSeconds?: number;
}

/** What may be said of a role when it is made. */
export interface RoleOptions {
  externalId: string;
  /** In the account itself; made up if absent. */
  roleArn?: string;
  /** How long its sessions last, whatever AssumeRole asks. */
  durationSeconds?: number;
  /** The account whose identities may assume it; that of `WORKER_CREDENTIALS` if absent. */
  trustedAccountId?: string;
}

/** A call that an account received. */
export interface RecordedRequest {
  /** When it was answered, by the account's clock, ISO 8601. */
  time: string;
  /** `monitoring`, `rds` or `sts`. */
  service: string;
  action: string;
  accessKeyId: string;
  /** The HTTP status; null if there was no answer. */
  status: number | null;
  /** Such as `Throttling`; null if it succeeded. */
  errorCode: string | null;
  /** The kind of fault that struck it, or null. */
  fault: Fault["kind"] | null;
  /** What was asked: the JSON body, or the Query parameters under their flat names. */
  parameters: Record<string, unknown>;
}

/** An account of the local AWS, and everything that a test can do to it. */
export interface LocalAccount {
  readonly accountId: string;
  readonly region: string;
  /** The identifier of its first instance. */
  readonly instance: string;
  /** The keys of its user. */
  readonly credentials: Credentials;
  /** Lets calls to the account fail. */
  fault(fault: Fault): Promise<void>;
  /** Lets calls succeed again. */
  clearFaults(): Promise<void>;
  /**
   * Shifts the account's idea of now against the real one: for signature dates, metrics and their retention, and the
   * expiry of temporary credentials.
   */
  setClock(offsetMs: number): Promise<void>;
  /** Lets GetMetricData return at most so many data points a page; null: CloudWatch's own limit. */
  setPageSize(datapoints: number | null): Promise<void>;
  /** The calls that the account received, oldest first, at most the latest 1,000. */
  requests(): Promise<RecordedRequest[]>;
  /** Forgets them. */
  clearRequests(): Promise<void>;
  /** Changes an instance. */
  patchInstance(identifier: string, properties: InstanceProperties): Promise<void>;
  /** Makes a role that AssumeRole can assume. */
  createRole(options: RoleOptions): Promise<{ roleArn: string; externalId: string }>;
  /** Lets all temporary credentials of the account's roles expire now. */
  expireSessions(): Promise<void>;
  /** Refuses IAM actions such as `rds:DescribeDBInstances` or `rds:*` to the account, and no others; none: allows all. */
  deny(...iamActions: string[]): Promise<void>;
}

/** Makes a fresh account, which nobody else knows. */
export async function createAccount(options: AccountOptions = {}): Promise<LocalAccount> {
  const made = await control<{
    accountId: string;
    accessKeyId: string;
    secretAccessKey: string;
    region: string;
    instance: string;
  }>("POST", "accounts", options);
  const { accountId, region, instance, accessKeyId, secretAccessKey } = made;
  const query = `?${new URLSearchParams({ accessKeyId })}`;
  return {
    accountId,
    region,
    instance,
    credentials: { accessKeyId, secretAccessKey },
    fault: (fault) => control("POST", "faults", { accessKeyId, ...fault }),
    clearFaults: () => control("DELETE", `faults${query}`),
    setClock: (offsetMs) => control("PUT", "clock", { accessKeyId, offsetMs }),
    setPageSize: (datapoints) => control("PUT", "page-size", { accessKeyId, datapoints }),
    requests: async () =>
      (await control<{ requests: RecordedRequest[] }>("GET", `requests${query}`)).requests,
    clearRequests: () => control("DELETE", `requests${query}`),
    patchInstance: (identifier, properties) =>
      control("PATCH", `instances/${identifier}`, { accessKeyId, ...properties }),
    createRole: (role) => control("POST", "roles", { accessKeyId, ...role }),
    expireSessions: () => control("DELETE", `sessions${query}`),
    deny: (...deny) => control("PUT", "policy", { accessKeyId, deny }),
  };
}

/** The address of the local AWS of this test run. */
export function localAwsUrl(): string {
  if (env.AWS_ENDPOINT_URL === undefined)
    throw new Error("The tests need AWS_ENDPOINT_URL, see vitest.config.ts");
  return env.AWS_ENDPOINT_URL;
}

/** Calls the control API. @throws Error with its message for a refusal */
async function control<Result = void>(method: string, path: string, body?: unknown): Promise<Result> {
  const response = await fetch(`${localAwsUrl()}/_local/${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} /_local/${path}: ${response.status} ${text}`);
  return (text === "" ? undefined : JSON.parse(text)) as Result;
}
