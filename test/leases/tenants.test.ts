import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { EnvironmentAccess } from "../../src/environments/credentials.ts";
import { leaseName } from "../../src/environments/parameter-group.ts";
import type { Environment } from "../../src/environments/replies.ts";
import { GENERAL_LOG_SWITCH } from "../../src/logs/general/switch.ts";
import { createEnvironment, type Person, signUp } from "../support/api.ts";
import { environmentForEachTest } from "../support/each-test.ts";
import {
  GroupLease,
  giveCredentials,
  leaseAlarmOf,
  leaseOf,
  runLeaseAlarm,
  signedChanges,
} from "../support/leases.ts";

const GENERAL = ["general_log"];
const OUTPUT = ["log_output"];
const BOTH = ["general_log", "log_output"];

/** One team's environment, with a key. */
const own = environmentForEachTest();
/** Another team's environment of the same instance, with a role. */
let other: { admin: Person; environment: Environment; access: EnvironmentAccess; roleArn: string };
let lease: GroupLease;
let userArn: string;

beforeEach(async () => {
  lease = await GroupLease.of(own);
  const admin = await signUp("Other");
  const { environment } = await createEnvironment(admin, { aws: own.aws });
  const role = await own.aws.createRole({ externalId: "other-tenant" });
  const access = await giveCredentials(environment, role);
  other = { admin, environment, access, roleArn: role.roleArn };
  userArn = (await own.aws.requests()).find(({ accessKeyId }) => accessKeyId === key())?.signedBy ?? "";
  await own.aws.clearRequests();
});

// An alarm that is still set would run during the next test.
afterEach(async () => {
  vi.restoreAllMocks();
  await abortAllDurableObjects();
});

const key = () => own.aws.credentials.accessKeyId;
/** Captures that the others hold: of the slow log. */
const acquireOthers = (holder: number, minDurationMicros = 0) =>
  lease.acquire(holder, other.access, { log: "slow", minDurationMicros });
/** What has changed the group since it was last asked, in short. */
async function changes() {
  const made = await signedChanges(own.aws);
  await own.aws.clearRequests();
  return made.map(({ signedBy, names, status }) => [signedBy, names.filter(isTold), status]);
}
/** Details of the slow log come and go with it. */
const isTold = (name: string) => ["general_log", "log_output", "slow_query_log"].includes(name);
const callersSince = async () =>
  new Set(
    (await own.aws.requests()).filter(({ service }) => service === "rds").map(({ signedBy }) => signedBy),
  );
const owedOf = async (person: Person, { id }: { id: number }) =>
  (await person.get<Environment>(`/api/environments/${id}`)).body.owed;
const deny = (...signers: string[]) => own.aws.deny(...signers.map((of) => ({ action: "rds:*", of })));

