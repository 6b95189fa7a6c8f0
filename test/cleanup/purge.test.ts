import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { AuditEvent } from "../../src/audit/replies.ts";
import { purge } from "../../src/cleanup/purge.ts";
import { beginJobs, endJobs } from "../../src/cleanup/unfinished.ts";
import {
  addMember,
  byKey,
  type Cast,
  createCapture,
  createCast,
  createEnvironment,
  request,
  signUp,
} from "../support/api.ts";
import { cronLine, daily, everyMinute } from "../support/cron.ts";
import { inFuture, skewed, travel, until } from "../support/time.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

let cast: Cast;
let envId: number;

// Afresh: time passes in these tests, and sessions with it.
beforeEach(async () => {
  cast = await createCast();
  envId = cast.environment.id;
});

const count = (sql: string, ...values: unknown[]) =>
  env.DB.prepare(`select count(*) as n from ${sql}`)
    .bind(...values)
    .first<number>("n");

describe("every day", () => {
  const RETENTION = 30 * DAY;

  it("erases deleted captures with their history and stored data once the retention has passed, and no others", async () => {
    const [erased, kept] = [
      await createCapture(cast.owner, { envId, scheduledStart: inFuture(DAY) }),
      await createCapture(cast.owner, { envId, scheduledStart: inFuture(DAY) }),
    ];
    for (const { id } of [erased, kept]) {
      await env.BUCKET.put(`captures/${id}/workload/1`, "statements");
      await env.BUCKET.put(`captures/${id}/metrics`, "points");
    }
    // The first digits of an id are not the id.
    await env.BUCKET.put(`captures/${erased.id}0/metrics`, "another's");
    await cast.owner.delete(`/api/captures/${erased.id}`);
    await travel(cast.aws, RETENTION - MINUTE);
    expect(await daily()).toMatchObject({ captures: 0 });
    await travel(cast.aws, 2 * MINUTE);
    expect(await daily()).toMatchObject({ captures: 1 });
    expect(await count("captures where id = ?1", erased.id)).toBe(0);
    expect(await count("capture_events where capture_id = ?1", erased.id)).toBe(0);
    expect(await count("captures where id = ?1", kept.id)).toBe(1);
    const { objects } = await env.BUCKET.list({ prefix: "captures/" });
    expect(objects.map(({ key }) => key)).toEqual(
      [
        `captures/${erased.id}0/metrics`,
        `captures/${kept.id}/metrics`,
        `captures/${kept.id}/workload/1`,
      ].sort(),
    );
  });

  it("leaves the row and the history of a capture that is not deleted any more when they are to be erased", async () => {
    const { id } = await createCapture(cast.owner, { envId, scheduledStart: inFuture(DAY) });
    await cast.owner.delete(`/api/captures/${id}`);
    await travel(cast.aws, RETENTION + MINUTE);
    const events = await count("capture_events where capture_id = ?1", id);
    const original = env.BUCKET.list.bind(env.BUCKET);
    const list = vi.spyOn(env.BUCKET, "list").mockImplementation(async (options) => {
      await env.DB.prepare("update captures set deleted_at = null where id = ?1").bind(id).run();
      return original(options);
    });
    await daily();
    list.mockRestore();
    expect(await count("captures where id = ?1", id)).toBe(1);
    expect(await count("capture_events where capture_id = ?1", id)).toBe(events);
  });

  it("erases and purges nothing early when its clock is ahead", async () => {
    const { id } = await createCapture(cast.owner, { envId, scheduledStart: inFuture(DAY) });
    await cast.owner.delete(`/api/captures/${id}`);
    const sessions = await count("session");
    await skewed(RETENTION + MINUTE, daily);
    expect(await count("captures where id = ?1", id)).toBe(1);
    expect(await count("session")).toBe(sessions);
  });

  it("erases a deleted environment after its captures", async () => {
    const { environment } = await createEnvironment(cast.admin, { aws: cast.aws });
    const capture = await until(
      cast.admin,
      await createCapture(cast.admin, { envId: environment.id }),
      "RUNNING",
    );
    await cast.admin.post(`/api/captures/${capture.id}/stop`);
    await until(cast.admin, capture, "DONE");
    // A second alarm, which only a test lets come meanwhile, does not wait for the first one's restoring of the log.
    const leases = () => count("log_leases where capture_id = ?1", capture.id);
    await expect.poll(leases).toBe(0);
    expect((await cast.admin.delete(`/api/environments/${environment.id}`)).status).toBe(200);
    await travel(cast.aws, RETENTION + MINUTE);
    expect(await daily()).toMatchObject({ environments: 1 });
    expect(await count("environments where id = ?1", environment.id)).toBe(0);
    expect(await count("captures where env_id = ?1", environment.id)).toBe(0);
  });

  it("erases an environment that was reserved and never completed", async () => {
    await env.DB.prepare(
      `insert into environments (name, region, instance, engine, engine_version, parameter_group, credentials_hint, created_at,
         updated_at, deleted_at) values ('half-way', 'us-east-1', 'i', 'mysql', '8', 'p', '****0000', ?1, ?1, ?1)`,
    )
      .bind(Date.now())
      .run();
    await travel(cast.aws, RETENTION + MINUTE);
    await daily();
    expect(await count("environments where name = 'half-way'")).toBe(0);
  });

  it("purges expired sessions, keys, invites, device logins and counters, and keeps what is in force", async () => {
    const key = await cast.owner.post<{ id: string }>("/api/auth/api-key/create", {
      name: "short",
      expiresIn: 86_400,
    });
    const lasting = await cast.owner.post<{ id: string }>("/api/auth/api-key/create", { name: "lasting" });
    await cast.admin.post(`/api/environments/${envId}/invites`, { role: "member" });
    const login = { json: { client_id: "captures on build-7" } };
    await request("POST", "/api/auth/device/code", login);
    expect(await daily()).toMatchObject({ sessions: 0, keys: 0, invites: 0, deviceCodes: 0 });
    await travel(cast.aws, 8 * DAY);
    const line = await daily();
    expect(line).toMatchObject({ keys: 1, deviceCodes: 1 });
    for (const purged of ["sessions", "invites", "rateLimits"]) expect(line[purged]).toBeGreaterThan(0);
    expect(await count("session")).toBe(0);
    expect(await count("invites where accepted_at is null")).toBe(0);
    expect(await count("device_codes")).toBe(0);
    expect(await count("apikey where id = ?1", key.body.id)).toBe(0);
    expect(await count("apikey where id = ?1", lasting.body.id)).toBe(1);
    expect(await count("members where env_id = ?1", envId)).toBe(3);
  });

  it("purges the row of a deleted account once its time has passed, and its name does not come back", async () => {
    const gone = await signUp("Gone");
    await addMember(cast.admin, envId, gone);
    const admin = await byKey(cast.admin, { expiresIn: null });
    const trail = async () => {
      const { body } = await admin.get<AuditEvent[]>(`/api/environments/${envId}/audit?actor=${gone.id}`);
      return body.map(({ action, actor }) => ({ action, actor }));
    };
    const json = { password: "a long password" };
    expect((await request("DELETE", "/api/account", { headers: gone.headers, json })).status).toBe(200);
    const actor = { id: gone.id, name: "Deleted user", email: null };
    const shown = ["member.removed", "member.added"].map((action) => ({ action, actor }));
    expect(await trail()).toEqual(shown);
    await travel(cast.aws, RETENTION - MINUTE);
    expect(await daily()).toMatchObject({ users: 0 });
    await travel(cast.aws, 2 * MINUTE);
    expect(await daily()).toMatchObject({ users: 1 });
    expect(await count("user where id = ?1", gone.id)).toBe(0);
    expect(await count("user where id = ?1", cast.stranger.id)).toBe(1);
    expect(await trail()).toEqual(shown);
  });

  it("keeps the row of a deleted account that something refers to, and purges the others", async () => {
    const { id } = await createCapture(cast.owner, { envId, scheduledStart: inFuture(DAY) });
    const insert = (user: string, sql: string) => env.DB.prepare(sql).bind(user);
    const user = (id: string) =>
      insert(
        id,
        `insert into user (id, name, email, email_verified, created_at, updated_at, deleted_at)
           values (?1, 'Deleted user', ?1, 0, 0, 0, 1)`,
      );
    const refer: Record<string, string> = {
      captures: `update captures set owner_id = ?1 where id = ${id}`,
      capture_events: `insert into capture_events (capture_id, time, to_status, actor) values (${id}, 0, 'SCHEDULED', ?1)`,
      schedules: `insert into schedules (env_id, owner_id, name, cron, time_zone, capture_name, duration, redact, log,
         min_duration_micros, labels, compares, created_at, updated_at)
         values (${envId}, ?1, 's', '0 0 * * *', 'UTC', 'c', 60000, 'secrets', 'general', 0, '{}', 0, 0, 0)`,
      schedule_events: `insert into schedule_events (schedule_id, time, what, actor)
         select max(id), 0, 'changed', ?1 from schedules`,
      erasures: `insert into erasures (capture_id, env_id, why, requested_by, requested_at, with_metrics)
         values (${id}, ${envId}, 'request', ?1, 0, 0)`,
      webhooks: `insert into webhooks (env_id, kind, name, events, recipient, origin, created_at, updated_at)
         values (${envId}, 'email', 'w', '[]', ?1, 'https://captures.test', 0, 0)`,
      session: `insert into session (id, token, user_id, expires_at, created_at, updated_at)
         values ('s', 's', ?1, 1000000000000000, 0, 0)`,
      device_codes: `insert into device_codes (device_hash, user_hash, client, decided_by, interval, created_at, expires_at)
         values ('d', 'u', 'c', ?1, 5, 0, 1000000000000000)`,
    };
    const others = Array.from({ length: 3 }, (_, i) => `other-${i}`);
    await env.DB.batch([...Object.keys(refer), ...others].map(user));
    await env.DB.batch(Object.entries(refer).map(([table, sql]) => insert(table, sql)));
    expect(await daily()).toMatchObject({ users: 3 });
    const { results } = await env.DB.prepare("select id from user where deleted_at = 1 order by id").all();
    expect(results.map(({ id }) => id)).toEqual(Object.keys(refer).sort());
  });

  it("purges the rest when one kind fails, and logs which", async () => {
    const capture = await createCapture(cast.owner, { envId, scheduledStart: inFuture(DAY) });
    await cast.owner.delete(`/api/captures/${capture.id}`);
    await travel(cast.aws, RETENTION + MINUTE);
    const list = vi.spyOn(env.BUCKET, "list").mockRejectedValue(new Error("R2 is away"));
    const error = vi.spyOn(console, "error");
    const line = await daily();
    const said = error.mock.calls.map(([text]) => JSON.parse(text as string) as object);
    error.mockRestore();
    list.mockRestore();
    expect(said).toMatchObject([{ event: "cleanup.purge.failed", what: "captures" }]);
    expect(line.captures).toBe(0);
    expect(line.sessions).toBeGreaterThan(0);
    expect(await count("captures where id = ?1", capture.id)).toBe(1);
    expect(await daily()).toMatchObject({ captures: 1 });
  });

  it("purges the captures beside one that can't be erased", async () => {
    const [first, second] = [
      await createCapture(cast.owner, { envId, scheduledStart: inFuture(DAY) }),
      await createCapture(cast.owner, { envId, scheduledStart: inFuture(DAY) }),
    ];
    for (const { id } of [first, second]) await cast.owner.delete(`/api/captures/${id}`);
    await travel(cast.aws, RETENTION + MINUTE);
    const original = env.BUCKET.list.bind(env.BUCKET);
    const list = vi.spyOn(env.BUCKET, "list").mockImplementation(async (options) => {
      if (options?.prefix === `captures/${first.id}/`) throw new Error("R2 is away");
      return original(options);
    });
    await daily();
    list.mockRestore();
    expect(await count("captures where id = ?1", first.id)).toBe(1);
    expect(await count("captures where id = ?1", second.id)).toBe(0);
  });

  it("reads only the captures of the environment that it purges", async () => {
    const prepare = vi.spyOn(env.DB, "prepare");
    await purge(env.DB, "environments", 0, 1);
    const sql = prepare.mock.lastCall?.[0];
    prepare.mockRestore();
    const plan = env.DB.prepare(`explain query plan ${sql}`).bind(0, 1);
    const { results } = await plan.all<{ detail: string }>();
    expect(results).not.toEqual([]);
    // What enforces the foreign keys is in the plan too.
    expect(results.map(({ detail }) => detail).filter((detail) => detail.startsWith("SCAN"))).toEqual([]);
  });

  it("purges more than one batch holds, in one run", async () => {
    await env.DB.prepare(
      `insert into verification (id, identifier, value, expires_at, created_at, updated_at)
       select value, 'i', 'v', 0, 0, 0 from json_each(?1)`,
    )
      .bind(JSON.stringify(Array.from({ length: 1201 }, (_, i) => String(i))))
      .run();
    expect(await daily()).toMatchObject({ verifications: 1201 });
  });

  describe("what it has not finished", () => {
    const fill = (rows: number) =>
      env.DB.prepare(
        `insert into verification (id, identifier, value, expires_at, created_at, updated_at)
         with recursive n (i) as (select 1 union all select i + 1 from n where i < ?1) select i, 'i', 'v', 0, 0, 0 from n`,
      )
        .bind(rows)
        .run();
    const continued = () => cronLine("* * * * *", "cleanup.continued");
    const unfinished = async () =>
      (await env.DB.prepare("select name from unfinished_jobs order by name").all()).results.map(
        ({ name }) => name,
      );

    it("goes on in the next minutes until it is done, so many at once", async () => {
      await fill(20_300);
      expect(await daily()).toMatchObject({ verifications: 10_000 });
      expect(await unfinished()).toEqual(["verifications"]);
      const first = await continued();
      expect(first).toMatchObject({ what: "verifications", verifications: 10_000, finished: false });
      expect(await continued()).toMatchObject({ verifications: 300, finished: true });
      expect(await count("verification")).toBe(0);
      expect(await everyMinute()).toMatchObject({ jobsContinued: 0 });
      expect(await unfinished()).toEqual([]);
    });

    it("takes turns, so that one that has much to do does not keep the others", async () => {
      const names = ["verifications", "sessions"];
      await fill(20_000);
      await endJobs(env.DB, [], 0);
      await beginJobs(env.DB, names, Date.now());
      await endJobs(
        env.DB,
        names.map((name) => [name, 0] as const),
        Date.now() - 1000,
      );
      expect(await continued()).toMatchObject({ what: "sessions", finished: true });
      expect(await continued()).toMatchObject({ what: "verifications", finished: false });
      expect(await continued()).toMatchObject({ what: "verifications", finished: false });
      expect(await continued()).toMatchObject({ what: "verifications", verifications: 0, finished: true });
    });

    it("goes on once a run that has died must have ended, and not before", async () => {
      await fill(3);
      await beginJobs(env.DB, ["verifications", "a job of another version"], Date.now());
      expect(await everyMinute()).toMatchObject({ jobsContinued: 0 });
      await travel(cast.aws, 15 * MINUTE);
      expect(await continued()).toMatchObject({ what: "a job of another version", finished: true });
      expect(await continued()).toMatchObject({ what: "verifications", verifications: 3, finished: true });
    });

    it("is given up until tomorrow where it fails, and logged", async () => {
      // What other tests have deleted is not erased here.
      await env.DB.prepare("update captures set deleted_at = null").run();
      const capture = await createCapture(cast.owner, { envId, scheduledStart: inFuture(DAY) });
      await cast.owner.delete(`/api/captures/${capture.id}`);
      await travel(cast.aws, RETENTION + MINUTE);
      const list = vi.spyOn(env.BUCKET, "list").mockRejectedValue(new Error("R2 is away"));
      const error = vi.spyOn(console, "error");
      await daily();
      expect(await unfinished()).toEqual(["captures"]);
      await travel(cast.aws, 15 * MINUTE);
      await everyMinute();
      const said = error.mock.calls.map(([text]) => JSON.parse(text as string) as object);
      error.mockRestore();
      list.mockRestore();
      expect(said).toMatchObject([
        { event: "cleanup.purge.failed", what: "captures" },
        { event: "cleanup.job.failed", what: "captures" },
      ]);
      expect(await unfinished()).toEqual([]);
      expect(await daily()).toMatchObject({ captures: 1 });
    });
  });
});
