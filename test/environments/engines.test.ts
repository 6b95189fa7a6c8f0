import { describe, expect, it } from "vitest";
import {
  canCapture,
  ENGINES,
  engineLabels,
  engineNames,
  familyOf,
  inOneSentence,
  isInMultiAzCluster,
  metricSetOf,
  unsuited,
} from "../../src/environments/engines.ts";
import { isOn } from "../../src/leases/needs.ts";
import { GENERAL_LOG_SWITCH } from "../../src/logs/general/switch.ts";
import { slowLogSwitchOf } from "../../src/logs/slow/switch.ts";
import { parametersOf } from "../local-aws/parameters.ts";

describe("the engines that can be captured", () => {
  it("are MySQL, MariaDB and Aurora MySQL on RDS", () => {
    expect(Object.keys(ENGINES)).toEqual(["mysql", "mariadb", "aurora-mysql"]);
    expect(engineLabels("and")).toBe("MySQL, MariaDB and Aurora MySQL");
    expect(engineLabels("or")).toBe("MySQL, MariaDB or Aurora MySQL");
    expect(engineNames()).toBe("`mysql`, `mariadb` or `aurora-mysql`");
  });

  it.each(["mysql", "mariadb", "aurora-mysql"])("include %s", (engine) =>
    expect(canCapture(engine)).toBe(true),
  );

  it.each(["postgres", "aurora", "aurora-postgresql", "sqlserver-ex", "MySQL", "", "constructor"])(
    "do not include %j",
    (engine) => expect(canCapture(engine)).toBe(false),
  );

  it.each(Object.entries(ENGINES))("have a log that the leases can switch on: %s", (_, { generalLog }) => {
    // An engine with other parameters needs leases that know the engine of their group.
    expect(generalLog.on).toEqual(GENERAL_LOG_SWITCH.on);
    expect(Object.keys(generalLog.defaults)).toEqual(Object.keys(GENERAL_LOG_SWITCH.defaults));
    expect(isOn(generalLog.on)).toBe(true);
    expect(isOn(generalLog.defaults)).toBe(false);
  });

  it.each([
    ["mysql", "mysql8.0"],
    ["mariadb", "mariadb10.11"],
    ["aurora-mysql", "aurora-mysql8.0"],
  ])("have a slow log whose parameters their servers have: %s", (engine, family) => {
    const has = new Set(parametersOf(family).map(({ name }) => name));
    const slowLog = ENGINES[engine]?.slowLog;
    // Aurora's differs from MySQL's in what holds where nobody says otherwise.
    expect(slowLog).toEqual({ ...slowLogSwitchOf(has), defaults: slowLog?.defaults });
    for (const { on, defaults } of slowLog === undefined ? [] : [slowLog, slowLog.optional]) {
      expect(Object.keys(on).sort()).toEqual(Object.keys(defaults).sort());
      for (const name of Object.keys(on)) expect(has).toContain(name);
    }
  });
});

/** An instance of an engine and version, in a parameter group of its own. */
const instanceOf = (
  engine: string,
  engineVersion: string,
  more: { cluster?: string; parameterGroup?: string } = {},
) => ({
  identifier: "shop",
  engine,
  engineVersion,
  cluster: null,
  parameterGroup: "shop-params",
  ...more,
});

