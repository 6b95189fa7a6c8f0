/**
 * The tests' side of the local AWS's control API. It runs in workerd and needs nothing but fetch. Each test file makes
 * an account of its own, so that files which run side by side don't disturb one another.
 */

import { env } from "cloudflare:workers";
import type { SlowSettings } from "../logs/slow-settings.ts";
import type { GeneratedEntry } from "../logs/slow-workload.ts";
import type { Workload } from "../logs/workload.ts";

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
  /** GiB of an Aurora instance's own: its logs may take 15 % of it. */
  localStorage?: number;
  /** Such as `gp2` or `aurora`. */
  storageType?: string;
  /** What waits for a reboot or the maintenance window, by RDS's names, such as `{ EngineVersion: "8.4.8" }`. */
  pendingModifiedValues?: Record<string, string>;
  /** DBParameterGroupName; one that begins with `default.` can't be modified. */
  parameterGroup?: string;
  parameterApplyStatus?: "applying" | "in-sync" | "pending-reboot" | "failed-to-apply";
}

/** What may be said of a DB cluster when an account is made. */
export interface ClusterDescription {
  identifier: string;
  /** `aurora-mysql` unless told otherwise; `mysql` makes a Multi-AZ DB cluster, whose members have a default parameter group. */
  engine?: string;
  /** `8.0.mysql_aurora.3.10.0` unless told otherwise, or MySQL 8.4. */
  engineVersion?: string;
  /** Such as `available`. */
  status?: string;
  /** DBClusterParameterGroup, which is not that of its instances. */
  parameterGroup?: string;
  /**
   * The writer first. Unless told otherwise Aurora has `{identifier}-1` and `{identifier}-2`, each with a parameter group of its
   * own, and a Multi-AZ cluster has `{identifier}-instance-1` to `-3`.
   */
  members?: (InstanceProperties & { identifier: string })[];
}

/** What can be changed about a DB cluster. */
export interface ClusterProperties {
  engineVersion?: string;
  /** Such as `available` or `failing-over`. */
  status?: string;
  parameterGroup?: string;
  /** What all members say of it. */
  parameterGroupStatus?: "applying" | "in-sync" | "pending-reboot" | "failed-to-apply";
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
  /** Its clusters, none by default; with clusters and no `instances` it has their members only. */
  clusters?: ClusterDescription[];
}

/** A way for calls to fail; the first fault that was set strikes first. */
export interface Fault {
  /**
   * `throttle`: refused for its rate. `server-error`: 500. `unavailable`: 503. `deny`: AccessDenied, as `denial` words it. `refuse`:
   * refused with `code`. `delay`: answered after `delayMs`. `no-file`: DBLogFileNotFoundFault, as while a file is renamed. `hang`:
   * never answered. `garbage`: 200 with a body that is not what the protocol says. `proxy`: 502 with a page of HTML. `reset`: the
   * connection is cut off.
   */
  kind:
    | "throttle"
    | "server-error"
    | "unavailable"
    | "deny"
    | "no-file"
    | "delay"
    | "hang"
    | "refuse"
    | "garbage"
    | "proxy"
    | "reset";
  /** The action to strike, such as `GetMetricData`; any if absent. For `AssumeRole`, the role's account counts too. */
  action?: string;
  /** How many calls to strike; all until `clearFaults()` if absent. */
  times?: number;
  /** How likely each call is to be struck, from 0 to 1; each is, if absent. */
  chance?: number;
  /** For `delay` only. */
  delayMs?: number;
  /** For `hang` and `reset`: how many bytes of the right reply's body are sent before; no reply at all if absent. */
  afterBytes?: number;
  /** The `retry-after` header of `throttle`, `server-error` and `unavailable`. */
  retryAfterSeconds?: number;
  /** For `refuse`: AWS's code; `SignatureExpired` is SignatureDoesNotMatch of a clock that is slow. */
  code?:
    | "InvalidClientTokenId"
    | "SignatureDoesNotMatch"
    | "SignatureExpired"
    | "ExpiredToken"
    | "OptInRequired"
    | "RegionDisabledException";
  /** For `deny`: which policy is why. */
  denial?: DenialReason;
}

