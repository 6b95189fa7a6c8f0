import { describe, expect, it, test } from "vitest";
import type { AwsFailure } from "../../src/aws/client.ts";
import { explain, explainToGiver } from "../../src/aws/explain.ts";
import { withoutPrincipals, withoutPrincipalsOrNull } from "../../src/aws/principals.ts";

const PARTITIONS = [
  "aws",
  "aws-cn",
  "aws-us-gov",
  "aws-eusc",
  "aws-iso",
  "aws-iso-b",
  "aws-iso-e",
  "aws-iso-f",
];
const NAMES = [
  ["iam", "role/secret", "the role"],
  ["iam", "role/team/secret-1", "the role"],
  ["iam", "role/a,b;(secret)/x", "the role"],
  ["iam", "user/secret@example.com", "the user"],
  ["sts", "assumed-role/secret/session=secret", "the role"],
  ["sts", "federated-user/secret", "the user"],
  ["iam", "root", "the account's root user"],
  ["iam", "policy/secret", "the policy"],
  ["iam", "oidc-provider/secret.example.com", "the user or role"],
] as const;
const DB = "arn:aws:rds:eu-central-1:123456789012:db:shop";

describe.each(PARTITIONS)("in the partition %s", (partition) => {
  test.each(NAMES)("an ARN of %s such as %s is %s", (service, resource, shown) => {
    const arn = `arn:${partition}:${service}::123456789012:${resource}`;
    expect(withoutPrincipals(`on resource: ${arn} because of it`)).toBe(
      `on resource: ${shown} because of it`,
    );
    expect(withoutPrincipals(`(${arn}). "${arn}", and ${arn}`)).toBe(`(${shown}). "${shown}", and ${shown}`);
    expect(withoutPrincipals(`User: ${arn} is not authorized to perform: x on resource: ${DB}`)).toBe(
      `The user or role is not authorized to perform: x on resource: ${DB}`,
    );
  });
});

describe("a text of AWS", () => {
  const whole =
    "User: arn:aws:sts::123456789012:assumed-role/secret-role/secret-session is not authorized to perform: sts:AssumeRole on " +
    "resource: arn:aws-us-gov:iam::123456789012:role/secret/role because no identity-based policy allows the sts:AssumeRole action: " +
    "arn:aws:iam::123456789012:policy/secret";

  it("has no name wherever it is cut", () => {
    for (let end = 0; end <= whole.length; end++) {
      for (const after of ["", " (AccessDenied). Do something.", "…"]) {
        const shown = withoutPrincipals(`${whole.slice(0, end)}${after}`);
        expect(shown).not.toMatch(/sec|session/);
        // It may be shown as it was stored before.
        expect(withoutPrincipals(shown)).toBe(shown);
      }
    }
  });

  it("keeps the sort of a policy, and what else is nobody's name", () => {
    expect(
      withoutPrincipals("with an explicit deny in a permissions boundary: arn:aws:iam::1:policy/x"),
    ).toBe("with an explicit deny in a permissions boundary");
    for (const text of [
      `on resource: ${DB}`,
      "in a service control policy: arn:aws:organizations::1:policy/o-1/service_control_policy/p-1",
      "in the account 123456789012",
      "User: of the database",
      "",
    ])
      expect(withoutPrincipals(text)).toBe(text);
    expect(withoutPrincipalsOrNull(null)).toBeNull();
    expect(withoutPrincipalsOrNull("arn:aws:iam::1:role/x")).toBe("the role");
  });

  it("has no unique id of a caller either", () => {
    expect(withoutPrincipals("User: AROAEXAMPLE:secret is not authorized to perform: x")).toBe(
      "The user or role is not authorized to perform: x",
    );
  });
});

const failure: AwsFailure = {
  kind: "denied",
  code: "AccessDenied",
  operation: "sts:AssumeRole",
  message:
    "User: arn:aws:iam::1:user/captures is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::2:role/x",
};

describe("a failure", () => {
  it("is explained without names, in a whole sentence", () => {
    expect(explain(failure, "shop", "eu-central-1")).toMatch(
      /^AWS does not permit it: The user or role is not authorized to perform: sts:AssumeRole on resource: the role \(AccessDenied\)\. Check /,
    );
  });

  it.each(["not-found", "rejected", "identity", "clock", "throttled", "unavailable", "timeout"] as const)(
    "that is %s is explained without names, too",
    (kind) => {
      for (const operation of ["rds:X", null])
        expect(explain({ ...failure, kind, operation }, "shop", "eu-central-1")).not.toContain("arn:");
    },
  );

  it("is explained with them to who gave the credentials", () => {
    expect(explainToGiver(failure, "shop", "eu-central-1")).toContain(failure.message);
  });
});