describe("a version of an engine", () => {
  it.each([
    ["mysql", "5.7.44"],
    ["mysql", "5.7.44-rds.20240408"],
    ["mysql", "8.0.43"],
    ["mysql", "8.4.6"],
    ["mysql", "9.7.0"],
    ["mysql", "12.0"],
    ["mysql", "next"],
    ["mariadb", "10.6.22"],
    ["mariadb", "11.8.3"],
    ["mariadb", "13.1"],
    ["aurora-mysql", "5.7.12"],
    ["aurora-mysql", "5.7.mysql_aurora.2.12.5"],
    ["aurora-mysql", "8.0.mysql_aurora.3.10.0"],
    ["aurora-mysql", "8.4.mysql_aurora.4.1.0"],
  ])("can be captured, also one that nobody has heard of: %s %s", (engine, version) => {
    expect(unsuited(instanceOf(engine, version))).toBeNull();
  });

  it.each([
    [
      "aurora",
      "5.6.mysql_aurora.1.22.2",
      /^shop runs Aurora MySQL 1 \(MySQL 5\.6\), which AWS ended on 28 February 2023/,
    ],
    ["aurora-mysql", "5.6.10a", /^shop runs Aurora MySQL 1/],
    ["mysql", "5.6.51", /^shop runs MySQL 5\.6\.51, .*only MySQL 5\.7 and later/],
    ["mysql", "5.5.61", /^shop runs MySQL 5\.5\.61/],
    ["postgres", "16.4", /^shop runs postgres; only MySQL, MariaDB and Aurora MySQL on RDS can be captured$/],
    ["constructor", "1", /^shop runs constructor; only/],
  ])("that is known not to work is named with its reason: %s %s", (engine, version, reason) => {
    const found = unsuited(instanceOf(engine, version));
    expect(found).toMatchObject({ because: "engine", reason: expect.stringMatching(reason) });
    expect(found?.action).toBe("Choose an instance that runs MySQL, MariaDB or Aurora MySQL");
  });
});

describe("an instance that can't be captured as it is", () => {
  it("is a member of a Multi-AZ DB cluster, and not one of Aurora's", () => {
    const member = instanceOf("mysql", "8.4.6", { cluster: "shops", parameterGroup: "default.mysql8.4" });
    expect(isInMultiAzCluster(member)).toBe(true);
    expect(unsuited(member)).toMatchObject({
      because: "cluster",
      reason: expect.stringContaining("is a member of the Multi-AZ DB cluster shops"),
    });
    const aurora = instanceOf("aurora-mysql", "8.0.mysql_aurora.3.10.0", { cluster: "shops" });
    expect(isInMultiAzCluster(aurora)).toBe(false);
    expect(unsuited(aurora)).toBeNull();
    for (const engine of ["aurora-postgresql", "neptune", "docdb"])
      expect(isInMultiAzCluster(instanceOf(engine, "1.3", { cluster: "shops" }))).toBe(false);
  });

  it("has one of Amazon's parameter groups", () => {
    const found = unsuited(instanceOf("mariadb", "11.8.3", { parameterGroup: "default.mariadb11.8" }));
    expect(found?.because).toBe("parameter-group");
    expect(found && inOneSentence(found)).toBe(
      "shop uses the parameter group default.mariadb11.8, which is Amazon's own and can't be changed: create a parameter " +
        "group of the same family (mariadb11.8), assign it to shop, and reboot shop",
    );
  });
});

describe("the family of an instance's parameter groups", () => {
  it.each([
    ["mysql", "8.4.6", "mysql8.4"],
    ["mysql", "5.7.44-rds.20240408", "mysql5.7"],
    ["mariadb", "10.11.9", "mariadb10.11"],
    ["aurora-mysql", "8.0.mysql_aurora.3.10.0", "aurora-mysql8.0"],
    ["aurora-mysql", "5.7.mysql_aurora.2.12.5", "aurora-mysql5.7"],
    ["mysql", "next", null],
    ["postgres", "16.4", null],
  ])("is known by engine and version: %s %s", (engine, engineVersion, family) => {
    expect(familyOf({ engine, engineVersion })).toBe(family);
  });
});

describe("the metrics of an engine", () => {
  it("are Aurora's for Aurora, and those of RDS for all others", () => {
    expect(metricSetOf("aurora-mysql")).toBe("aurora");
    for (const engine of ["mysql", "mariadb", "postgres", "constructor", null]) {
      expect(metricSetOf(engine)).toBe("rds");
    }
  });
});