describe("captures of two teams in one parameter group", () => {
  it("have their logs switched on and restored each with their own environment's access", async () => {
    await lease.acquire(1);
    expect(await changes()).toEqual([[userArn, BOTH, 200]]);
    await acquireOthers(2);
    // The output goes to files already; it is said again.
    expect(await changes()).toEqual([[other.roleArn, ["log_output", "slow_query_log"], 200]]);
    await lease.release(1);
    // The output is the others' from now on: their log needs it too.
    expect(await changes()).toEqual([[userArn, GENERAL, 200]]);
    await lease.release(2);
    expect(await changes()).toEqual([[other.roleArn, ["log_output", "slow_query_log"], 200]]);
    expect(await lease.settings()).toEqual({});
  });

  it("that need the same leave it to the one that is released last", async () => {
    await lease.acquire(1);
    await lease.acquire(2, other.access);
    await lease.release(1);
    expect(await changes()).toEqual([[userArn, BOTH, 200]]);
    await lease.release(2);
    expect(await changes()).toEqual([[other.roleArn, BOTH, 200]]);
  });

  it("leave it to the one that has switched it on where the one that is released last may not", async () => {
    const denied = ["ModifyDBParameterGroup", "ResetDBParameterGroup"];
    await own.aws.deny(...denied.map((action) => ({ action: `rds:${action}`, of: other.roleArn })));
    await lease.acquire(1);
    expect(await lease.acquire(2, other.access)).toMatchObject({ ok: true });
    expect(await lease.release(1)).toBe(false);
    expect(await changes()).toEqual([[userArn, BOTH, 200]]);
    expect(await lease.release(2)).toBe(true);
    expect((await changes()).filter(([, , status]) => status === 200)).toEqual([[userArn, BOTH, 200]]);
    expect(await lease.settings()).toEqual({});
    expect(await lease.release(1)).toBe(true);
  });

  it("owe it both where neither may, and what one abandons the other restores", async () => {
    await lease.acquire(1);
    await lease.acquire(2, other.access);
    await lease.release(1);
    await deny(key(), other.roleArn);
    expect(await lease.release(2)).toBe(false);
    const parameters = { general_log: null, log_output: null };
    for (const [person, environment] of [
      [own.admin, own.environment],
      [other.admin, other.environment],
    ] as const)
      expect(await owedOf(person, environment)).toMatchObject([{ settings: { parameters } }]);
    // The lease's own alarm may come at any moment from here on.
    await changes();
    await deny(other.roleArn);
    expect((await other.admin.post(`/api/environments/${other.environment.id}/abandon`)).status).toBe(200);
    await runLeaseAlarm(lease.group);
    expect((await changes()).filter(([, , status]) => status === 200)).toEqual([[userArn, BOTH, 200]]);
    expect(await lease.settings()).toEqual({});
  });

  it("owe each their own part, for reasons of their own, and nothing is said of the others", async () => {
    await lease.acquire(1);
    await acquireOthers(2);
    await deny(key(), other.roleArn);
    expect(await lease.release(1)).toBe(false);
    expect(await lease.release(2)).toBe(false);
    const [mine] = await owedOf(own.admin, own.environment);
    const [theirs] = await owedOf(other.admin, other.environment);
    expect(mine?.settings?.parameters).toEqual({ general_log: null });
    expect(theirs?.settings?.parameters).toMatchObject({ slow_query_log: null, log_output: null });
    expect(theirs?.settings?.parameters).not.toHaveProperty("general_log");
    const reason =
      /^rds:\w+DBParameterGroup on [\w-]+: .*The user or role is not authorized to perform: rds:/;
    expect(mine?.reason).toMatch(reason);
    expect(JSON.stringify(mine)).not.toMatch(/slow|:role/);
    expect(theirs?.reason).toMatch(reason);
    expect(JSON.stringify(theirs)).not.toMatch(/general_log/);
    expect(JSON.stringify([mine, theirs])).not.toMatch(/arn:[\w-]+:(iam|sts)/);
  });

  it("do not wait for each other: what one is refused, the other restores of its own, but for the output of a log that is on", async () => {
    await lease.acquire(1);
    await acquireOthers(2);
    await own.aws.clearRequests();
    await deny(key());
    await lease.release(1);
    expect(await lease.release(2)).toBe(false);
    const made = await changes();
    expect(made.filter(([, , status]) => status === 200)).toEqual([[other.roleArn, ["slow_query_log"], 200]]);
    expect(await owedOf(other.admin, other.environment)).toMatchObject([
      {
        settings: { parameters: { log_output: null } },
        reason: `The log_output of ${lease.group.parameterGroup} is restored once all logs are off that were off before`,
      },
    ]);
    await own.aws.deny();
    expect(await lease.settings()).toEqual(GENERAL_LOG_SWITCH.on);
    await own.aws.clearRequests();
    await runLeaseAlarm(lease.group);
    expect(await changes()).toEqual([
      [userArn, GENERAL, 200],
      [other.roleArn, OUTPUT, 200],
    ]);
    expect(await lease.settings()).toEqual({});
  });

  it("do nothing for each other when one begins: what the other owes is left to the alarm, which comes at its time", async () => {
    await lease.acquire(1);
    await deny(key());
    await lease.release(1);
    await own.aws.clearRequests();
    const alarm = await leaseAlarmOf(lease.group);
    expect(await acquireOthers(2)).toMatchObject({ ok: true });
    expect(await callersSince()).toEqual(new Set([other.roleArn]));
    expect(await leaseAlarmOf(lease.group)).toBeLessThanOrEqual(alarm ?? 0);
    await own.aws.deny();
    await changes();
    await runLeaseAlarm(lease.group);
    expect(await changes()).toEqual([[userArn, GENERAL, 200]]);
    expect(await lease.release(1)).toBe(true);
  });

  it("do not get by the others' access what their own may not do", async () => {
    await deny(other.roleArn);
    expect(await acquireOthers(2)).toMatchObject({ ok: false, failure: { kind: "denied" } });
    await lease.acquire(1, lease.access, { log: "slow", minDurationMicros: 1_000_000 });
    await runLeaseAlarm(lease.group);
    expect((await changes()).filter(([, , status]) => status === 200)).toHaveLength(1);
    expect(await lease.settings()).toMatchObject({ slow_query_log: "1", long_query_time: "1" });
    await own.aws.deny();
    await runLeaseAlarm(lease.group);
    expect(await lease.settings()).toMatchObject({ long_query_time: "0" });
    const last = (await signedChanges(own.aws)).at(-1);
    expect(last?.signedBy).toBe(other.roleArn);
  });

  it("are answered by a look of their own, whatever else is pending", async () => {
    await lease.acquire(1);
    await deny(key());
    await lease.release(1);
    await acquireOthers(2);
    await own.aws.deny();
    await lease.set({ slow_query_log: "0" });
    await deny(key());
    const asked = {
      captureId: await lease.idOf(2),
      envId: other.access.envId,
      log: "slow",
      minDurationMicros: 0,
    } as const;
    const { credentials } = other.access;
    expect(await leaseOf(lease.group).acquire(asked, lease.group, credentials, true)).toMatchObject({
      ok: true,
      since: { slowSeenOff: expect.any(Number) },
    });
    await own.aws.deny();
    expect(await lease.settings()).toMatchObject({ slow_query_log: "1", general_log: "1" });
  });

  it("leave what one team abandons as it is, and restore the rest", async () => {
    await lease.acquire(1);
    await acquireOthers(2);
    await deny(key());
    await lease.release(1);
    expect((await own.admin.post(`/api/environments/${own.environment.id}/abandon`)).status).toBe(200);
    await own.aws.clearRequests();
    await runLeaseAlarm(lease.group);
    expect((await own.admin.delete(`/api/environments/${own.environment.id}`)).status).toBe(200);
    expect(await lease.release(2)).toBe(true);
    expect(await callersSince()).toEqual(new Set([other.roleArn]));
    await own.aws.deny();
    // The general log goes on to files.
    expect(await lease.settings()).toEqual(GENERAL_LOG_SWITCH.on);
  });
});

