import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ParameterSettings } from "../../src/environments/parameter-group.ts";
import { isIdle } from "../../src/leases/lease-state.ts";
import type { Holder } from "../../src/leases/needs.ts";
import { LATE_MS } from "../../src/leases/state.ts";
import { general } from "./transitions.ts";
import { type Happening, World } from "./world.ts";
import type { Answer } from "./world-group.ts";

/**
 * Captures of every kind, each known by its number: of the general log, of the slow log with three thresholds, and of both. They are
 * of three environments.
 */
const HOLDERS: readonly Holder[] = [
  { ...general(1), envId: 1 },
  { ...general(2), envId: 2 },
  { captureId: 3, envId: 1, log: "slow", minDurationMicros: 0 },
  { captureId: 4, envId: 2, log: "slow", minDurationMicros: 250_000 },
  { captureId: 5, envId: 3, log: "both", minDurationMicros: 1_000_000 },
  { captureId: 6, envId: 3, log: "slow", minDurationMicros: 3_600_000_000 },
];
const envId = fc.constantFrom(1, 2, 3);
const holder = fc.constantFrom(...HOLDERS);
const delay = fc.integer({ min: 0, max: LATE_MS });
/** What a person may have set, or not. */
const settings: fc.Arbitrary<ParameterSettings> = fc.record({
  general_log: fc.constantFrom(null, null, "0", "1", "ON"),
  log_output: fc.constantFrom(null, null, "FILE", "TABLE", "NONE", "TABLE,FILE"),
  slow_query_log: fc.constantFrom(null, null, "0", "1"),
  long_query_time: fc.constantFrom(null, null, "0", "0.5", "10"),
  log_slow_extra: fc.constantFrom(null, null, "0", "1"),
  log_slow_verbosity: fc.constantFrom(null, "innodb", "query_plan,explain"),
  log_queries_not_using_indexes: fc.constantFrom(null, null, "0", "1"),
});
/** What a group offers of the slow log's optional parameters. */
const offers = fc.constantFrom<Record<string, string>>(
  {},
  { log_slow_extra: "0", log_queries_not_using_indexes: "0" },
  { log_slow_verbosity: "microtime", log_queries_not_using_indexes: "0" },
  // As of Aurora, whose captures have RDS say which output holds.
  { log_output: "FILE", log_queries_not_using_indexes: "0" },
);
const answers: Answer[] = ["stale", "refused", "denied", "throttled", "done-but-lost", "lost", "late"];
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ what: fc.constantFrom("acquire", "release"), holder }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant("leave"), holder, grace: delay }) },
  {
    weight: 8,
    arbitrary: fc.record({ what: fc.constant("answer"), how: fc.constant("ok" as const), delay }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ what: fc.constant("answer"), how: fc.constantFrom(...answers), delay }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant("crash"),
      how: fc.constantFrom("done-but-lost", "lost", "late"),
      delay,
    }),
  },
  { weight: 3, arbitrary: fc.record({ what: fc.constant("calm") }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant("alarm") }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant("time"), by: delay }) },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant("resets"),
      how: fc.constantFrom("work", "fail", "do nothing"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("person"), settings }) },
  {
    weight: 2,
    arbitrary: fc.record({ what: fc.constant("permission"), envId, isGiven: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constantFrom("delete", "abandon"), envId }) },
) as fc.Arbitrary<Happening>;

/** What must hold whatever happens. */
async function expectToHold(
  original: ParameterSettings,
  offered: Record<string, string>,
  happenings: Happening[],
): Promise<void> {
  const world = new World(original, offered);
  for (const each of happenings) await world.happen(each);
  expect(world.faults).toEqual([]);
  const leaving = world.memory.holders.filter(({ leavesAt }) => leavesAt !== undefined);
  await world.recover();
  // Whoever has ended has left.
  expect(world.memory.holders.filter((each) => leaving.includes(each))).toEqual([]);
  // Every log that is needed is on, and what nobody needs is restored, whoever else holds a lease.
  expect(world.problems()).toEqual([]);
  for (const each of world.memory.holders) {
    await world.happen({ what: "release", holder: each });
    await world.recover();
    expect(world.problems()).toEqual([]);
  }
  expect(isIdle(world.disk)).toBe(true);
  expect(world.disk.answerable).toEqual([]);
  expect(world.faults).toEqual([]);
}

/** Whatever an environment does that can't change the group, what others have switched on is restored. */
async function expectToRestore(
  original: ParameterSettings,
  offered: Record<string, string>,
  happenings: Happening[],
): Promise<void> {
  const world = new World(original, offered);
  world.access.readers.add(2);
  for (const each of happenings) await world.happen(each);
  for (const each of HOLDERS) await world.happen({ what: "release", holder: each });
  await world.recover();
  expect(world.problems()).toEqual([]);
  expect(isIdle(world.disk)).toBe(true);
  expect(world.faults).toEqual([]);
}

describe("captures that start and stop in any interleaving, with crashes and failures between any two steps", () => {
  it("have their logs while they hold a lease, leave the group as they found it, and use their own environment's access alone", async () => {
    await fc.assert(
      fc.asyncProperty(settings, offers, fc.array(happening, { maxLength: 60, size: "max" }), expectToHold),
      { numRuns: 5000, interruptAfterTimeLimit: 40_000 },
    );
  }, 60_000);

  it("leave the group as they found it, whoever of them may not change it", async () => {
    // After a crash nobody knows that a change was refused. What is abandoned may be left to one who can't restore it.
    const survived = happening.filter(({ what }) => what !== "crash" && what !== "abandon");
    await fc.assert(
      fc.asyncProperty(settings, offers, fc.array(survived, { maxLength: 30, size: "max" }), expectToRestore),
      { numRuns: 1000, interruptAfterTimeLimit: 20_000 },
    );
  }, 40_000);
});
