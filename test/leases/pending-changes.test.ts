import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { leaseName } from "../../src/environments/parameter-group.ts";
import type { Environment, FullEnvironment } from "../../src/environments/replies.ts";
import { LogLease } from "../../src/leases/lease.ts";
import { isSame } from "../../src/leases/needs.ts";
import { GENERAL_LOG_SWITCH } from "../../src/logs/general/switch.ts";
import { createCapture, createEnvironment, linesOf, signUp } from "../support/api.ts";
import { everyMinute } from "../support/cron.ts";
import { castForEachTest } from "../support/each-test.ts";
import { groupOf, leaseOf, recordLease, runLeaseAlarm, settingsOf, storedBy } from "../support/leases.ts";
import { until } from "../support/time.ts";

const STILL_OWED = {
  code: 409,
  message:
    "Environment has not given a parameter group back as it was found (see owed): check it to try again, or abandon it first",
};

const cast = castForEachTest();
let path: string;

beforeEach(() => {
  path = `/api/environments/${cast.environment.id}`;
});

afterEach(async () => {
  vi.restoreAllMocks();
  await env.DB.prepare("delete from log_leases").run();
  await abortAllDurableObjects();
});

const settings = () => settingsOf(cast.aws, groupOf(cast.aws));
/** Whether the log is off again; the defaults may be written, if the permission came back between two calls. */
const isRestored = async () => isSame(await settings(), {});
const owedOf = async (person = cast.admin) => (await person.get<Environment>(path)).body.owed;

/** Records for a while, and ends the capture when AWS does not let the group be restored. */
async function owing(): Promise<void> {
  const capture = await until(
    cast.owner,
    await createCapture(cast.owner, { envId: cast.environment.id }),
    "RUNNING",
  );
  await cast.aws.deny("rds:ModifyDBParameterGroup", "rds:ResetDBParameterGroup");
  await cast.owner.post(`/api/captures/${capture.id}/stop`);
  await until(cast.owner, capture, "DONE");
  await expect.poll(() => owedOf()).toHaveLength(1);
  // Its alarm runs when the test runs it, or when it is woken.
  await runInDurableObject(leaseOf(groupOf(cast.aws)), (_, { storage }) =>
    storage.setAlarm(Date.now() + 3_600_000),
  );
}

