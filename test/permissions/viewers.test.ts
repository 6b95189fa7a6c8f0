import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import type { Capture } from "../../src/captures/replies.ts";
import { refuseEnvironment } from "../../src/environments/refusals.ts";
import type { Environment, Member } from "../../src/environments/replies.ts";
import { refuse } from "../../src/http/refusals.ts";
import { OWNER_GONE, pauseOrphaned } from "../../src/schedules/keeping.ts";
import type { Schedule } from "../../src/schedules/replies.ts";
import type { WorkloadDigest } from "../../src/workload/replies.ts";
import { createSchedule } from "../schedules/support.ts";
import { addMember, createCapture, expectRefusal, type Person, request, signUp } from "../support/api.ts";
import { createWorld, LITERAL, type World } from "./world.ts";

let world: World;
let viewer: Person;
beforeAll(async () => {
  world = await createWorld();
  viewer = world.people.viewer;
}, 60_000);

const workload = (path: string) => `/api/captures/${world.captureId}/workload${path}`;
const envPath = (path = "") => `/api/environments/${world.cast.environment.id}${path}`;

describe("a viewer reads figures", () => {
  test("of statements, without any of the statements themselves", async () => {
    const { body } = await viewer.get<WorkloadDigest[]>(workload("/digest"));
    const whole = await world.people.member.get<WorkloadDigest[]>(workload("/digest"));
    expect(JSON.stringify(whole.body)).toContain(LITERAL);
    expect(body).toEqual(whole.body.map((digest) => ({ ...digest, example: null, examples: [] })));
    const one = await viewer.get<WorkloadDigest>(workload(`/digest/${world.fingerprint}`));
    expect(one.body).toEqual(body[0]);
  });

  test("and can't find out by what is found what statements say", async () => {
    const found = async (person: Person, text: string) =>
      (await person.get<WorkloadDigest[]>(workload(`/digest?contains=${text}`))).body.length;
    expect(await found(world.people.member, LITERAL)).toBe(1);
    expect(await found(viewer, LITERAL)).toBe(0);
    expect(await found(viewer, "orders")).toBe(1);
  });

  test.each([
    "/digest?format=csv",
    "/report?format=html",
    "/report?format=md",
    "/tables",
    "/series/statements",
  ])("in %s, in which no statement is", async (path) => {
    const reply = await viewer.get(workload(path));
    expect(JSON.stringify(reply.body)).not.toContain(LITERAL);
    expect(JSON.stringify(reply.body).length).toBeGreaterThan(50);
  });

  test("of the environment, without what reaches it", async () => {
    const { body } = await viewer.get<Environment>(envPath());
    expect(body).toMatchObject({ role: "viewer", credentials: null });
  });
});

test.each(["/records", "/sessions/8", "/download", "/amazon", `/records?contains=${LITERAL}`])(
  "a viewer is refused %s in words, also when asked by HEAD",
  async (path) => {
    expectRefusal(await viewer.get(workload(path)), 403, refuse.viewerMayNotRead().message);
    expect((await request("HEAD", workload(path), { headers: viewer.headers })).status).toBe(403);
  },
);

describe("who becomes a viewer", () => {
  let person: Person;
  let capture: Capture;
  let schedule: Schedule;
  const setRole = (role: string) => world.cast.admin.put(envPath(`/members/${person.id}`), { role });
  beforeAll(async () => {
    const { admin, environment } = world.cast;
    person = await signUp("Demoted");
    await addMember(admin, environment.id, person);
    const scheduledStart = new Date(Date.now() + 86_400_000).toISOString();
    capture = await createCapture(person, { envId: environment.id, scheduledStart });
    schedule = await createSchedule(person, { envId: environment.id });
    expect((await setRole("viewer")).body).toEqual({ userId: person.id, role: "viewer" });
  });

  test("can't change what is theirs any more, nor make anything", async () => {
    const { id: envId } = world.cast.environment;
    for (const reply of [
      await person.put(`/api/captures/${capture.id}`, { name: "x" }),
      await person.delete(`/api/captures/${capture.id}`),
      await person.put(`/api/schedules/${schedule.id}`, { name: "x" }),
      await person.post(`/api/schedules/${schedule.id}/pause`),
      await person.post("/api/captures", { name: "x", envId }),
      await person.post("/api/schedules", { name: "x", envId, cron: "0 1 * * *", duration: 60 }),
      await person.post(envPath("/check")),
    ]) {
      expectRefusal(reply, 403, refuse.viewerMayNotChange().message);
    }
    expect((await person.get(`/api/captures/${capture.id}`)).body).toEqual(capture);
  });

  test("has no captures made for them: their schedules are paused, and an admin takes them over", async () => {
    expect(await pauseOrphaned(env, Date.now())).toBe(1);
    const paused = await world.cast.admin.get<Schedule>(`/api/schedules/${schedule.id}`);
    expect(paused.body).toMatchObject({
      pausedAt: expect.any(String),
      problem: OWNER_GONE,
      owner: { id: person.id },
    });
    const resumed = await world.cast.admin.post<Schedule>(`/api/schedules/${schedule.id}/resume`);
    expect(resumed.body).toMatchObject({ pausedAt: null, owner: { id: world.cast.admin.id } });
  });

  test("is a member again as soon as an admin says so", async () => {
    await setRole("member");
    expect((await person.put(`/api/captures/${capture.id}`, { name: "mine" })).status).toBe(200);
    expect((await person.get(workload("/records"))).status).toBe(200);
    await setRole("viewer");
  });

  test("may leave", async () => {
    expect((await person.delete(envPath(`/members/${person.id}`))).status).toBe(200);
    expect((await person.get(envPath())).status).toBe(404);
  });
});

test("the answer to a request that was made as a member is not given again to a viewer", async () => {
  const { admin, environment } = world.cast;
  const person = await signUp("Repeating");
  await addMember(admin, environment.id, person);
  const options = {
    json: { name: crypto.randomUUID(), envId: environment.id },
    headers: { ...person.headers, "Idempotency-Key": "once" },
  };
  expect((await request("POST", "/api/captures", options)).status).toBe(200);
  await admin.put(envPath(`/members/${person.id}`), { role: "viewer" });
  const again = await request("POST", "/api/captures", options);
  expectRefusal(again, 403, refuse.viewerMayNotChange().message);
});

test("the last admin can't become a viewer", async () => {
  const { admin } = world.cast;
  const reply = await admin.put(envPath(`/members/${admin.id}`), { role: "viewer" });
  expectRefusal(reply, 409, refuseEnvironment.lastAdmin().message);
});

test("an invite makes a viewer, as others see", async () => {
  const { admin, environment } = world.cast;
  const person = await signUp("Invited");
  await addMember(admin, environment.id, person, "viewer");
  const { body } = await viewer.get<Member[]>(envPath("/members"));
  expect(body.find(({ userId }) => userId === person.id)?.role).toBe("viewer");
});
