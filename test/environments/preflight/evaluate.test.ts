import { describe, expect, test } from "vitest";
import type { AwsFailure, AwsFailureKind } from "../../../src/aws/client.ts";
import type { DbInstance, DbParameter } from "../../../src/aws/rds.ts";
import type { Answers, Subject } from "../../../src/environments/preflight/answers.ts";
import type { Check } from "../../../src/environments/preflight/checks.ts";
import { evaluate } from "../../../src/environments/preflight/evaluate.ts";

/*
 * How each check comes out, by what AWS has said. That the right calls are made, routes.test.ts shows against the local AWS.
 */

const SUBJECT: Subject = { region: "us-east-1", instance: "shop", by: "key", isOwnId: true, pending: [] };

const INSTANCE: DbInstance = {
  identifier: "shop",
  arn: "arn:aws:rds:us-east-1:123456789012:db:shop",
  cluster: null,
  instanceClass: "db.t3.medium",
  storageType: "gp3",
  engine: "mysql",
  engineVersion: "8.0.43",
  status: "available",
  parameterGroup: "shop-params",
  parameterApplyStatus: "in-sync",
  pendingModified: false,
  accountId: "123456789012",
};

const ok = <T>(value: T) => ({ ok: true as const, value });
const fails = (kind: AwsFailureKind, code: string, message = "no", operation: string | null = null) => {
  const failure: AwsFailure = { kind, code, message, operation };
  return { ok: false as const, failure };
};
const NOT_THERE = fails("rejected", "InvalidParameterValue", "Could not find parameter with name: x");
const denied = (action: string, why = "because no identity-based policy allows the action") =>
  fails(
    "denied",
    "AccessDenied",
    `User: arn:aws:iam::123456789012:user/secret-name is not authorized to perform: ${action} on resource: r ${why}`,
    action,
  );

const GOOD: Answers = {
  access: ok({ accessKeyId: "AKIA", secretAccessKey: "x" }),
  identity: ok({ accountId: "123456789012", arn: "arn:aws:iam::123456789012:user/secret-name" }),
  trust: null,
  instance: ok(INSTANCE),
  cluster: null,
  parameters: ok(new Map()),
  logFiles: ok([]),
  download: fails("not-found", "DBLogFileNotFoundFault"),
  metrics: ok([[{ time: 0, value: 1 }]]),
  simulation: fails("denied", "AccessDenied"),
  modify: NOT_THERE,
  reset: NOT_THERE,
  changes: { captures: 0, before: {} },
};

const all = (answers: Partial<Answers> = {}, subject: Partial<Subject> = {}) =>
  evaluate({ ...GOOD, ...answers }, { ...SUBJECT, ...subject });
const one = (id: string, answers: Partial<Answers> = {}, subject: Partial<Subject> = {}): Check => {
  const found = all(answers, subject).find((check) => check.id === id);
  if (found === undefined) throw new Error(`There is no check ${id}`);
  return found;
};
const instance = (change: Partial<DbInstance>) => ({ instance: ok({ ...INSTANCE, ...change }) });
const own = (values: Record<string, string>) =>
  ok(
    new Map<string, DbParameter>(
      Object.entries(values).map(([name, value]) => [name, { value, isOwn: true, isChangeable: true }]),
    ),
  );

const NOTHING_ASKED: Answers = {
  ...GOOD,
  identity: null,
  instance: null,
  parameters: null,
  logFiles: null,
  download: null,
  metrics: null,
  simulation: null,
  modify: null,
  reset: null,
  changes: null,
};

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

describe("the check of what is logged", () => {
  test("passes when a log is on already in files, and says that captures leave it so", () => {
    const check = one("logging", { parameters: own({ general_log: "1", log_output: "FILE" }) });
    expect(check.status).toBe("passed");
    expect(check.detail).toMatch(/^The general log is switched on in shop-params, and written to files\./);
  });

  test.each([
    [{ general_log: "1" }, "mysql"],
    [{ slow_query_log: "ON", log_output: "TABLE" }, "aurora-mysql"],
    [{ general_log: "1", slow_query_log: "1", log_output: "table" }, "mariadb"],
  ])("warns when somebody has it written to a table: %o on %s", (values, engine) => {
    const check = one("logging", { ...instance({ engine }), parameters: own(values) });
    expect(check).toMatchObject({ status: "failed", severity: "warning" });
    expect(check.detail).toMatch(/table/);
  });

  test("knows that Aurora writes to files where nobody says otherwise", () => {
    const answers = { ...instance({ engine: "aurora-mysql" }), parameters: own({ general_log: "1" }) };
    expect(one("logging", answers).status).toBe("passed");
  });

  test("takes what captures have switched on for off", () => {
    const check = one("logging", {
      parameters: own({ general_log: "1", log_output: "FILE" }),
      changes: { captures: 1, before: { general_log: "0", log_output: null } },
    });
    expect(check.detail).toMatch(/^No log is switched on/);
  });

  test("is unknown when the group could not be read", () => {
    expect(one("logging", { parameters: denied("rds:DescribeDBParameters") }).status).toBe("unknown");
    expect(one("logging", { parameters: null }).status).toBe("unknown");
  });
});

describe("the check of what is to be restored", () => {
  const pending = {
    leaseName: "us-east-1/123456789012/shop-params",
    since: Date.UTC(2026, 10, 23),
    reason: "AWS refused it.",
    settings: { general_log: "0" },
  };

  test("warns while something is owed, with the values and why", () => {
    const check = one("restore", {}, { pending: [pending] });
    expect(check).toMatchObject({ status: "failed", severity: "warning" });
    expect(check.detail).toMatch(
      /shop-params .* 2026-11-23T00:00:00.000Z\. AWS refused it\. .*general_log was 0, log_output had none\.$/,
    );
  });

  test("says when the values from before are not known", () => {
    const check = one("restore", {}, { pending: [{ ...pending, settings: null, reason: null }] });
    expect(check.detail).toMatch(/not known yet\.$/);
  });

  test("says that they are kept while captures run", () => {
    const check = one("restore", { changes: { captures: 2, before: { general_log: null } } });
    expect(check.status).toBe("passed");
    expect(check.detail).toMatch(/^2 captures .* kept.*: general_log had none\.$/);
  });

  test("is unknown when the lease could not be reached", () => {
    expect(one("restore", { changes: "unknown" }).status).toBe("unknown");
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
