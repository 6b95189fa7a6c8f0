import { type AwsCredentials, type AwsResult, awsTarget } from "../aws/client.ts";
import type { AwsFailureKind } from "../aws/error-codes.ts";
import { type DbParameter, describeParameters, modifyParameters, resetParameters } from "../aws/rds.ts";
import { callerAccount } from "../aws/sts.ts";
import type { Env } from "../env.ts";
import { askAs, type EnvironmentAccess } from "../environments/credentials.ts";
import type { ParameterGroup, ParameterSettings } from "../environments/parameter-group.ts";
import { describeError, log } from "../lib/log.ts";
import { slowLogSwitchOf } from "../logs/slow/switch.ts";
import { LEASED_PARAMETERS, type Offered } from "./needs.ts";
import type { Change, EnvId } from "./next-call.ts";
import type { Changed } from "./reconcile.ts";

type Ask<T> = (credentials: AwsCredentials) => Promise<AwsResult<T>>;

/** The current access to an environment on behalf of its captures; null when there is none, such as of a deleted one. */
export type AccessOf = (envId: number) => Promise<EnvironmentAccess | null>;

/** A parameter group's settings of the logs in AWS. Each call is made with the access of the environment that it is for. */
export class GroupInAws {
  readonly #env: Env;
  readonly #group: ParameterGroup;
  readonly #accessOf: AccessOf;
  readonly #proven: Set<string>;

  /**
   * @param accessOf reads an environment's access, each time anew: credentials that were replaced or whose environment was deleted
   *   are not used any more
   * @param proven sealed credentials that are known to be of the group's account; what is found out is added. An environment
   *   can be given credentials of another account, where another group may have the same name
   */
  constructor(env: Env, group: ParameterGroup, accessOf: AccessOf, proven: Set<string>) {
    this.#env = env;
    this.#group = group;
    this.#accessOf = accessOf;
    this.#proven = proven;
  }

  /** The values that the group has of its own, of all parameters that a lease may change. One call, as a group has few. */
  async read(by: EnvId): Promise<AwsResult<ParameterSettings>> {
    const read = await this.#describe(by, "user");
    return read.ok ? { ok: true, value: ownOf(read.value) } : read;
  }

  /** The same, and which of the slow log's optional parameters the group has and can be changed. A call for each 100 parameters. */
  async describe(by: EnvId): Promise<AwsResult<{ own: ParameterSettings; offered: NonNullable<Offered> }>> {
    const read = await this.#describe(by);
    return read.ok ? { ok: true, value: { own: ownOf(read.value), offered: offeredBy(read.value) } } : read;
  }

