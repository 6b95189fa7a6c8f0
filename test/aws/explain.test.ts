import { describe, expect, it, test } from "vitest";
import type { AwsFailure } from "../../src/aws/client.ts";
import { denialOf } from "../../src/aws/denials.ts";
import { explain } from "../../src/aws/explain.ts";

const OPERATION = "rds:DescribeDBLogFiles";
const USER = "arn:aws:sts::123456789012:assumed-role/captures/captures";
const INSTANCE = "arn:aws:rds:eu-central-1:123456789012:db:shop";
const NOT_AUTHORIZED = `User: ${USER} is not authorized to perform: ${OPERATION} on resource: ${INSTANCE}`;
const SCP_ARN = "arn:aws:organizations::987654321098:policy/o-qv5af4abcd/service_control_policy/p-2kgnabcd";

const denied = (message: string, change: Partial<AwsFailure> = {}): AwsFailure => ({
  kind: "denied",
  code: "AccessDenied",
  operation: OPERATION,
  message,
  ...change,
});
const said = (failure: AwsFailure, region = "eu-central-1") => explain(failure, "shop", region);

describe("a call that a policy denies", () => {
  test.each([
    [
      "because no identity-based policy allows the X action",
      "Give them the permissions that docs/connect-aws.md lists.",
    ],
    [
      "with an explicit deny in an identity-based policy",
      `A Deny statement in a policy of the user or role outweighs all that it is allowed: take ${OPERATION} out of it.`,
    ],
    [
      "with an explicit deny in a service control policy",
      `A service control policy of the AWS organization denies it, which no permission in the account outweighs: ask whoever administers the organization to allow ${OPERATION} in eu-central-1.`,
    ],
    [
      `with an explicit deny in a service control policy: ${SCP_ARN}`,
      "A service control policy of the AWS organization denies it,",
    ],
    [
      "due to an explicit deny in a Service Control Policy",
      "A service control policy of the AWS organization denies it,",
    ],
    [
      "because no service control policy allows the X action",
      "A service control policy of the AWS organization does not allow it, which no permission in the account outweighs:",
    ],
    [
      "with an explicit deny in a resource control policy",
      "A resource control policy of the AWS organization denies it,",
    ],
    [
      "because no permissions boundary allows the X action",
      `The permissions boundary of the user or role does not allow it, which no policy outweighs: allow ${OPERATION} in the boundary.`,
    ],
    [
      "with an explicit deny in a permissions boundary",
      "The permissions boundary of the user or role denies it,",
    ],
    [
      "because no session policy allows the X action",
      `The session policy of the temporary credentials does not allow it: make them without one, or allow ${OPERATION} in it.`,
    ],
    [
      "with an explicit deny in a session policy",
      "The session policy of the temporary credentials denies it:",
    ],
    [
      "because no resource-based policy allows the X action",
      `A resource-based policy does not allow it: allow ${OPERATION} there.`,
    ],
    [
      "with an explicit deny in a VPC endpoint policy",
      `A vpc endpoint policy denies it: allow ${OPERATION} there.`,
    ],
    ["", "Give them the permissions that docs/connect-aws.md lists."],
    ["with an explicit deny", "Give them the permissions that docs/connect-aws.md lists."],
  ])("%j is told apart, with what to do", (why, advice) => {
    const message = `${NOT_AUTHORIZED} ${why.replace("X", OPERATION)}`.trim();
    const explained = said(denied(message));
    const shown = message.replace(`User: ${USER}`, "The user or role");
    expect(explained.startsWith(`AWS does not permit it: ${shown} (AccessDenied). ${advice}`)).toBe(true);
  });

  it("is named where AWS does not name it", () => {
    expect(said(denied("Access Denied"))).toBe(
      `AWS does not permit it: ${OPERATION} answered: Access Denied (AccessDenied). Give them the permissions that docs/connect-aws.md lists.`,
    );
  });

  it("says nothing of a policy where a name has such words", () => {
    expect(denialOf({ message: "User: x is not authorized on resource: a-session-policy" })).toBeNull();
    expect(denialOf({ message: "" })).toBeNull();
  });
});

