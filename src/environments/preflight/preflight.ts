import type { AwsFailure } from "../../aws/client.ts";
import type { DbInstance } from "../../aws/rds.ts";
import type { Env } from "../../env.ts";
import type { StoredCredentials } from "../credentials.ts";
import type { ParameterGroup } from "../parameter-group.ts";
import type { PendingChange } from "../pending-changes.ts";
import type { RoleTrust } from "../role-trust.ts";
import type { GroupChanges } from "./answers.ts";
import { ask } from "./ask.ts";
import { type Check, type Readiness, readiness } from "./checks.ts";
import { evaluate } from "./evaluate.ts";
import { writeChecks } from "./stored.ts";

/** What is to be looked at. */
export interface PreflightSubject {
  region: string;
  instance: string;
  credentials: StoredCredentials;
  /** Whether this service made the external id of the role, not a person. */
  isOwnId: boolean;
  /** The sealed credentials, under which keys of a role are cached; null while they are not sealed. */
  sealed: string | null;
  /** The environment's pending changes; none of one that is to be made. */
  pending: readonly PendingChange[];
  /** What was found before; `not-ready` of a target that is new, of which nothing is known. */
  before: Readiness;
}

/** Looks up what captures have changed in a group: the leases know it. */
export type ChangesOf = (env: Env, group: ParameterGroup) => Promise<GroupChanges>;

/** What came of a preflight. */
export interface Preflight {
  checks: Check[];
  ready: boolean;
  /** The instance; null when AWS did not describe it. */
  found: DbInstance | null;
  /** Why it did not; null when it did. */
  failure: AwsFailure | null;
  /** Whether a role that can be assumed asks for its external id; null of any other, and of an access key. */
  trust: RoleTrust | null;
}

/** What of a preflight an environment keeps. */
export interface KeptChecks {
  isReady: 0 | 1;
  checks: string;
  checkedAt: number;
}

/** Asks AWS whether captures of an instance would work. Nothing is changed, and nothing is stored. */
export async function preflight(
  env: Env,
  changesOf: ChangesOf,
  subject: PreflightSubject,
  now: number,
): Promise<Preflight> {
  const { region, instance, credentials, isOwnId, sealed, pending, before } = subject;
  const changes = (group: ParameterGroup) => changesOf(env, group);
  const answers = await ask(env, { region, instance, credentials, sealed, changes }, now);
  const by = "roleArn" in credentials ? "role" : "key";
  const checks = evaluate(answers, { region, instance, by, isOwnId, pending });
  const found = answers.instance?.ok === true ? answers.instance.value : null;
  const refused = answers.access.ok ? answers.instance : answers.access;
  return {
    checks,
    ready: readiness(checks, before) === "ready",
    found,
    failure: refused?.ok === false ? refused.failure : null,
    trust: answers.access.ok ? answers.trust : null,
  };
}

/** What of a preflight is kept. */
export const keptChecks = ({ ready, checks }: Preflight, now: number): KeptChecks => ({
  isReady: ready ? 1 : 0,
  checks: writeChecks(checks),
  checkedAt: now,
});
