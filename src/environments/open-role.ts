/* What is said of a role that does not ask for its external id. This knows nothing of Workers: the API's description uses it too. */

/** What a role could be assumed with in place of its external id. */
export type OpenTo = "another-id" | "no-id";

/** What is wrong with a role that does not ask for its id, and what to do about it, as sentences without and with a full stop. */
export function explainOpenRole(sent: OpenTo): { said: string; advice: string } {
  const how = sent === "another-id" ? "with an external id that is not its own" : "without any external id";
  return {
    said: `This service can assume the role ${how}, so anybody who knows the role's ARN could have this service use it`,
    advice:
      "Let every statement of the role's trust policy that allows sts:AssumeRole ask for the id, by the condition StringEquals of sts:ExternalId (https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html).",
  };
}
