import * as z from "zod";
import { type AwsCredentials, type AwsResult, awsTarget } from "../aws/client.ts";
import { describeParameters, modifyParameters, resetParameters } from "../aws/rds.ts";
import { callerAccount } from "../aws/sts.ts";
import type { Env } from "../env.ts";
import { askAs, type EnvironmentAccess, reseal } from "../environments/credentials.ts";
import { describeError, log } from "../log.ts";
import { storedFormat } from "../stored.ts";
import type { Changed } from "./lease-settle.ts";
import { DEFAULTS, type LogSettings } from "./lease-state.ts";

const groupSchema = z.object({ region: z.string(), accountId: z.string(), parameterGroup: z.string() });

/** What has a lease of its own: a parameter group. */
export type LogGroup = z.output<typeof groupSchema>;

/** How a lease stores its group. */
export const groupFormat = storedFormat("lease's parameter group", 1, groupSchema);

/** The name of the Durable Object that holds the leases of a parameter group. */
export function leaseName({ region, accountId, parameterGroup }: LogGroup): string {
  return `${region}/${accountId}/${parameterGroup}`;
}

const accessSchema = z.object({
  envId: z.number(),
  region: z.string(),
  /** The sealed credentials; null once the environment is deleted. */
  credentials: z.string().nullable(),
  /**
   * Whether these credentials are known to be of the group's account. An environment can be pointed to another account,
   * where another group may bear the same name.
   */
  isProven: z.boolean(),
}) satisfies z.ZodType<EnvironmentAccess>;

/** A way to reach a group. */
export type GroupAccess = z.output<typeof accessSchema>;

/** How a lease stores its ways to reach the group. */
export const accessesFormat = storedFormat(
  "list of a lease's ways to its parameter group",
  1,
  z.object({ ways: z.array(accessSchema) }),
);

/** More ways than this are not remembered. */
const MAX_ACCESSES = 4;

/**
 * The ways to reach a group with one more. The first is the one that changed the group last; one that was never used comes second if it
 * is proven, and last if not.
 */
export function withAccess(known: readonly GroupAccess[], added: GroupAccess): GroupAccess[] {
  const [first, ...others] = known;
  if (first === undefined) return [added];
  if (known.some(({ credentials }) => credentials === added.credentials)) {
    return known.map((way) => (way.credentials === added.credentials && added.isProven ? added : way));
  }
  const ways = added.isProven ? [added, ...others] : [...others.slice(0, MAX_ACCESSES - 2), added];
  return [first, ...ways].slice(0, MAX_ACCESSES);
}

/** The ways to reach a group, the one that worked first. */
export function preferring(known: readonly GroupAccess[], worked: GroupAccess): GroupAccess[] {
  const others = known.filter(({ credentials }) => credentials !== worked.credentials);
  return [{ ...worked, isProven: true }, ...others];
}

/**
 * Ways to reach a group whose credentials an older key sealed, with theirs sealed anew: what is remembered here is a copy, which
 * cron can't reach. Those that can't be opened are not among them.
 * @returns the new text by the old one
 */
export async function resealed(env: Env, known: readonly GroupAccess[]): Promise<Map<string, string>> {
  const renewed = new Map<string, string>();
  for (const { envId, credentials } of known) {
    if (credentials === null) continue;
    try {
      const sealed = await reseal(env, envId, credentials);
      if (sealed !== credentials) renewed.set(credentials, sealed);
    } catch (error) {
      log.error("lease.reseal.failed", { envId, ...describeError(error) });
    }
  }
  return renewed;
}

type Ask<T> = (credentials: AwsCredentials) => Promise<AwsResult<T>>;

/** A parameter group's two settings in AWS, reached in whatever way works. */
export class LogGroupInAws {
  readonly #env: Env;
  readonly #group: LogGroup;
  readonly #accesses: readonly GroupAccess[];
  readonly #worked: (access: GroupAccess) => void;

  /** @param worked told which of the ways AWS let change the group */
  constructor(
    env: Env,
    group: LogGroup,
    accesses: readonly GroupAccess[],
    worked: (access: GroupAccess) => void,
  ) {
    this.#env = env;
    this.#group = group;
    this.#accesses = accesses;
    this.#worked = worked;
  }