  async #describe(by: EnvId, source?: "user"): Promise<AwsResult<Map<string, DbParameter>>> {
    const { region, parameterGroup } = this.#group;
    const target = awsTarget(this.#env, region);
    const { result } = await this.#as(by, (keys) =>
      describeParameters(target, keys, parameterGroup, LEASED_PARAMETERS, source),
    );
    return result;
  }

  /** Gives the group values; null takes one away. */
  async change({ settings, by }: Pick<Change, "settings" | "by">): Promise<Changed> {
    const values = Object.entries(settings).filter((entry): entry is [string, string] => entry[1] !== null);
    const unset = Object.keys(settings).filter((name) => settings[name] === null);
    const steps: (() => Promise<Changed>)[] = [];
    if (values.length > 0) steps.push(() => this.#modify(by, Object.fromEntries(values)));
    if (isNotEmpty(unset)) steps.push(() => this.#reset(by, unset));
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

  async #modify(by: EnvId, values: Record<string, string>): Promise<Changed> {
    const { region, parameterGroup } = this.#group;
    const target = awsTarget(this.#env, region);
    return changed(
      await this.#as(by, (keys) => modifyParameters(target, keys, parameterGroup, values)),
      "rds:ModifyDBParameterGroup",
    );
  }

  async #reset(by: EnvId, names: readonly [string, ...string[]]): Promise<Changed> {
    const { region, parameterGroup } = this.#group;
    const target = awsTarget(this.#env, region);
    return changed(
      await this.#as(by, (keys) => resetParameters(target, keys, parameterGroup, names)),
      "rds:ResetDBParameterGroup",
    );
  }

  /** Asks AWS with an environment's access, as it is when the call is sent: to come by its keys can take a while. */
  async #as<T>(by: EnvId, ask: Ask<T>): Promise<Asked<T>> {
    for (let attempt = 1; ; attempt++) {
      const access = by === undefined ? null : await this.#accessOf(by);
      const credentials = access?.credentials ?? null;
      if (access === null || credentials === null) return { result: NO_ACCESS, isSent: false };
      const asked = await this.#askIn(access, credentials, ask);
      if (asked !== "replaced") return asked;
      if (attempt === MAX_REPLACED) return { result: REPLACED, isSent: false };
    }
  }

  /** Asks AWS with these credentials, unless they were replaced or taken away before the call is sent. */
  async #askIn<T>(
    access: EnvironmentAccess,
    credentials: string,
    ask: Ask<T>,
  ): Promise<Asked<T> | "replaced"> {
    let isSent = false;
    let answer: AwsResult<T> | undefined;
    let isReplaced = false;
    try {
      const result = await askAs(this.#env, access, Date.now(), async (keys) => {
        isSent = false;
        const stranger = await this.#whyNotOfGroup(credentials, keys);
        if (stranger !== null) return stranger;
        isReplaced = (await this.#accessOf(access.envId))?.credentials !== credentials;
        if (isReplaced) return REPLACED;
        isSent = true;
        answer = await ask(keys);
        return answer;
      });
      // After an answer that keys have expired, the role is assumed again: that may fail instead.
      return isReplaced ? "replaced" : { result, isSent: isSent && result === answer };
    } catch (error) {
      // Such as when the key that sealed them was withdrawn.
      log.error("lease.credentials.failed", { envId: access.envId, ...describeError(error) });
      return {
        result: refused("CredentialsUnreadable", "The environment's credentials can't be opened"),
        isSent,
      };
    }
  }

  /** Why keys can't be used for the group: they are not of its account, or that is not known. Null when they can. */
  async #whyNotOfGroup(credentials: string, keys: AwsCredentials): Promise<Refused | null> {
    if (this.#proven.has(credentials)) return null;
    const { accountId, region } = this.#group;
    const account = await callerAccount(awsTarget(this.#env, region), keys);
    if (!account.ok) return account;
    if (account.value !== accountId) {
      return refused("OtherAccount", "The environment's credentials are of another AWS account by now");
    }
    this.#proven.add(credentials);
    return null;
  }
}

/** What came of a call, and whether it was sent: before that, an environment's role is assumed, for example. */
interface Asked<T> {
  result: AwsResult<T>;
  isSent: boolean;
}

type Refused = Extract<AwsResult<never>, { ok: false }>;

/** How often in a row credentials may be replaced just before they are used. */
const MAX_REPLACED = 3;

function ownOf(parameters: Map<string, DbParameter>): ParameterSettings {
  const own = [...parameters].filter(([, { isOwn }]) => isOwn);
  return Object.fromEntries(own.map(([name, { value }]) => [name, value]));
}

/** What `Offered` says of a group. */
function offeredBy(parameters: Map<string, DbParameter>): NonNullable<Offered> {
  const { defaults } = slowLogSwitchOf(parameters).optional;
  const offered = Object.entries(defaults).filter(([name]) => parameters.get(name)?.isChangeable);
  const heldBy = (name: string, default_: string) => {
    const { value = null, isOwn = true } = parameters.get(name) ?? {};
    // RDS may have a default of its own.
    return isOwn ? default_ : (value ?? default_);
  };
  const optional = offered.map(([name, default_]) => [name, heldBy(name, default_)]);
  const output = parameters.get("log_output");
  // RDS sets it for MySQL and MariaDB, and not for Aurora, where the engine's own default holds, which is FILE (Aurora User Guide,
  // "Aurora MySQL slow query and general logs").
  return Object.fromEntries(
    output === undefined || output.isOwn ? optional : [...optional, ["log_output", output.value ?? "FILE"]],
  );
}

/** The codes of failures that are not AWS's: no call was made. Their messages are shown as they are. */
export const OWN_CODES: ReadonlySet<string> = new Set([
  "NoAccess",
  "Replaced",
  "OtherAccount",
  "CredentialsUnreadable",
]);

function refused(code: string, message: string, kind: AwsFailureKind = "denied"): Refused {
  return { ok: false, failure: { kind, code, operation: null, message } };
}

const NO_ACCESS = refused("NoAccess", "There are no credentials to reach the parameter group with");
const REPLACED = refused(
  "Replaced",
  "The environment's credentials were replaced just before they were to be used",
  "unavailable",
);

/**
 * A failure of AWS as the outcome of a change, which is lost after no answer, a 5xx, or an answer that can't be read, if it was
 * sent.
 */
function changed({ result, isSent }: Asked<void>, action: string): Changed {
  if (result.ok) return { outcome: "accepted" };
  const { kind } = result.failure;
  const outcome = isSent && (kind === "timeout" || kind === "unavailable") ? "lost" : "refused";
  return { outcome, failure: { ...result.failure, action }, isSent };
}

function isNotEmpty(names: string[]): names is [string, ...string[]] {
  return names.length > 0;
}
