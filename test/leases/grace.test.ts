import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { numberUpTo } from "../../src/env.ts";
import type { Environment } from "../../src/environments/replies.ts";
import { MAX_GRACE_MS } from "../../src/leases/holders.ts";
import type { LogLease } from "../../src/leases/lease.ts";
import { releaseLease, releaseLeaseLater } from "../../src/leases/release.ts";
import { LeaseStorage } from "../../src/leases/storage.ts";
import { GENERAL_LOG_SWITCH } from "../../src/logs/general/switch.ts";
import { createAccount } from "../local-aws/test/client.ts";
import { bindingsOf, createCapture, linesOf } from "../support/api.ts";
import { everyMinute } from "../support/cron.ts";
import { castForEachTest } from "../support/each-test.ts";
import {
  changesOf,
  GroupLease,
  groupOf,
  leaseAlarmOf,
  leaseOf,
  runLeaseAlarm,
  settingsOf,
  storedBy,
} from "../support/leases.ts";
import { travel, until } from "../support/time.ts";

const GRACE_MS = 30_000;
const ON = GENERAL_LOG_SWITCH.on;

const cast = castForEachTest();
let lease: GroupLease;

beforeEach(async () => {
  lease = await GroupLease.of(cast);
  await giveGrace();
});

afterEach(async () => {
  vi.restoreAllMocks();
  await env.DB.prepare("delete from log_leases").run();
  await abortAllDurableObjects();
});

/** Lets the lease's object have a grace: the tests' service has none. To be called again once it was aborted. */
const giveGrace = (milliseconds = GRACE_MS) =>
  runInDurableObject(leaseOf(lease.group), (object: LogLease) => {
    const variables = { ...bindingsOf(object), LEASE_GRACE_MS: String(milliseconds) };
    Object.defineProperty(object, "env", { value: variables, configurable: true });
  });

/** Lets a test see, or replace, each statement by which D1 is told of a grace, as the lease's object prepares it. */
const preparing = (
  told: (statement: D1PreparedStatement, storage: DurableObjectStorage) => D1PreparedStatement,
) =>
  runInDurableObject(leaseOf(lease.group), (object: LogLease, { storage }) => {
    const { DB } = bindingsOf(object);
    const prepare = DB.prepare.bind(DB);
    vi.spyOn(DB, "prepare").mockImplementation((sql) => {
      const statement = prepare(sql);
      return sql.startsWith("update log_leases set kept_until") ? told(statement, storage) : statement;
    });
  });

const leave = async (holder: number) => leaseOf(lease.group).leave(await lease.idOf(holder));
const settings = () => settingsOf(cast.aws, groupOf(cast.aws));
const rows = async () => {
  const { results } = await env.DB.prepare(
    "select capture_id as id, kept_until as keptUntil, owed_since as owedSince from log_leases",
  ).all<{ id: number; keptUntil: number | null; owedSince: number | null }>();
  return results;
};
const path = () => `/api/environments/${cast.environment.id}`;
const owed = async () => (await cast.admin.get<Environment>(path())).body.owed;

/** Does something just before each of the next updates of an environment. */
function beforeUpdates(...all: (() => Promise<void>)[]): void {
  const session = Object.getPrototypeOf(env.DB.withSession()) as D1Database;
  const { prepare, batch } = session;
  let isUpdate = false;
  vi.spyOn(session, "prepare").mockImplementation(function (this: D1Database, sql) {
    isUpdate ||= sql.includes("update environments set name");
    return prepare.call(this, sql);
  });
  vi.spyOn(session, "batch").mockImplementation(async function (this: D1Database, statements) {
    if (isUpdate) await all.shift()?.();
    isUpdate = false;
    return batch.call(this, statements) as never;
  });
}

/** Records something, and ends it. */
async function recorded(): Promise<void> {
  const capture = await createCapture(cast.owner, { envId: cast.environment.id });
  await until(cast.owner, capture, "RUNNING");
  await cast.owner.post(`/api/captures/${capture.id}/stop`);
  await until(cast.owner, capture, "DONE");
}

