import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { FullCapture } from "../../src/captures/replies.ts";
import type { CaptureErasure, EnvironmentErasure } from "../../src/environments/replies.ts";
import {
  byKey,
  type Cast,
  createCapture,
  createCast,
  createEnvironment,
  expectRefusal,
  personWith,
  runnerOf,
  signUp,
} from "../support/api.ts";
import { everyMinute } from "../support/cron.ts";
import { ended, record, workloadReads } from "../support/stored-workload.ts";
import { inFuture, until } from "../support/time.ts";

let cast: Cast;
beforeAll(async () => {
  cast = await createCast();
});

const recorded = () => ended(cast, [[[record(1, "SELECT 1")]], [[record(2, "SELECT 2")]]]);
const erase = (id: number, json: object = {}) =>
  cast.admin.post<CaptureErasure>(`/api/captures/${id}/erase`, json);
const statementOf = async (id: number, person = cast.admin) =>
  (await person.get<EnvironmentErasure>(`/api/environments/${id}/erasure`)).body;
const erasureOf = async (id: number) =>
  (await statementOf(cast.environment.id)).captures.find(({ capture }) => capture === id);
const objectsOf = async (id: number) =>
  (await env.BUCKET.list({ prefix: `captures/${id}/` })).objects.map(({ key }) => key);
const fullOf = async (id: number) =>
  (await cast.admin.get<FullCapture>(`/api/captures/${id}?view=full`)).body;

