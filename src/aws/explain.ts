import type { AwsFailure } from "./client.ts";
import { adviceOnDenial, whatIsDenied } from "./denials.ts";
import { isKnownRegion, partitionOf } from "./partitions.ts";
import { withoutPrincipals } from "./principals.ts";

/** A failure in words: what AWS did, and what to do about it. */
export interface Explanation {
  /** Without a full stop. */
  said: string;
  /** Whole sentences; null where there is nothing to do about it. */
  advice: string | null;
}

/**
 * Says why AWS refused or failed and what to do about it, in words a person can act on. The names of users and roles are left out:
 * what is stored, or shown to members, is said so.
 */
export function explain(failure: AwsFailure, instance: string, region: string): string {
  return inOneText(explanation(failure, instance, region));
}

/** The same in two parts. */
export function explanation(failure: AwsFailure, instance: string, region: string): Explanation {
  return inFull({ ...failure, message: withoutPrincipals(failure.message) }, instance, region);
}

/** The same with the names of users and roles: for whoever has just given the credentials, and for nobody else. */
export function explainToGiver(failure: AwsFailure, instance: string, region: string): string {
  return inOneText(inFull(failure, instance, region));
}

const inOneText = ({ said, advice }: Explanation): string => (advice === null ? said : `${said}. ${advice}`);

function inFull(failure: AwsFailure, instance: string, region: string): Explanation {
  const said = inAwsWords(failure);
  switch (failure.kind) {
    case "denied": {
      const whatAwsDid =
        whatIsDenied(failure) === "credentials" ? "AWS refused the credentials" : "AWS does not permit it";
      return { said: `${whatAwsDid}: ${said}`, advice: adviceOnDenial(failure, region) };
    }
    case "not-found":
      return failure.code.startsWith("DBInstanceNotFound")
        ? {
            said: `There is no RDS instance ${instance} in ${region} (${failure.code})`,
            advice: "Check the instance's identifier and the region.",
          }
        : { said: `AWS did not find what was asked for: ${said}`, advice: null };
    case "rejected":
      if (failure.operation === null) return { said: failure.message, advice: null };
      return { said: `AWS did not accept the request: ${said}`, advice: null };
    case "identity":
      return {
        said: `AWS refuses this service's own key, with which it assumes roles: ${said}`,
        advice: `${forService(region)} Neither the role nor its trust policy is at fault.`,
      };
    case "clock":
      return {
        said: `The clock of this service is wrong, and AWS refuses its requests until it is right: ${said}`,
        advice: `The credentials are not at fault. ${AGAIN}`,
      };
    case "throttled":
      return { said: `AWS is throttling requests of this account: ${said}`, advice: AGAIN };
    case "unavailable":
      if (failure.operation === null) return { said: failure.message, advice: AGAIN };
      return failure.code === "NotAws"
        ? {
            said,
            advice: `Something between this service and AWS answers: its operator has to look at it. ${AGAIN}`,
          }
        : { said: `AWS could not answer: ${said}`, advice: againIn(region) };
    case "timeout":
      return { said, advice: againIn(region) };
  }
}

const AGAIN = "Try again soon.";

/** What helps a service whose own key is refused: a key is known in its own partition only. */
function forService(region: string): string {
  const { id } = partitionOf(region);
  return id === "aws"
    ? "Its operator has to replace the key."
    : `Its operator has to replace the key with one of ${id}, the partition of ${region}; a key of your own works there without.`;
}

/** A host that is not there looks like one that does not answer. */
function againIn(region: string): string {
  return isKnownRegion(region) ? AGAIN : `${AGAIN} Is ${region} right? This service knows no such region.`;
}

/** What AWS said, after what it was asked. */
function inAwsWords({ operation, message, code }: AwsFailure): string {
  const words = `${message.replace(/\.$/, "")} (${code})`;
  return operation === null || message.includes(operation) ? words : `${operation} answered: ${words}`;
}
