import { type AwsCredentials, type AwsResult, awsTarget } from "../aws/client.ts";
import { describeParameters, modifyParameters, resetParameters } from "../aws/rds.ts";
import { callerAccount } from "../aws/sts.ts";
import type { Env } from "../env.ts";
import { askAs, type EnvironmentAccess } from "../environments/credentials.ts";
import type { LogSettings, ParameterGroup } from "../environments/parameter-group.ts";
import { describeError, log } from "../lib/log.ts";
import { GENERAL_LOG_SWITCH } from "../logs/general/switch.ts";
import type { Changed } from "./reconcile.ts";

/** The parameters that switch the general log. */
const PARAMETERS = Object.keys(GENERAL_LOG_SWITCH.defaults) as (keyof LogSettings)[];

type Ask<T> = (credentials: AwsCredentials) => Promise<AwsResult<T>>;

/** A parameter group's settings of the general log in AWS, reached with the first credentials that are not denied. */
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

  /** The values that the group has of its own. */
  async read(): Promise<AwsResult<LogSettings>> {
    const { region, parameterGroup } = this.#group;
    const target = awsTarget(this.#env, region);
    const names = PARAMETERS;
    const read = await this.#as((keys) => describeParameters(target, keys, parameterGroup, names, "user"));
    if (!read.ok) return read;
    const own = [...read.value].flatMap(([name, { value }]) => (value === null ? [] : [[name, value]]));
    return { ok: true, value: Object.fromEntries(own) };
  }

  /** Gives the group values, and takes those that are absent away. */
  async change(settings: LogSettings): Promise<Changed> {
    const own = Object.entries(settings).filter(([, value]) => value !== undefined) as [string, string][];
    const unset = PARAMETERS.filter((name) => settings[name] === undefined);
    const steps: (() => Promise<Changed>)[] = [];
    if (own.length > 0) steps.push(() => this.#modify(Object.fromEntries(own)));
    if (isNotEmpty(unset)) steps.push(() => this.#reset(unset));
    // The log is switched off before its output changes, or statements would go to a table in between.
    if (settings.general_log === undefined) steps.reverse();
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
): { ok: false; failure: { kind: "denied"; code: string; message: string } } {
  return { ok: false, failure: { kind: "denied", code, message } };
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
