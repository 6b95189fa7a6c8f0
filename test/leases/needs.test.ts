import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ParameterSettings } from "../../src/environments/parameter-group.ts";
import { NEVER, sinceChange } from "../../src/leases/log-times.ts";
import { type Holder, isEnough, isSame, neededSettings, type Offered } from "../../src/leases/needs.ts";

const general: Holder = { captureId: 1, log: "general", minDurationMicros: 0 };
const slow = (minDurationMicros = 0): Holder => ({ captureId: 2, log: "slow", minDurationMicros });
const both: Holder = { captureId: 3, log: "both", minDurationMicros: 0 };

const MYSQL: Offered = {
  log_slow_extra: "0",
  log_slow_admin_statements: "0",
  min_examined_row_limit: "0",
  log_queries_not_using_indexes: "0",
};
const MARIADB: Offered = {
  log_slow_verbosity: "microtime",
  log_slow_rate_limit: "1",
  log_slow_admin_statements: "1",
  min_examined_row_limit: "0",
  log_queries_not_using_indexes: "0",
};
/** Aurora writes its logs to files where the group does not say otherwise. */
const AURORA: Offered = { log_output: "FILE" };

/** A group that has these values of its own, and of all others none. */
const groupWith = (own: ParameterSettings = {}): ParameterSettings => ({
  general_log: null,
  log_output: null,
  slow_query_log: null,
  long_query_time: null,
  ...Object.fromEntries([...Object.keys({ ...MYSQL, ...MARIADB })].map((name) => [name, null])),
  ...own,
});
const needed = (holders: Holder[], own: ParameterSettings = {}, offered: Offered = {}) =>
  neededSettings({ holders, found: groupWith(own), offered });

const SLOW = { slow_query_log: "1", long_query_time: "0", log_output: "FILE" };