describe("a capture that has ended", () => {
  it("leaves its log on for the grace, then the group is as it was found, and nothing is stored of it", async () => {
    await lease.set({ general_log: "0", log_output: "NONE" });
    await lease.acquire(1);
    expect(await leave(1)).toBe(false);
    expect(await lease.settings()).toEqual(ON);
    const alarm = (await leaseAlarmOf(lease.group)) ?? 0;
    expect(alarm - Date.now()).toBeLessThanOrEqual(GRACE_MS);
    expect(alarm - Date.now()).toBeGreaterThan(GRACE_MS - 10_000);
    await travel(cast.aws, GRACE_MS);
    await runLeaseAlarm(lease.group);
    expect(await lease.settings()).toEqual({ general_log: "0", log_output: "NONE" });
    expect(await lease.holders()).toEqual([]);
    expect(await rows()).toEqual([]);
    await lease.settleDown();
    expect(await storedBy(lease.group)).toBe(0);
  });

  it("lets one that begins meanwhile find the log on, as it has been", async () => {
    const first = await lease.acquire(1);
    await leave(1);
    await travel(cast.aws, GRACE_MS / 2);
    expect(await lease.acquire(2)).toEqual(first);
    await travel(cast.aws, GRACE_MS);
    await runLeaseAlarm(lease.group);
    expect(await lease.holders()).toEqual([2]);
    expect(await lease.settings()).toEqual(ON);
    expect(await changesOf(cast.aws)).toEqual(["ModifyDBParameterGroup 200"]);
    await lease.release(2);
    expect(await lease.settings()).toEqual({});
  });

  it("is let go once, however often it is said, at the first of the times", async () => {
    await lease.acquire(1);
    await leave(1);
    const alarm = await leaseAlarmOf(lease.group);
    await travel(cast.aws, GRACE_MS / 2);
    expect(await leave(1)).toBe(false);
    expect(await leaseAlarmOf(lease.group)).toBe(alarm);
    await travel(cast.aws, GRACE_MS / 2);
    await runLeaseAlarm(lease.group);
    expect(await leave(1)).toBe(true);
    expect(await lease.settings()).toEqual({});
  });

  it("is let go at once where nothing was changed, or where there is no grace", async () => {
    await lease.set({ general_log: "1", log_output: "FILE" });
    await lease.acquire(1);
    expect(await leave(1)).toBe(true);
    expect(await leaseOf(lease.group).leave(999_999)).toBe(true);
    await lease.set({ general_log: "0", log_output: "FILE" });
    await giveGrace(0);
    await lease.acquire(2);
    expect(await leave(2)).toBe(true);
    expect(await lease.settings()).toEqual({ general_log: "0", log_output: "FILE" });
  });

  it("is let go when the object crashes during the grace, by the alarm that is on disk", async () => {
    await lease.acquire(1);
    await leave(1);
    await abortAllDurableObjects();
    expect(await lease.holders()).toEqual([1]);
    await travel(cast.aws, GRACE_MS);
    await runLeaseAlarm(lease.group);
    expect(await lease.settings()).toEqual({});
    expect(await rows()).toEqual([]);
  });

  it("is let go by cron when the alarm was lost, and not before", async () => {
    await lease.acquire(1);
    await leave(1);
    expect(await everyMinute()).toMatchObject({ leases: 0 });
    await runInDurableObject(leaseOf(lease.group), (_, { storage }) => storage.deleteAlarm());
    await travel(cast.aws, GRACE_MS + 50_000);
    expect(await everyMinute()).toMatchObject({ leases: 0 });
    expect(await lease.settings()).toEqual(ON);
    await travel(cast.aws, 20_000);
    expect(await everyMinute()).toMatchObject({ leases: 1, leasesReleased: 1 });
    expect(await lease.settings()).toEqual({});
    expect(await rows()).toEqual([]);
  });

  it("is let go by cron within a minute when D1 was away, so that it could not be told", async () => {
    await lease.acquire(1);
    await preparing(() => {
      throw new Error("away");
    });
    const lines = await linesOf(async () => expect(await leave(1)).toBe(false));
    expect(lines).toContainEqual(
      expect.objectContaining({ event: "lease.kept.failed", error: "Error: away" }),
    );
    vi.restoreAllMocks();
    expect(await everyMinute()).toMatchObject({ leases: 1, leasesReleased: 1 });
    expect(await lease.settings()).toEqual({});
  });

  it("begins its grace after D1 knows of it: its environment gets no other credentials meanwhile", async () => {
    await lease.acquire(1);
    await lease.acquire(2);
    const id = await lease.idOf(1);
    const seen: unknown[] = [];
    await preparing((statement, storage) => {
      seen.push(new LeaseStorage(storage.kv).state.holders.map(({ leavesAt }) => leavesAt));
      return statement;
    });
    expect(await leave(1)).toBe(false);
    vi.restoreAllMocks();
    expect(seen).toEqual([[undefined, undefined]]);
    expect(await rows()).toContainEqual({ id, keptUntil: expect.any(Number), owedSince: null });
  });

  it("is let go at once when it is released while D1 is told of its grace", async () => {
    await lease.acquire(1);
    let isReleased: boolean | undefined;
    await preparing((statement) => {
      const run = async () => {
        isReleased = await lease.release(1);
      };
      return Object.assign(Object.create(statement), { bind: () => ({ run }) });
    });
    expect(await leave(1)).toBe(true);
    expect(isReleased).toBe(true);
    expect(await lease.holders()).toEqual([]);
    expect(await lease.settings()).toEqual({});
  });

  it("is let go by the next review when the clock was far ahead as it ended", async () => {
    await lease.acquire(1);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 86_400_000 });
    await leave(1);
    vi.useRealTimers();
    await runLeaseAlarm(lease.group);
    expect(await lease.settings()).toEqual({});
  });

  it("owes what can't be restored when the grace is over, and not before", async () => {
    const capture = await createCapture(cast.owner, { envId: cast.environment.id });
    await until(cast.owner, capture, "RUNNING");
    await cast.aws.deny("rds:ModifyDBParameterGroup", "rds:ResetDBParameterGroup");
    await cast.owner.post(`/api/captures/${capture.id}/stop`);
    await until(cast.owner, capture, "DONE");
    expect(await settings()).toEqual(ON);
    await everyMinute();
    expect(await owed()).toEqual([]);
    await travel(cast.aws, GRACE_MS);
    await runLeaseAlarm(lease.group);
    expect(await owed()).toMatchObject([{ parameterGroup: lease.group.parameterGroup }]);
    await cast.aws.deny();
    await cast.admin.post(`${path()}/check`);
    expect(await owed()).toEqual([]);
    expect(await settings()).toEqual({});
  });
});

