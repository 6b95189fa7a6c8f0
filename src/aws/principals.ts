/*
 * Who calls AWS is said to an environment's admins only: the names of its role and user, and of this service's own user. AWS's
 * messages have them, as ARNs of IAM and STS ("IAM ARNs" and "Troubleshoot access denied error messages", IAM User Guide). ARNs of
 * other services, such as RDS's, and the account's id may be said to everybody.
 */

/** What AWS calls the caller: an ARN, or the unique id of one. */
const CALLER = /\bUser: (?:arn:\S+|\S+(?= is not authorized))/g;
/** A customer's own policy after the sort of it, which says enough. */
const POLICY = /\b(policy|boundary): arn:[\w-]+:iam::\d*:policy\/\S+/gi;
/**
 * Any other ARN of IAM or STS, also one whose end was cut off. A path in it may have any sign but a blank (IAM API reference, "Path"):
 * only what ends a word of a sentence is not taken for a part of it.
 */
const PRINCIPAL = /\barn:[\w-]+:(?:iam|sts)::\d*:?(\S*?)(?=[.,;:)\]"']*(?:\s|$))/g;

/** A text of AWS without the names of users, roles and policies. What it says of them stays a sentence. */
export function withoutPrincipals(text: string): string {
  return text
    .replace(CALLER, "The user or role")
    .replace(POLICY, "$1")
    .replace(PRINCIPAL, (_, resource: string) => nameless(resource));
}

/** The same of a text that may be absent. */
export const withoutPrincipalsOrNull = (text: string | null): string | null =>
  text === null ? null : withoutPrincipals(text);

/** What stands for an ARN, by the end of it, such as `role/captures`. */
function nameless(resource: string): string {
  switch (resource.split("/")[0]) {
    case "role":
    case "assumed-role":
      return "the role";
    case "user":
    case "federated-user":
      return "the user";
    case "root":
      return "the account's root user";
    case "policy":
      return "the policy";
    default:
      return "the user or role";
  }
}
