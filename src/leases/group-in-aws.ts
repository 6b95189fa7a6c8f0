import { type AwsCredentials, type AwsResult, awsTarget } from "../aws/client.ts";
import { type DbParameter, describeParameters, modifyParameters, resetParameters } from "../aws/rds.ts";
import { callerAccount } from "../aws/sts.ts";
import type { Env } from "../env.ts";
import { askAs, type EnvironmentAccess } from "../environments/credentials.ts";
import type { ParameterGroup, ParameterSettings } from "../environments/parameter-group.ts";
import { describeError, log } from "../lib/log.ts";
import { slowLogSwitchOf } from "../logs/slow/switch.ts";
import { LEASED_PARAMETERS, type Offered } from "./needs.ts";
import type { Changed } from "./reconcile.ts";

type Ask<T> = (credentials: AwsCredentials) => Promise<AwsResult<T>>;

/** A parameter group's settings of the logs in AWS, reached with the first credentials that are not denied. */
export class GroupInAws {
  readonly #env: Env;
  readonly #group: ParameterGroup;
  readonly #accesses: () => Promise<readonly EnvironmentAccess[]>;
  readonly #proven: Set<string>;

  /**
   * @param accesses reads the ways to reach the group, each time anew: credentials that were replaced or whose environment was
   *   deleted are not used any more
   * @param proven sealed credentials that are known to be of the group's account; what is found out is added. An environment
   *   can be given credentials of another account, where another group may have the same name
   */
  constructor(
    env: Env,
    group: ParameterGroup,
    accesses: () => Promise<readonly EnvironmentAccess[]>,
    proven: Set<string>,
  ) {
    this.#env = env;
    this.#group = group;
    this.#accesses = accesses;
    this.#proven = proven;
  }

  /** The values that the group has of its own, of all parameters that a lease may change. One call, as a group has few. */
  async read(): Promise<AwsResult<ParameterSettings>> {
    const read = await this.#describe("user");
    return read.ok ? { ok: true, value: ownOf(read.value) } : read;
  }

  /** The same, and which of the slow log's optional parameters the group has and can be changed. A call for each 100 parameters. */
  async describe(): Promise<AwsResult<{ own: ParameterSettings; offered: NonNullable<Offered> }>> {
    const read = await this.#describe();
    return read.ok ? { ok: true, value: { own: ownOf(read.value), offered: offeredBy(read.value) } } : read;
  }

  #describe(source?: "user"): Promise<AwsResult<Map<string, DbParameter>>> {
    const { region, parameterGroup } = this.#group;
    const target = awsTarget(this.#env, region);
    return this.#as((keys) => describeParameters(target, keys, parameterGroup, LEASED_PARAMETERS, source));
  }

  /** Gives the group values; null takes one away. */
  async change(settings: ParameterSettings): Promise<Changed> {
    const values = Object.entries(settings).filter((entry): entry is [string, string] => entry[1] !== null);
    const unset = Object.keys(settings).filter((name) => settings[name] === null);
    const steps: (() => Promise<Changed>)[] = [];
    if (values.length > 0) steps.push(() => this.#modify(Object.fromEntries(values)));
    if (isNotEmpty(unset)) steps.push(() => this.#reset(unset));
    // The logs are switched off before their output changes, or statements would go to a table in between.
    if (values.some(([name]) => name === "log_output")) steps.reverse();
    let isBegun = false;
    for (const step of steps) {
      const changed = await step();
      // A change of which the first half was made is not refused.
      if (changed.outcome !== "accepted") return isBegun ? { ...changed, outcome: "lost" } : changed;
      isBegun = true;
    }
    return { outcome: "accepted" };
  }

  async #modify(values: Record<string, string>): Promise<Changed> {
    const { region, parameterGroup } = this.#group;
    const target = awsTarget(this.#env, region);
    return changed(
      await this.#as((keys) => modifyParameters(target, keys, parameterGroup, values)),
      "rds:ModifyDBParameterGroup",
    );
  }

  async #reset(names: readonly [string, ...string[]]): Promise<Changed> {
    const { region, parameterGroup } = this.#group;
    const target = awsTarget(this.#env, region);
    return changed(
      await this.#as((keys) => resetParameters(target, keys, parameterGroup, names)),
      "rds:ResetDBParameterGroup",
    );
  }

  /** Asks AWS with one environment's credentials after the other until one is not denied. */
  async #as<T>(ask: Ask<T>): Promise<AwsResult<T>> {
    let denied: AwsResult<T> | undefined;
    for (const access of await this.#accesses()) {
      const result = await this.#askIn(access, ask);
      if (result.ok || result.failure.kind !== "denied") return result;
      denied ??= result;
    }
    return denied ?? refused("NoAccess", "There are no credentials to reach the parameter group with");
  }

  async #askIn<T>(access: EnvironmentAccess, ask: Ask<T>): Promise<AwsResult<T>> {
    const { accountId, region } = this.#group;
    const { credentials } = access;
    if (credentials === null) return refused("EnvironmentDeleted", "The environment was deleted");
    try {
      return await askAs(this.#env, access, Date.now(), async (keys) => {
        if (!this.#proven.has(credentials)) {
          const account = await callerAccount(awsTarget(this.#env, region), keys);
          if (!account.ok) return account;
          if (account.value !== accountId) {
            return refused("OtherAccount", "The environment's credentials are of another AWS account by now");
          }
          this.#proven.add(credentials);
        }
        return ask(keys);
      });
    } catch (error) {
      // Such as when the key that sealed them was withdrawn: other credentials may work.
      log.error("lease.credentials.failed", { envId: access.envId, ...describeError(error) });
      return refused("CredentialsUnreadable", "The environment's credentials can't be opened");
    }
  }
}

function ownOf(parameters: Map<string, DbParameter>): ParameterSettings {
  const own = [...parameters].filter(([, { isOwn }]) => isOwn);
  return Object.fromEntries(own.map(([name, { value }]) => [name, value]));
}

/** The optional parameters that can be changed, each with what holds where the group has no value of its own. */
function offeredBy(parameters: Map<string, DbParameter>): NonNullable<Offered> {
  const { defaults } = slowLogSwitchOf(parameters).optional;
  const offered = Object.entries(defaults).filter(([name]) => parameters.get(name)?.isChangeable);
  const heldBy = (name: string, default_: string) => {
    const { value = null, isOwn = true } = parameters.get(name) ?? {};
    // RDS may have a default of its own.
    return isOwn ? default_ : (value ?? default_);
  };
  return Object.fromEntries(offered.map(([name, default_]) => [name, heldBy(name, default_)]));
}

/** The codes of failures that are not AWS's: no call was made. Their messages are shown as they are. */
export const OWN_CODES: ReadonlySet<string> = new Set([
  "NoAccess",
  "EnvironmentDeleted",
  "OtherAccount",
  "CredentialsUnreadable",
]);

function refused(
  code: string,
  message: string,
): { ok: false; failure: { kind: "denied"; code: string; operation: null; message: string } } {
  return { ok: false, failure: { kind: "denied", code, operation: null, message } };
}

/** A failure of AWS as the outcome of a change, which is lost after no answer, a 5xx, or an answer that can't be read. */
function changed(result: AwsResult<void>, action: string): Changed {
  if (result.ok) return { outcome: "accepted" };
  const { kind } = result.failure;
  const outcome = kind === "timeout" || kind === "unavailable" ? "lost" : "refused";
  return { outcome, failure: { ...result.failure, action } };
}

function isNotEmpty(names: string[]): names is [string, ...string[]] {
  return names.length > 0;
}
