/** AWS's own clients against the local AWS: what they accept is AWS's protocol, and not our idea of it. */
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { RDSClient } from "@aws-sdk/client-rds";
import { type AssumeRoleCommandOutput, STSClient } from "@aws-sdk/client-sts";
import { type LocalAccount, localAwsUrl } from "./client.ts";
import type { Credentials } from "./control-shapes.ts";

/** What a test may want otherwise than the account has it. */
export interface ClientOptions {
  region?: string;
  credentials?: Credentials;
  /** How far the client's clock is from the real one. */
  systemClockOffset?: number;
}

/** A CloudWatch client that makes each call once. */
export function cloudWatchClient(account: LocalAccount, options: ClientOptions = {}): CloudWatchClient {
  return new CloudWatchClient(configuration(account, options));
}

/** An RDS client that makes each call once. */
export function rdsClient(account: LocalAccount, options: ClientOptions = {}): RDSClient {
  return new RDSClient(configuration(account, options));
}

/** An STS client that makes each call once. */
export function stsClient(account: LocalAccount, options: ClientOptions = {}): STSClient {
  return new STSClient(configuration(account, options));
}

/** The credentials that AssumeRole gave. */
export function sessionOf({ Credentials: made }: AssumeRoleCommandOutput): Credentials {
  return {
    accessKeyId: made?.AccessKeyId ?? "",
    secretAccessKey: made?.SecretAccessKey ?? "",
    sessionToken: made?.SessionToken ?? "",
  };
}

function configuration({ region, credentials }: LocalAccount, options: ClientOptions) {
  return { endpoint: localAwsUrl(), region, credentials, maxAttempts: 1, ...options };
}