describe("a role that can't be assumed", () => {
  const role =
    "User: arn:aws:iam::1:user/captures is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::2:role/x";
  const assuming = (why: string) => said(denied(`${role}${why}`, { operation: "sts:AssumeRole" }));
  const CHECK_ROLE =
    "Check the role's ARN, that its trust policy names this service's user, and that the external id is the policy's.";

  test.each([
    ["", CHECK_ROLE],
    [" because no resource-based policy allows the sts:AssumeRole action", CHECK_ROLE],
    [" with an explicit deny in a resource-based policy", CHECK_ROLE],
    [
      " with an explicit deny in a resource control policy",
      "Ask whoever administers the AWS organization of the role's account to let this service's account assume the role.",
    ],
    [
      " with an explicit deny in an identity-based policy",
      "It is the identity-based policy of this service itself that denies it: give the role a name or path that the service may assume, or ask its operator.",
    ],
    [
      " because no identity-based policy allows the sts:AssumeRole action",
      "It is the identity-based policy of this service itself that does not allow it:",
    ],
    [
      " with an explicit deny in a service control policy",
      "It is the service control policy of this service itself that denies it:",
    ],
  ])("%j tells whose policy it is", (why, advice) => {
    expect(assuming(why)).toContain(`(AccessDenied). ${advice}`);
  });
});

describe("a region that the account has not enabled", () => {
  test.each([
    ["RegionDisabledException", "STS is not activated in this region for account:123456789012."],
    ["OptInRequired", "The AWS access key ID needs a subscription for the service"],
  ])("is told by %s", (code, message) => {
    expect(said(denied(message, { code }), "eu-south-2")).toMatch(
      /^AWS does not permit it: .*The account can't use this service in eu-south-2 yet: enable the region/,
    );
  });

  it("is one of the reasons why a key is not known there", () => {
    const unknown = denied("The security token included in the request is invalid.", {
      code: "InvalidClientTokenId",
    });
    expect(said(unknown, "eu-central-1")).toMatch(/that the key is active\.$/);
    expect(said(unknown, "eu-south-2")).toMatch(
      /AWS says the same where eu-south-2 is not enabled for the key's account\.$/,
    );
    expect(said(unknown, "cn-north-1")).toMatch(
      /Keys of other partitions are not known in cn-north-1, which is in aws-cn\.$/,
    );
  });

  it("may be no region at all, if it does not answer", () => {
    const late: AwsFailure = {
      kind: "timeout",
      code: "NetworkError",
      operation: OPERATION,
      message: `${OPERATION} could not be reached`,
    };
    expect(said(late)).toBe(`${OPERATION} could not be reached (NetworkError). Try again soon.`);
    expect(said(late, "eu-centrl-1")).toBe(
      `${OPERATION} could not be reached (NetworkError). Try again soon. Is eu-centrl-1 right? This service knows no such region.`,
    );
  });
});

test.each<[AwsFailure["kind"], string, RegExp]>([
  [
    "throttled",
    "Rate exceeded",
    /^AWS is throttling requests of this account: rds:DescribeDBLogFiles answered: Rate exceeded \(Code\)\. Try again soon\.$/,
  ],
  [
    "unavailable",
    "Internal",
    /^AWS could not answer: rds:DescribeDBLogFiles answered: Internal \(Code\)\. Try again soon\.$/,
  ],
  [
    "unavailable",
    `${OPERATION} answered 500`,
    /^AWS could not answer: rds:DescribeDBLogFiles answered 500 \(Code\)\. Try again soon\.$/,
  ],
  ["rejected", "No.", /^AWS did not accept the request: rds:DescribeDBLogFiles answered: No \(Code\)$/],
  [
    "not-found",
    "No group",
    /^AWS did not find what was asked for: rds:DescribeDBLogFiles answered: No group \(Code\)$/,
  ],
  [
    "clock",
    "Signature expired: x",
    /^The clock of this service is wrong, .* rds:DescribeDBLogFiles answered: .* not at fault\. Try again soon\.$/,
  ],
])("the operation is named in what is %s: %s", (kind, message, expected) => {
  expect(said({ kind, code: "Code", operation: OPERATION, message })).toMatch(expected);
});

test.each([
  ["eu-central-1", "Its operator has to replace the key. Neither the role nor its trust policy is at fault."],
  [
    "cn-north-1",
    "Its operator has to replace the key with one of aws-cn, the partition of cn-north-1; a key of your own works there without. Neither the role nor its trust policy is at fault.",
  ],
])("a refusal of this service's own key in %s is the operator's", (region, advice) => {
  const operation = "sts:AssumeRole";
  const message = "The security token included in the request is invalid";
  const failure: AwsFailure = { kind: "identity", code: "InvalidClientTokenId", operation, message };
  expect(said(failure, region)).toBe(
    `AWS refuses this service's own key, with which it assumes roles: ${operation} answered: ${message} (InvalidClientTokenId). ${advice}`,
  );
});

test("what is no answer of AWS's is said as it is", () => {
  const failure: AwsFailure = {
    kind: "rejected",
    code: "UnsupportedEngine",
    operation: null,
    message: "shop runs postgres",
  };
  expect(said(failure)).toBe("shop runs postgres");
});
