import type { AwsFailure } from "./client.ts";

/** Says why AWS refused or failed and what to do about it, in words a person can act on. */
export function explain(failure: AwsFailure, instance: string, region: string): string {
  const said = `${failure.message.replace(/\.$/, "")} (${failure.code})`;
  switch (failure.kind) {
    case "denied":
      return `AWS refused the credentials: ${said}. ${advice(failure)}`;
    case "not-found":
      return failure.code.startsWith("DBInstanceNotFound")
        ? `There is no RDS instance ${instance} in ${region}: check the instance's identifier and the region (${failure.code})`
        : `AWS did not find what was asked for: ${said}`;
    case "rejected":
      if (SAID_BY_THIS_SERVICE.has(failure.code)) return failure.message;
      return `AWS did not accept the request: ${said}`;
    case "clock":
      return `The clock of this service is wrong, and AWS refuses its requests until it is right: ${said}. The credentials are not at fault. Try again soon.`;
    case "throttled":
      return `AWS is throttling requests of this account: ${said}. Try again soon.`;
    case "unavailable":
      return `AWS could not answer: ${said}. Try again soon.`;
    case "timeout":
      return `${said}. Try again soon.`;
  }
}

/** The codes of refusals that are not AWS's (environments/instance.ts): their messages need no more words. */
const SAID_BY_THIS_SERVICE: ReadonlySet<string> = new Set([
  "UnsupportedEngine",
  "UnsupportedCluster",
  "NotAnInstance",
]);

function advice({ code, message }: AwsFailure): string {
  // AWS says the same of a role that does not exist, one that does not trust the caller, and a wrong external id.
  if (message.includes("sts:AssumeRole")) {
    return "Check the role's ARN, that its trust policy names that user, and that the external id is the policy's.";
  }
  if (/^(InvalidClientTokenId|UnrecognizedClient|InvalidAccessKeyId)/.test(code)) {
    return "There is no such access key: check the access key id, and that the key is active.";
  }
  if (/^(SignatureDoesNotMatch|InvalidSignature)/.test(code)) {
    return "The secret access key does not belong to the access key id, or the region is not the instance's.";
  }
  if (code.startsWith("ExpiredToken")) return "The credentials have expired: give new ones.";
  return "Give them the permissions that docs/connect-aws.md lists.";
}