describe("what captures need of a group", () => {
  it("is nothing without captures, and the general log for those of it", () => {
    expect(needed([])).toEqual({});
    expect(needed([general])).toEqual({ general_log: "1", log_output: "FILE" });
  });

  it("is the slow log of every statement, with what makes it say more, where the server has that", () => {
    expect(needed([slow()])).toEqual(SLOW);
    expect(needed([slow()], {}, MYSQL)).toEqual({
      ...SLOW,
      log_slow_extra: "1",
      log_slow_admin_statements: "1",
    });
    expect(needed([slow()], {}, MARIADB)).toEqual({ ...SLOW, log_slow_verbosity: "query_plan" });
  });

  it("is both logs for those of both", () => {
    expect(needed([both])).toEqual({ ...SLOW, general_log: "1" });
    expect(needed([general, slow()])).toEqual({ ...SLOW, general_log: "1" });
  });

  it("is what would leave statements out, where it is set", () => {
    const own = {
      min_examined_row_limit: "100",
      log_queries_not_using_indexes: "1",
      log_slow_rate_limit: "5",
    };
    expect(needed([slow()], own, MARIADB)).toEqual({
      ...SLOW,
      log_slow_verbosity: "query_plan",
      min_examined_row_limit: "0",
      log_queries_not_using_indexes: "0",
      log_slow_rate_limit: "1",
    });
    expect(needed([slow()], own, {})).toEqual(SLOW);
  });

  it.each([
    ["innodb", "innodb,query_plan"],
    ["Query_Plan,explain", undefined],
    ["full", undefined],
  ])("adds the query plan to what MariaDB's log says: %s, %s", (own, value) => {
    expect(needed([slow()], { log_slow_verbosity: own }, MARIADB).log_slow_verbosity).toBe(value);
  });

  it.each([
    [[0], "0"],
    [[1], "0.000001"],
    [[100_000, 250_000], "0.1"],
    [[2_500_000, 10_000_000], "2.5"],
    [[3_600_000_000], "3600"],
    [[20_000_000], "20"],
  ])("is the smallest threshold of several captures, in seconds: %j microseconds, %s", (micros, seconds) => {
    expect(needed(micros.map(slow)).long_query_time).toBe(seconds);
  });

  it("is never a larger threshold than was found where the slow log was on", () => {
    const on = { slow_query_log: "1", long_query_time: "0.5", log_output: "FILE" };
    expect(needed([slow(1_000_000)], on)).toEqual({});
    expect(needed([slow(500_000)], on)).toEqual({});
    expect(needed([slow(100_000)], on)).toEqual({ long_query_time: "0.1", log_output: "FILE" });
    // The servers' own is 10 seconds.
    expect(needed([slow(20_000_000)], { slow_query_log: "ON", log_output: "FILE" })).toEqual({});
    expect(needed([slow(1_000_000)], { ...on, slow_query_log: "0" })).toMatchObject({ long_query_time: "1" });
  });

  it("leaves a log alone that was on before, wherever else it is written", () => {
    expect(needed([general], { general_log: "1", log_output: "TABLE,FILE" })).toEqual({});
    const on = { slow_query_log: "1", long_query_time: "0", log_output: "FILE,TABLE" };
    expect(needed([slow()], on)).toEqual({});
    // Every statement would go to the table.
    expect(needed([slow()], { ...on, long_query_time: "2" })).toMatchObject({ log_output: "FILE" });
    expect(needed([general], on)).toEqual({ general_log: "1", log_output: "FILE" });
  });

  it("is nothing of a log that is on in files by the engine's own default", () => {
    expect(needed([general], { general_log: "1" }, AURORA)).toEqual({});
    const on = { slow_query_log: "1", long_query_time: "0.5" };
    expect(needed([slow(500_000)], on, AURORA)).toEqual({});
    expect(needed([slow(100_000)], on, AURORA)).toMatchObject({ long_query_time: "0.1" });
    expect(needed([general], { general_log: "1", log_output: "TABLE" }, AURORA)).toEqual(
      needed([general], {}, AURORA),
    );
  });

  it("is said in the words in which it was found", () => {
    expect(needed([both], { general_log: "ON", slow_query_log: "on", long_query_time: "0.0" })).toEqual({
      general_log: "ON",
      log_output: "FILE",
    });
  });

  it("is nothing of parameters that are not leased", () => {
    expect(neededSettings({ holders: [both], found: { log_output: null }, offered: MYSQL })).toEqual({
      log_output: "FILE",
    });
  });

  it("depends on who needs what, and not on their order", () => {
    const holder = fc.record({
      captureId: fc.nat(),
      log: fc.constantFrom("general" as const, "slow" as const, "both" as const),
      minDurationMicros: fc.integer({ min: 0, max: 3_600_000_000 }),
    });
    fc.assert(
      fc.property(fc.array(holder), (holders) => {
        expect(needed(holders.toReversed(), {}, MYSQL)).toEqual(needed(holders, {}, MYSQL));
      }),
    );
  });
});

describe("what a group has", () => {
  const isEnoughOf = (offered: Offered) => isEnough("log_output", null, "FILE", offered);

  it("is enough when the engine's own default is", () => {
    expect([AURORA, MYSQL, null].map(isEnoughOf)).toEqual([true, false, false]);
  });

  it("switches a general log on that was off, and not one that is on by the engine's own default", () => {
    const since = (has: ParameterSettings, offered: Offered) =>
      sinceChange({ holders: [both], has, offered, since: NEVER }, { log_output: "FILE" }, 7).general;
    expect(since({ general_log: "1", log_output: null }, AURORA)).toBeNull();
    expect(since({ general_log: "1", log_output: null }, MYSQL)).toBe(7);
    // What the group has may be a table by a change whose answer was lost.
    expect(since({ general_log: "1" }, AURORA)).toBe(7);
  });
});

describe("settings that come to the same", () => {
  it.each<[ParameterSettings, ParameterSettings, boolean]>([
    [{}, { general_log: "0", log_output: "TABLE", slow_query_log: "OFF", long_query_time: "10.0" }, true],
    [{ long_query_time: "0" }, { long_query_time: "0.000000" }, true],
    [{ long_query_time: null }, { long_query_time: "0" }, false],
    [{ log_output: "TABLE,FILE" }, { log_output: "file,table" }, true],
    [{ log_slow_extra: null }, { log_slow_extra: "0" }, true],
    [{ log_slow_extra: null }, { log_slow_extra: "1" }, false],
    [{ log_slow_rate_limit: null }, { log_slow_rate_limit: "1" }, false],
  ])("%j, %j: %s", (one, other, same) => {
    expect(isSame(one, other, MYSQL)).toBe(same);
    expect(isSame(other, one, MYSQL)).toBe(same);
  });
});
