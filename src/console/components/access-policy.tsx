import { partitionOf } from "../../aws/partitions.ts";
import { environmentPolicy } from "../../environments/policies.ts";
import { CopyText, policyText } from "./copy-text.tsx";

/** What stands in a policy for what is not known. */
const UNKNOWN = { account: "ACCOUNT", parameterGroup: "PARAMETER_GROUP" };

/** What the role or the key of an environment has to be allowed, for exactly its instance. */
export function AccessPolicy({
  region,
  instance,
  parameterGroup,
  cluster,
  account,
}: {
  region: string;
  instance: string;
  /** Empty while it is not known. */
  parameterGroup: string;
  /** The cluster that it is a member of; empty if it is of none. */
  cluster: string;
  /** The number of the account that it is in; null while that is not known. */
  account: string | null;
}) {
  const policy = environmentPolicy({
    partition: partitionOf(region).id,
    region,
    accountId: account ?? UNKNOWN.account,
    instance,
    parameterGroup: parameterGroup || UNKNOWN.parameterGroup,
    cluster: cluster || null,
  });
  const missing = [
    account === null && (
      <>
        your account's number for <code>{UNKNOWN.account}</code>
      </>
    ),
    parameterGroup === "" && (
      <>
        the instance's parameter group for <code>{UNKNOWN.parameterGroup}</code>
      </>
    ),
  ].filter((one) => one !== false);
  return (
    <>
      <CopyText what="Permissions policy" text={policyText(policy)} />
      {missing.length > 0 && (
        <p class="hint">
          Put {missing[0]}
          {missing.length > 1 && <> and {missing[1]}</>} in it.
        </p>
      )}
    </>
  );
}
