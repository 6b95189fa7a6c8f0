import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { leaseName } from "../../src/environments/parameter-group.ts";
import { switchOn } from "../../src/leases/general-log.ts";
import { LogLease, REVIEW_MS } from "../../src/leases/lease.ts";
import { GENERAL_LOG_SWITCH } from "../../src/logs/general/switch.ts";
import { type Cast, createCapture, createCast } from "../support/api.ts";
import { daily, everyMinute } from "../support/cron.ts";
import {
  accessOf,
  describedInstance,
  groupOf,
  leaseAlarmOf,
  leaseOf,
  settingsOf,
} from "../support/leases.ts";
import { travel } from "../support/time.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

let cast: Cast;
let envId: number;

// Afresh: time passes in these tests, and sessions with it.
beforeEach(async () => {
  cast = await createCast();
  envId = cast.environment.id;
});

afterEach(async () => {
  vi.restoreAllMocks();
  await env.DB.prepare("delete from log_leases").run();
  await abortAllDurableObjects();
});

/** A capture that has a lease, and a status, as if its runner had died then. */
async function holding(status = "RUNNING"): Promise<number> {
  const scheduledStart = new Date(Date.now() + 300 * DAY).toISOString();
  const { id } = await createCapture(cast.owner, { envId, scheduledStart });
  await move(id, "STARTING");
  const { instance } = cast.aws;
  const general = { log: "general" as const, minDurationMicros: 0 };
  const capture = { ...(await accessOf({ id: envId })), ...general, id, instance };
  await switchOn(env, capture, await describedInstance(cast.aws), Date.now());
  await move(id, status);
  return id;
}

const move = (id: number, status: string) =>
  env.DB.prepare("update captures set status = ?2, due_at = null where id = ?1").bind(id, status).run();
const rows = () => env.DB.prepare("select count(*) as n from log_leases").first<number>("n");
const settings = () => settingsOf(cast.aws, groupOf(cast.aws));
const holders = () => leaseOf(groupOf(cast.aws)).holders();

describe("every minute", () => {
  it.each(["DONE", "FAILED"])("releases the lease of a capture that is %s", async (status) => {
    await holding(status);
    expect(await settings()).toEqual(GENERAL_LOG_SWITCH.on);
    expect(await everyMinute()).toMatchObject({
      leases: 1,
      leasesReleased: 1,
      leasesOwed: 0,
      leaseErrors: 0,
    });
    expect(await settings()).toEqual({});
    expect(await rows()).toBe(0);
    expect(await everyMinute()).toMatchObject({ leases: 0 });
  });

  it("releases the lease of a capture that was deleted before it was running", async () => {
    const id = await holding("STARTING");
    expect((await cast.owner.delete(`/api/captures/${id}`)).status).toBe(200);
    expect(await everyMinute()).toMatchObject({ leases: 1, leasesReleased: 1 });
    expect(await settings()).toEqual({});
  });

  it.each(["STARTING", "RUNNING", "STOPPING"])("leaves the lease of a capture that is %s", async (status) => {
    const [kept, ended] = [await holding(status), await holding("DONE")];
    expect(await everyMinute()).toMatchObject({ leases: 1, leasesReleased: 1 });
    expect(await holders()).toEqual([kept]);
    expect(await holders()).not.toContain(ended);
    expect(await settings()).toEqual(GENERAL_LOG_SWITCH.on);
  });

  it("retries a group that AWS does not restore", async () => {
    await holding("DONE");
    await cast.aws.deny("rds:*");
    expect(await everyMinute()).toMatchObject({ leases: 1, leasesReleased: 0, leasesOwed: 1 });
    expect(await rows()).toBe(1);
    await cast.aws.deny();
    await expect.poll(async () => (await everyMinute()).leasesReleased, { interval: 300 }).toBe(1);
    expect(await settings()).toEqual({});
  });

  it("continues with the others when one object can't be reached", async () => {
    await holding("DONE");
    await holding("FAILED");
    vi.spyOn(LogLease.prototype, "release").mockRejectedValueOnce(new Error("away"));
    expect(await everyMinute()).toMatchObject({ found: 0, leases: 2, leasesReleased: 1, leaseErrors: 1 });
    expect(await everyMinute()).toMatchObject({ leases: 1, leasesReleased: 1 });
  });

  it("takes a bounded number at a time, and reaches all of them", async () => {
    await env.DB.batch([
      env.DB.prepare(
        `insert into captures (env_id, owner_id, name, region, instance, status, created_at)
         select ?1, ?2, 'ended ' || value, 'us-east-1', 'i', 'DONE', 0 from json_each(?3)`,
      ).bind(envId, cast.owner.id, JSON.stringify(Array.from({ length: 150 }, (_, i) => i))),
      env.DB.prepare(
        `insert into log_leases (capture_id, lease_name, acquired_at)
         select id, ?2, 0 from captures where env_id = ?1 and name like 'ended %'`,
      ).bind(envId, leaseName(groupOf(cast.aws))),
    ]);
    const release = vi.spyOn(LogLease.prototype, "release").mockResolvedValue(false);
    expect(await everyMinute()).toMatchObject({ leases: 100, leasesOwed: 100 });
    await travel(cast.aws, MINUTE);
    expect(await everyMinute()).toMatchObject({ leases: 100 });
    expect(new Set(release.mock.calls.map(([id]) => id)).size).toBe(150);
  });
});

describe("a lease that is held", () => {
  it("gets a new alarm within minutes when that was lost", async () => {
    await holding("RUNNING");
    const group = groupOf(cast.aws);
    const lose = () => runInDurableObject(leaseOf(group), (_, { storage }) => storage.deleteAlarm());
    await lose();
    expect(await everyMinute()).toMatchObject({ leases: 0, leasesLookedAfter: 0 });
    await travel(cast.aws, 16 * MINUTE);
    expect(await everyMinute()).toMatchObject({ leases: 0, leasesLookedAfter: 1 });
    const alarm = (await leaseAlarmOf(group)) ?? 0;
    expect(alarm).toBeGreaterThan(Date.now());
    expect(alarm).toBeLessThanOrEqual(Date.now() + REVIEW_MS);
    // Not every minute from then on.
    await travel(cast.aws, MINUTE);
    expect(await everyMinute()).toMatchObject({ leasesLookedAfter: 0 });
  });
});

describe("every day", () => {
  it("erases a deleted capture only after its lease is released", async () => {
    const id = await holding("DONE");
    await cast.owner.delete(`/api/captures/${id}`);
    const isThere = async () =>
      (await env.DB.prepare("select 1 from captures where id = ?1").bind(id).first()) !== null;
    await travel(cast.aws, 31 * DAY);
    await daily();
    expect(await isThere()).toBe(true);
    await everyMinute();
    expect(await settings()).toEqual({});
    await daily();
    expect(await isThere()).toBe(false);
  });

  it("erases a deleted capture whose lease was abandoned, with the row that says so", async () => {
    const id = await holding("DONE");
    await cast.aws.deny("rds:*");
    await everyMinute();
    expect((await cast.admin.post(`/api/environments/${envId}/abandon`)).status).toBe(200);
    expect(await rows()).toBe(1);
    expect(await everyMinute()).toMatchObject({ leases: 0 });
    await cast.owner.delete(`/api/captures/${id}`);
    await travel(cast.aws, 31 * DAY);
    await daily();
    expect(await env.DB.prepare("select 1 from captures where id = ?1").bind(id).first()).toBeNull();
    expect(await rows()).toBe(0);
  });
});
