import type { DbInstance } from "../aws/rds.ts";
import type { Env } from "../env.ts";
import { ApiError } from "../http/refusals.ts";
import type { ErrorBody } from "../http/replies.ts";
import { type StoredCredentials, signingCredentials } from "./credentials.ts";
import { inOneSentence, unsuited } from "./engines.ts";
import { timeLimit } from "./preflight/ask.ts";
import type { Check, CheckStatus } from "./preflight/checks.ts";
import { listInstances } from "./preflight/listing.ts";
import {
  type ChangesOf,
  type KeptChecks,
  keptChecks,
  type Preflight,
  type PreflightSubject,
  preflight,
} from "./preflight/preflight.ts";
import type { InstanceList } from "./preflight/replies.ts";
import { requireTrust, trustOf } from "./role-trust.ts";
import { awsWouldNot } from "./service-identity.ts";

/*
 * Has AWS confirm what an environment is to be of, before that is saved.
 */

/** The refusal of an instance that can't be captured as it is, with all that was found. */
class NotCapturable extends ApiError {
  readonly #checks: Check[];

  constructor(message: string, checks: Check[]) {
    super(400, message);
    this.#checks = checks;
  }

  override get body(): ErrorBody {
    return { ...super.body, checks: this.#checks } as ErrorBody;
  }
}

/** What AWS says of an instance that an environment is to be of. */
export type Confirmed = Pick<
  DbInstance,
  "engine" | "engineVersion" | "parameterGroup" | "cluster" | "accountId"
> &
  KeptChecks;

/** What is to be taken. */
interface Terms {
  /**
   * Whether to take one that is not ready: true takes any, false takes none, and where it is undefined, one is taken that can be made
   * ready later, such as by a permission.
   */
  allowNotReady: boolean | undefined;
  /** The region, the instance or the credentials are new: a role has to ask for its external id. One that an environment has goes on. */
  isNewTarget: boolean;
}

/**
 * Asks AWS about an instance that an environment is to be of.
 * @throws ApiError 400 that says what to do: the credentials are refused, there is no such instance, or it can't be captured; also as
 *   `requireTrust` and `awsWouldNot`
 */
export async function confirm(
  env: Env,
  changesOf: ChangesOf,
  subject: PreflightSubject,
  terms: Terms,
): Promise<Confirmed> {
  const now = Date.now();
  const looked = await preflight(env, changesOf, subject, now);
  const { engine, engineVersion, parameterGroup, cluster, accountId } = confirmed(looked, subject, terms);
  return { engine, engineVersion, parameterGroup, cluster, accountId, ...keptChecks(looked, now) };
}

/** The instance of a preflight, if an environment may be of it. */
function confirmed(
  { found, failure, trust, checks, ready }: Preflight,
  { instance, region }: Pick<PreflightSubject, "instance" | "region">,
  { allowNotReady, isNewTarget }: Terms,
): DbInstance {
  // First: nothing is said of an account that the caller may not be of.
  if (trust !== null && isNewTarget) requireTrust(trust, region);
  if (failure !== null) throw awsWouldNot(failure, instance, region);
  if (found === null) throw new Error("A preflight without an instance has to say why");
  const problem = unsuited(found);
  if (allowNotReady === true) return found;
  if (problem !== null) throw new NotCapturable(inOneSentence(problem), checks);
  if (allowNotReady === false && !ready) {
    throw new NotCapturable(notReady(instance, checks), checks);
  }
  return found;
}

/** What keeps an instance from being ready, in words: what fails, or else what AWS could not say. */
function notReady(instance: string, checks: readonly Check[]): string {
  const titles = (wanted: CheckStatus) =>
    checks
      .filter(({ status, severity }) => status === wanted && severity === "error")
      .map(({ title }) => title)
      .join(", ");
  const failed = titles("failed");
  return failed === ""
    ? `Whether captures of ${instance} would work could not be found out; these checks are unknown: ${titles("unknown")}`
    : `Captures of ${instance} would not work yet; these checks fail: ${failed}`;
}

/**
 * The instances that credentials reach in a region.
 * @throws ApiError 400 that says what to do: the credentials are refused, or may not list instances; also as `requireTrust` and
 *   `awsWouldNot`
 */
export async function instancesOf(
  env: Env,
  region: string,
  credentials: StoredCredentials,
): Promise<InstanceList> {
  const until = timeLimit(env);
  const [keys, trust] = await Promise.all([
    signingCredentials(env, region, credentials, null, Date.now()),
    trustOf(env, region, credentials),
  ]);
  if (keys.ok && trust !== null) requireTrust(trust, region);
  const listed = keys.ok ? await listInstances(env, region, keys.value, until) : keys;
  if (listed.ok) return listed.value;
  throw awsWouldNot(listed.failure, "", region);
}
