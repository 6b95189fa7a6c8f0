import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { eraseRetained } from "../../src/environments/erasing-sql.ts";
import type { EnvironmentErasure, FullEnvironment } from "../../src/environments/replies.ts";
import { type Cast, createCast, expectRefusal } from "../support/api.ts";
import { daily, everyMinute } from "../support/cron.ts";
import { ended, record } from "../support/stored-workload.ts";
import { skewed, travel } from "../support/time.ts";

const DAY = 24 * 60 * 60_000;

let cast: Cast;
// Afresh: time passes in these tests.
beforeEach(async () => {
  cast = await createCast();
});

const pathOf = ({ environment }: Cast) => `/api/environments/${environment.id}`;
const retain = (retention: object) => cast.admin.put<FullEnvironment>(pathOf(cast), { retention });
const objectsOf = async (id: number) =>
  (await env.BUCKET.list({ prefix: `captures/${id}/` })).objects.map(({ key }) => key);

/** A capture that has ended so many days ago, with a workload and metrics. */
async function endedBefore(days: number): Promise<number> {
  const { id } = await ended(cast, [[[record(1, "SELECT 1")]]]);
  await env.BUCKET.put(`captures/${id}/metrics.json`, "points");
  await env.DB.prepare("update captures set ended_at = ?2 where id = ?1")
    .bind(id, Date.now() - days * DAY)
    .run();
  return id;
}

describe("the retention of an environment", () => {
  it("is shown and changed with it, and keeps workloads unless it says so", async () => {
    const before = await cast.member.get<FullEnvironment>(pathOf(cast));
    expect(before.body.retention).toEqual({ workloadDays: null, keepMetrics: true });
    expect((await retain({ workloadDays: 30 })).body.retention).toEqual({
      workloadDays: 30,
      keepMetrics: true,
    });
    expect((await retain({ workloadDays: 7, keepMetrics: false })).body.retention).toEqual({
      workloadDays: 7,
      keepMetrics: false,
    });
    const renamed = await cast.admin.put<FullEnvironment>(pathOf(cast), { name: "renamed" });
    expect(renamed.body.retention).toEqual({ workloadDays: 7, keepMetrics: false });
    expectRefusal(await retain({ workloadDays: 0 }), 400, /must be at least 1 day/);
    expectRefusal(await retain({ workloadDays: 1.5 }), 400, /must be a whole number of days/);
  });

  it("can be given when the environment is made", async () => {
    const { region, instance, credentials } = cast.aws;
    const made = await cast.admin.post<FullEnvironment>("/api/environments", {
      ...{ name: "short", region, instance, credentials },
      retention: { workloadDays: 3 },
    });
    expect(made.body.retention).toEqual({ workloadDays: 3, keepMetrics: true });
  });

  it("erases workloads of captures that ended longer ago, keeps metrics, and touches no others", async () => {
    const [old, recent] = [await endedBefore(8), await endedBefore(6)];
    await everyMinute();
    expect(await objectsOf(old)).not.toEqual([]);
    await retain({ workloadDays: 7 });
    expect(await everyMinute()).toMatchObject({ retained: 1, erased: 1, erasureErrors: 0 });
    expect(await objectsOf(old)).toEqual([`captures/${old}/metrics.json`]);
    expect(await objectsOf(recent)).toHaveLength(4);
    expectRefusal(
      await cast.member.get(`/api/captures/${old}/workload`),
      410,
      /^The workload of this capture was erased at \S+, by its environment's retention$/,
    );
    expect((await cast.member.get(`/api/captures/${recent}/workload`)).status).toBe(200);
    expect(await everyMinute()).toMatchObject({ retained: 0, erased: 0 });
    const { body } = await cast.member.get<EnvironmentErasure>(`${pathOf(cast)}/erasure`);
    expect(body).toMatchObject({
      captures: [{ capture: old, why: "retention", by: null, metrics: false, objects: 3 }],
      left: { pending: 0, kept: 1 },
    });
  });

  it("erases the metrics too where they are not to be kept", async () => {
    const old = await endedBefore(8);
    await retain({ workloadDays: 7, keepMetrics: false });
    await everyMinute();
    expect(await objectsOf(old)).toEqual([]);
    expectRefusal(
      await cast.member.get(`/api/captures/${old}/metrics`),
      410,
      /^The metrics of this capture were erased at \S+, by its environment's retention$/,
    );
  });

  it("erases within a day the metrics that it has kept before, once they are not to be kept any more", async () => {
    const [old, recent] = [await endedBefore(8), await endedBefore(6)];
    await retain({ workloadDays: 7 });
    await everyMinute();
    expect(await daily()).toMatchObject({ retainedMetrics: 0 });
    await retain({ workloadDays: 7, keepMetrics: false });
    expect(await daily()).toMatchObject({ retainedMetrics: 1 });
    expect((await cast.member.get(`/api/captures/${old}/metrics`)).status).toBe(410);
    await everyMinute();
    expect(await objectsOf(old)).toEqual([]);
    expect(await objectsOf(recent)).toHaveLength(4);
    expect(await daily()).toMatchObject({ retainedMetrics: 0 });
  });

  it("erases nothing of a live capture, and nothing early when cron's clock is ahead", async () => {
    const [live, recent] = [await endedBefore(8), await endedBefore(6)];
    await env.DB.prepare("update captures set status = 'STOPPING' where id = ?1").bind(live).run();
    await retain({ workloadDays: 7 });
    await skewed(2 * DAY, everyMinute);
    expect(await objectsOf(live)).toHaveLength(4);
    expect(await objectsOf(recent)).toHaveLength(4);
  });

  it("reaches deleted captures before they are purged, which then are as ever", async () => {
    const old = await endedBefore(8);
    await cast.owner.delete(`/api/captures/${old}`);
    await retain({ workloadDays: 7 });
    await everyMinute();
    expect(await objectsOf(old)).toEqual([`captures/${old}/metrics.json`]);
    await travel(cast.aws, 31 * DAY);
    expect(await daily()).toMatchObject({ captures: 1 });
    expect(await objectsOf(old)).toEqual([]);
  });

  it("looks only at environments that have one, and their captures that are old enough", async () => {
    const prepare = vi.spyOn(env.DB, "prepare");
    await eraseRetained(env.DB, 0, 1);
    const [noted, erased] = prepare.mock.calls.map(([sql]) => sql);
    prepare.mockRestore();
    for (const sql of [noted, erased]) {
      const plan = await env.DB.prepare(`explain query plan ${sql}`).bind(0, 1).all<{ detail: string }>();
      const indexes = /environments_retention|captures_env_id_ended_at/;
      const used = plan.results.flatMap(({ detail }) => indexes.exec(detail)?.[0] ?? []);
      expect(used).toEqual(["environments_retention", "captures_env_id_ended_at"]);
    }
  });
});

describe("what proves an erasure", () => {
  it("is purged long after the capture itself is", async () => {
    const { id } = await ended(cast, []);
    await cast.owner.delete(`/api/captures/${id}`);
    await travel(cast.aws, 31 * DAY);
    expect(await daily()).toMatchObject({ captures: 1, erasures: 0 });
    const proof = () => env.DB.prepare("select why from erasures where capture_id = ?1").bind(id).first();
    expect(await proof()).toEqual({ why: "deletion" });
    await travel(cast.aws, 401 * DAY);
    expect((await daily()).erasures).toBeGreaterThan(0);
    expect(await proof()).toBeNull();
  });
});
