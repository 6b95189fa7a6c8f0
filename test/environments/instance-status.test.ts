import { describe, expect, it } from "vitest";
import {
  INSTANCE_STATUSES,
  instanceStatusClass,
  isComingUp,
  isUp,
} from "../../src/environments/instance-status.ts";

/* The lists of the Amazon RDS User Guide and the Amazon Aurora User Guide, in their order. */

const OF_RDS = `
  available backing-up configuring-enhanced-monitoring configuring-iam-database-auth configuring-log-exports converting-to-vpc
  creating delete-precheck deleting failed inaccessible-encryption-credentials inaccessible-encryption-credentials-recoverable
  incompatible-create incompatible-network incompatible-option-group incompatible-parameters incompatible-restore
  insufficient-capacity maintenance modifying moving-to-vpc rebooting resetting-master-credentials renaming restore-error
  starting stopped stopping storage-config-upgrade storage-full storage-initialization storage-optimization upgrading
  upgrade_failed`
  .trim()
  .split(/\s+/);
const OF_AURORA = [...OF_RDS, "backtracking"];

describe("the statuses of instances", () => {
  it("are those that AWS's guides list, each with a class", () => {
    expect([...INSTANCE_STATUSES.keys()].sort()).toEqual([...OF_AURORA].sort());
  });

  it.each([
    [
      "down",
      `delete-precheck deleting failed inaccessible-encryption-credentials inaccessible-encryption-credentials-recoverable
       incompatible-create incompatible-network incompatible-parameters incompatible-restore insufficient-capacity
       restore-error stopped stopping storage-full upgrade_failed`,
    ],
    ["coming-up", "backtracking creating maintenance rebooting renaming starting upgrading"],
    [
      "up",
      `available backing-up configuring-enhanced-monitoring configuring-iam-database-auth configuring-log-exports
       converting-to-vpc incompatible-option-group modifying moving-to-vpc resetting-master-credentials
       storage-config-upgrade storage-initialization storage-optimization`,
    ],
  ])("that are %s are these alone", (name, statuses) => {
    const found = OF_AURORA.filter((status) => instanceStatusClass(status) === name);
    expect(found.sort()).toEqual(statuses.split(/\s+/).sort());
    for (const status of found) {
      expect([isUp(status), isComingUp(status)]).toEqual([name === "up", name === "coming-up"]);
    }
  });

  it("are read in any letter case, as the guides write them in both", () => {
    expect(instanceStatusClass("Stopped")).toBe("down");
  });

  it("that are not known are up: whether there is a server is then seen from its log", () => {
    expect(instanceStatusClass("configuring-something-new")).toBe("up");
  });
});
