import { describe, expect, test } from "vitest";
import { evaluate } from "../../../src/environments/preflight/evaluate.ts";
import { all, denied, fails, instance, NOTHING_ASKED, ok, own, SUBJECT } from "./answers.ts";

describe("a preflight", () => {
  test("of an instance with which all is well passes every check, in the documented order", () => {
    const checks = all();
    expect(checks.map(({ id, status }) => [id, status])).toEqual(
      [
        "credentials",
        "instance",
        "state",
        "engine",
        "parameter-group",
        "pending-reboot",
        "permission:rds:DescribeDBInstances",
        "permission:rds:DescribeDBParameters",
        "permission:rds:ModifyDBParameterGroup",
        "permission:rds:ResetDBParameterGroup",
        "permission:rds:DescribeDBLogFiles",
        "permission:rds:DownloadDBLogFilePortion",
        "permission:cloudwatch:GetMetricData",
        "logging",
        "restore",
        "metrics",
      ].map((id) => [id, "passed"]),
    );
    for (const { action } of checks) expect(action).toBeNull();
  });

  test("with credentials that AWS refuses knows nothing of the rest, and says so", () => {
    const checks = evaluate(
      { ...NOTHING_ASKED, access: fails("denied", "AccessDenied", "no", "sts:AssumeRole") },
      { ...SUBJECT, by: "role" },
    );
    expect(checks[0]).toMatchObject({ id: "credentials", status: "failed", severity: "error" });
    expect(checks[0]?.action).not.toBeNull();
    for (const { status, detail } of checks.slice(1)) {
      expect(status).toBe("unknown");
      expect(detail).not.toBe("");
    }
  });

  test("names neither the user nor the role in any check, as members see them", () => {
    const no = denied("rds:DescribeDBInstances");
    const checks = [
      ...all({ instance: no, logFiles: no, download: no, metrics: no }),
      ...all({ parameters: no, modify: no, reset: no }),
      ...all({
        access: fails(
          "denied",
          "AccessDenied",
          "User: arn:aws:iam::1:user/secret-name is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::2:role/secret-name",
        ),
      }),
    ];
    expect(JSON.stringify(checks)).not.toContain("secret-name");
  });

  test("says of each check that failed what to do, in whole sentences", () => {
    const no = denied("rds:X");
    const failing = [
      ...all({ modify: no, reset: no, logFiles: no, download: no, metrics: no, parameters: no }),
      ...all({ ...instance({ status: "stopped", engine: "postgres", parameterGroup: "default.mysql8.0" }) }),
      ...all({ ...instance({ parameterApplyStatus: "pending-reboot" }), metrics: ok([[]]) }),
      ...all({ parameters: own({ general_log: "1", log_output: "TABLE" }) }),
    ].filter(({ status }) => status === "failed");
    expect(failing.length).toBeGreaterThan(9);
    for (const { detail, action } of failing) {
      expect(detail).toMatch(/^[A-Z\d].*\.$|^\S+ .*\.$/);
      expect(action).toMatch(/\.$/);
    }
  });
});
