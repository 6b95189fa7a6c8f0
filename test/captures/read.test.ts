import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { Capture } from "../../src/captures/replies.ts";
import type { Environment } from "../../src/environments/replies.ts";
import {
  addMember,
  createCapture,
  createEnvironment,
  type Person,
  type Reply,
  signUp,
} from "../support/api.ts";
import { until } from "../support/time.ts";

const TOMORROW = new Date(Date.now() + 86_400_000).toISOString();

let admin: Person;
let member: Person;
let first: Environment;
let second: Environment;
/** Captures of both environments by turns, oldest first. */
const captures: Capture[] = [];

beforeAll(async () => {
  admin = await signUp("Admin");
  member = await signUp("Member");
  const { environment, aws } = await createEnvironment(admin, { name: "first" });
  first = environment;
  second = (await createEnvironment(admin, { aws, name: "second" })).environment;
  await createEnvironment(admin, { aws, name: "without captures" });
  await addMember(admin, first.id, member);
  for (let i = 0; i < 7; i++) {
    const envId = i % 2 === 0 ? first.id : second.id;
    captures.push(await createCapture(admin, { envId, name: `night ${i}`, scheduledStart: TOMORROW }));
  }
});

const ids = (list: { id: number }[]) => list.map(({ id }) => id);
const newestFirst = (list: Capture[]) => ids(list).sort((a, b) => b - a);

/** Follows the Link headers from a path. Returns the pages. */
async function pages(person: Person, path: string): Promise<number[][]> {
  const seen: number[][] = [];
  for (let next: string | undefined = path; next !== undefined; ) {
    const reply: Reply<Capture[]> = await person.get<Capture[]>(next);
    expect(reply.status).toBe(200);
    seen.push(ids(reply.body));
    next = /^<(.+)>; rel="next"$/.exec(reply.headers.get("link") ?? "")?.[1];
  }
  return seen;
}

describe("GET /api/captures", () => {
  it("lists every capture of every environment of the caller, newest first", async () => {
    expect(ids((await admin.get<Capture[]>("/api/captures")).body)).toEqual(newestFirst(captures));
  });

  it("lists nothing of environments that the caller does not belong to", async () => {
    const { body } = await member.get<Capture[]>("/api/captures");
    expect(ids(body)).toEqual(newestFirst(captures.filter(({ envId }) => envId === first.id)));
  });

  it("shows captures as GET of one does", async () => {
    const { body } = await admin.get<Capture[]>("/api/captures?limit=1");
    expect(body).toEqual([(await admin.get(`/api/captures/${body[0]?.id}`)).body]);
  });

  it("filters by environment, status in any letter case, and name", async () => {
    const done = await createCapture(admin, { envId: second.id, name: "started" });
    captures.push(done);
    await until(admin, done, "RUNNING");
    const list = async (query: string) => ids((await admin.get<Capture[]>(`/api/captures?${query}`)).body);
    expect(await list(`envId=${second.id}`)).toEqual(
      newestFirst(captures.filter((c) => c.envId === second.id)),
    );
    expect(await list("status=running")).toEqual([done.id]);
    expect(await list(`status=RUNNING&envId=${first.id}`)).toEqual([]);
    expect(await list("name=night%203")).toEqual([captures[3]?.id]);
    expect(await list("name=night")).toEqual([]);
  });

  it.each([1, 2, 3, 7, 100])("shows every capture exactly once in pages of %i", async (limit) => {
    const seen = await pages(admin, `/api/captures?limit=${limit}`);
    expect(seen.flat()).toEqual(newestFirst(captures));
    expect(seen.slice(0, -1).every((page) => page.length === limit)).toBe(true);
    expect(seen.at(-1)?.length).toBeGreaterThan(0);
  });

  it("keeps the filter from page to page", async () => {
    const seen = await pages(admin, `/api/captures?limit=1&envId=${first.id}&status=SCHEDULED`);
    expect(seen.flat()).toEqual(newestFirst(captures.filter((c) => c.envId === first.id)));
  });

  it("shows each capture once though another is made between two pages", async () => {
    const page = await admin.get<Capture[]>("/api/captures?limit=3");
    const late = await createCapture(admin, { envId: first.id, scheduledStart: TOMORROW });
    const rest = (await admin.get<Capture[]>(`/api/captures?cursor=${page.body.at(-1)?.id}`)).body;
    expect([...ids(page.body), ...ids(rest)]).toEqual(newestFirst(captures));
    captures.push(late);
  });

  it("answers at most a thousand at a time", async () => {
    const person = await signUp();
    const { environment } = await createEnvironment(person);
    await env.DB.prepare(
      `insert into captures (env_id, owner_id, name, region, instance, status, created_at)
       select ?1, ?2, 'bulk ' || value, 'us-east-1', 'i', 'DONE', 0 from json_each(?3)`,
    )
      .bind(environment.id, person.id, JSON.stringify(Array.from({ length: 1001 }, (_, i) => i)))
      .run();
    const seen = await pages(person, "/api/captures");
    expect(seen.map(({ length }) => length)).toEqual([1000, 1]);
  });

  it.each([
    ["envId=999999", 404, "Environment does not exist"],
    ["envId=0", 400, "envId: must be a positive integer"],
    ["envId=1&envId=2", 400, "envId: may be given once only"],
    ["limit=0", 400, "limit: must be an integer from 1 to 1000"],
    ["limit=1001", 400, "limit: must be an integer from 1 to 1000"],
    ["limit=ten", 400, "limit: must be an integer from 1 to 1000"],
    ["cursor=-1", 400, "cursor: must be a positive integer"],
    ["cursor=99999999999999999999", 400, "cursor: is too large to be an id"],
    [
      "status=GONE",
      400,
      "status: must be one of SCHEDULED, STARTED, STARTING, RUNNING, STOPPING, DONE, FAILED",
    ],
    ["envid=1", 400, "envid: not known here"],
  ])("answers ?%s with %i", async (query, status, message) => {
    const reply = await admin.get(`/api/captures?${query}`);
    expect(reply).toMatchObject({ status, body: { code: status, message } });
  });
});

