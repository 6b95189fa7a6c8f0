import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { app } from "../../src/app.ts";
import type { AuditEvent } from "../../src/audit/replies.ts";
import {
  addMember,
  byKey,
  type Cast,
  createCapture,
  createCast,
  type Person,
  request,
  requestIn,
  signUp,
} from "../support/api.ts";
import { counting } from "../support/counting.ts";
import { faultyDatabase } from "../support/faults.ts";
import { until } from "../support/time.ts";

let cast: Cast;
let id: number;
beforeAll(async () => {
  cast = await createCast();
  const capture = await createCapture(cast.owner, { envId: cast.environment.id });
  await until(cast.owner, capture, "RUNNING");
  id = capture.id;
});

const readings = async (): Promise<AuditEvent[]> =>
  (
    await cast.admin.get<AuditEvent[]>(
      `/api/environments/${cast.environment.id}/audit?action=workload&limit=1000`,
    )
  ).body;

/** A person with a new key: what they read has not been noted yet. */
async function freshly(person: Person): Promise<Person> {
  const fresh = await byKey(person);
  // That a key is used is noted once a day, after the reply to its first request.
  await fresh.get("/api/environments");
  return fresh;
}

/** What a request for a reading costs. */
async function costOf(person: Person, path: string) {
  const { env: counted, cost } = counting(env);
  const reply = await app.fetch(
    new Request(`http://captures.test${path}`, { headers: person.headers }),
    counted,
    createExecutionContext(),
  );
  expect(reply.status).toBe(200);
  await reply.body?.cancel();
  return cost;
}

describe("a reading of a workload", () => {
  test("is noted by its kind, once for each caller, credential, address and hour", async () => {
    const person = await freshly(cast.owner);
    const before = (await readings()).length;
    for (const path of [
      "",
      "/digest",
      "/series",
      "/tables",
      "/records",
      "/records",
      "/download",
      "/download",
      "/report",
    ]) {
      expect((await person.get(`/api/captures/${id}/workload${path}`)).status).toBe(200);
    }
    const noted = (await readings()).slice(0, -before || undefined);
    expect(noted.map(({ action }) => action).sort()).toEqual([
      "workload.downloaded",
      "workload.read",
      "workload.reported",
      "workload.searched",
    ]);
    for (const event of noted) {
      expect(event).toMatchObject({
        actor: { id: cast.owner.id },
        via: "apiKey",
        subject: { id: String(id) },
      });
    }
    // From elsewhere it is another one: a key that was stolen is seen.
    await request("GET", `/api/captures/${id}/workload`, {
      headers: { ...person.headers, "cf-connecting-ip": "203.0.113.66" },
    });
    expect((await readings())[0]).toMatchObject({ action: "workload.read", address: "203.0.113.66" });
  });

  test("is noted again in the next hour", async () => {
    const person = await freshly(cast.owner);
    await person.get(`/api/captures/${id}/workload`);
    const before = (await readings()).length;
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
    await person.get(`/api/captures/${id}/workload`);
    vi.useRealTimers();
    expect(await readings()).toHaveLength(before + 1);
  });

  test("does not happen when it can't be noted", async () => {
    const person = await freshly(cast.owner);
    const before = (await readings()).length;
    const DB = faultyDatabase((sql) =>
      sql.includes("audit_events") ? { error: new Error("D1_ERROR: disk on fire") } : undefined,
    );
    for (const path of ["", "/digest", "/records", "/download", "/report", `/compare?with=${id}`]) {
      const reply = await requestIn({ DB }, "GET", `/api/captures/${id}/workload${path}`, {
        headers: person.headers,
      });
      expect(reply.status).toBe(500);
    }
    expect(await readings()).toHaveLength(before);
  });

  test("is asked again after a fault that passes, and noted once", async () => {
    const person = await freshly(cast.owner);
    const before = (await readings()).length;
    let faults = 0;
    const DB = faultyDatabase((sql) =>
      sql.includes("audit_events") && faults++ === 0
        ? { error: new Error("D1_ERROR: Network connection lost."), isAnswerLost: true }
        : undefined,
    );
    const reply = await requestIn({ DB }, "GET", `/api/captures/${id}/workload`, { headers: person.headers });
    expect(reply.status).toBe(200);
    expect(faults).toBe(2);
    expect(await readings()).toHaveLength(before + 1);
  });

  test("that is refused is not noted, nor taken for noted once it is allowed", async () => {
    const { stranger } = cast;
    const before = (await readings()).length;
    expect((await stranger.get(`/api/captures/${id}/workload`)).status).toBe(404);
    expect((await stranger.get(`/api/captures/${id}/workload/download`)).status).toBe(404);
    expect(await readings()).toHaveLength(before);
    const invite = await cast.admin.post<{ code: string }>(
      `/api/environments/${cast.environment.id}/invites`,
      {
        role: "member",
      },
    );
    await stranger.post("/api/invites/accept", { code: invite.body.code });
    expect((await stranger.get(`/api/captures/${id}/workload`)).status).toBe(200);
    const theirs = (await readings()).filter(({ actor }) => actor.id === stranger.id);
    expect(theirs.map(({ action }) => action)).toEqual(["workload.read"]);
  });

  test("of statements by a viewer is refused and not noted, that of figures is noted", async () => {
    const viewer = await signUp("Viewer");
    await addMember(cast.admin, cast.environment.id, viewer, "viewer");
    const theirs = async () =>
      (await readings()).filter(({ actor }) => actor.id === viewer.id).map(({ action }) => action);
    for (const path of ["/records", "/download", "/amazon"]) {
      expect((await viewer.get(`/api/captures/${id}/workload${path}`)).status).toBe(403);
    }
    expect(await theirs()).toEqual([]);
    expect((await viewer.get(`/api/captures/${id}/workload/digest`)).status).toBe(200);
    expect(await theirs()).toEqual(["workload.read"]);
    // What was refused before is noted once it is allowed.
    await cast.admin.put(`/api/environments/${cast.environment.id}/members/${viewer.id}`, { role: "member" });
    expect((await viewer.get(`/api/captures/${id}/workload/records`)).status).toBe(200);
    expect((await theirs()).sort()).toEqual(["workload.read", "workload.searched"]);
  });

  test("costs one round trip to D1 with its note, and no more rows however long the trail is", async () => {
    const path = `/api/captures/${id}/workload/digest`;
    const first = await costOf(await freshly(cast.owner), path);
    expect(first.d1).toBe(1);
    expect(first.rowsRead).toBeLessThanOrEqual(40);
    const rows = Array.from({ length: 500 }, (_, i) =>
      env.DB.prepare(
        "insert into audit_events (env_id, time, action, actor, via, once) values (?1, ?2, 'workload.read', 'x', 'session', ?3)",
      ).bind(cast.environment.id, i, `filler ${i}`),
    );
    await env.DB.batch(rows);
    const person = await freshly(cast.owner);
    expect(await costOf(person, path)).toEqual(first);
    // What is noted already is only read.
    const again = await costOf(person, path);
    expect(again.d1).toBe(1);
    expect(again.rowsRead).toBeLessThanOrEqual(10);
    await env.DB.prepare("delete from audit_events where actor = 'x'").run();
  });
});
