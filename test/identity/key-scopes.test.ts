import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import type { Capture } from "../../src/captures/replies.ts";
import type { Environment } from "../../src/environments/replies.ts";
import { refuse } from "../../src/http/refusals.ts";
import type { Schedule } from "../../src/schedules/replies.ts";
import { createSchedule } from "../schedules/support.ts";
import {
  addMember,
  byKey,
  type Cast,
  createApiKey,
  createCapture,
  createCast,
  createEnvironment,
  expectRefusal,
  type Person,
  personWith,
  requestIn,
  signUp,
} from "../support/api.ts";
import { counting } from "../support/counting.ts";

const DAY = 24 * 60 * 60;

let cast: Cast;
/** Another environment of the admin's. */
let other: { id: number };
beforeAll(async () => {
  cast = await createCast();
  other = (await createEnvironment(cast.admin, { name: "other" })).environment;
});

const planned = () => ({ scheduledStart: new Date(Date.now() + 86_400_000).toISOString() });

describe("a key that may only read", () => {
  test("reads what its owner may", async () => {
    const reader = await byKey(cast.admin, { scope: "read" });
    expect((await reader.get<Environment[]>("/api/environments")).body).toHaveLength(2);
    expect((await reader.get("/api/captures")).status).toBe(200);
  });

  test("changes nothing, and is told so before what is wrong with the request", async () => {
    const reader = await byKey(cast.owner, { scope: "read" });
    const capture = await createCapture(cast.owner, { envId: cast.environment.id, ...planned() });
    for (const reply of [
      await reader.put(`/api/captures/${capture.id}`, { name: "taken over" }),
      await reader.delete(`/api/captures/${capture.id}`),
      await reader.post(`/api/captures/${capture.id}/cancel`),
      await reader.post("/api/captures", { name: "new", envId: cast.environment.id }),
      await reader.post("/api/captures", { nonsense: true }),
      await reader.delete(`/api/captures/nonsense`),
      await reader.delete(`/api/captures/987654321`),
    ]) {
      expectRefusal(reply, 403, refuse.keyMayNotWrite().message);
    }
    expect((await cast.owner.get(`/api/captures/${capture.id}`)).body).toEqual(capture);
  });

  test("is told that it is not known once it has expired or is disabled", async () => {
    const { id, key } = await createApiKey(cast.admin, { scope: "read" });
    const reader = personWith("", "", { "x-api-key": key });
    const change = () => reader.post("/api/environments/external-id");
    expect((await change()).status).toBe(403);
    await cast.admin.post("/api/auth/api-key/update", { keyId: id, enabled: false });
    expectRefusal(await change(), 401, refuse.keyNotKnown().message);
    await cast.admin.post("/api/auth/api-key/update", { keyId: id, enabled: true });
    await env.DB.prepare("update apikey set expires_at = 1 where id = ?").bind(id).run();
    expectRefusal(await change(), 401, refuse.keyNotKnown().message);
  });
});