describe("GET /api/captures/{id}", () => {
  it("takes the id in its query too, where the specification lists it, as /metrics, a stop, PUT and DELETE do", async () => {
    const capture = await createCapture(admin, {
      envId: second.id,
      name: "id twice",
      scheduledStart: TOMORROW,
    });
    const path = `/api/captures/${capture.id}`;
    const query = `?id=${capture.id}`;
    expect(await admin.get(path + query)).toMatchObject({ status: 200, body: capture });
    expect((await admin.get(`${path}/metrics${query}&type=READ%20IOPS`)).body).toHaveLength(1);
    expect((await admin.get(`${path}/metrics${query}&Id=1`)).body).toMatchObject({
      message: "Id: not known here",
    });
    expect((await admin.get(`${path}${query}&ids=1`)).body).toMatchObject({ message: "ids: not known here" });
    expect((await admin.put(path + query, { name: "id twice again" })).status).toBe(200);
    expect((await admin.post(`${path}/stop${query}`)).status).toBe(409);
    expect((await admin.delete(path + query)).status).toBe(200);
  });

  it("answers with the capture", async () => {
    expect(await admin.get(`/api/captures/${captures[0]?.id}`)).toMatchObject({
      status: 200,
      body: captures[0],
    });
  });
});

describe("GET /api/captures/{id}/events", () => {
  it("shows the history of a capture, oldest first, with who did what", async () => {
    const capture = await createCapture(member, { envId: first.id });
    await until(member, capture, "RUNNING");
    await admin.post(`/api/captures/${capture.id}/stop`);
    await until(member, capture, "DONE");
    const { body } = await member.get<{ from: string; to: string; actor: object; time: string }[]>(
      `/api/captures/${capture.id}/events`,
    );
    expect(body.map(({ from, to, actor }) => ({ from, to, actor }))).toEqual([
      { from: null, to: "STARTED", actor: { type: "user", id: member.id, name: "Member" } },
      { from: "STARTED", to: "STARTING", actor: { type: "runner" } },
      { from: "STARTING", to: "RUNNING", actor: { type: "runner" } },
      { from: "RUNNING", to: "STOPPING", actor: { type: "user", id: admin.id, name: "Admin" } },
      { from: "STOPPING", to: "DONE", actor: { type: "runner" } },
    ]);
    const times = body.map(({ time }) => time);
    expect(times).toEqual([...times].sort());
  });
});
