import { type AwsCredentials, type AwsFailure, type AwsResult, awsTarget } from "../aws/client.ts";
import { isDenied } from "../aws/denials.ts";
import { explain, explainToGiver } from "../aws/explain.ts";
import { callerIdentity } from "../aws/sts.ts";
import type { Env } from "../env.ts";
import { ApiError, notNow } from "../http/refusals.ts";

/*
 * The service's own identity in AWS, which roles of environments trust. What AWS refuses to it is no fault of an environment's.
 */

/** The key of the service's own identity; null when it has none. */
export function serviceKey(env: Env): AwsCredentials | null {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  return accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey } : null;
}

/** The failure of a service without one. */
export const NO_IDENTITY: AwsFailure = {
  kind: "rejected",
  code: "NoIdentity",
  operation: null,
  message: "This service has no AWS identity to assume roles with; use an access key instead",
};

/** The failure of a call that was signed with the service's own key: of the kind `identity` where that key is refused. */
export function ofService(failure: AwsFailure): AwsFailure {
  return isDenied(failure, "credentials") ? { ...failure, kind: "identity" } : failure;
}

/** Where it is asked for its name. Unless AWS_REGION says otherwise, that is a region of the partition that nearly all keys are of. */
const regionOf = (env: Env): string => env.AWS_REGION || "us-east-1";

// Cache of the ARN, by the access key id: it is a key's for ever.
const arns = new Map<string, string>();

/** The ARN of the service's own identity, such as `arn:aws:iam::123456789012:user/captures`, as AWS says it. */
export async function serviceArn(env: Env, key: AwsCredentials): Promise<AwsResult<string>> {
  const known = arns.get(key.accessKeyId);
  if (known !== undefined) return { ok: true, value: known };
  const said = await callerIdentity(awsTarget(env, regionOf(env)), key);
  if (!said.ok) return { ok: false, failure: ofService(said.failure) };
  arns.set(key.accessKeyId, said.value.arn);
  return { ok: true, value: said.value.arn };
}

/** The refusal when AWS does not say who this service is: its own key is refused, or AWS can't be asked just now. */
export function identityUnknown(env: Env, failure: AwsFailure): ApiError {
  const message = explain(failure, "", regionOf(env));
  return notNow(message, failure.retryAfter);
}

/**
 * The refusal of a region, an instance and credentials that AWS did not accept, for who gave them: 400 in words; 503 where this
 * service's own key or clock is at fault, or AWS throttles or fails, and 504 where it does not answer in time.
 */
export function awsWouldNot(failure: AwsFailure, instance: string, region: string): ApiError {
  const message = explainToGiver(failure, instance, region);
  switch (failure.kind) {
    // Somebody has to mend these.
    case "identity":
    case "clock":
      return notNow(message, 60);
    case "throttled":
    case "unavailable":
      return notNow(message, failure.retryAfter);
    case "timeout":
      return new ApiError(504, message);
    default:
      return new ApiError(400, message);
  }
}
