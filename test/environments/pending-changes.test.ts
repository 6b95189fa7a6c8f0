import { describe, expect, it } from "vitest";
import { readPendingChanges, toOwed, toOwedSettings } from "../../src/environments/pending-changes.ts";

const LEASE = "us-east-1/123456789012/shop-params";

/** What the API shows of a row with these settings, in the JSON that is stored. */
function shown(settings: string | null) {
  const row = { leaseName: LEASE, since: 1000, reason: null, settings: JSON.parse(settings ?? "null") };
  const [change] = readPendingChanges({ owed: JSON.stringify([row]) });
  return change && toOwed(change).settings;
}
const stored = (settings: Record<string, string | null>) => JSON.stringify(toOwedSettings(settings));

describe("what is to be restored of a group", () => {
  it("is stored and shown of the general log as it was before there were others", () => {
    expect(stored({ general_log: "0", log_output: null })).toBe('{"general_log":"0"}');
    expect(stored({ general_log: null, log_output: null })).toBe("{}");
    for (const [row, generalLog, logOutput] of [
      ["{}", null, null],
      ['{"general_log":"0"}', "0", null],
      ['{"general_log":"0","log_output":"NONE"}', "0", "NONE"],
    ] as const) {
      const parameters = { general_log: generalLog, log_output: logOutput };
      expect(shown(row)).toEqual({ generalLog, logOutput, parameters });
    }
    expect(shown(null)).toBeNull();
  });

  it.each([
    [{ general_log: "0", log_output: null, slow_query_log: null, long_query_time: "2" }, "0", null],
    [{ log_output: "TABLE", slow_query_log: "0" }, null, "TABLE"],
    [{ log_output: null }, null, null],
  ])("is all that is leased, where there is another log: %j", (parameters, generalLog, logOutput) => {
    expect(shown(stored(parameters))).toEqual({ generalLog, logOutput, parameters });
  });

  it("has no name of a user or role in the reason, also where one was stored", () => {
    const reason =
      "X on y: User: arn:aws-cn:iam::1:user/secret is not authorized to perform: X (AccessDenied)";
    const [change] = readPendingChanges({
      owed: JSON.stringify([{ leaseName: LEASE, since: 1000, reason, settings: null }]),
    });
    const cleaned = "X on y: The user or role is not authorized to perform: X (AccessDenied)";
    expect(change?.reason).toBe(cleaned);
    expect(change && toOwed(change).reason).toBe(cleaned);
  });

  it("of another log can be read by the version before: the general log's two parameters are text or absent", () => {
    const row = JSON.parse(stored({ general_log: null, log_output: "TABLE", slow_query_log: null }));
    expect(Object.keys(row).sort()).toEqual(["log_output", "parameters"]);
  });
});
