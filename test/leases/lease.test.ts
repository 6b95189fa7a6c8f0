import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { leaseName } from "../../src/environments/parameter-group.ts";
import { HOURLY_FOR_MS, REVIEW_MS } from "../../src/leases/lease.ts";
import { MAX_RESETS, RESTORE_APPLIES_MS } from "../../src/leases/state.ts";
import { LeaseStorage } from "../../src/leases/storage.ts";
import { ALARM_GRACE_MS } from "../../src/lib/alarms.ts";
import { GENERAL_LOG_SWITCH } from "../../src/logs/general/switch.ts";
import { createAccount, type LocalAccount } from "../local-aws/test/client.ts";
import { createEnvironment, recordConsole, signUp } from "../support/api.ts";
import { environmentForEachTest } from "../support/each-test.ts";
import {
  accessOf,
  changersOf,
  changesOf,
  GroupLease,
  leaseAlarmOf,
  leaseOf,
  noteLease,
  runLeaseAlarm,
  startingCapture,
  storedBy,
} from "../support/leases.ts";
import { travel } from "../support/time.ts";

const OFF = { general_log: "0", log_output: "TABLE" };
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

// Each test has an account, and so a group and a lease, of its own.
const own = environmentForEachTest();
let lease: GroupLease;

beforeEach(async () => {
  lease = await GroupLease.of(own);
});

// What is left pending would come in the next test.
afterEach(() => abortAllDurableObjects());

describe("a lease", () => {
  it("switches logging on for the first capture, keeps it on for the others, and restores what was there after the last", async () => {
    await lease.set({ general_log: "0", log_output: "NONE" });
    const first = await lease.acquire(1);
    expect(first).toMatchObject({ ok: true, loggingSince: expect.any(Number) });
    expect(await lease.acquire(2)).toEqual(first);
    expect(await lease.settings()).toEqual(GENERAL_LOG_SWITCH.on);
    expect(await lease.release(1)).toBe(true);
    expect(await lease.settings()).toEqual(GENERAL_LOG_SWITCH.on);
    expect(await lease.release(2)).toBe(true);
    expect(await lease.settings()).toEqual({ general_log: "0", log_output: "NONE" });
    expect(await changesOf(own.aws)).toEqual(["ModifyDBParameterGroup 200", "ModifyDBParameterGroup 200"]);
  });

  it("leaves no values behind where there were none", async () => {
    await lease.acquire(1);
    await lease.release(1);
    expect(await lease.settings()).toEqual({});
  });

  it("restores a value and takes another away, in one group", async () => {
    await lease.set({ log_output: "FILE" });
    await lease.acquire(1);
    await lease.release(1);
    expect(await lease.settings()).toEqual({ log_output: "FILE" });
  });

  it("writes the defaults where it may not take values away", async () => {
    await own.aws.deny("rds:ResetDBParameterGroup");
    await lease.acquire(1);
    expect(await lease.release(1)).toBe(true);
    expect(await lease.settings()).toEqual(OFF);
  });

  it("changes nothing where logging was on already", async () => {
    await lease.set({ general_log: "1", log_output: "TABLE,FILE" });
    expect(await lease.acquire(1)).toEqual({ ok: true, loggingSince: null });
    expect(await lease.release(1)).toBe(true);
    expect(await changesOf(own.aws)).toEqual([]);
  });

  it("is acquired once however often it is asked for, and given back once", async () => {
    await Promise.all([lease.acquire(1), lease.acquire(1), lease.acquire(1)]);
    expect(await lease.holders()).toEqual([1]);
    expect(await Promise.all([lease.release(1), lease.release(1), lease.release(1)])).toContain(true);
    expect(await lease.release(1)).toBe(true);
    expect(await changesOf(own.aws)).toHaveLength(2);
  });

  it("stores nothing any more, and has no alarm, once the servers have what was restored", async () => {
    await lease.acquire(1);
    await lease.release(1);
    await travel(own.aws, RESTORE_APPLIES_MS + 1);
    await runLeaseAlarm(lease.group);
    expect(await storedBy(lease.group)).toBe(0);
    expect(await leaseAlarmOf(lease.group)).toBeNull();
    expect(await lease.release(1)).toBe(true);
    expect(await storedBy(lease.group)).toBe(0);
  });

  it("counts log files later when it was restored a moment ago: those servers may still be about to stop", async () => {
    await lease.acquire(1);
    await lease.release(1);
    const before = Date.now();
    const again = await lease.acquire(2);
    expect(again.ok && (again.loggingSince ?? 0) - before).toBeGreaterThan(10_000);
    await lease.release(2);
    await travel(own.aws, RESTORE_APPLIES_MS + 1);
    const later = await lease.acquire(3);
    expect(later.ok && (later.loggingSince ?? 0) - Date.now()).toBeLessThanOrEqual(0);
  });

  it("ends right whatever captures start and stop at once", async () => {
    for (let round = 0; round < 5; round++) {
      await Promise.all(
        Array.from({ length: 12 }, (_, i) =>
          (i + round) % 3 === 0 ? lease.release(i % 4) : lease.acquire(i % 4),
        ),
      );
      expect(await lease.settings()).toEqual((await lease.holders()).length > 0 ? GENERAL_LOG_SWITCH.on : {});
    }
    await Promise.all([0, 1, 2, 3].map((id) => lease.release(id)));
    expect(await lease.settings()).toEqual({});
  });
});