describe("the pending changes of an environment", () => {
  it("are none while a capture runs, nor after one whose group was restored", async () => {
    const capture = await until(
      cast.owner,
      await createCapture(cast.owner, { envId: cast.environment.id }),
      "RUNNING",
    );
    expect(await owedOf()).toEqual([]);
    await cast.owner.post(`/api/captures/${capture.id}/stop`);
    await until(cast.owner, capture, "DONE");
    expect(await isRestored()).toBe(true);
    expect(await owedOf()).toEqual([]);
  });

  it("are shown to the members, in the environment and in their list, with why and since when; and to nobody else", async () => {
    const began = Date.now();
    await owing();
    const owed = [
      {
        region: cast.aws.region,
        parameterGroup: "demo-mysql-params",
        settings: {
          generalLog: null,
          logOutput: null,
          parameters: { general_log: null, log_output: null },
        },
        since: expect.any(String),
        reason: expect.stringMatching(
          /^rds:(Modify|Reset)DBParameterGroup on demo-mysql-params: AWS does not permit it/,
        ),
      },
    ];
    for (const person of [cast.admin, cast.member]) {
      expect(await owedOf(person)).toEqual(owed);
      const { body } = await person.get<Environment[]>("/api/environments");
      expect(body.find(({ id }) => id === cast.environment.id)?.owed).toEqual(owed);
    }
    const [{ since } = { since: "" }] = await owedOf();
    expect(Date.parse(since)).toBeGreaterThanOrEqual(began);
    expect((await cast.stranger.get(path)).body).toEqual({
      code: 404,
      message: "Environment does not exist",
    });
    // Another person's environment of the same instance does not show it.
    const other = await signUp("Other");
    const { environment } = await createEnvironment(other, { aws: cast.aws });
    expect(environment.owed).toEqual([]);
  });

  it("are shown with what the group had before", async () => {
    const found = { general_log: "0", log_output: "NONE" };
    await env.DB.batch([
      env.DB.prepare(
        `insert into captures (env_id, owner_id, name, region, instance, status, created_at)
         values (?1, ?2, 'ended', 'us-east-1', 'i', 'DONE', 0)`,
      ).bind(cast.environment.id, cast.owner.id),
      env.DB.prepare(
        `insert into log_leases (capture_id, lease_name, acquired_at, owed_since, owed_reason, owed_settings)
         select id, ?2, 0, 1000, 'why', ?3 from captures where env_id = ?1`,
      ).bind(cast.environment.id, leaseName(groupOf(cast.aws)), JSON.stringify(found)),
    ]);
    expect(await owedOf()).toEqual([
      {
        region: cast.aws.region,
        parameterGroup: "demo-mysql-params",
        settings: { generalLog: "0", logOutput: "NONE", parameters: found },
        since: "1970-01-01T00:00:01.000Z",
        reason: "why",
      },
    ]);
  });

  it("are shown also when the lease can't be reached, so that nobody has tried to restore the group", async () => {
    vi.spyOn(LogLease.prototype, "release").mockRejectedValue(new Error("away"));
    const capture = await createCapture(cast.owner, { envId: cast.environment.id });
    await env.DB.prepare("update captures set status = 'FAILED', due_at = null where id = ?1")
      .bind(capture.id)
      .run();
    await env.DB.prepare("delete from log_leases").run();
    await recordLease(capture.id, groupOf(cast.aws));
    await everyMinute();
    expect(await owedOf()).toMatchObject([
      { parameterGroup: "demo-mysql-params", settings: null, reason: null },
    ]);
  });

  it("are gone a minute after the alarm has restored the group, at most", async () => {
    await owing();
    await cast.aws.deny();
    await runLeaseAlarm(groupOf(cast.aws));
    expect(await isRestored()).toBe(true);
    await everyMinute();
    expect(await owedOf()).toEqual([]);
  });
});

const restoreOf = ({ checks }: FullEnvironment) => checks.find(({ id }) => id === "restore");

describe("a check of an environment with a pending change", () => {
  it("retries it, and shows the result", async () => {
    await owing();
    const still = await cast.member.post<FullEnvironment>(`${path}/check`);
    expect(still.status).toBe(200);
    expect(still.body.owed).toHaveLength(1);
    expect(restoreOf(still.body)).toMatchObject({
      status: "failed",
      detail: expect.stringMatching(/had none|was /),
    });
    await cast.aws.deny();
    const checked = await cast.member.post<FullEnvironment>(`${path}/check`);
    expect(checked.body).toMatchObject({ status: "available", owed: [] });
    expect(restoreOf(checked.body)).toMatchObject({
      status: "passed",
      detail: expect.stringMatching(/^No capture/),
    });
    expect(await isRestored()).toBe(true);
    expect(await owedOf()).toEqual([]);
  });

  it("retries it also when the instance can't be reached", async () => {
    await owing();
    await cast.aws.deny("rds:DescribeDBInstances");
    const checked = await cast.admin.post(`${path}/check`);
    expect(checked).toMatchObject({ status: 200, body: { status: null, ready: false } });
    expect(await isRestored()).toBe(true);
  });

  it("succeeds also when its lease can't be reached", async () => {
    await owing();
    vi.spyOn(LogLease.prototype, "release").mockRejectedValue(new Error("away"));
    const checked = await cast.admin.post<Environment>(`${path}/check`);
    expect(checked.status).toBe(200);
    expect(checked.body.owed).toHaveLength(1);
  });
});

