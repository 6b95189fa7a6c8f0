import { describe, expect, it } from "vitest";
import { canCapture, ENGINES, engineLabels, engineNames } from "../../src/environments/engines.ts";
import { isOn } from "../../src/leases/needs.ts";
import { GENERAL_LOG_SWITCH } from "../../src/logs/general/switch.ts";
import { slowLogSwitchOf } from "../../src/logs/slow/switch.ts";
import { parametersOf } from "../local-aws/parameters.ts";

describe("the engines that can be captured", () => {
  it("are MySQL and MariaDB on RDS", () => {
    expect(Object.keys(ENGINES)).toEqual(["mysql", "mariadb"]);
    expect(engineLabels("and")).toBe("MySQL and MariaDB");
    expect(engineLabels("or")).toBe("MySQL or MariaDB");
    expect(engineNames()).toBe("`mysql` or `mariadb`");
  });

  it.each(["mysql", "mariadb"])("include %s", (engine) => expect(canCapture(engine)).toBe(true));

  it.each(["postgres", "aurora-mysql", "aurora-postgresql", "sqlserver-ex", "MySQL", "", "constructor"])(
    "do not include %j",
    (engine) => expect(canCapture(engine)).toBe(false),
  );

  it.each(Object.entries(ENGINES))("have a log that the leases can switch on: %s", (_, { generalLog }) => {
    // An engine with other parameters needs leases that know the engine of their group.
    expect(generalLog).toEqual(GENERAL_LOG_SWITCH);
    expect(isOn(generalLog.on)).toBe(true);
    expect(isOn(generalLog.defaults)).toBe(false);
  });

  it.each([
    ["mysql", "mysql8.0"],
    ["mariadb", "mariadb10.11"],
  ])("have a slow log whose parameters their servers have: %s", (engine, family) => {
    const has = new Set(parametersOf(family).map(({ name }) => name));
    const slowLog = ENGINES[engine]?.slowLog;
    expect(slowLog).toBe(slowLogSwitchOf(has));
    for (const { on, defaults } of slowLog === undefined ? [] : [slowLog, slowLog.optional]) {
      expect(Object.keys(on).sort()).toEqual(Object.keys(defaults).sort());
      for (const name of Object.keys(on)) expect(has).toContain(name);
    }
  });
});
