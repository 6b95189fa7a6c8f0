import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { seal } from "../../src/environments/credentials.ts";
import { leaseName } from "../../src/environments/parameter-group.ts";
import { MAX_RESETS } from "../../src/leases/state.ts";
import { LeaseStorage } from "../../src/leases/storage.ts";
import { GENERAL_LOG_SWITCH } from "../../src/logs/general/switch.ts";
import { createAccount, type LocalAccount } from "../local-aws/test/client.ts";
import { createEnvironment, expectRefusal, makeRole, recordConsole, signUp } from "../support/api.ts";
import { environmentForEachTest } from "../support/each-test.ts";
import {
  accessOf,
  changersOf,
  changesOf,
  GroupLease,
  leaseOf,
  runLeaseAlarm,
  storedBy,
} from "../support/leases.ts";

// Each test has an account, and so a group and a lease, of its own.
const own = environmentForEachTest();
let lease: GroupLease;

beforeEach(async () => {
  lease = await GroupLease.of(own);
});

// An alarm that is still set would run during the next test.
afterEach(() => abortAllDurableObjects());

describe("the credentials that a lease uses", () => {
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
    const other = await signUp("Other");
    const role = await makeRole(other, own.aws);
    const { roleArn } = role;
    const { environment } = await createEnvironment(other, { aws: own.aws, credentials: { roleArn } });
    await own.aws.clearRequests();
    return { environment, role, access: await accessOf(environment) };
  }
  const changeCredentials = (credentials: unknown) =>
    own.admin.put(`/api/environments/${own.environment.id}`, { credentials });

  it("of an environment serve its captures alone: the last one released restores the group with its own", async () => {
    const other = await otherTenant();
    await lease.acquire(1);
    expect(await changersOf(own.aws)).toEqual([key(own.aws)]);
    expect(await lease.acquire(2, other.access)).toMatchObject({ ok: true });
    // The other has changed nothing yet: who knows whether it may.
    expect(await lease.release(1)).toBe(false);
    await own.aws.clearRequests();
    expect(await lease.release(2)).toBe(true);
    expect(await lease.release(1)).toBe(true);
    const changers = await changersOf(own.aws);
    expect(changers).toHaveLength(1);
    expect(changers).not.toContain(key(own.aws));
    expect(await lease.settings()).toEqual({});
  });

  it("of another environment are not used: what its own are refused is pending for it alone", async () => {
    const other = await otherTenant();
    await lease.acquire(1);
    // The other has changed the group itself: its capture takes over what the first has switched on.
    await lease.acquire(4, other.access, { log: "slow" });
    await lease.acquire(2, other.access);
    expect(await lease.release(4)).toBe(true);
    expect(await lease.release(1)).toBe(true);
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
    // A capture for which the log is on is answerable too from then on.
    expect(await lease.acquire(3)).toMatchObject({ ok: true });
    expect(await lease.release(2)).toBe(false);
    expect(await lease.release(3)).toBe(true);
    expect(await lease.release(2)).toBe(true);
    expect(await lease.settings()).toEqual({});
  });

  it("that can't be had at all count for no attempt: values are taken away in the end, and no defaults written", async () => {
    const other = await otherTenant();
    await lease.acquire(2, other.access);
    await own.aws.createRole({ ...other.role, trustedAccountId: "999999999999" });
    await own.aws.expireSessions();
    await own.aws.clearRequests();
    expect(await lease.release(2)).toBe(false);
    for (let i = 0; i < MAX_RESETS; i++) await runLeaseAlarm(lease.group);
    expect(await changesOf(own.aws)).toEqual([]);
    await own.aws.createRole(other.role);
    await runLeaseAlarm(lease.group);
    expect(await lease.settings()).toEqual({});
    expect(await lease.release(2)).toBe(true);
  });

  it("that may not switch the log on leave no pending change for a log that another left on", async () => {
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

  it("that were replaced are not used any more: the current ones are", async () => {
    await lease.acquire(1);
    const { roleArn } = await makeRole(own.admin, own.aws);
    expect((await changeCredentials({ roleArn })).status).toBe(200);
    await own.aws.clearRequests();
    expect(await lease.release(1)).toBe(true);
    expect(await changersOf(own.aws)).not.toContain(key(own.aws));
    expect(await lease.settings()).toEqual({});
  });

  it("that are of another account by now change nothing in its group of the same name, and the reason is recorded", async () => {
    const stranger = await createAccount();
    await lease.acquire(1);
    // A request for that is refused; it is how an environment of before is stored.
    const sealed = await seal(env, own.environment.id, stranger.credentials);
    await env.DB.prepare("update environments set credentials = ?2, account_id = null where id = ?1")
      .bind(own.environment.id, sealed)
      .run();
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

  it("stay of the account of its group, also where only the lease's name says which that is", async () => {
    const stranger = await createAccount();
    const other = /^credentials: are of another AWS account, /;
    await lease.acquire(1);
    await env.DB.prepare(
      "update captures set status = 'DONE' where id = (select capture_id from log_leases where lease_name = ?1)",
    )
      .bind(leaseName(lease.group))
      .run();
    expectRefusal(await changeCredentials(stranger.credentials), 409, other);
    await env.DB.prepare("update environments set account_id = null where id = ?1")
      .bind(own.environment.id)
      .run();
    expectRefusal(await changeCredentials(stranger.credentials), 409, other);
    expect((await changeCredentials(own.aws.credentials)).status).toBe(200);
    expect(await lease.release(1)).toBe(true);
  });

  it("of a deleted environment are not used: what nobody can restore is forgotten, and logged", async () => {
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

  it("are not stored by the lease, and those that an earlier version stored are deleted", async () => {
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

  it("are those of the capture that cron releases, for a pending change that an earlier version left", async () => {
    await lease.acquire(1);
    await runInDurableObject(leaseOf(lease.group), (_, { storage }) => {
      const { since } = new LeaseStorage(storage.kv).state;
      storage.kv.put("state", {
        holders: [],
        found: {},
        has: "logging",
        callUntil: null,
        lostUntil: null,
        loggingSince: since.general,
        restoredAt: null,
      });
      storage.kv.put("abandoned", true);
    });
    await runLeaseAlarm(lease.group);
    expect(await lease.settings()).toEqual(GENERAL_LOG_SWITCH.on);
    expect(await lease.release(1)).toBe(false);
    expect(await lease.release(1, true)).toBe(true);
    expect(await lease.settings()).toEqual({});
  });
});