describe("a key for one environment", () => {
  let visitor: Person;
  beforeAll(async () => {
    visitor = await byKey(cast.admin, { envId: other.id });
  });

  test("does there what its owner may, and what it makes is its owner's", async () => {
    const capture = await createCapture(visitor, { envId: other.id, ...planned() });
    const { body } = await visitor.get<{ owner: { id: string } }>(`/api/captures/${capture.id}?view=full`);
    expect(body.owner.id).toBe(cast.admin.id);
    expect((await visitor.put(`/api/captures/${capture.id}`, { name: "renamed" })).status).toBe(200);
    expect((await visitor.get(`/api/environments/${other.id}/members`)).body).toHaveLength(1);
    expect((await visitor.post(`/api/environments/${other.id}/invites`, { role: "viewer" })).status).toBe(
      201,
    );
  });

  test("lists nothing of others", async () => {
    const theirs = await createCapture(cast.admin, { envId: cast.environment.id, ...planned() });
    await createSchedule(cast.admin, { envId: cast.environment.id });
    const own = await createSchedule(cast.admin, { envId: other.id });
    const captures = (await visitor.get<Capture[]>("/api/captures?limit=1000")).body;
    expect(new Set(captures.map(({ envId }) => envId))).toEqual(new Set([other.id]));
    expect(captures.map(({ id }) => id)).not.toContain(theirs.id);
    expect((await visitor.get<Schedule[]>("/api/schedules")).body.map(({ id }) => id)).toEqual([own.id]);
    expect((await visitor.get<Environment[]>("/api/environments")).body.map(({ id }) => id)).toEqual([
      other.id,
    ]);
  });

  test("is answered of others as of what does not exist", async () => {
    const theirs = await createCapture(cast.admin, { envId: cast.environment.id, ...planned() });
    const { environment } = cast;
    const ask = async (envId: number, captureId: number) => [
      await visitor.get(`/api/environments/${envId}`),
      await visitor.put(`/api/environments/${envId}`, { name: "taken over" }),
      await visitor.delete(`/api/environments/${envId}/members/${cast.member.id}`),
      await visitor.get(`/api/captures?envId=${envId}`),
      await visitor.post("/api/captures", { name: "x", envId, ...planned() }),
      await visitor.post("/api/schedules", { name: "x", envId, cron: "0 1 * * *", duration: 60 }),
      await visitor.delete(`/api/captures/${captureId}`),
      await visitor.get(`/api/captures/${captureId}/workload`),
    ];
    const [found, none] = [await ask(environment.id, theirs.id), await ask(987_654, 987_654)];
    expect(found.map(({ status }) => status)).toEqual(found.map(() => 404));
    expect(found.map(({ body }) => body)).toEqual(none.map(({ body }) => body));
    expect((await cast.admin.get(`/api/captures/${theirs.id}`)).body).toEqual(theirs);
  });

  test("registers no environments, and joins none", async () => {
    const joiner = await signUp();
    const { body } = await cast.admin.post<{ code: string }>(`/api/environments/${other.id}/invites`, {
      role: "member",
    });
    await addMember(cast.admin, other.id, joiner);
    const key = await byKey(joiner, { envId: other.id });
    for (const reply of [
      await key.post("/api/environments", {}),
      await key.post("/api/environments/external-id"),
      await key.post("/api/environments/instances", {}),
      await key.post("/api/invites/look", { code: body.code }),
      await key.post("/api/invites/accept", { code: body.code }),
    ]) {
      expectRefusal(reply, 403, refuse.keyOfOneEnvironment().message);
    }
  });

  test("is made by its members only, and sees nothing once its owner has left", async () => {
    const leaver = await signUp();
    const asked = { name: "x", envId: other.id };
    expectRefusal(
      await leaver.post("/api/auth/api-key/create", asked),
      404,
      refuse.environmentNotFound().message,
    );
    await addMember(cast.admin, other.id, leaver);
    const key = await byKey(leaver, asked);
    expect((await key.get(`/api/environments/${other.id}`)).status).toBe(200);
    await leaver.delete(`/api/environments/${other.id}/members/${leaver.id}`);
    expect((await key.get(`/api/environments/${other.id}`)).status).toBe(404);
    expect((await key.get("/api/environments")).body).toEqual([]);
  });

  test("is gone with the environment", async () => {
    const { environment } = await createEnvironment(cast.admin, { name: "short-lived" });
    const key = await byKey(cast.admin, { envId: environment.id });
    expect((await key.get("/api/environments")).status).toBe(200);
    expect((await cast.admin.delete(`/api/environments/${environment.id}`)).status).toBe(200);
    expectRefusal(await key.get("/api/environments"), 401, refuse.keyNotKnown().message);
  });

  test.each([0, -1, 1.5, "1"])("is of no environment with the id %s", async (envId) => {
    expectRefusal(
      await cast.admin.post("/api/auth/api-key/create", { envId }),
      400,
      /^envId: must be a positive integer, or null$/,
    );
  });

  test("changes nothing where it may also only read", async () => {
    const key = await byKey(cast.admin, { envId: other.id, scope: "read" });
    expect((await key.get(`/api/environments/${other.id}`)).status).toBe(200);
    const reply = await key.put(`/api/environments/${other.id}`, { name: "x" });
    expectRefusal(reply, 403, refuse.keyMayNotWrite().message);
  });
});