  /** The values that the group has of its own. */
  async read(): Promise<AwsResult<LogSettings>> {
    const { region, parameterGroup } = this.#group;
    const target = awsTarget(this.#env, region);
    const names = Object.keys(DEFAULTS);
    const read = await this.#as((keys) => describeParameters(target, keys, parameterGroup, names, "user"));
    return read.ok ? { ok: true, value: Object.fromEntries(read.value) } : read;
  }

  /** Gives the group values, and takes those that are absent away. */
  async change(settings: LogSettings): Promise<Changed> {
    const own = Object.entries(settings).filter(([, value]) => value !== undefined) as [string, string][];
    const unset = Object.keys(DEFAULTS).filter((name) => settings[name as keyof LogSettings] === undefined);
    const steps: (() => Promise<Changed>)[] = [];
    if (own.length > 0) steps.push(() => this.#modify(Object.fromEntries(own)));
    if (isNotEmpty(unset)) steps.push(() => this.#reset(unset));
    // Off before its place changes, or statements would go to a table in between.
    if (settings.general_log === undefined) steps.reverse();
    let isBegun = false;
    for (const step of steps) {
      const changed = await step();
      // What is half done is not refused.
      if (changed.outcome !== "accepted") return isBegun ? { ...changed, outcome: "lost" } : changed;
      isBegun = true;
    }
    return { outcome: "accepted" };
  }

  async #modify(values: Record<string, string>): Promise<Changed> {
    const { region, parameterGroup } = this.#group;
    const target = awsTarget(this.#env, region);
    return changed(
      await this.#as((keys) => modifyParameters(target, keys, parameterGroup, values), this.#worked),
      "rds:ModifyDBParameterGroup",
    );
  }

  /** Takes values away; without the permission for that, the values that would hold then are written instead. */
  async #reset(names: readonly [string, ...string[]]): Promise<Changed> {
    const { region, parameterGroup } = this.#group;
    const target = awsTarget(this.#env, region);
    const reset = await this.#as(
      (keys) => resetParameters(target, keys, parameterGroup, names),
      this.#worked,
    );
    if (reset.ok || reset.failure.kind !== "denied") return changed(reset, "rds:ResetDBParameterGroup");
    const defaults = Object.entries(DEFAULTS).filter(([name]) => names.includes(name));
    return this.#modify(Object.fromEntries(defaults));
  }

  /** Asks AWS in one way after the other until one is not denied. */
  async #as<T>(ask: Ask<T>, onSuccess?: (access: GroupAccess) => void): Promise<AwsResult<T>> {
    let denied: AwsResult<T> | undefined;
    for (const access of this.#accesses) {
      const result = await this.#askIn(access, ask);
      if (result.ok) onSuccess?.(access);
      if (result.ok || result.failure.kind !== "denied") return result;
      denied ??= result;
    }
    return denied ?? refused("NoAccess", "There are no credentials to reach the parameter group with");
  }

  async #askIn<T>(access: GroupAccess, ask: Ask<T>): Promise<AwsResult<T>> {
    const { accountId, region } = this.#group;
    if (access.credentials === null) return refused("EnvironmentDeleted", "The environment was deleted");
    try {
      return await askAs(this.#env, access, Date.now(), async (keys) => {
        if (!access.isProven) {
          const account = await callerAccount(awsTarget(this.#env, region), keys);
          if (!account.ok) return account;
          if (account.value !== accountId) {
            return refused("OtherAccount", "The credentials are of another AWS account by now");
          }
        }
        return ask(keys);
      });
    } catch (error) {
      // Such as when the key that sealed them was withdrawn: another way may do.
      log.error("lease.credentials.failed", { envId: access.envId, ...describeError(error) });
      return refused("CredentialsUnreadable", "The environment's credentials can't be opened");
    }
  }
}

function refused(
  code: string,
  message: string,
): { ok: false; failure: { kind: "denied"; code: string; message: string } } {
  return { ok: false, failure: { kind: "denied", code, message } };
}

/** Whether AWS may have done what it was asked: no answer, a 5xx, or an answer that can't be read. */
function changed(result: AwsResult<void>, action: string): Changed {
  if (result.ok) return { outcome: "accepted" };
  const { kind } = result.failure;
  const outcome = kind === "timeout" || kind === "unavailable" ? "lost" : "refused";
  return { outcome, failure: { ...result.failure, action } };
}

function isNotEmpty(names: string[]): names is [string, ...string[]] {
  return names.length > 0;
}
