import { partitionOf } from "../aws/partitions.ts";
import { environmentPolicy, type PolicyDocument } from "../environments/policies.ts";

/** What a policy is of; what is not known stands in it in capitals. */
export interface PolicySubject {
  region: string;
  instance: string;
  parameterGroup: string;
  cluster: string | null;
}

/** What stands in a policy for an account that is not known. IAM takes no such policy. */
export const UNKNOWN_ACCOUNT = "ACCOUNT";

/**
 * The permissions policy of an instance, as the console shows it.
 * @param known the AWS account by its number, or a role of it
 */
export function policyOf(
  { region, instance, parameterGroup, cluster }: PolicySubject,
  known: { account?: string | null | undefined; roleArn?: string | undefined },
): PolicyDocument {
  return environmentPolicy({
    partition: partitionOf(region).id,
    accountId: accountOf(known) ?? UNKNOWN_ACCOUNT,
    ...{ region, instance, parameterGroup, cluster },
  });
}

/** The AWS account that is said, or that a role's ARN says; null when neither does. */
export function accountOf({
  account,
  roleArn,
}: {
  account?: string | null | undefined;
  roleArn?: string | undefined;
}): string | null {
  return account ?? /^arn:[^:]*:iam::(\d{12}):/.exec(roleArn ?? "")?.[1] ?? null;
}