describe("a new key", () => {
  const lastsFor = ({ expiresAt, createdAt }: { expiresAt: string | null; createdAt: string }) =>
    expiresAt && (Date.parse(expiresAt) - Date.parse(createdAt)) / 1000;

  test.each([
    [{}, 90 * DAY],
    [{ expiresIn: 7 * DAY }, 7 * DAY],
    [{ expiresIn: null }, null],
  ])("made with %j is valid for %s seconds", async (asked, seconds) => {
    const { body } = await cast.admin.post<Parameters<typeof lastsFor>[0]>("/api/auth/api-key/create", asked);
    expect(lastsFor(body)).toBe(seconds);
  });

  test("says what it may do, and where", async () => {
    const { id } = await createApiKey(cast.admin, { scope: "read", envId: other.id });
    const { body } = await cast.admin.get(`/api/auth/api-key/get?id=${id}`);
    expect(body).toMatchObject({ scope: "read", envId: other.id, lastRequest: null });
    const plain = await createApiKey(cast.admin);
    expect(plain).toMatchObject({ scope: "write", envId: null });
  });

  test("with another scope is refused", async () => {
    const reply = await cast.admin.post("/api/auth/api-key/create", { scope: "admin" });
    expectRefusal(reply, 400, "scope: must be one of read, write");
  });
});

test("keys of before there were scopes do what they did", async () => {
  const { id, key } = await createApiKey(cast.admin, { expiresIn: null });
  const old = await env.DB.prepare("select * from apikey where id = ?")
    .bind(id)
    .first<Record<string, unknown>>();
  const columns = Object.keys(old ?? {}).filter(
    (column) => !["id", "key", "scope", "env_id"].includes(column),
  );
  await env.DB.prepare("delete from apikey where id = ?").bind(id).run();
  await env.DB.prepare(
    `insert into apikey (id, key, ${columns.join()}) values ('old', ?, ${columns.map(() => "?").join()})`,
  )
    .bind(old?.key, ...columns.map((column) => old?.[column] ?? null))
    .run();
  const program = personWith("", "", { "x-api-key": key });
  expect((await program.get<Environment[]>("/api/environments")).body.length).toBeGreaterThan(1);
  expect((await program.post("/api/environments/external-id")).status).toBe(200);
  const { body } = await cast.admin.get("/api/auth/api-key/get?id=old");
  expect(body).toMatchObject({ scope: "write", envId: null, expiresAt: null });
});

test("a key reads hardly more rows than a session, however many belong to other environments", async () => {
  const many = 2000;
  await env.DB.batch([
    env.DB.prepare(
      `insert into user (id, name, email, email_verified, created_at, updated_at)
       select 'crowd-' || value, 'x', value || '@crowd.example.com', 0, 1, 1 from json_each(?1)`,
    ).bind(JSON.stringify(Array.from({ length: many }, (_, i) => i))),
    env.DB.prepare(
      `insert into members (env_id, user_id, role, created_at) select ?1, 'crowd-' || value, 'member', 1 from json_each(?2)`,
    ).bind(other.id, JSON.stringify(Array.from({ length: many }, (_, i) => i))),
  ]);
  const capture = await createCapture(cast.owner, { envId: cast.environment.id, ...planned() });
  const keys = [await byKey(cast.owner, {}), await byKey(cast.owner, { envId: cast.environment.id })];
  const rowsOf = async ({ headers }: Person, method: string, path: string, json?: unknown) => {
    const { env: counted, cost } = counting(env);
    const reply = await requestIn({ DB: counted.DB }, method, path, {
      headers,
      ...(json !== undefined && { json }),
    });
    expect(reply.status).toBe(200);
    return cost.rowsRead;
  };
  for (const key of keys) await key.get("/api/environments");
  for (const [method, path, json] of [
    ["GET", "/api/captures"],
    ["GET", `/api/captures?envId=${cast.environment.id}`],
    ["GET", `/api/captures/${capture.id}?view=full`],
    ["GET", `/api/captures/${capture.id}/events`],
    ["GET", `/api/captures/${capture.id}/workload`],
    ["GET", "/api/environments"],
    ["GET", `/api/environments/${cast.environment.id}/members`],
    ["GET", "/api/schedules"],
    ["PUT", `/api/captures/${capture.id}`, { notes: "x" }],
    ["POST", `/api/captures/${capture.id}/restore`],
  ] as const) {
    const bySession = await rowsOf(cast.owner, method, path, json);
    for (const key of keys) {
      const more = (await rowsOf(key, method, path, json)) - bySession;
      expect(more, `${method} ${path}: ${bySession} rows by a session`).toBeLessThanOrEqual(25);
    }
  }
});