describe("an erasure on request", () => {
  it("answers every read of the workload with when and why, from that moment on", async () => {
    const { id } = await recorded();
    const other = await recorded();
    const { status, body } = await erase(id);
    expect(status).toBe(200);
    expect(body).toMatchObject({ capture: id, why: "request", metrics: true, finishedAt: null });
    expect(body.by).toEqual({ id: cast.admin.id, name: "Admin" });
    const said = `The workload of this capture was erased at ${body.requestedAt}, as an admin has asked for it`;
    for (const read of workloadReads(other.id)) {
      const reply = await cast.member.get(`/api/captures/${id}/workload${read}`);
      expectRefusal(reply, 410, said);
    }
    const ofOther = said.replace("The workload of this", "with: the workload of that");
    for (const read of [`/compare?with=${id}`, `/report?with=${id}`]) {
      expectRefusal(await cast.member.get(`/api/captures/${other.id}/workload${read}`), 410, ofOther);
    }
    expectRefusal(
      await cast.member.get(`/api/captures/${id}/metrics`),
      410,
      said.replace("workload", "metrics").replace("was", "were"),
    );
    expect((await cast.member.get(`/api/captures/${id}/live`)).body).toMatchObject({ workload: null });
    expect((await cast.member.get(`/api/captures/${id}`)).body).toMatchObject({ id, status: "DONE" });
    expect(await fullOf(id)).toMatchObject({
      erased: { at: body.requestedAt, why: "request", metricsAt: body.requestedAt },
    });
  });

  it("is done once nothing is left in R2 and in the runner, and says how much it was", async () => {
    const { id } = await recorded();
    await env.BUCKET.put(`captures/${id}/metrics.json`, "points");
    await runnerOf({ id }).wake(id, Date.now() + 86_400_000);
    // The first digits of an id are not the id.
    await env.BUCKET.put(`captures/${id}0/metrics.json`, "another's");
    const stored = (await env.BUCKET.list({ prefix: `captures/${id}/` })).objects;
    await erase(id);
    await everyMinute();
    expect(await objectsOf(id)).toEqual([]);
    expect(await env.BUCKET.head(`captures/${id}0/metrics.json`)).not.toBeNull();
    expect(await erasureOf(id)).toMatchObject({
      objects: stored.length,
      bytes: stored.reduce((sum, { size }) => sum + size, 0),
      finishedAt: expect.any(String),
    });
    await everyMinute();
    expect((await erase(id)).body).toMatchObject({ objects: stored.length, finishedAt: expect.any(String) });
  });

  it("keeps the metrics where that is asked for, and erases them later on", async () => {
    const { id } = await recorded();
    await env.BUCKET.put(`captures/${id}/metrics.json`, "points");
    expect((await erase(id, { keepMetrics: true })).body).toMatchObject({ metrics: false });
    await everyMinute();
    expect(await objectsOf(id)).toEqual([`captures/${id}/metrics.json`]);
    const { objects } = (await erasureOf(id)) as CaptureErasure;
    expect((await fullOf(id)).erased).toMatchObject({ metricsAt: null });
    expect((await erase(id)).body).toMatchObject({ metrics: true, finishedAt: null });
    await everyMinute();
    expect(await objectsOf(id)).toEqual([]);
    expect(await erasureOf(id)).toMatchObject({ objects: objects + 1, finishedAt: expect.any(String) });
  });

  it("goes on where it was cut off, counts nothing twice, and is not finished before a listing is empty", async () => {
    const { id } = await recorded();
    const stored = await objectsOf(id);
    await erase(id);
    const original = env.BUCKET.delete.bind(env.BUCKET);
    const deletion = vi.spyOn(env.BUCKET, "delete").mockImplementation(async (keys) => {
      await original((keys as string[]).slice(0, 1));
      throw new Error("cut off");
    });
    await everyMinute();
    deletion.mockRestore();
    expect(await objectsOf(id)).toHaveLength(stored.length - 1);
    expect(await erasureOf(id)).toMatchObject({ objects: 0, finishedAt: null });
    expect((await statementOf(cast.environment.id)).left.pending).toBeGreaterThan(0);
    await everyMinute();
    expect(await erasureOf(id)).toMatchObject({ objects: stored.length, finishedAt: expect.any(String) });
  });

  it("leaves what a live capture records, and what nobody has asked for", async () => {
    const live = await createCapture(cast.owner, {
      envId: cast.environment.id,
      scheduledStart: inFuture(60_000_000),
    });
    expectRefusal(await erase(live.id), 409, /^This capture has not ended/);
    const { id } = await recorded();
    expect(await runnerOf({ id }).eraseWorkload(id)).toBe(false);
    await everyMinute();
    expect(await objectsOf(id)).not.toEqual([]);
  });

  it("is for admins of the capture's environment only", async () => {
    const { id } = await recorded();
    for (const person of [cast.owner, cast.member]) {
      const reply = await person.post(`/api/captures/${id}/erase`, {});
      expectRefusal(reply, 403, "Only an admin of the environment may do this");
    }
    const nobody = personWith("", "", {});
    expectRefusal(await nobody.post(`/api/captures/${id}/erase`, {}), 401, "Login required");
    expectRefusal(await cast.stranger.post(`/api/captures/${id}/erase`, {}), 404, "Capture not found");
    expectRefusal(await cast.admin.post("/api/captures/987654/erase", {}), 404, "Capture not found");
    expect((await fullOf(id)).erased).toBeNull();
  });

  it("reaches a deleted capture, whose data is still kept", async () => {
    const { id } = await recorded();
    await cast.owner.delete(`/api/captures/${id}`);
    expect((await erase(id)).status).toBe(200);
    await everyMinute();
    expect(await objectsOf(id)).toEqual([]);
    expect((await cast.owner.post(`/api/captures/${id}/restore`)).status).toBe(200);
    expect((await fullOf(id)).erased).not.toBeNull();
  });

  it("erases what the runner of a failed capture was still to store", async () => {
    const capture = await until(
      cast.owner,
      await createCapture(cast.owner, { envId: cast.environment.id }),
      "RUNNING",
    );
    await env.DB.prepare("update captures set status = 'FAILED', ended_at = ?2, due_at = null where id = ?1")
      .bind(capture.id, Date.now())
      .run();
    await erase(capture.id);
    await everyMinute();
    await runnerOf(capture).wake(capture.id, Date.now());
    await expect.poll(async () => runnerOf(capture).workload()).toBeNull();
    expect(await objectsOf(capture.id)).toEqual([]);
  });
});