describe("a refusal", () => {
  it("of the change is answered with the action that was refused, and nothing is owed", async () => {
    await own.aws.deny("rds:ModifyDBParameterGroup");
    expect(await lease.acquire(1)).toMatchObject({
      ok: false,
      failure: { kind: "denied", action: "rds:ModifyDBParameterGroup" },
    });
    expect(await lease.release(1)).toBe(true);
    expect(await changesOf(own.aws)).toEqual(["ModifyDBParameterGroup 403"]);
    expect(await storedBy(lease.group)).toBe(0);
  });

  it("of the first look is answered so, too", async () => {
    await own.aws.deny("rds:DescribeDBParameters");
    expect(await lease.acquire(1)).toMatchObject({
      ok: false,
      failure: { kind: "denied", action: "rds:DescribeDBParameters" },
    });
    expect(await lease.release(1)).toBe(true);
  });

  it("to restore is tried again with growing pauses, an hour at most for a week, then a day, and never given up", async () => {
    await lease.acquire(1);
    await own.aws.deny("rds:ModifyDBParameterGroup", "rds:ResetDBParameterGroup");
    expect(await lease.release(1)).toBe(false);
    const pause = async () => ((await leaseAlarmOf(lease.group)) ?? 0) - Date.now();
    /** The pauses after so many more attempts. */
    const pauses = async (attempts: number) => {
      const seen: number[] = [];
      for (let i = 0; i < attempts; i++) {
        await travel(own.aws, Math.max(1, await pause()));
        await runLeaseAlarm(lease.group);
        expect(await lease.release(1)).toBe(false);
        seen.push(await pause());
      }
      return seen;
    };
    expect(await pause()).toBeLessThanOrEqual(2000);
    const first = await pauses(16);
    expect(first.at(-1)).toBeGreaterThanOrEqual(30 * MINUTE);
    expect(Math.max(...first)).toBeLessThanOrEqual(60 * MINUTE);
    await travel(own.aws, HOURLY_FOR_MS);
    const later = await pauses(4);
    expect(later.at(-1)).toBeGreaterThanOrEqual(12 * 60 * MINUTE);
    expect(Math.max(...later)).toBeLessThanOrEqual(DAY);
    await own.aws.deny();
    await runLeaseAlarm(lease.group);
    expect(await lease.release(1)).toBe(true);
    expect(await lease.settings()).toEqual({});
  });

  it("to restore ends with the permission", async () => {
    await lease.acquire(1);
    await own.aws.deny("rds:*");
    expect(await lease.release(1)).toBe(false);
    await own.aws.deny();
    await runLeaseAlarm(lease.group);
    expect(await lease.release(1)).toBe(true);
    expect(await lease.settings()).toEqual({});
  });

  it("does not concern a group that was deleted: there is nothing to restore", async () => {
    lease = new GroupLease(own.aws, { ...lease.group, parameterGroup: "no-such-group" }, lease.access);
    expect(await lease.acquire(1)).toMatchObject({
      ok: false,
      failure: { code: "DBParameterGroupNotFound" },
    });
    expect(await lease.release(1)).toBe(true);
  });
});

describe("a way to restore the group that fails", () => {
  const resetting = (kind: "server-error" | "garbage", times?: number) =>
    own.aws.fault({ kind, action: "ResetDBParameterGroup", ...(times === undefined ? {} : { times }) });

  it("again and again otherwise than by denial is given up for the defaults, which are written", async () => {
    await resetting("server-error");
    await lease.acquire(1);
    expect(await lease.release(1)).toBe(false);
    for (let attempt = 1; attempt < MAX_RESETS; attempt++) {
      expect(await lease.settings()).toEqual(GENERAL_LOG_SWITCH.on);
      await runLeaseAlarm(lease.group);
    }
    expect(await lease.settings()).toEqual(OFF);
    // The last attempt may still arrive: that is waited for.
    expect(await lease.release(1)).toBe(false);
    await lease.settleDown();
    expect(await lease.release(1)).toBe(true);
    expect((await changesOf(own.aws)).filter((change) => change.startsWith("Reset"))).toHaveLength(
      MAX_RESETS,
    );
  });

  it("is asked of AWS once more where the log is on for another capture, which may be known then", async () => {
    await resetting("server-error", MAX_RESETS - 1);
    await lease.acquire(1);
    await lease.release(1);
    await runLeaseAlarm(lease.group);
    expect(await lease.acquire(2)).toMatchObject({ ok: true });
    expect(await lease.release(2)).toBe(false);
    expect(await lease.settings()).toEqual({});
  });

  it("does not count what AWS says that it did and has not done otherwise", async () => {
    await resetting("garbage", 1);
    await lease.acquire(1);
    expect(await lease.release(1)).toBe(false);
    await runLeaseAlarm(lease.group);
    expect(await lease.settings()).toEqual({});
  });
});