describe("the grace", () => {
  it("ends when the environment is deleted", async () => {
    await recorded();
    expect(await settings()).toEqual(ON);
    expect((await cast.member.delete(path())).status).toBe(403);
    expect(await settings()).toEqual(ON);
    expect((await cast.admin.delete(path())).status).toBe(200);
    expect(await settings()).toEqual({});
  });

  it("ends when the environment is to be deleted, which is refused where AWS does not let the group be restored", async () => {
    await recorded();
    await cast.aws.deny("rds:ModifyDBParameterGroup", "rds:ResetDBParameterGroup");
    expect(await cast.admin.delete(path())).toMatchObject({
      status: 409,
      body: { message: expect.stringMatching(/^Environment has not given a parameter group back/) },
    });
    expect(await owed()).toHaveLength(1);
    await cast.aws.deny();
    await cast.admin.post(`${path()}/check`);
    expect((await cast.admin.delete(path())).status).toBe(200);
  });

  it("ends when the environment gets other credentials, with those that it had", async () => {
    await recorded();
    const other = await createAccount();
    await cast.admin.put(path(), { name: "renamed" });
    expect(await settings()).toEqual(ON);
    const reply = await cast.admin.put(path(), { credentials: other.credentials });
    expect(reply.status).toBe(200);
    expect(await settings()).toEqual({});
    expect(await owed()).toEqual([]);
  });

  it("ends also when it begins while the environment gets other credentials, or these are refused", async () => {
    for (const holder of [1, 2, 3]) await lease.acquire(holder);
    const other = await createAccount();
    const put = (credentials: object) => cast.admin.put(path(), { credentials });
    beforeUpdates(
      async () => void (await leave(1)),
      async () => void (await leave(2)),
    );
    expect(await put(other.credentials)).toMatchObject({
      status: 409,
      body: { message: expect.stringMatching(/^Environment was changed by somebody else just now/) },
    });
    vi.restoreAllMocks();
    expect((await put(cast.aws.credentials)).status).toBe(200);
    expect(await rows()).toMatchObject([{ keptUntil: null }]);
    expect(await settings()).toEqual(ON);
    beforeUpdates(async () => void (await leave(3)));
    expect((await put(other.credentials)).status).toBe(200);
    expect(await settings()).toEqual({});
    expect(await rows()).toEqual([]);
  });

  it("is not given to a capture that is deleted while it runs, nor to one that fails", async () => {
    const capture = await createCapture(cast.owner, { envId: cast.environment.id });
    await until(cast.owner, capture, "RUNNING");
    await cast.owner.delete(`/api/captures/${capture.id}`);
    await expect.poll(settings).toEqual({});
  });

  it("ends when the lease is released for another reason, such as another parameter group", async () => {
    await lease.acquire(1);
    const id = await lease.idOf(1);
    await releaseLeaseLater(env, id);
    expect(await rows()).toMatchObject([{ id, keptUntil: expect.any(Number), owedSince: null }]);
    expect(await releaseLease(env, id)).toBe(true);
    expect(await lease.settings()).toEqual({});
    expect(await rows()).toEqual([]);
    await releaseLeaseLater(env, id);
  });

  it.each(["-1", "601000", "soon", ""])("can't be configured as %j", (LEASE_GRACE_MS) => {
    const read = () => numberUpTo({ ...env, LEASE_GRACE_MS }, "LEASE_GRACE_MS", MAX_GRACE_MS);
    if (LEASE_GRACE_MS === "") expect(read()).toBe(0);
    else expect(read).toThrow("The variable LEASE_GRACE_MS must be a number from 0 to 600000");
  });
});
