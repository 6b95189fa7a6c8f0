import { randomBytes, randomInt } from "node:crypto";
import { type Cluster, type ClusterOptions, makeCluster } from "./clusters.ts";
import { DEMO_ACCOUNT } from "./demo-account.ts";
import { type Dress, PLAIN } from "./dress.ts";
import type { Fault } from "./faults.ts";
import {
  DEMO_INSTANCES,
  familyOf,
  type Instance,
  type InstanceOptions,
  makeInstance,
  type ParameterGroup,
} from "./instances.ts";
import type { DiskLog } from "./logs/disk-log.ts";
import type { InstanceLog } from "./logs/instance-log.ts";
import type { LogName } from "./logs/log-source.ts";
import type { PortionBehaviour } from "./logs/portion.ts";
import { DEFAULT_APPLICATION, type ParameterApplication } from "./parameter-application.ts";
import type { ParameterFile } from "./parameter-file.ts";
import { partitionOf } from "./partition.ts";
import type { Denial } from "./policy.ts";
import type { RequestRecord } from "./request-log.ts";

/** One AWS account in one region. Nothing is shared between accounts. */
export interface Account {
  /** Twelve digits. */
  readonly id: string;
  readonly region: string;
  readonly instances: Map<string, Instance>;
  /** By identifier. Their members are in `instances`. */
  readonly clusters: Map<string, Cluster>;
  readonly parameterGroups: Map<string, ParameterGroup>;
  /** The logs of the instances that ever had one, by identifier. */
  readonly logs: Map<string, Readonly<Record<LogName, InstanceLog>>>;
  /** The real servers' logs that stand for instances' live files, by identifier. */
  readonly diskLogs: Map<string, Partial<Record<LogName, DiskLog>>>;
  /** How DownloadDBLogFilePortion answers for the instances of which somebody said so, by identifier. */
  readonly portionBehaviour: Map<string, PortionBehaviour>;
  /** By ARN. */
  readonly roles: Map<string, Role>;
  /** Those who have long-lived keys; the first one came with the account. */
  users: readonly Principal[];
  /** The actions that the account's policies do not allow. */
  denied: readonly Denial[];
  /** The actions that policies seldom allow and that they do allow here, such as `iam:SimulatePrincipalPolicy`. */
  allowed: readonly string[];
  faults: Fault[];
  requests: RequestRecord[];
  /** How far the account's idea of now is from the real one. */
  clockOffsetMs: number;
  parameterApplication: ParameterApplication;
  /** Where its parameters are kept, if they are. */
  parameterFile: ParameterFile | undefined;
  dress: Dress;
  /** How many data points CloudWatch returns in one page at most, if fewer than asked for. */
  pageSize: number | undefined;
}

/** Someone who signs requests: a user with a long-lived key, or a session of a role. */
export interface Principal {
  readonly account: Account;
  readonly arn: string;
  /** What GetCallerIdentity calls UserId. */
  readonly userId: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Set for temporary credentials only. */
  readonly session?: Session;
  /** The ARN of the role, for temporary credentials only. */
  readonly roleArn?: string;
}

/** What makes credentials temporary. */
export interface Session {
  readonly token: string;
  /** Epoch milliseconds, by the account's own clock. */
  expiresAt: number;
}

/** An IAM role. */
export interface Role {
  readonly arn: string;
  /** What AssumeRole must send as ExternalId; `*` for any; null if the trust policy has no condition, so that none is needed. */
  readonly externalId: string | null;
  /** Whether the condition holds without any ExternalId too, as `StringEqualsIfExists` does. */
  readonly isExternalIdOptional: boolean;
  /** The account whose identities may assume the role. */
  readonly trustedAccountId: string;
  /** How long its sessions last whatever AssumeRole asks; undefined: as long as asked. */
  readonly durationSeconds: number | undefined;
}

/** What may be said of an account when it is made; the rest is random or plausible. */
export interface AccountOptions {
  id?: string;
  region?: string;
  accessKeyId?: string;
  secretAccessKey?: string;
  /** Those outside clusters; unless instances or clusters are named, one for each case that the API tells apart. */
  instances?: readonly InstanceOptions[];
  clusters?: readonly ClusterOptions[];
}

/** The account that roles trust unless told otherwise: that of the Worker's own AWS identity. */
export const WORKER_ACCOUNT_ID = "111111111111";

/** All accounts of one local AWS. */
export class Accounts {
  readonly #byId = new Map<string, Account>();
  readonly #principals = new Map<string, Principal>();

  /** The account of the demonstration. */
  readonly demo: Account;

  /** Begins with the account of the demonstration and that of the Worker's own identity; both are documented. */
  constructor() {
    const { account: demo } = this.create({
      id: "000000000000",
      ...DEMO_ACCOUNT,
      accessKeyId: "AKIALOCALDEV00000000",
      secretAccessKey: "local-dev-secret",
    });
    this.demo = demo;
    this.createRole(demo, {
      arn: "arn:aws:iam::000000000000:role/captures-demo",
      externalId: "captures-demo",
    });
    this.create({
      id: WORKER_ACCOUNT_ID,
      accessKeyId: "AKIALOCALWORKER00000",
      secretAccessKey: "local-worker-secret",
      instances: [],
    });
  }

