import { type AwsFailure, awsTarget } from "../aws/client.ts";
import { denialOf, isDenied } from "../aws/denials.ts";
import { explainToGiver } from "../aws/explain.ts";
import { assumeRole } from "../aws/sts.ts";
import type { Env } from "../env.ts";
import { ApiError, notNow } from "../http/refusals.ts";
import type { StoredCredentials } from "./credentials.ts";
import { newExternalId } from "./external-ids.ts";
import { explainOpenRole, type OpenTo } from "./open-role.ts";
import { NO_IDENTITY, ofService, serviceKey } from "./service-identity.ts";

/*
 * Whether a role asks for its external id. AWS has a service find that out itself before it takes a role: it should try whether it
 * can assume the role without the right id, and not use it if so ("Access to AWS accounts owned by third parties" and "The confused
 * deputy problem", IAM User Guide). Otherwise anybody who knows the role's ARN could have the service use it for them.
 */

/** What came of trying to assume a role with an id that is not its own, and with none. */
export type RoleTrust =
  /** Both were refused. */
  | { outcome: "asks" }
  /** It could be assumed with any id, or without one. */
  | { outcome: "open"; sent: OpenTo }
  /** AWS did not say. */
  | { outcome: "unknown"; failure: AwsFailure };

/**
 * Tries to assume the role of some credentials with a random external id and, at the same time, without one. What comes of it means
 * something only for a role that can be assumed with its own id.
 * @returns null of an access key
 */
export async function trustOf(
  env: Env,
  region: string,
  credentials: StoredCredentials,
): Promise<RoleTrust | null> {
  if (!("roleArn" in credentials)) return null;
  const { roleArn } = credentials;
  const key = serviceKey(env);
  if (key === null) return { outcome: "unknown", failure: NO_IDENTITY };
  const assume = (externalId: string | null) =>
    assumeRole(awsTarget(env, region), key, { roleArn, externalId });
  const [another, none] = await Promise.all([assume(newExternalId()), assume(null)]);
  if (another.ok) return { outcome: "open", sent: "another-id" };
  if (none.ok) return { outcome: "open", sent: "no-id" };
  const [ofAnother, ofNone] = [ofService(another.failure), ofService(none.failure)];
  // This service's own policy should forbid to send none: that says nothing about the role, and another id is tried besides.
  const unsaid = isDeniedByService(ofAnother)
    ? ofAnother
    : [ofAnother, ofNone].find((failure) => !isDenied(failure, "action"));
  return unsaid === undefined ? { outcome: "asks" } : { outcome: "unknown", failure: unsaid };
}

/** Whether AWS says that a policy of the caller's denies it; only the role's trust policy is a policy of its resource. */
function isDeniedByService(failure: AwsFailure): boolean {
  const policy = isDenied(failure, "action") ? denialOf(failure)?.policy : undefined;
  return policy !== undefined && policy !== "resource-based policy" && policy !== "resource control policy";
}

/**
 * Refuses a role that does not ask for its external id, or of which AWS does not say whether it does.
 * @throws ApiError 400, or 503 when AWS does not say
 */
export function requireTrust(trust: RoleTrust, region: string): void {
  switch (trust.outcome) {
    case "asks":
      return;
    case "open": {
      const { said, advice } = explainOpenRole(trust.sent);
      throw new ApiError(400, `${said}. ${advice}`);
    }
    case "unknown": {
      const { failure } = trust;
      const message = `Whether the role asks for its external id could not be found out: ${explainToGiver(failure, "", region)}`;
      throw notNow(message, failure.retryAfter);
    }
  }
}
