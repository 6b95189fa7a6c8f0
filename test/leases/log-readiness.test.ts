import { describe, expect, it } from "vitest";
import type { DbInstance } from "../../src/aws/rds.ts";
import { completeSince, slowProblem } from "../../src/leases/log-readiness.ts";
import type { LogTimes } from "../../src/leases/log-times.ts";
import { LATE_MS, RESTORE_APPLIES_MS, SOON_AGAIN_MS } from "../../src/leases/state.ts";

const INSTANCE: DbInstance = {
  identifier: "shop",
  arn: "arn:aws:rds:us-east-1:123456789012:db:shop",
  cluster: null,
  instanceClass: "db.m6g.large",
  storageType: "gp3",
  pendingModified: false,
  engine: "mysql",
  engineVersion: "8.0.43",
  status: "available",
  parameterGroup: "shop-params",
  parameterApplyStatus: "in-sync",
  accountId: "123456789012",
};
const T = 1_800_000_000_000;
const since = (times: Partial<LogTimes> = {}): LogTimes => ({
  general: null,
  slow: null,
  threshold: null,
  slowSeenOff: null,
  ...times,
});
/** What is in the way of a capture; the log was written last at a time. */
function problem(times: Partial<LogTimes>, now: number, written?: number, parameterApplyStatus = "in-sync") {
  const file = { name: "slowquery/mysql-slowquery.log", size: 1, lastWritten: written ?? 0 };
  const files = written === undefined ? [] : [file];
  return slowProblem("shop", { ...INSTANCE, parameterApplyStatus }, since(times), files, now);
}
const transient = { ready: false, transient: true };

describe("a slow log that a capture has switched on", () => {
  const on = { slow: T, threshold: T };

  it("is ready when its server has written the banner, and not before", () => {
    expect(problem(on, T)).toMatchObject(transient);
    expect(problem(on, T + 5000, T - 1000)).toMatchObject({
      ...transient,
      reason: expect.stringContaining("no slow log file of shop"),
    });
    expect(problem(on, T + 5000, T + 1000)).toBeNull();
    expect(problem(on, T + 5000, T + 1000, "applying")).toMatchObject(transient);
    // Another parameter may be why.
    expect(problem(on, T + 5000, T + 1000, "pending-reboot")).toBeNull();
  });

  it("is ready without a banner after the longest time that a change can take: it may have been on", () => {
    expect(problem(on, T + LATE_MS - 1)).toMatchObject(transient);
    expect(problem(on, T + LATE_MS)).toBeNull();
    expect(problem(on, T + LATE_MS, undefined, "pending-reboot")).toMatchObject({
      transient: false,
      reason: expect.stringContaining("reboot shop"),
    });
  });
});

describe("a slow log of which only the threshold was changed", () => {
  it.each([
    ["was on before", { threshold: T }],
    ["another capture has switched on", { slow: T - 3_600_000, threshold: T }],
  ])("is ready when the servers have had time to take it over, where it %s", (_, times) => {
    const written = T - 60_000;
    expect(problem(times, T + 1, written)).toMatchObject(transient);
    expect(problem(times, T + SOON_AGAIN_MS, written)).toBeNull();
    expect(problem(times, T + SOON_AGAIN_MS, written, "pending-reboot")).toMatchObject(transient);
    expect(problem(times, T + 60_000, T + SOON_AGAIN_MS + 1, "pending-reboot")).toBeNull();
  });
});

describe("a slow log that was as it should", () => {
  it("is ready at once, also if nothing was ever written to it", () => {
    expect(problem({}, T)).toBeNull();
    expect(completeSince(since(), T)).toBeNull();
  });
});

describe("the time since which sessions are complete", () => {
  it("is now, until the last change is so old that the servers must have it", () => {
    expect(completeSince(since({ slow: T, threshold: T }), T + 5000)).toBe(T + 5000);
    expect(completeSince(since({ slow: T - 9, threshold: T }), T + 3_600_000)).toBe(T + RESTORE_APPLIES_MS);
  });
});
