import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { awsTarget } from "../../src/aws/client.ts";
import { describeInstance, describeParameters, modifyParameters } from "../../src/aws/rds.ts";
import { type EnvironmentAccess, type StoredCredentials, seal } from "../../src/environments/credentials.ts";
import { leaseName, type ParameterGroup } from "../../src/environments/parameter-group.ts";
import { NO_PARAMETER } from "../../src/environments/preflight/ask.ts";
import { LogLease } from "../../src/leases/lease.ts";
import { LEASED_PARAMETERS, type Holder as Need } from "../../src/leases/needs.ts";
import { LATE_MS } from "../../src/leases/state.ts";
import type { LocalAccount } from "../local-aws/test/client.ts";
import type { RecordedRequest } from "../local-aws/test/control-shapes.ts";
import { oneAlarmAtATime } from "./alarms.ts";
import { type Cast, createCapture, type Person } from "./api.ts";
import { inFuture, travel } from "./time.ts";

oneAlarmAtATime(LogLease);

/** How the service reaches an environment. */
export async function accessOf({ id }: { id: number }): Promise<EnvironmentAccess> {
  const row = await env.DB.prepare("select id as envId, region, credentials from environments where id = ?1")
    .bind(id)
    .first<EnvironmentAccess>();
  if (row === null) throw new Error("There is no such environment");
  return row;
}

/** Gives an environment other credentials, as a PUT does whose request AWS has confirmed. */
export async function giveCredentials(
  { id }: { id: number },
  credentials: StoredCredentials,
): Promise<EnvironmentAccess> {
  await env.DB.prepare("update environments set credentials = ?2 where id = ?1")
    .bind(id, await seal(env, id, credentials))
    .run();
  return accessOf({ id });
}

/** The parameter group of an account's instance. */
export function groupOf(aws: LocalAccount, instance = aws.instance): ParameterGroup {
  return { region: aws.region, accountId: aws.accountId, parameterGroup: `${instance}-params` };
}

/** The lease of a group. */
export const leaseOf = (group: ParameterGroup) => env.LOG_LEASE.getByName(leaseName(group));
/** Runs its alarm now. Returns whether there was one. */
export const runLeaseAlarm = (group: ParameterGroup) => runDurableObjectAlarm(leaseOf(group));
/** When its alarm comes. */
export const leaseAlarmOf = (group: ParameterGroup) =>
  runInDurableObject(leaseOf(group), (_, { storage }) => storage.getAlarm()) as Promise<number | null>;
/** How much it has stored. */
export const storedBy = (group: ParameterGroup) =>
  runInDurableObject(leaseOf(group), (_, { storage }) => [...storage.kv.list()].length) as Promise<number>;

/** A capture of an environment that is STARTING in the database, and whose runner leaves it alone. */
export async function startingCapture(admin: Person, { id: envId }: { id: number }): Promise<number> {
  const scheduledStart = inFuture(300 * 86_400_000);
  const { id } = await createCapture(admin, { envId, scheduledStart });
  await env.DB.prepare("update captures set status = 'STARTING' where id = ?1").bind(id).run();
  return id;
}

/** Writes the row that a capture's lease needs. */
export async function recordLease(captureId: number, group: ParameterGroup): Promise<void> {
  await env.DB.prepare("insert into log_leases (capture_id, lease_name, acquired_at) values (?1, ?2, ?3)")
    .bind(captureId, leaseName(group), Date.now())
    .run();
}

/** Keys that have signed changes of a group, in the order of their first. */
export async function changersOf(aws: LocalAccount): Promise<string[]> {
  const changes = (await aws.requests()).filter(isChange);
  return [...new Set(changes.map(({ accessKeyId }) => accessKeyId))];
}

/** The settings of the logs that a group has of its own, as AWS shows them. */
export async function settingsOf(aws: LocalAccount, group: ParameterGroup): Promise<Record<string, string>> {
  const target = awsTarget(env, aws.region);
  const { parameterGroup } = group;
  const read = await describeParameters(target, aws.credentials, parameterGroup, LEASED_PARAMETERS, "user");
  if (!read.ok) throw new Error(read.failure.message);
  return Object.fromEntries([...read.value].map(([name, { value }]) => [name, value ?? ""]));
}

/** An instance as RDS describes it now. */
export async function describedInstance(aws: LocalAccount, instance = aws.instance) {
  const found = await describeInstance(awsTarget(env, aws.region), aws.credentials, instance);
  if (!found.ok) throw new Error(found.failure.message);
  return found.value;
}

/** A change that AWS was asked for: by whom (the ARN of a user or a role), of which parameters, and what came of it. */
export interface SignedChange {
  signedBy: string | null;
  /** In the order of the alphabet. */
  names: string[];
  status: number | null;
}

/** The changes of groups that an account was asked for, oldest first. */
export async function signedChanges(aws: LocalAccount): Promise<SignedChange[]> {
  const changes = (await aws.requests()).filter(isChange);
  return changes.map(({ signedBy, parameters, status }) => ({
    signedBy,
    names: Object.entries(parameters)
      .filter(([name]) => name.endsWith(".ParameterName"))
      .map(([, value]) => String(value))
      .sort(),
    status,
  }));
}

