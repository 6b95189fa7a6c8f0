import { describe, expect, test } from "vitest";
import type { AwsFailureKind } from "../../../src/aws/error-codes.ts";
import { denied, fails, instance, ok, one } from "./answers.ts";

describe("the check of the credentials", () => {
  test.each([
    ["InvalidClientTokenId", /no such access key/],
    ["SignatureDoesNotMatch", /secret access key/],
    ["ExpiredToken", /expired/],
    ["RegionDisabledException", /enable the region/],
  ])("fails for %s, with what to do", (code, said) => {
    const refused = fails("denied", code, "no", "sts:GetCallerIdentity");
    const check = one("credentials", { identity: refused, instance: refused });
    expect(check).toMatchObject({ status: "failed", severity: "error" });
    expect(check.action).toMatch(said);
  });

  test("passes for a key that lacks permissions: it is known to AWS", () => {
    expect(one("credentials", { instance: denied("rds:DescribeDBInstances") }).status).toBe("passed");
  });

  test("passes when only the denial was answered: AWS denies what it knows", () => {
    const answers = { identity: fails("timeout", "Timeout"), instance: denied("rds:DescribeDBInstances") };
    expect(one("credentials", answers).status).toBe("passed");
  });

  test("passes when only the instance was described: the key did that", () => {
    expect(one("credentials", { identity: fails("timeout", "Timeout") }).status).toBe("passed");
  });

  test.each<[AwsFailureKind, string]>([
    ["throttled", "Throttling"],
    ["unavailable", "InternalFailure"],
    ["unavailable", "NotAws"],
    ["timeout", "Timeout"],
    ["clock", "RequestExpired"],
  ])("is unknown when AWS could not say (%s, %s)", (kind, code) => {
    const failure = fails(kind, code, "no", "sts:GetCallerIdentity");
    expect(one("credentials", { identity: failure, instance: failure }).status).toBe("unknown");
    expect(one("credentials", { access: failure }, { by: "role" }).status).toBe("unknown");
  });
});

describe("the check of the instance", () => {
  test("fails when there is none", () => {
    const check = one("instance", { instance: fails("not-found", "DBInstanceNotFound") });
    expect(check).toMatchObject({ status: "failed", severity: "error" });
    expect(check.action).toMatch(/identifier/);
  });

  test("is unknown when the credentials may not ask, or AWS could not say", () => {
    for (const answer of [denied("rds:DescribeDBInstances"), fails("throttled", "Throttling")]) {
      expect(one("instance", { instance: answer }).status).toBe("unknown");
      expect(one("state", { instance: answer }).status).toBe("unknown");
    }
  });
});

describe("the check of the state", () => {
  test.each([
    ["stopped", "Start shop."],
    ["deleting", /another instance/],
    ["storage-full", /more storage/],
    ["incompatible-parameters", /events/],
  ])("fails for an instance that is %s", (status, action) => {
    const check = one("state", instance({ status }));
    expect(check).toMatchObject({ status: "failed", severity: "error" });
    expect(check.action).toMatch(action);
  });

  test("only warns of one that comes up by itself", () => {
    expect(one("state", instance({ status: "rebooting" }))).toMatchObject({
      status: "failed",
      severity: "warning",
    });
  });
});

describe("the check of the engine", () => {
  test.each([
    ["postgres", "16.4", /postgres/],
    ["aurora", "5.6.10a", /5\.6/],
  ])("fails for %s %s", (engine, engineVersion, said) => {
    const check = one("engine", instance({ engine, engineVersion }));
    expect(check).toMatchObject({ status: "failed", severity: "error" });
    expect(check.detail).toMatch(said);
  });
});

describe("the check of the cluster", () => {
  const MEMBER = { ...instance({ engine: "aurora-mysql", cluster: "shops" }) };
  const cluster = (isWriter: boolean, name = "shop") =>
    ok({
      id: "shops",
      engine: "aurora-mysql",
      engineVersion: "8.0.mysql_aurora.3.10.0",
      status: "available",
      members: [{ instance: name, isWriter, parameterGroupStatus: null }],
    });

  test("tells writers and readers apart", () => {
    expect(one("cluster", { ...MEMBER, cluster: cluster(true) })).toMatchObject({
      status: "passed",
      detail: /the writer/,
    });
    expect(one("cluster", { ...MEMBER, cluster: cluster(false) })).toMatchObject({
      status: "passed",
      detail: /a reader/,
    });
  });

  test("is unknown without the permission to ask, which captures can do without", () => {
    const answers = { ...MEMBER, cluster: denied("rds:DescribeDBClusters") };
    expect(one("cluster", answers)).toMatchObject({ status: "unknown", severity: "warning" });
    expect(one("permission:rds:DescribeDBClusters", answers)).toMatchObject({
      status: "failed",
      severity: "warning",
    });
  });

  test("is unknown when the cluster does not list the instance", () => {
    expect(one("cluster", { ...MEMBER, cluster: cluster(true, "other") }).status).toBe("unknown");
  });

  test("fails for a member of a Multi-AZ DB cluster", () => {
    const check = one("cluster", instance({ cluster: "multi", parameterGroup: "default.mysql8.4" }));
    expect(check).toMatchObject({ status: "failed", severity: "error" });
  });
});

describe("the check of the parameter group", () => {
  test("fails for Amazon's own", () => {
    const check = one("parameter-group", instance({ parameterGroup: "default.mysql8.0" }));
    expect(check).toMatchObject({ status: "failed", severity: "error" });
    expect(check.action).toMatch(/^Create a parameter group/);
  });

  test("fails for one that is not in the account", () => {
    const gone = fails("not-found", "DBParameterGroupNotFound");
    expect(one("parameter-group", { parameters: gone, modify: gone }).status).toBe("failed");
    // The permissions are there all the same.
    expect(one("permission:rds:ModifyDBParameterGroup", { modify: gone }).status).toBe("passed");
  });

  test("is unknown for one that RDS does not let be changed just now", () => {
    expect(one("parameter-group", { modify: fails("rejected", "InvalidDBParameterGroupState") }).status).toBe(
      "unknown",
    );
  });
});

describe("the check of what waits for a reboot", () => {
  test("warns while something waits: logs are switched without", () => {
    const check = one("pending-reboot", instance({ parameterApplyStatus: "pending-reboot" }));
    expect(check).toMatchObject({ status: "failed", severity: "warning" });
  });

  test("fails when RDS could not apply the group", () => {
    const check = one("pending-reboot", instance({ parameterApplyStatus: "failed-to-apply" }));
    expect(check).toMatchObject({ status: "failed", severity: "error" });
  });

  test("passes while a change is being applied, and says that others wait", () => {
    const check = one(
      "pending-reboot",
      instance({ parameterApplyStatus: "applying", pendingModified: true }),
    );
    expect(check.status).toBe("passed");
    expect(check.detail).toMatch(/maintenance window/);
  });

  test("is unknown for a status that nobody knows", () => {
    expect(one("pending-reboot", instance({ parameterApplyStatus: "new-word" })).status).toBe("unknown");
  });
});

describe("the check of the metrics", () => {
  test("warns when CloudWatch has none", () => {
    expect(one("metrics", { metrics: ok([[]]) })).toMatchObject({ status: "failed", severity: "warning" });
  });

  test("is unknown when they could not be read", () => {
    expect(one("metrics", { metrics: denied("cloudwatch:GetMetricData") }).status).toBe("unknown");
    expect(one("metrics", { metrics: fails("throttled", "Throttling") }).status).toBe("unknown");
  });
});
