import { explainOpenRole } from "../open-role.ts";
import type { Answers, Subject } from "./answers.ts";
import type { Check } from "./checks.ts";
import { inWords, notAsked, passed, toCheck } from "./words.ts";

/** Whether the role asks for its external id, and whether that is the service's; null of an access key. */
export function checkTrust({ access, trust }: Answers, subject: Subject): Check | null {
  const id = "external-id";
  if (trust === null) return null;
  // AWS refuses a role that does not exist, too.
  if (!access.ok)
    return notAsked(id, "error", "It is not known: the role can't be assumed with its own external id.");
  switch (trust.outcome) {
    case "unknown": {
      const { detail, action } = inWords(trust.failure, subject);
      return toCheck(id, "unknown", "error", detail, action);
    }
    case "open": {
      const { said, advice } = explainOpenRole(trust.sent);
      return toCheck(id, "failed", "error", `${said}.`, advice);
    }
    case "asks":
      return subject.isOwnId ? passed(id, "error", ASKS) : toCheck(id, "failed", "warning", CHOSEN, REPLACE);
  }
}

const ASKS =
  "This service can assume the role with its external id alone: not with another, and not without one.";
const CHOSEN =
  "The role asks for its external id, which was chosen by a person: whoever knows it and the role's ARN could have registered the role.";
const REPLACE =
  "Ask for an external id of this service's, let the role's trust policy ask for that, and give the environment the role's ARN again (docs/connect-aws.md).";
