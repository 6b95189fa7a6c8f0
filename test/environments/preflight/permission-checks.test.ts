import { describe, expect, test } from "vitest";
import { denied, fails, NOTHING_ASKED, ok, one } from "./answers.ts";

describe("the check of a permission", () => {
  const CALLS = [
    ["rds:DescribeDBParameters", "parameters", "error", "pg:shop-params"],
    ["rds:ModifyDBParameterGroup", "modify", "error", "pg:shop-params"],
    ["rds:ResetDBParameterGroup", "reset", "warning", "pg:shop-params"],
    ["rds:DescribeDBLogFiles", "logFiles", "error", "db:shop"],
    ["rds:DownloadDBLogFilePortion", "download", "error", "db:shop"],
    ["cloudwatch:GetMetricData", "metrics", "warning", "on *"],
  ] as const;

  test.each(CALLS)("fails when %s is denied, and names the resource", (action, call, severity, resource) => {
    const check = one(`permission:${action}`, { [call]: denied(action) });
    expect(check).toMatchObject({ status: "failed", severity });
    expect(check.action).toContain(`Allow ${action}`);
    expect(check.action).toContain(resource);
  });

  test("fails when rds:DescribeDBInstances is denied, with the rest unknown", () => {
    const answers = { ...NOTHING_ASKED, instance: denied("rds:DescribeDBInstances") };
    expect(one("permission:rds:DescribeDBInstances", answers)).toMatchObject({
      status: "failed",
      severity: "error",
    });
    expect(one("permission:rds:ModifyDBParameterGroup", answers).status).toBe("unknown");
  });

  test.each([
    ["with an explicit deny in a service control policy", /organization/],
    ["because no permissions boundary allows the rds:ModifyDBParameterGroup action", /boundary/],
    ["with an explicit deny in an identity-based policy", /Deny statement/],
  ])("says which policy is why: %s", (why, action) => {
    const modify = denied("rds:ModifyDBParameterGroup", why);
    expect(one("permission:rds:ModifyDBParameterGroup", { modify }).action).toMatch(action);
  });

  test.each(CALLS)(
    "is unknown when AWS could not answer %s, or refused for another reason",
    (action, call) => {
      const answers = [
        fails("throttled", "Throttling"),
        fails("timeout", "Timeout"),
        fails("unavailable", "NotAws"),
        fails("rejected", "SomethingNew"),
        fails("denied", "ExpiredToken"),
        fails("denied", "OptInRequired"),
      ];
      for (const answer of answers) {
        expect(one(`permission:${action}`, { [call]: answer }).status).toBe("unknown");
      }
    },
  );

  const simulated = (
    decision: "allowed" | "denied",
    by: "statement" | "no-statement" | "organization" | "boundary" | null,
  ) => ({
    simulation: ok(new Map([["rds:ModifyDBParameterGroup", { decision, by }] as const])),
    modify: null,
  });

  test("passes when IAM's simulation says so, without the call", () => {
    expect(one("permission:rds:ModifyDBParameterGroup", simulated("allowed", null)).status).toBe("passed");
  });

  test.each([
    ["statement", /Deny statement/],
    ["no-statement", /no policy allows/],
    ["organization", /organization/],
    ["boundary", /boundary/],
  ] as const)("fails when IAM's simulation denies it by a %s", (by, said) => {
    const check = one("permission:rds:ModifyDBParameterGroup", simulated("denied", by));
    expect(check.status).toBe("failed");
    expect(check.detail).toMatch(said);
  });
});
