import { describe, expect, test } from "vitest";
import { denied, instance, one, own } from "./answers.ts";

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