/** How parameter changes take effect. */
export interface ParameterApplication {
  /** From ModifyDBParameterGroup to the moment when the servers have the values; a second if nobody said otherwise. */
  delayMs?: number;
  /** How long DescribeDBInstances goes on to say what it said before the change. */
  staleMs?: number;
  /** Whether changes end as `failed-to-apply`, and the servers never get the values. */
  fails?: boolean;
}

/** What an instance's clients do; `generatedRecords` in logs/workload.ts computes the records of it. */
export interface WorkloadChange {
  /** 1 if nobody said otherwise. */
  seed?: number;
  /** Statements per second, 20 if nobody said otherwise; 0 stops all, Amazon's own sessions too. */
  rate?: number;
  /** Whether sessions that connected before the slow log was switched on write nothing to it, as on real servers. */
  deaf?: boolean;
  /** A statement of so many bytes in each second that `everySeconds` divides; null: no more of them. */
  long?: { bytes: number; everySeconds: number } | null;
}

/** A record that a test writes to a log. */
export interface WrittenRecord {
  /** Microseconds since the epoch; now, by the account's clock, if absent. */
  timeMicros?: number;
  threadId: number;
  /** Such as `Query`. */
  command: string;
  statement: string;
}

/** Which log of an instance: the general one if nobody says. */
export interface OfLog {
  log?: "general" | "slow";
}

/** How the live file is renamed, this time and later. */
export interface RotationOptions extends OfLog {
  /** `….log.2026-10-10.7` (`date`, as at first) or `….log.7` (`hour`). */
  suffix?: "date" | "hour";
  /** How long there is no live file: the server goes on to write to the renamed one. */
  gapMs?: number;
}

/** What people have met of DownloadDBLogFilePortion that its reference does not say; what is absent stays as it is. */
export interface PortionBehaviour {
  /** What AdditionalDataPending says: the truth, as at first, `false` always, or nothing. */
  pending?: "true-or-false" | "false" | "absent";
  /** What becomes of control characters, which XML can't say: U+FFFD, as at first, or references such as `&#x1;`. */
  controls?: "replaced" | "referenced";
  /** Whether a portion with a NUL is refused as binary data. */
  refusesBinary?: boolean;
}

/** A log file, as it is and not as AWS lists it. */
export interface LocalLogFile {
  logFileName: string;
  /** Bytes. */
  size: number;
  /** Epoch milliseconds. */
  lastWritten: number;
}

/** What may be said of a role when it is made. */
export interface RoleOptions<Id extends string | null = string | null> {
  /** What AssumeRole has to send; `*`: any; null: the trust policy has no such condition, and the role can be assumed without. */
  externalId: Id;
  /** Whether it can be assumed without one too. */
  isExternalIdOptional?: boolean;
  /** In the account itself; made up if absent. */
  roleArn?: string;
  /** How long its sessions last, whatever AssumeRole asks. */
  durationSeconds?: number;
  /** The account whose identities may assume it; that of `WORKER_CREDENTIALS` if absent. */
  trustedAccountId?: string;
}

/** An action that the account's policies refuse, and why. */
export interface Denial extends DenialReason {
  /** Such as `rds:DescribeDBInstances` or `rds:*`. */
  action: string;
  /** How the ARN of the resource ends to which alone it applies: `db:shop`, `pg:shop-params`, `db:*` for a list of all. */
  resource?: string;
  /** To whom alone it applies: the id of a key, or a role's ARN. */
  of?: string;
}

/** Which policy refuses, as AWS words it. */
export interface DenialReason {
  /** `identity` unless told otherwise; `unsaid`: AWS does not say which. */
  policy?:
    | "identity"
    | "session"
    | "permissions-boundary"
    | "service-control"
    | "resource-control"
    | "resource-based"
    | "vpc-endpoint"
    | "unsaid";
  /** Whether it denies, and does not only fail to allow. */
  isExplicit?: boolean;
  /** Said at the end of the message, as AWS does since 2026 in the same account or organisation. */
  policyArn?: string;
}

