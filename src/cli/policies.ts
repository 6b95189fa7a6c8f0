import { partitionOf } from "../aws/partitions.ts";
import { environmentPolicy, type PolicyDocument } from "../environments/policies.ts";

/** What a policy is of; what is not known stands in it in capitals. */
export interface PolicySubject {
  region: string;
  instance: string;
  parameterGroup: string;
  cluster: string | null;
}

/**
 * The permissions policy of an instance, as the console shows it.
 * @param known the AWS account by its number, or a role of it
 */
export function policyOf(
  { region, instance, parameterGroup, cluster }: PolicySubject,
  known: { account?: string | null | undefined; roleArn?: string | undefined },
): PolicyDocument {
  const ofRole = /^arn:[^:]*:iam::(\d{12}):/.exec(known.roleArn ?? "")?.[1];
  return environmentPolicy({
    partition: partitionOf(region).id,
    accountId: known.account ?? ofRole ?? "ACCOUNT",
    ...{ region, instance, parameterGroup, cluster },
  });
}