describe("credentials", () => {
  const key = ({ credentials }: LocalAccount) => credentials.accessKeyId;
  const rows = () =>
    env.DB.prepare(
      `select l.owed_reason as reason, l.owed_settings as settings, l.owed_since as since, c.env_id as envId
       from log_leases l join captures c on c.id = l.capture_id where l.lease_name = ?1 and l.owed_since is not null`,
    )
      .bind(leaseName(lease.group))
      .all<{ reason: string; settings: string; since: number; envId: number }>()
      .then(({ results }) => results);
  /** Another team's environment of the same instance, in the same account, by a role. */
  async function otherTenant() {
    const role = await own.aws.createRole({ externalId: "other-tenant" });
    const { environment } = await createEnvironment(await signUp("Other"), {
      aws: { ...own.aws, credentials: role as never },
    });
    await own.aws.clearRequests();
    return { environment, role, access: await accessOf(environment) };
  }
  const changeCredentials = (credentials: unknown) =>
    own.admin.put(`/api/environments/${own.environment.id}`, { credentials });

  it("of an environment serve its captures alone: the last to let go restores the group with its own", async () => {
    const other = await otherTenant();
    await lease.acquire(1);
    expect(await changersOf(own.aws)).toEqual([key(own.aws)]);
    expect(await lease.acquire(2, other.access)).toMatchObject({ ok: true });
    expect(await lease.release(1)).toBe(true);
    await own.aws.clearRequests();
    expect(await lease.release(2)).toBe(true);
    const changers = await changersOf(own.aws);
    expect(changers).toHaveLength(1);
    expect(changers).not.toContain(key(own.aws));
    expect(await lease.settings()).toEqual({});
  });

  it("of another environment are no help: what is refused to its own is owed by it, and by nobody else", async () => {
    const other = await otherTenant();
    await lease.acquire(1);
    await lease.acquire(2, other.access);
    await lease.release(1);
    // The role trusts nobody any more.
    await own.aws.createRole({ ...other.role, trustedAccountId: "999999999999" });
    await own.aws.expireSessions();
    await own.aws.clearRequests();
    expect(await lease.release(2)).toBe(false);
    await runLeaseAlarm(lease.group);
    expect(await changesOf(own.aws)).toEqual([]);
    expect(await lease.settings()).toEqual(GENERAL_LOG_SWITCH.on);
    expect(await rows()).toMatchObject([
      { envId: other.environment.id, reason: expect.stringContaining("sts:AssumeRole"), settings: "{}" },
    ]);
    // A capture for which the log is on answers for it from then on.
    expect(await lease.acquire(3)).toMatchObject({ ok: true });
    expect(await lease.release(2)).toBe(true);
    expect(await lease.release(3)).toBe(true);
    expect(await lease.settings()).toEqual({});
  });

  it("that are refused to switch the log on owe nothing for what another has left on", async () => {
    const other = await otherTenant();
    await lease.acquire(1);
    await own.aws.fault({ kind: "server-error", action: "ResetDBParameterGroup", times: 1 });
    expect(await lease.release(1)).toBe(false);
    await own.aws.deny("rds:ModifyDBParameterGroup");
    expect(await lease.acquire(2, other.access)).toMatchObject({ ok: false });
    await own.aws.deny("rds:*");
    expect(await lease.release(2)).toBe(true);
    expect(await lease.release(1)).toBe(false);
    expect((await rows()).map(({ envId }) => envId)).toEqual([own.environment.id]);
  });

  it("that were replaced are not used any more: the present ones are", async () => {
    await lease.acquire(1);
    const role = await own.aws.createRole({ externalId: "newer" });
    expect((await changeCredentials(role)).status).toBe(200);
    await own.aws.clearRequests();
    expect(await lease.release(1)).toBe(true);
    expect(await changersOf(own.aws)).not.toContain(key(own.aws));
    expect(await lease.settings()).toEqual({});
  });

  it("of another account by now change nothing there, whose group bears the same name; the debt is said", async () => {
    const stranger = await createAccount();
    await lease.acquire(1);
    expect((await changeCredentials(stranger.credentials)).status).toBe(200);
    await own.aws.clearRequests();
    expect(await lease.release(1)).toBe(false);
    await runLeaseAlarm(lease.group);
    expect(await changesOf(stranger)).toEqual([]);
    expect(await changesOf(own.aws)).toEqual([]);
    expect(await rows()).toMatchObject([
      { reason: "The environment's credentials are of another AWS account by now" },
    ]);
    await changeCredentials(own.aws.credentials);
    expect(await lease.release(1, true)).toBe(true);
    expect(await lease.settings()).toEqual({});
  });

  it("of a deleted environment are used for nothing: what nobody can give back is forgotten, and logged", async () => {
    await lease.acquire(1);
    await env.DB.prepare("update environments set deleted_at = 1 where id = ?1")
      .bind(own.environment.id)
      .run();
    await own.aws.clearRequests();
    const stop = recordConsole();
    expect(await lease.release(1)).toBe(true);
    expect(stop().filter((line) => line.includes("lease.forgotten"))).toHaveLength(1);
    expect(await own.aws.requests()).toEqual([]);
    expect(await storedBy(lease.group)).toBe(0);
  });

  it("are not kept by the lease, nor those that an earlier version kept", async () => {
    await lease.acquire(1);
    const stored = () =>
      runInDurableObject(leaseOf(lease.group), (_, { storage }) =>
        JSON.stringify([...storage.kv.list()]),
      ) as Promise<string>;
    expect(await stored()).not.toContain(lease.access.credentials);
    await runInDurableObject(leaseOf(lease.group), (_, { storage }) => {
      storage.kv.put("accesses", [{ ...lease.access, isProven: true }]);
    });
    await runLeaseAlarm(lease.group);
    expect(await stored()).not.toContain(lease.access.credentials);
  });

  it("are those of the capture that cron comes with, for a lease that an earlier version left owing", async () => {
    await lease.acquire(1);
    await runInDurableObject(leaseOf(lease.group), (_, { storage }) => {
      const { answerable, failedResets, writesDefaults, ...yesterday } = new LeaseStorage(storage.kv).state;
      storage.kv.put("state", { ...yesterday, holders: [] });
      storage.kv.put("abandoned", true);
    });
    await runLeaseAlarm(lease.group);
    expect(await lease.settings()).toEqual(GENERAL_LOG_SWITCH.on);
    expect(await lease.release(1)).toBe(false);
    expect(await lease.release(1, true)).toBe(true);
    expect(await lease.settings()).toEqual({});
  });
});