describe("an environment's erasure", () => {
  it("erases the workloads of all captures that have ended, and proves it to its members", async () => {
    const theirs = await createCast();
    const [one, two] = [await ended(theirs, [[[record(1, "SELECT 1")]]]), await ended(theirs, [])];
    await createCapture(theirs.owner, { envId: theirs.environment.id, scheduledStart: inFuture(60_000_000) });
    const path = `/api/environments/${theirs.environment.id}/erasure`;
    expectRefusal(
      await theirs.member.post(path, { what: "workloads" }),
      403,
      "Only an admin of the environment may do this",
    );
    const asked = await theirs.admin.post<EnvironmentErasure>(path, { what: "workloads", keepMetrics: true });
    expect(asked.body).toMatchObject({
      environment: { name: "production", deletedAt: null, erasedAt: null },
      erased: { captures: 0, objects: 0 },
      left: { pending: 2, kept: 0, live: 1 },
    });
    await everyMinute();
    const shown = await statementOf(theirs.environment.id, theirs.member);
    expect(shown).toMatchObject({
      erased: { captures: 2, objects: 5 },
      left: { pending: 0, kept: 0, live: 1 },
    });
    expect(shown.captures.map(({ capture }) => capture)).toEqual([one.id, two.id]);
    expect(shown.outOfReach.join()).toContain("30 days");
    const rest = await theirs.admin.get<EnvironmentErasure>(`${path}?after=${one.id}`);
    expect(rest.body.captures.map(({ capture }) => capture)).toEqual([two.id]);
    expectRefusal(await theirs.stranger.get(path), 404, "Environment does not exist");
    // Where there is nothing, nothing is left.
    expect((await theirs.admin.post(path, { what: "workloads" })).status).toBe(200);
  });

  it("erases the environment with all that is its at once, and proves it to those who were its admins", async () => {
    const theirs = await createCast();
    const { id: envId } = theirs.environment;
    const capture = await ended(theirs, [[[record(1, "SELECT 1")]]]);
    await theirs.admin.post("/api/schedules", { name: "s", envId, cron: "0 3 * * *", duration: 60 });
    const path = `/api/environments/${envId}/erasure`;
    expectRefusal(
      await theirs.admin.post(path, { what: "environment" }),
      409,
      /has captures that have not ended/,
    );
    await env.DB.prepare(
      "update captures set status = 'FAILED', due_at = null where env_id = ?1 and id <> ?2",
    )
      .bind(envId, capture.id)
      .run();
    expect((await theirs.admin.post<EnvironmentErasure>(path, { what: "environment" })).body).toMatchObject({
      environment: { deletedAt: expect.any(String), erasedAt: null },
      left: { pending: 2, kept: 0, live: 0 },
    });
    expect((await theirs.admin.get(`/api/environments/${envId}`)).status).toBe(404);
    await everyMinute();
    await everyMinute();
    for (const table of ["captures", "schedules"]) {
      const rows = await env.DB.prepare(`select 1 from ${table} where env_id = ?1`).bind(envId).all();
      expect([table, rows.results]).toEqual([table, []]);
    }
    const row = await env.DB.prepare("select 1 from environments where id = ?1").bind(envId).first();
    expect(row).toBeNull();
    expect(await objectsOf(capture.id)).toEqual([]);
    const shown = await statementOf(envId, theirs.admin);
    expect(shown.environment).toMatchObject({ name: "production", erasedAt: expect.any(String) });
    expect(shown).toMatchObject({ left: { pending: 0, kept: 0, live: 0 }, erased: { captures: 2 } });
    expect(shown.captures.map(({ name }) => name)).toEqual([null, null]);
    const keyFor = (scope: object) => byKey(theirs.admin, { scope: "read", ...scope });
    const { environment: other } = await createEnvironment(theirs.admin, { name: "other" });
    expect((await (await keyFor({})).get(path)).status).toBe(200);
    expectRefusal(await (await keyFor({ envId: other.id })).get(path), 404, "Environment does not exist");
    expectRefusal(await theirs.member.get(path), 404, "Environment does not exist");
    expectRefusal(await (await signUp()).get(path), 404, "Environment does not exist");
  });
});