interface NewKey extends Credentials {
  userArn: string;
}

/** How replies look where AWS's references leave it open; as AWS is known to answer where it does not say. */
export interface Dress {
  /** What DownloadDBLogFilePortion's Marker is; `…-at-end`: only where no more data is pending. */
  portionMarker?: "present" | "absent" | "empty" | "absent-at-end" | "empty-at-end";
  /** What each file of DescribeDBLogFiles lacks. */
  withoutFileDetails?: ("LastWritten" | "Size")[];
  /** Whether DescribeDBInstances and DescribeDBClusters list nothing, whatever is asked for. */
  isListEmpty?: boolean;
  /** Parameter groups that each instance has before its own in DescribeDBInstances. */
  groupsBefore?: { name: string; status: string }[];
  /** The same, after its own. */
  groupsAfter?: { name: string; status: string }[];
  /** What stands for the value of a parameter that has none: nothing, or `<ParameterValue/>`. */
  noValue?: "absent" | "empty";
  /** What the last page of a list has for a Marker: nothing, or `<Marker/>`. */
  lastMarker?: "absent" | "empty";
  /** What the last page of GetMetricData has for a NextToken: nothing, `""` or null. */
  lastToken?: "absent" | "empty" | "null";
  /** Other ways to write XML, all at once: errors too. */
  xml?: ("declaration" | "indent" | "cdata" | "references" | "comments" | "reverse" | "extra")[];
  /** Other ways to write JSON, all at once. */
  json?: ("integers" | "indent" | "escapes" | "reverse" | "extra")[];
}

