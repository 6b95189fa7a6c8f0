import { type AwsCredentials, type AwsResult, type AwsTarget, callAws, malformed } from "./client.ts";
import { partitionOf, roleRegion } from "./partitions.ts";
import { child, queryRequest, queryResult, text } from "./query.ts";

const VERSION = "2011-06-15";

/** Keys that AWS will accept until a moment, in milliseconds since the epoch. */
export interface TemporaryCredentials extends Required<AwsCredentials> {
  expiresAt: number;
}

/** A role in a customer's account, and the id without which the role can't be assumed. */
export interface Role {
  roleArn: string;
  externalId: string;
}

/**
 * AssumeRole (STS API reference 2011-06-15): credentials of the role for an hour, which are valid in every region that the role's
 * account has. A region that has to be enabled is not asked: that would have to be enabled in the caller's account too ("Manage AWS
 * STS in an AWS Region", IAM User Guide).
 * @param role with the external id to send; null for none, which a role that can be trusted refuses
 * @returns also the failure `OtherPartition`, without a call, for a role that can't reach the region
 */
export async function assumeRole(
  target: AwsTarget,
  credentials: AwsCredentials,
  role: { roleArn: string; externalId: string | null },
): Promise<AwsResult<TemporaryCredentials>> {
  const [, ownPartition] = role.roleArn.split(":");
  const { id: partition } = partitionOf(target.region);
  if (ownPartition !== partition) {
    const message = `AWS keeps its partitions apart: the role is of ${ownPartition}, and ${target.region} is in ${partition}`;
    return { ok: false, failure: { kind: "rejected", code: "OtherPartition", operation: null, message } };
  }
  const action = "AssumeRole";
  const request = queryRequest("sts", action, VERSION, {
    RoleArn: role.roleArn,
    RoleSessionName: "captures",
    ...(role.externalId === null ? {} : { ExternalId: role.externalId }),
    DurationSeconds: "3600",
  });
  const reply = await callAws({ ...target, region: roleRegion(target.region) }, credentials, request);
  if (!reply.ok) return reply;
  const issued = child(queryResult(reply.value, action), "Credentials");
  const accessKeyId = text(issued, "AccessKeyId");
  const secretAccessKey = text(issued, "SecretAccessKey");
  const sessionToken = text(issued, "SessionToken");
  const expiresAt = Date.parse(text(issued, "Expiration") ?? "");
  if (!accessKeyId || !secretAccessKey || !sessionToken || Number.isNaN(expiresAt)) return malformed(request);
  return { ok: true, value: { accessKeyId, secretAccessKey, sessionToken, expiresAt } };
}

/** Who signs with credentials. */
export interface CallerIdentity {
  /** Twelve digits. */
  accountId: string;
  arn: string;
}

/** GetCallerIdentity: whom credentials belong to. No policy can deny this call. */
export async function callerIdentity(
  target: AwsTarget,
  credentials: AwsCredentials,
): Promise<AwsResult<CallerIdentity>> {
  const action = "GetCallerIdentity";
  const request = queryRequest("sts", action, VERSION, {});
  const reply = await callAws(target, credentials, request);
  if (!reply.ok) return reply;
  const said = queryResult(reply.value, action);
  const accountId = text(said, "Account");
  const arn = text(said, "Arn");
  return accountId && arn ? { ok: true, value: { accountId, arn } } : malformed(request);
}

/** The AWS account that credentials belong to, by `callerIdentity`. */
export async function callerAccount(
  target: AwsTarget,
  credentials: AwsCredentials,
): Promise<AwsResult<string>> {
  const said = await callerIdentity(target, credentials);
  return said.ok ? { ok: true, value: said.value.accountId } : said;
}
