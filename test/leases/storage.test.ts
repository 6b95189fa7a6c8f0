import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import type { ParameterGroup } from "../../src/environments/parameter-group.ts";
import { MAX_HOLDERS } from "../../src/leases/holders.ts";
import { IDLE } from "../../src/leases/lease-state.ts";
import { LEASED_PARAMETERS } from "../../src/leases/needs.ts";
import { LeaseStorage } from "../../src/leases/storage.ts";
import { Unreadable } from "../../src/lib/stored.ts";
import { LEASE } from "../fixtures/stored-unversioned.ts";
import { linesOf } from "../support/api.ts";
import { leaseAlarmOf, leaseOf, runLeaseAlarm } from "../support/leases.ts";
import { fitsProduction } from "../support/stored-size.ts";

const HOUR = 3_600_000;

afterEach(() => abortAllDurableObjects());

/** A group that nobody else has, whose lease has stored this. */
async function stored(values: Record<string, unknown>): Promise<ParameterGroup> {
  const group = { ...(LEASE.group as ParameterGroup), parameterGroup: crypto.randomUUID() };
  await runInDurableObject(leaseOf(group), (_, { storage }) => {
    for (const [key, value] of Object.entries(values)) storage.kv.put(key, value);
  });
  return group;
}

const inLease = <T>(
  group: ParameterGroup,
  run: (storage: LeaseStorage, kv: SyncKvStorage) => T,
): Promise<T> =>
  runInDurableObject(leaseOf(group), (_, { storage }) =>
    run(new LeaseStorage(storage.kv), storage.kv),
  ) as Promise<T>;

describe("what a lease has stored", () => {
  it("is nothing at first", async () => {
    const group = await stored({});
    expect(await inLease(group, ({ group, state, attempts }) => ({ group, state, attempts }))).toEqual({
      group: undefined,
      state: IDLE,
      attempts: undefined,
    });
  });

  it("from before there were versions can be read, and is the same when it is stored by this version", async () => {
    const group = await stored(LEASE);
    const { accesses, abandoned, ...kept } = LEASE;
    const before = await inLease(group, ({ group, state, attempts }) => ({ group, state, attempts }));
    expect(before).toEqual({
      ...kept,
      state: {
        ...IDLE,
        holders: [{ captureId: 1, log: "general", minDurationMicros: 0 }],
        found: { general_log: null, log_output: "TABLE" },
        has: { general_log: "1", log_output: "FILE" },
        since: { general: 1795811248914, slow: null, threshold: null, slowSeenOff: null },
      },
    });
    const [versions, after] = await inLease(group, (it, kv) => {
      Object.assign(it, before);
      const versions = ["group", "state", "attempts"].map((key) => kv.get<{ version: number }>(key)?.version);
      return [versions, { ...before, state: it.state, attempts: it.attempts }];
    });
    expect(versions).toEqual([1, 2, 1]);
    expect(after).toEqual(before);
  });

  it("stays below what production takes, with as many captures as it may have", async () => {
    const ids = Array.from({ length: MAX_HOLDERS }, (_, i) => 2 ** 40 + i);
    const holders = ids.map((captureId) => ({
      captureId,
      log: "general" as const,
      minDurationMicros: 3.6e9,
    }));
    const settings = Object.fromEntries(LEASED_PARAMETERS.map((name) => [name, "x".repeat(2000)]));
    const group = await stored(LEASE);
    const fits = await inLease(group, (it, kv) => {
      it.state = { ...it.state, holders, answerable: ids, found: settings, has: settings };
      return [...kv.list()].map(([key, value]) => [key, fitsProduction(kv, value)]);
    });
    expect(fits.length).toBeGreaterThanOrEqual(4);
    expect(fits.filter(([, isSmall]) => !isSmall)).toEqual([]);
    const refused = await leaseOf(group).acquire(
      { captureId: 1, log: "slow", minDurationMicros: 0 },
      group,
      null,
    );
    expect(refused).toMatchObject({ ok: false, failure: { kind: "rejected", code: "TooManyCaptures" } });
    expect(await leaseOf(group).holders()).toHaveLength(MAX_HOLDERS);
  });

  it("does not keep the credentials that an earlier version stored, nor that it had stopped retrying", async () => {
    const group = await stored(LEASE);
    await inLease(group, (it) => it.dropOutdated());
    const keys = await inLease(group, (_, kv) => [...kv.list()].map(([key]) => key));
    expect(keys.sort()).toEqual(["attempts", "group", "state"]);
  });

  it.each([
    ["of a newer version", "state", { version: 3 }],
    ["damaged", "state", { holders: "1" }],
    ["damaged", "group", "us-east-1"],
  ])("that is %s is neither deleted nor taken for something else: %s", async (_, key, value) => {
    const group = await stored({ ...LEASE, [key]: value });
    await runInDurableObject(leaseOf(group), (_, { storage }) => storage.setAlarm(Date.now() + HOUR));
    const before = Date.now();
    const lines = await linesOf(() => runLeaseAlarm(group));
    expect(lines).toMatchObject([
      {
        level: "error",
        event: "lease.alarm.failed",
        error: expect.stringMatching(/^Unreadable: The /),
      },
    ]);
    // In an hour, instead of every two minutes.
    expect(await leaseAlarmOf(group)).toBeGreaterThanOrEqual(before + HOUR);
    expect(await inLease(group, (_, kv) => kv.get(key))).toEqual(value);
    const refused = await runInDurableObject(leaseOf(group), (lease) =>
      lease.release(1, true).catch((error) => error),
    );
    expect(refused).toBeInstanceOf(Unreadable);
  });
});
