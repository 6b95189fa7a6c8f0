import { describe, expect, test } from "vitest";
import { type Check, type CheckStatus, readiness } from "../../../src/environments/preflight/checks.ts";
import { readChecks, writeChecks } from "../../../src/environments/preflight/stored.ts";
import { linesOf } from "../../support/api.ts";

const check = (status: CheckStatus, severity: Check["severity"] = "error"): Check => ({
  id: "state",
  title: "The instance is up",
  status,
  severity,
  detail: "It is available.",
  action: null,
});

describe("an environment is", () => {
  test("ready when all passed, whatever only warns", () => {
    expect(readiness([check("passed"), check("failed", "warning"), check("unknown", "warning")])).toBe(
      "ready",
    );
  });

  test("not ready when one that captures need failed, whatever else is unknown", () => {
    expect(readiness([check("unknown"), check("failed"), check("passed")])).toBe("not-ready");
  });

  test.each(["ready", "not-ready"] as const)("as before (%s) when AWS could not say", (before) => {
    expect(readiness([check("passed"), check("unknown")], before)).toBe(before);
  });
});

describe("stored checks", () => {
  test("are read as they were written, with the version of their shape", () => {
    const stored = writeChecks([check("passed")]);
    expect(JSON.parse(stored)).toMatchObject({ version: 1 });
    expect(readChecks(stored)).toEqual([check("passed")]);
  });

  test("are shown without names of users and roles, also where some were stored", () => {
    const before = {
      ...check("failed"),
      detail: "Not restored: User: arn:aws:sts::1:assumed-role/secret/x is not authorized to perform: y.",
      action: "Ask arn:aws:iam::1:user/secret.",
    };
    expect(readChecks(writeChecks([before]))).toEqual([
      {
        ...before,
        detail: "Not restored: The user or role is not authorized to perform: y.",
        action: "Ask the user.",
      },
    ]);
  });

  test("are read from yesterday's text", () => {
    const yesterday =
      '{"checks":[{"id":"metrics","title":"CloudWatch has metrics","status":"unknown","severity":"warning","detail":"d","action":"a"}],"version":1}';
    expect(readChecks(yesterday)).toEqual([
      {
        id: "metrics",
        title: "CloudWatch has metrics",
        status: "unknown",
        severity: "warning",
        detail: "d",
        action: "a",
      },
    ]);
  });

  test("are none where AWS was not asked since they are kept", () => {
    expect(readChecks(null)).toBeNull();
  });

  test.each([
    ["of a newer version", '{"checks":"another shape","version":2}'],
    ["damaged", '{"checks":[{}],"version":1}'],
    ["no JSON", "{"],
  ])("that are %s are as none, and that is logged", async (_, stored) => {
    let read: unknown;
    const lines = await linesOf(async () => {
      read = readChecks(stored);
    });
    expect(read).toBeNull();
    expect(lines).toMatchObject([{ event: "environment.checks.unreadable" }]);
  });
});