describe("what an earlier version has stored, which knew neither environments nor who was released for what", () => {
  /** Makes a lease's state what that version would have stored. */
  const forget = () =>
    runInDurableObject(leaseOf(lease.group), (_, { storage }) => {
      const {
        released: _released,
        holders,
        ...rest
      } = storage.kv.get<Record<string, unknown>>("state") ?? {};
      const without = (holders as { envId?: number }[]).map(({ envId: _envId, ...holder }) => holder);
      storage.kv.put("state", { ...rest, holders: without });
    });

  it("is restored with the access of the captures' environments, of those who hold the lease", async () => {
    await lease.acquire(1);
    await acquireOthers(2);
    await forget();
    await changes();
    await lease.release(1);
    await forget();
    expect(await changes()).toEqual([[userArn, GENERAL, 200]]);
    await lease.release(2);
    expect(await changes()).toEqual([[other.roleArn, ["log_output", "slow_query_log"], 200]]);
    expect(await lease.settings()).toEqual({});
  });

  it("is restored by those who were released, whichever of them is allowed to", async () => {
    await lease.acquire(1);
    await acquireOthers(2);
    await deny(key(), other.roleArn);
    await lease.release(1);
    await lease.release(2);
    await forget();
    await deny(key());
    await changes();
    await runLeaseAlarm(lease.group);
    const made = (await changes()).filter(([, , status]) => status === 200);
    expect(new Set(made.map(([signedBy]) => signedBy))).toEqual(new Set([other.roleArn]));
    await own.aws.deny();
    expect(await lease.settings()).toEqual({});
  });
});

const { fetch } = globalThis;

