import type { Account, Principal } from "./accounts.ts";

/**
 * What can refuse an action, by short names, and how AWS's messages call it (IAM User Guide, "Troubleshoot access denied error
 * messages").
 */
export const POLICY_NAMES = {
  identity: "an identity-based policy",
  session: "a session policy",
  "permissions-boundary": "a permissions boundary",
  "service-control": "a service control policy",
  "resource-control": "a resource control policy",
  "resource-based": "a resource-based policy",
  "vpc-endpoint": "a VPC endpoint policy",
  /** Some services say no more than that the action is not allowed. */
  unsaid: "",
} as const;
export type PolicyName = keyof typeof POLICY_NAMES;
export const POLICIES = Object.keys(POLICY_NAMES) as [PolicyName, ...PolicyName[]];

/** An action that an account's policies don't allow. */
export interface Denial {
  /** `rds:DescribeDBInstances`, or `rds:*`. */
  action: string;
  /** Which policy is why; the identity's own if it does not say. */
  policy?: PolicyName | undefined;
  /** Whether the policy denies it, and does not only fail to allow it. */
  isExplicit?: boolean | undefined;
  /** The policy's ARN, which AWS says since 2026 if the caller is in the same account or organisation. */
  policyArn?: string | undefined;
  /** How the ARN of the resource ends to which alone it applies, such as `db:*` for a list of all; any if it does not say. */
  resource?: string;
  /** To whom alone it applies: the id of a user's key, or a role's ARN; anybody if it does not say. */
  of?: string;
}

/** The denial that strikes a call, or undefined if the account's policies allow it. */
export function denialOf(
  account: Account,
  principal: Pick<Principal, "accessKeyId" | "roleArn">,
  iamAction: string,
  resource: string | undefined,
): Denial | undefined {
  const ofService = `${iamAction.slice(0, iamAction.indexOf(":"))}:*`;
  return account.denied.find(
    (denial) =>
      (denial.action === iamAction || denial.action === ofService) &&
      (denial.resource === undefined || resource?.endsWith(`:${denial.resource}`) === true) &&
      (denial.of === undefined || denial.of === principal.accessKeyId || denial.of === principal.roleArn),
  );
}

/** What AWS says of a denial. @param arn who asked */
export function denialMessage(
  arn: string,
  iamAction: string,
  resource: string | undefined,
  { policy = "identity", isExplicit = false, policyArn }: Omit<Denial, "action"> = {},
): string {
  const onResource = resource === undefined ? "" : ` on resource: ${resource}`;
  const said = `User: ${arn} is not authorized to perform: ${iamAction}${onResource}`;
  if (policy === "unsaid") return said;
  const named = POLICY_NAMES[policy];
  const which = policyArn === undefined ? "" : `: ${policyArn}`;
  if (isExplicit) return `${said} with an explicit deny in ${named}${which}`;
  return `${said} because no ${named.replace(/^an? /, "")} allows the ${iamAction} action${which}`;
}
