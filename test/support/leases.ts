import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { awsTarget } from "../../src/aws/client.ts";
import { describeInstance, describeParameters } from "../../src/aws/rds.ts";
import type { EnvironmentAccess } from "../../src/environments/credentials.ts";
import { type LogGroup, leaseName } from "../../src/workload/lease-group.ts";
import type { LogSettings } from "../../src/workload/lease-state.ts";
import type { LocalAccount } from "../aws/client.ts";

/** How the service reaches an environment. */
export async function accessOf({ id }: { id: number }): Promise<EnvironmentAccess> {
  const row = await env.DB.prepare("select id as envId, region, credentials from environments where id = ?1")
    .bind(id)
    .first<EnvironmentAccess>();
  if (row === null) throw new Error("There is no such environment");
  return row;
}

/** The parameter group of an account's instance. */
export function groupOf(aws: LocalAccount, instance = aws.instance): LogGroup {
  return { region: aws.region, accountId: aws.accountId, parameterGroup: `${instance}-params` };
}

/** The lease of a group. */
export const leaseOf = (group: LogGroup) => env.LOG_LEASE.getByName(leaseName(group));
/** Lets its alarm come now. Returns whether there was one. */
export const runLeaseAlarm = (group: LogGroup) => runDurableObjectAlarm(leaseOf(group));
/** When its alarm comes. */
export const leaseAlarmOf = (group: LogGroup) =>
  runInDurableObject(leaseOf(group), (_, { storage }) => storage.getAlarm()) as Promise<number | null>;
/** How much it has stored. */
export const storedBy = (group: LogGroup) =>
  runInDurableObject(leaseOf(group), (_, { storage }) => [...storage.kv.list()].length) as Promise<number>;

const NAMES = ["general_log", "log_output"];

/** The two settings that a group has of its own, as AWS shows them. */
export async function settingsOf(aws: LocalAccount, group: LogGroup): Promise<LogSettings> {
  const target = awsTarget(env, aws.region);
  const read = await describeParameters(target, aws.credentials, group.parameterGroup, NAMES, "user");
  if (!read.ok) throw new Error(read.failure.message);
  return Object.fromEntries(read.value);
}

/** An instance as RDS describes it now. */
export async function describedInstance(aws: LocalAccount, instance = aws.instance) {
  const found = await describeInstance(awsTarget(env, aws.region), aws.credentials, instance);
  if (!found.ok) throw new Error(found.failure.message);
  return found.value;
}

/** The actions that change a group which an account was asked for, and what came of each. */
export async function changesOf(aws: LocalAccount): Promise<string[]> {
  const changes = (await aws.requests()).filter(({ action }) =>
    /^(Modify|Reset)DBParameterGroup$/.test(action),
  );
  return changes.map(({ action, status }) => `${action} ${status}`);
}