/** Does something after AWS has answered the next call of an action, before the service has the answer. */
function afterNext(action: string, act: () => Promise<unknown>): void {
  let isDone = false;
  vi.spyOn(globalThis, "fetch").mockImplementation(async (...sent) => {
    const body = sent[0] instanceof Request ? await sent[0].clone().text() : "";
    const reply = await fetch(...sent);
    if (!isDone && body.includes(`Action=${action}&`)) {
      isDone = true;
      await act();
    }
    return reply;
  });
}

describe("credentials that change while a call is prepared", () => {
  it("are not used: those that are there when the call is sent are", async () => {
    const newer = await own.aws.createRole({ externalId: "newer" });
    afterNext("AssumeRole", () => giveCredentials(other.environment, newer));
    expect(await acquireOthers(1)).toMatchObject({ ok: true });
    expect(await callersSince()).toEqual(new Set([newer.roleArn]));
    await lease.release(1);
    expect(await callersSince()).toEqual(new Set([newer.roleArn]));
  });

  it("are not used when the environment is deleted, and no call is made", async () => {
    afterNext("AssumeRole", () =>
      env.DB.prepare("update environments set deleted_at = 1, credentials = null where id = ?1")
        .bind(other.environment.id)
        .run(),
    );
    expect(await acquireOthers(1)).toMatchObject({ ok: false, failure: { code: "NoAccess" } });
    expect(await callersSince()).toEqual(new Set());
  });

  it("give up after three in a row, and nothing is taken for lost", async () => {
    const replace = async () => {
      const newer = await own.aws.createRole({ externalId: "newer" });
      await giveCredentials(other.environment, newer);
      afterNext("AssumeRole", replace);
    };
    afterNext("AssumeRole", replace);
    expect(await acquireOthers(1)).toMatchObject({
      ok: false,
      failure: { code: "Replaced", kind: "unavailable" },
    });
    vi.restoreAllMocks();
    expect(await lease.release(1)).toBe(true);
    expect(await signedChanges(own.aws)).toEqual([]);
  });
});

describe("the access of an environment", () => {
  it("is not used for a capture without a row: it was released before it asked", async () => {
    const id = await lease.idOf(1);
    await env.DB.prepare("delete from log_leases where capture_id = ?1").bind(id).run();
    expect(await lease.acquire(1)).toMatchObject({ ok: false, failure: { code: "NoAccess" } });
    expect(await callersSince()).toEqual(new Set());
  });

  it("is kept by a row for as long as it is needed to restore what a capture without one has changed", async () => {
    await lease.acquire(1);
    await deny(key());
    await env.DB.prepare("delete from log_leases where lease_name = ?1").bind(leaseName(lease.group)).run();
    await runLeaseAlarm(lease.group);
    expect(await owedOf(own.admin, own.environment)).toHaveLength(1);
    expect((await own.admin.delete(`/api/environments/${own.environment.id}`)).status).toBe(409);
  });

  it("is not used any more once a release is confirmed, whoever is told first", async () => {
    await lease.acquire(2, other.access);
    await lease.idOf(1);
    await own.aws.fault({ kind: "delay", action: "DescribeDBParameters", delayMs: 200, times: 1 });
    const finished: string[] = [];
    const done = (what: string) => () => void finished.push(what);
    await Promise.all([
      lease.acquireSlow(1).then(done("the call")),
      lease.release(1).then(done("its release")),
      lease.release(1).then(done("another release")),
    ]);
    expect(finished).toEqual(["the call", "its release", "another release"]);
  });

  it("is not used any more once it is confirmed that what it owes is abandoned", async () => {
    await lease.acquire(1);
    await deny(key());
    await lease.release(1);
    await own.aws.deny();
    const isAbandoned = () =>
      env.DB.prepare("select abandoned_at from log_leases where lease_name = ?1")
        .bind(leaseName(lease.group))
        .first("abandoned_at");
    const finished: string[] = [];
    let reply: Promise<unknown> | undefined;
    afterNext("ResetDBParameterGroup", async () => {
      reply = own.admin
        .post(`/api/environments/${own.environment.id}/abandon`)
        .then(() => finished.push("the reply"));
      await expect.poll(isAbandoned).not.toBeNull();
      await scheduler.wait(50);
      finished.push("the call");
    });
    await runLeaseAlarm(lease.group);
    await reply;
    expect(finished).toEqual(["the call", "the reply"]);
  });
});