/** A call that an account received. */
export interface RecordedRequest {
  /** When it was answered, by the account's clock, ISO 8601. */
  time: string;
  /** `monitoring`, `rds` or `sts`. */
  service: string;
  action: string;
  accessKeyId: string;
  /** The ARN of the user, or of the role whose session it was; null if the signature was not right. */
  signedBy: string | null;
  /** The HTTP status; null if there was no answer. */
  status: number | null;
  /** Such as `Throttling`; null if it succeeded. */
  errorCode: string | null;
  /** The kind of fault that struck it, or null. */
  fault: Fault["kind"] | null;
  /** What was asked: the JSON body, or the Query parameters under their flat names; an ExternalId is `(hidden)`. */
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
   * Shifts the account's idea of now against the real one: for signature dates, metrics and their retention, the
   * expiry of temporary credentials, and the hours and the age of log files.
   */
  setClock(offsetMs: number): Promise<void>;
  /** Lets GetMetricData return at most so many data points a page; null: CloudWatch's own limit. */
  setPageSize(datapoints: number | null): Promise<void>;
  /** Changes how replies look, from the usual; nothing: as usual. */
  setDress(dress?: Dress): Promise<void>;
  /** The calls that the account received, oldest first, at most the latest 1,000. */
  requests(): Promise<RecordedRequest[]>;
  /** Forgets them. */
  clearRequests(): Promise<void>;
  /** Changes an instance. */
  patchInstance(identifier: string, properties: InstanceProperties): Promise<void>;
  /** Changes a cluster. */
  patchCluster(identifier: string, properties: ClusterProperties): Promise<void>;
  /**
   * Makes a reader of a cluster its writer, at once. The server that was the writer is restarted: its logs get another banner.
   * @param to the reader; the first one unless told otherwise
   * @returns the identifier of the new writer
   */
  failOver(cluster: string, to?: string): Promise<string>;
  /** Makes a role that AssumeRole can assume. */
  createRole<Id extends string | null>(
    options: RoleOptions<Id>,
  ): Promise<{ roleArn: string; externalId: Id }>;
  /** Lets all temporary credentials of the account's roles expire now. */
  expireSessions(): Promise<void>;
  /** Refuses IAM actions such as `rds:DescribeDBInstances` or `rds:*` to the account, and no others; none: allows all. */
  deny(...denials: (string | Denial)[]): Promise<void>;
  /** Allows the account iam:SimulatePrincipalPolicy, which no account is allowed at first, or forbids it again. */
  allowSimulation(isAllowed?: boolean): Promise<void>;
  /** Makes another user of the account, with a key of its own. */
  createKey(user?: string): Promise<{ userArn: string; credentials: Credentials }>;
  /** Deletes the key of such a user: AWS does not know it any more. */
  deleteKey(accessKeyId: string): Promise<void>;
  /**
   * The actions of the calls that were signed by a key, or by any session of a role, oldest first.
   * @param signer the id of a key, or the ARN of a user or a role
   */
  callsBy(signer: string): Promise<string[]>;
  /** Changes how ModifyDBParameterGroup takes effect, for changes from now on. */
  setParameterApplication(application: ParameterApplication): Promise<void>;
  /**
   * Changes what an instance's clients do.
   * @returns the workload as it is now, for `generatedRecords`, and from when on it is what the log has (epoch ms)
   */
  setWorkload(instance: string, change: WorkloadChange): Promise<Workload & { from: number }>;
  /**
   * Writes to an instance's live log, which must be logging to a file: a text as it is, also half a line and the rest
   * later, or records in the form of its engine. The slow log takes a text.
   */
  appendLog(instance: string, content: string | WrittenRecord[], of?: OfLog): Promise<void>;
  /**
   * Fills both logs of an instance that has not logged yet, as if they had been on from one time to another, in epoch
   * milliseconds, three hours at most.
   */
  recallLogs(instance: string, from: number, to: number): Promise<void>;
  /** Renames an instance's live log as at the top of an hour. @returns its new name */
  rotateLog(instance: string, options?: RotationOptions): Promise<string>;
  /** Loses a log file, as when it is too old or the storage runs short. */
  loseLog(instance: string, logFileName: string): Promise<void>;
  /** Cuts the live log's end off. @param size the bytes that stay */
  truncateLog(instance: string, size?: number, of?: OfLog): Promise<void>;
  /** Changes how DownloadDBLogFilePortion answers for an instance. */
  setPortionBehaviour(instance: string, behaviour: PortionBehaviour): Promise<void>;
  /** The files of an instance's log, oldest first, whether it logs to a file now, and how it writes the slow one. */
  logFiles(
    instance: string,
    of?: OfLog,
  ): Promise<{ isLogging: boolean; settings?: SlowSettings; files: LocalLogFile[] }>;
  /**
   * What the slow log of an instance gets in a window, with what it cost, by the parameters that its server has now.
   * @param from epoch milliseconds, as is `to`, which is excluded: when statements end
   */
  slowEntries(instance: string, from: number, to: number): Promise<GeneratedEntry[]>;
  /**
   * The whole text of an instance's log files, the oldest first, or of one of them: what someone who follows
   * the log should have read.
   */
  logText(instance: string, logFileName?: string, of?: OfLog): Promise<string>;
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
    setDress: (dress = {}) => control("PUT", "dress", { accessKeyId, ...dress }),
    requests: async () =>
      (await control<{ requests: RecordedRequest[] }>("GET", `requests${query}`)).requests,
    clearRequests: () => control("DELETE", `requests${query}`),
    patchInstance: (identifier, properties) =>
      control("PATCH", `instances/${identifier}`, { accessKeyId, ...properties }),
    patchCluster: (identifier, properties) =>
      control("PATCH", `clusters/${identifier}`, { accessKeyId, ...properties }),
    failOver: async (cluster, to) => {
      const body = { accessKeyId, cluster, ...(to === undefined ? {} : { to }) };
      return (await control<{ writer: string }>("POST", "failovers", body)).writer;
    },
    createRole: (role) => control("POST", "roles", { accessKeyId, ...role }),
    expireSessions: () => control("DELETE", `sessions${query}`),
    deny: (...deny) => control("PUT", "policy", { accessKeyId, deny }),
    allowSimulation: (isAllowed = true) =>
      control("PUT", "policy", { accessKeyId, allow: isAllowed ? ["iam:SimulatePrincipalPolicy"] : [] }),
    createKey: async (user) => {
      const named = user === undefined ? {} : { user };
      const key = await control<NewKey>("POST", "keys", { accessKeyId, ...named });
      const { userArn, ...credentials } = key;
      return { userArn, credentials };
    },
    deleteKey: (key) => control("DELETE", `keys${query}&${new URLSearchParams({ key })}`),
    callsBy: async (signer) => {
      const { requests } = await control<{ requests: RecordedRequest[] }>("GET", `requests${query}`);
      return requests
        .filter((request) => request.accessKeyId === signer || request.signedBy === signer)
        .map(({ action }) => action);
    },
    setParameterApplication: (application) =>
      control("PUT", "parameter-application", { accessKeyId, ...application }),
    setWorkload: (instance, change) => control("PUT", "workload", { accessKeyId, instance, ...change }),
    appendLog: (instance, content, of) =>
      control("POST", "log", {
        accessKeyId,
        instance,
        ...of,
        ...(typeof content === "string" ? { text: content } : { records: content }),
      }),
    recallLogs: (instance, from, to) =>
      control("POST", "log-history", { accessKeyId, instance, from: String(from), to: String(to) }),
    rotateLog: async (instance, options) => {
      const body = { accessKeyId, instance, ...options };
      return (await control<{ logFileName: string }>("POST", "log-rotations", body)).logFileName;
    },
    loseLog: (instance, logFileName) =>
      control("DELETE", `log-files${query}&${new URLSearchParams({ instance, logFileName })}`),
    truncateLog: (instance, size = 0, of = {}) =>
      control("POST", "log-truncations", { accessKeyId, instance, size, ...of }),
    setPortionBehaviour: (instance, behaviour) =>
      control("PUT", "log-portions", { accessKeyId, instance, ...behaviour }),
    logFiles: (instance, of) =>
      control("GET", `log-files${query}&${new URLSearchParams({ instance, ...of })}`),
    slowEntries: async (instance, from, to) => {
      const window = { instance, log: "slow", from: String(from), to: String(to) };
      const path = `workload${query}&${new URLSearchParams(window)}`;
      return (await control<{ entries: GeneratedEntry[] }>("GET", path)).entries;
    },
    logText: (instance, logFileName, of) => {
      const one = logFileName === undefined ? {} : { logFileName };
      return controlText("GET", `log${query}&${new URLSearchParams({ instance, ...one, ...of })}`);
    },
  };
}

