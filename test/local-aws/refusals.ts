import type { Account } from "./accounts.ts";
import { type AwsError, commonErrors, queryError } from "./errors.ts";

/** Refusals of AWS that a test can provoke, by their codes in the Query protocol; each is worded as AWS words it. */
const REFUSALS = {
  /** The key is not known (any more). */
  InvalidClientTokenId: () => commonErrors.invalidToken(),
  SignatureDoesNotMatch: () =>
    commonErrors.wrongSignature(
      "The request signature we calculated does not match the signature you provided. Check your AWS Secret " +
        "Access Key and signing method. Consult the service documentation for details.",
    ),
  /** A clock that is more than 15 minutes slow: it has SignatureDoesNotMatch's code, and says why. */
  SignatureExpired: () =>
    commonErrors.wrongSignature(
      "Signature expired: 20260101T000000Z is now earlier than 20260101T001500Z (20260101T003000Z - 15 min.)",
    ),
  ExpiredToken: () => commonErrors.expiredToken(),
  /** A region that the account has not opted in to, or a service that it has not signed up for (RDS API, Common Errors). */
  OptInRequired: () =>
    queryError("OptInRequired", 403, "The AWS Access Key Id needs a subscription for the service"),
  /** STS is switched off in this region for the account (STS API reference, AssumeRole). */
  RegionDisabledException: ({ id }: Account) =>
    queryError(
      "RegionDisabledException",
      403,
      `STS is not activated in this region for account:${id}. Your account administrator can activate STS in this region using the IAM Console.`,
    ),
} satisfies Record<string, (account: Account) => AwsError>;

export type RefusalCode = keyof typeof REFUSALS;
export const REFUSAL_CODES = Object.keys(REFUSALS) as [RefusalCode, ...RefusalCode[]];

/** A refusal in AWS's words. @param account the caller's */
export function refusal(code: RefusalCode, account: Account): AwsError {
  return REFUSALS[code](account);
}