  /** Makes an account with its instances and their parameter groups. @returns its one user, who has a key pair */
  create(options: AccountOptions = {}): Principal {
    const id = options.id ?? this.#freeId();
    const clusters = (options.clusters ?? []).map(makeCluster);
    const named = options.instances ?? (clusters.length > 0 ? [] : DEMO_INSTANCES);
    const instances = [...named.map(makeInstance), ...clusters.flatMap(({ members }) => members)];
    const account: Account = {
      id,
      region: options.region ?? "us-east-1",
      instances: new Map(instances.map((instance) => [instance.identifier, instance])),
      clusters: new Map(clusters.map(({ cluster }) => [cluster.identifier, cluster])),
      parameterGroups: new Map(),
      logs: new Map(),
      diskLogs: new Map(),
      portionBehaviour: new Map(),
      roles: new Map(),
      users: [],
      denied: [],
      allowed: [],
      faults: [],
      requests: [],
      clockOffsetMs: 0,
      parameterApplication: DEFAULT_APPLICATION,
      parameterFile: undefined,
      dress: PLAIN,
      pageSize: undefined,
    };
    for (const instance of instances) addParameterGroup(account, instance);
    this.#byId.set(id, account);
    return this.createUser(account, "local", options);
  }

  /** Makes another user of an account, with a key pair. */
  createUser(
    account: Account,
    name: string,
    key: Pick<AccountOptions, "accessKeyId" | "secretAccessKey"> = {},
  ): Principal {
    const user: Principal = {
      account,
      arn: `arn:${partitionOf(account.region).name}:iam::${account.id}:user/${name}`,
      userId: `AIDA${randomKeySuffix()}`,
      accessKeyId: key.accessKeyId ?? `AKIA${randomKeySuffix()}`,
      secretAccessKey: key.secretAccessKey ?? randomBytes(30).toString("base64"),
    };
    account.users = [...account.users, user];
    this.#principals.set(user.accessKeyId, user);
    return user;
  }

  /** Deletes a key: AWS knows it no more. */
  deleteKey(user: Principal): void {
    this.#principals.delete(user.accessKeyId);
    user.account.users = user.account.users.filter((one) => one !== user);
  }

  /** Makes a role of an account, or replaces the one with the same ARN. */
  createRole(account: Account, options: Partial<Role> & Pick<Role, "externalId">): Role {
    const { name: partition } = partitionOf(account.region);
    const role: Role = {
      arn: options.arn ?? `arn:${partition}:iam::${account.id}:role/captures-${account.roles.size + 1}`,
      externalId: options.externalId,
      isExternalIdOptional: options.isExternalIdOptional ?? false,
      trustedAccountId: options.trustedAccountId ?? WORKER_ACCOUNT_ID,
      durationSeconds: options.durationSeconds,
    };
    account.roles.set(role.arn, role);
    return role;
  }

  /** Makes temporary credentials for a role. @param name the RoleSessionName */
  createSession(
    account: Account,
    role: Role,
    name: string,
    durationSeconds: number,
  ): Principal & { session: Session } {
    const roleName = role.arn.slice(role.arn.lastIndexOf("/") + 1);
    const principal = {
      account,
      roleArn: role.arn,
      arn: `arn:${partitionOf(account.region).name}:sts::${account.id}:assumed-role/${roleName}/${name}`,
      userId: `AROA${randomKeySuffix()}:${name}`,
      accessKeyId: `ASIA${randomKeySuffix()}`,
      secretAccessKey: randomBytes(30).toString("base64"),
      session: {
        token: randomBytes(150).toString("base64"),
        expiresAt: nowOf(account) + durationSeconds * 1_000,
      },
    };
    this.#principals.set(principal.accessKeyId, principal);
    return principal;
  }

  /** Ends every session of an account's roles, as if its time were over. */
  expireSessions(account: Account): void {
    for (const principal of this.#principals.values()) {
      if (principal.account === account && principal.session !== undefined)
        principal.session.expiresAt = -Infinity;
    }
  }

  /** Whose access key it is. */
  principal(accessKeyId: string): Principal | undefined {
    return this.#principals.get(accessKeyId);
  }

  /** The role with an ARN, and the account it belongs to. */
  role(arn: string): { account: Account; role: Role } | undefined {
    const account = this.#byId.get(arn.split(":")[4] ?? "");
    const role = account?.roles.get(arn);
    return account === undefined || role === undefined ? undefined : { account, role };
  }

  #freeId(): string {
    let id: string;
    do id = String(randomInt(200_000_000_000, 999_999_999_999));
    while (this.#byId.has(id));
    return id;
  }
}

/** The account's idea of now, in epoch milliseconds. */
export function nowOf(account: Account): number {
  return Date.now() + account.clockOffsetMs;
}

/** Makes sure that the parameter group of an instance exists. */
export function addParameterGroup(account: Account, instance: Instance): void {
  const { parameterGroup: name } = instance;
  if (account.parameterGroups.has(name)) return;
  account.parameterGroups.set(name, {
    name,
    family: familyOf(instance),
    values: new Map(),
    effective: new Map(),
    changes: [],
    hasFailed: false,
  });
}

/** Sixteen characters of AWS's alphabet for key ids. */
function randomKeySuffix(): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  return Array.from(randomBytes(16), (byte) => alphabet[byte % alphabet.length]).join("");
}