/**
 * Makes a fresh account that has one cluster and nothing else: Aurora with a writer `{identifier}-1` and a reader
 * `{identifier}-2`, or what `options` says. `instance` of the account is the writer.
 */
export function createClusterAccount(
  identifier = "shop",
  options: Omit<ClusterDescription, "identifier"> & Pick<AccountOptions, "region"> = {},
): Promise<LocalAccount> {
  const { region, ...cluster } = options;
  return createAccount({
    ...(region === undefined ? {} : { region }),
    clusters: [{ identifier, ...cluster }],
  });
}

/** The address of the local AWS of this test run. */
export function localAwsUrl(): string {
  if (env.AWS_ENDPOINT_URL === undefined)
    throw new Error("The tests need AWS_ENDPOINT_URL, see vitest.config.ts");
  return env.AWS_ENDPOINT_URL;
}

/** Calls the control API. @throws Error with its message for a refusal */
async function control<Result = void>(method: string, path: string, body?: unknown): Promise<Result> {
  const text = await controlText(method, path, body);
  return (text === "" ? undefined : JSON.parse(text)) as Result;
}

async function controlText(method: string, path: string, body?: unknown): Promise<string> {
  const response = await fetch(`${localAwsUrl()}/_local/${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} /_local/${path}: ${response.status} ${text}`);
  return text;
}