/** Whether a call changes a group, and does not only look whether it may. */
const isChange = ({ action, parameters }: RecordedRequest): boolean =>
  /^(Modify|Reset)DBParameterGroup$/.test(action) && !Object.values(parameters).includes(NO_PARAMETER);

/** The actions that change a group which an account was asked for, and what came of each. */
export async function changesOf(aws: LocalAccount): Promise<string[]> {
  const changes = (await aws.requests()).filter(isChange);
  return changes.map(({ action, status }) => `${action} ${status}`);
}

/** How long AWS takes for the call during which `cutOffDuring` aborts: it carries it out all the same. */
export const CALL_CUT_OFF_MS = 300;

/** Aborts all objects during a call to AWS that one of them makes, as when its machine dies. */
export async function cutOffDuring(
  aws: LocalAccount,
  action: string,
  run: () => Promise<unknown>,
): Promise<void> {
  await aws.fault({ kind: "delay", action, delayMs: CALL_CUT_OFF_MS, times: 1 });
  const cutOff = run().catch(() => "cut off");
  await scheduler.wait(CALL_CUT_OFF_MS / 2);
  await abortAllDurableObjects();
  expect(await cutOff).toBe("cut off");
}

/** A capture for `GroupLease`: a number that a test knows it by, or the capture itself. */
type Holder = number | { id: number };

/** The lease on the group of an account's instance, which captures ask for with access to an environment. */
export class GroupLease {
  readonly aws: LocalAccount;
  readonly group: ParameterGroup;
  readonly access: EnvironmentAccess;
  readonly #captures = new Map<number, Promise<number>>();
  readonly #names = new Map<number, number>();

  constructor(aws: LocalAccount, group: ParameterGroup, access: EnvironmentAccess) {
    this.aws = aws;
    this.group = group;
    this.access = access;
  }

  /** That of an environment. */
  static async of({ aws, environment }: Pick<Cast, "aws" | "environment">): Promise<GroupLease> {
    return new GroupLease(aws, groupOf(aws), await accessOf(environment));
  }

  /** The id of a capture, which is made in an environment, FAILED, with a row for its lease, when it is named first. */
  async idOf(holder: Holder, by = this.access): Promise<number> {
    if (typeof holder === "object") return holder.id;
    const id = this.#captures.get(holder) ?? this.#make(holder, by);
    this.#captures.set(holder, id);
    return id;
  }

  async #make(holder: number, { envId }: EnvironmentAccess): Promise<number> {
    const id = await env.DB.prepare(
      `insert into captures (env_id, owner_id, name, region, instance, status, created_at)
       select env_id, user_id, ?2, 'us-east-1', 'i', 'FAILED', 0 from members where env_id = ?1 limit 1 returning id`,
    )
      .bind(envId, `holder ${holder} ${leaseName(this.group)}`)
      .first<number>("id");
    if (id === null) throw new Error("The environment has no members");
    this.#names.set(id, holder);
    await recordLease(id, this.group);
    return id;
  }

  /** @param need what the capture needs: the general log unless it is said */
  async acquire(holder: Holder, by = this.access, need: Partial<Need> = {}) {
    const captureId = await this.idOf(holder, by);
    const asked = { captureId, envId: by.envId, log: "general" as const, minDurationMicros: 0, ...need };
    return leaseOf(this.group).acquire(asked, this.group, by.credentials);
  }

  /** The same for a capture of the slow log, or of both. */
  acquireSlow(holder: Holder, minDurationMicros = 0, log: "slow" | "both" = "slow") {
    return this.acquire(holder, this.access, { log, minDurationMicros });
  }

  async release(holder: Holder, atOnce?: boolean): Promise<boolean> {
    return leaseOf(this.group).release(await this.idOf(holder), atOnce);
  }

  /** The captures that hold it. */
  async holders(): Promise<number[]> {
    return (await leaseOf(this.group).holders()).map((id) => this.#names.get(id) ?? id);
  }

  settings(): Promise<Record<string, string>> {
    return settingsOf(this.aws, this.group);
  }

  /** Sets values in the group, as a person would who knows nothing of the service. */
  async set(values: Record<string, string>): Promise<void> {
    const { parameterGroup } = this.group;
    const target = awsTarget(env, this.aws.region);
    const modified = await modifyParameters(target, this.aws.credentials, parameterGroup, values);
    if (!modified.ok) throw new Error(modified.failure.message);
    await this.aws.clearRequests();
  }

  /** Lets time pass and runs alarms until it has deleted everything. */
  async settleDown(): Promise<void> {
    for (let i = 0; i < 12; i++) {
      if (!(await runLeaseAlarm(this.group))) return;
      await travel(this.aws, LATE_MS);
    }
    throw new Error("The lease did not settle down");
  }
}
