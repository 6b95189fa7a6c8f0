/**
 * The tests' side of the local AWS's control API. It runs in workerd and needs nothing but fetch. Each test file makes
 * an account of its own, so that files which run side by side don't disturb one another.
 */

import { inject } from "vitest";
import type { SlowSettings } from "../logs/slow-settings.ts";
import type { GeneratedEntry } from "../logs/slow-workload.ts";
import type { Workload } from "../logs/workload.ts";
import type {
  AccountOptions,
  ClusterDescription,
  ClusterProperties,
  Credentials,
  Denial,
  Dress,
  Fault,
  InstanceProperties,
  LocalLogFile,
  NewKey,
  OfLog,
  ParameterApplication,
  PortionBehaviour,
  RecordedRequest,
  RoleOptions,
  RotationOptions,
  WorkloadChange,
  WrittenRecord,
} from "./control-shapes.ts";

declare module "vitest" {
  interface ProvidedContext {
    localAwsUrl: string;
  }
}

/** The Worker's own identity in the local AWS (account 111111111111): it may assume the roles of all accounts. */
export const WORKER_CREDENTIALS: Credentials = {
  accessKeyId: "AKIALOCALWORKER00000",
  secretAccessKey: "local-worker-secret",
};

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
export const localAwsUrl = (): string => inject("localAwsUrl");

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