describe("an alarm that stands in the past and never fires", () => {
  it.each<[string, () => Promise<unknown>]>([
    ["a capture that asks", () => lease.acquire(2)],
    ["cron, which comes for what is owed", () => lease.release(1)],
    ["a capture that gives back what it has not", () => lease.release(2)],
    ["cron, which looks after leases", () => leaseOf(lease.group).wake(Date.now() + DAY)],
  ])("is set anew by %s", async (_, come) => {
    await lease.acquire(1);
    await own.aws.deny("rds:*");
    await lease.release(1);
    await travel(own.aws, DAY);
    expect(await leaseAlarmOf(lease.group)).toBeLessThan(Date.now() - ALARM_GRACE_MS);
    await come();
    expect(await leaseAlarmOf(lease.group)).toBeGreaterThan(Date.now());
    await own.aws.deny();
    await runLeaseAlarm(lease.group);
    await lease.release(2);
    expect(await lease.settings()).toEqual({});
  });

  it("is none where there is nothing to do", async () => {
    await leaseOf(lease.group).wake(Date.now());
    expect(await leaseAlarmOf(lease.group)).toBeNull();
  });
});

describe("a review", () => {
  it("lets go of captures that have no row, and of no others", async () => {
    const [kept, lost] = [
      { id: await startingCapture(own.admin, own.environment) },
      { id: await startingCapture(own.admin, own.environment) },
    ];
    await noteLease(kept.id, lease.group);
    await noteLease(lost.id, { ...lease.group, parameterGroup: "another" });
    for (const id of [kept.id, lost.id, 999_999]) await lease.acquire({ id });
    expect(((await leaseAlarmOf(lease.group)) ?? 0) - Date.now()).toBeLessThanOrEqual(REVIEW_MS);
    await travel(own.aws, REVIEW_MS);
    await runLeaseAlarm(lease.group);
    expect(await lease.holders()).toEqual([kept.id]);
    expect(await lease.settings()).toEqual(GENERAL_LOG_SWITCH.on);
    await env.DB.prepare("delete from log_leases").run();
    await runLeaseAlarm(lease.group);
    expect(await lease.holders()).toEqual([]);
    expect(await lease.settings()).toEqual({});
  });
});