describe("new credentials for an environment with a pending change", () => {
  it("are tried at once", async () => {
    await owing();
    await cast.aws.deny();
    expect((await cast.admin.put(path, { credentials: cast.aws.credentials })).status).toBe(200);
    await expect.poll(isRestored).toBe(true);
  });
});

describe("deleting an environment with a pending change", () => {
  it("is refused, until the group is restored", async () => {
    await owing();
    const refused = await cast.admin.delete(path);
    expect(refused.status).toBe(409);
    expect(refused.body).toEqual(STILL_OWED);
    const erasing = await cast.admin.post(`${path}/erasure`, { what: "environment" });
    expect(erasing.status).toBe(409);
    expect(erasing.body).toEqual(STILL_OWED);
    expect((await cast.admin.get(path)).status).toBe(200);
    expect((await cast.member.delete(path)).status).toBe(403);
    await cast.aws.deny();
    await cast.admin.post(`${path}/check`);
    expect((await cast.admin.delete(path)).status).toBe(200);
    expect(await isRestored()).toBe(true);
  });

  it("is refused before anybody has tried to restore it", async () => {
    const capture = await createCapture(cast.owner, { envId: cast.environment.id });
    await env.DB.prepare("update captures set status = 'FAILED', due_at = null where id = ?1")
      .bind(capture.id)
      .run();
    await env.DB.prepare("delete from log_leases").run();
    await recordLease(capture.id, groupOf(cast.aws));
    expect((await cast.admin.delete(path)).body).toEqual(STILL_OWED);
  });
});

describe("abandoning pending changes", () => {
  it("is for admins only: nobody retries them, and the environment can be deleted", async () => {
    await owing();
    expect((await cast.member.post(`${path}/abandon`)).status).toBe(403);
    expect(await owedOf()).toHaveLength(1);
    let reply: Environment | undefined;
    const lines = await linesOf(async () => {
      reply = (await cast.admin.post<Environment>(`${path}/abandon`)).body;
    });
    expect(reply).toMatchObject({ id: cast.environment.id, owed: [] });
    const lease = leaseName(groupOf(cast.aws));
    expect(lines).toContainEqual(
      expect.objectContaining({
        event: "lease.abandoned",
        envId: cast.environment.id,
        lease,
        by: cast.admin.id,
      }),
    );
    const row = await env.DB.prepare(
      "select abandoned_by as who, owed_settings as settings from log_leases where abandoned_at is not null",
    ).first();
    expect(row).toEqual({ who: cast.admin.id, settings: "{}" });
    await cast.aws.clearRequests();
    await runLeaseAlarm(groupOf(cast.aws));
    await everyMinute();
    expect((await cast.aws.requests()).filter(({ action }) => action.includes("Parameter"))).toEqual([]);
    expect(await storedBy(groupOf(cast.aws))).toBe(0);
    expect(await settings()).toEqual(GENERAL_LOG_SWITCH.on);
    expect((await cast.admin.delete(path)).status).toBe(200);
  });

  it("lets the next capture find the log on, and leaves it on after that capture", async () => {
    await owing();
    await cast.admin.post(`${path}/abandon`);
    await cast.aws.deny();
    await runLeaseAlarm(groupOf(cast.aws));
    const capture = await until(
      cast.owner,
      await createCapture(cast.owner, { envId: cast.environment.id }),
      "RUNNING",
    );
    expect((await cast.admin.post(`${path}/abandon`)).status).toBe(200);
    expect(await leaseOf(groupOf(cast.aws)).holders()).toEqual([capture.id]);
    await cast.owner.post(`/api/captures/${capture.id}/stop`);
    await until(cast.owner, capture, "DONE");
    expect(await settings()).toEqual(GENERAL_LOG_SWITCH.on);
    expect(await owedOf()).toEqual([]);
  });

  it("does nothing where there are none", async () => {
    expect((await cast.admin.post<Environment>(`${path}/abandon`)).body).toMatchObject({ owed: [] });
  });
});
