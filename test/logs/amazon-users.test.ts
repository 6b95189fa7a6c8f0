import { describe, expect, it } from "vitest";
import { AMAZON_USERS, isAmazonUser } from "../../src/logs/amazon-users.ts";

describe("Amazon's own users", () => {
  it("are those that AWS's guides reserve", () => {
    expect([...AMAZON_USERS].sort()).toEqual([
      "rdsadmin",
      "rdsgrprepladmin",
      "rdsproxyadmin",
      "rdsrepladmin",
      "rdsrepladmin_priv_checks_user",
      "rdstopmgr",
    ]);
    for (const user of AMAZON_USERS) expect(isAmazonUser(user)).toBe(true);
  });

  it.each([
    ["null", null],
    ["an anonymous user", ""],
    ["another that begins alike", "rdsadmin2"],
    ["one in other letter case, which is another user for the server", "RDSADMIN"],
    ["one whose name has quotes", "'rdsadmin'"],
    ["a customer's", "rds_reader"],
    ["the server's own", "event_scheduler"],
  ])("are not %s", (_, user) => {
    expect(isAmazonUser(user)).toBe(false);
  });
});
