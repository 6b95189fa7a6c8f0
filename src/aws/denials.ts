import type { AwsFailure } from "./client.ts";
import { CREDENTIALS_REFUSED, REGION_REFUSED } from "./error-codes.ts";
import { isOptIn, partitionOf, roleRegion } from "./partitions.ts";

/*
 * Why AWS denied a call, and what to do about it. AWS names the sort of policy that denied it, in words that are the same for all
 * services: "with an explicit deny in a service control policy", "because no identity-based policy allows the rds:… action" ("Troubleshoot
 * access denied error messages", IAM User Guide). Not all calls have them: across accounts it names fewer.
 */

/** The policy that denied a call. */
export interface Denial {
  /** AWS's name of its sort, in lower case, such as `service control policy` or `permissions boundary`. */
  policy: string;
  /** Whether it has a Deny statement for the call. It lacks an Allow statement otherwise. */
  isExplicit: boolean;
}

const EXPLICIT = /\b(?:with|due to) an explicit deny in an? ([a-z -]*?(?:policy|boundary))\b/i;
const IMPLICIT = /\bbecause no ([a-z -]*?(?:policy|boundary)) allows\b/i;

/** The policy that AWS says has denied a call; null where it does not say. */
export function denialOf({ message }: Pick<AwsFailure, "message">): Denial | null {
  const explicit = EXPLICIT.exec(message)?.[1];
  if (explicit !== undefined) return { policy: explicit.toLowerCase(), isExplicit: true };
  const implicit = IMPLICIT.exec(message)?.[1];
  return implicit === undefined ? null : { policy: implicit.toLowerCase(), isExplicit: false };
}

/** What was denied: the credentials as such, the region to the account, or one action to known credentials. */
export function whatIsDenied({ code }: Pick<AwsFailure, "code">): "credentials" | "region" | "action" {
  if (CREDENTIALS_REFUSED.test(code)) return "credentials";
  return REGION_REFUSED.test(code) ? "region" : "action";
}

/** Whether a failure says that this was denied. */
export const isDenied = (failure: AwsFailure, what: ReturnType<typeof whatIsDenied>): boolean =>
  failure.kind === "denied" && whatIsDenied(failure) === what;

/** What to do about a call that AWS denied, as a sentence or two. */
export function adviceOnDenial(failure: AwsFailure, region: string): string {
  switch (whatIsDenied(failure)) {
    case "credentials":
      return adviceOnCredentials(failure.code, region);
    case "region":
      return `The account can't use this service in ${isAssumeRole(failure) ? roleRegion(region) : region} yet: enable the region in the account's settings (AWS Regions), and STS in it (IAM, account settings). A new account has to finish its sign-up first.`;
    case "action":
      return isAssumeRole(failure) ? adviceOnRole(denialOf(failure)) : adviceOnPolicy(failure, region);
  }
}

function adviceOnCredentials(code: string, region: string): string {
  if (/^(InvalidClientTokenId|UnrecognizedClient|InvalidAccessKeyId)/.test(code)) {
    const check = "There is no such access key: check the access key id, and that the key is active.";
    const { id } = partitionOf(region);
    if (id !== "aws")
      return `${check} Keys of other partitions are not known in ${region}, which is in ${id}.`;
    return isOptIn(region)
      ? `${check} AWS says the same where ${region} is not enabled for the key's account.`
      : check;
  }
  if (/^(SignatureDoesNotMatch|InvalidSignature)/.test(code)) {
    return "The secret access key does not belong to the access key id, or the region is not the instance's.";
  }
  if (code.startsWith("ExpiredToken")) return "The credentials have expired: give new ones.";
  return "Give the credentials again, as AWS shows them.";
}

const isAssumeRole = ({ operation, message }: AwsFailure): boolean =>
  operation === "sts:AssumeRole" || message.includes("sts:AssumeRole");

/** The caller is this service then; only the role's trust policy, a policy of its resource, is the customer's. */
function adviceOnRole(denial: Denial | null): string {
  if (denial === null || denial.policy === "resource-based policy") {
    // AWS says the same of a role that does not exist, one that does not trust the caller, and a wrong external id.
    return "Check the role's ARN, that its trust policy names this service's user, and that the external id is the policy's.";
  }
  if (denial.policy === "resource control policy") {
    return "Ask whoever administers the AWS organization of the role's account to let this service's account assume the role.";
  }
  return `It is the ${denial.policy} of this service itself that ${verb(denial)} it: give the role a name or path that the service may assume, or ask its operator.`;
}

const verb = ({ isExplicit }: Denial): string => (isExplicit ? "denies" : "does not allow");

function adviceOnPolicy(failure: AwsFailure, region: string): string {
  const denial = denialOf(failure);
  if (denial === null) return NARROW;
  const action = failure.operation ?? "it";
  switch (denial.policy) {
    case "service control policy":
    case "resource control policy":
      return `A ${denial.policy} of the AWS organization ${verb(denial)} it, which no permission in the account outweighs: ask whoever administers the organization to allow ${action} in ${region}.`;
    case "permissions boundary":
      return `The permissions boundary of the user or role ${verb(denial)} it, which no policy outweighs: allow ${action} in the boundary.`;
    case "session policy":
      return `The session policy of the temporary credentials ${verb(denial)} it: make them without one, or allow ${action} in it.`;
    case "identity-based policy":
      return denial.isExplicit
        ? `A Deny statement in a policy of the user or role outweighs all that it is allowed: take ${action} out of it.`
        : NARROW;
    default:
      return `A ${denial.policy} ${verb(denial)} it: allow ${action} there.`;
  }
}

const NARROW = "Give them the permissions that docs/connect-aws.md lists.";
