import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { Capture } from "../../src/captures/replies.ts";
import { type Cast, createCast, expectRefusal, inNewEnvironment, requestIn } from "../support/api.ts";
import { until } from "../support/time.ts";

const TOMORROW = new Date(Date.now() + 86_400_000).toISOString();
const LIMIT = { MAX_LIVE_CAPTURES: "2" };
const FULL =
  "Environment has 2 captures that have not ended, which is the most it may have: stop or delete one, or wait for an end";

let cast: Cast;

beforeAll(async () => {
  cast = await createCast();
});

let names = 0;

/** Asks for a capture where an environment may have two that are live. */
const ask = ({ owner, environment }: Cast, json: object = {}, headers: Record<string, string> = {}) =>
  requestIn<Capture>(LIMIT, "POST", "/api/captures", {
    json: { name: `live ${++names}`, envId: environment.id, scheduledStart: TOMORROW, ...json },
    headers: { ...owner.headers, ...headers },
  });

/** An environment that is full, and the captures that fill it. */
async function full(): Promise<Cast & { captures: Capture[] }> {
  const own = await inNewEnvironment(cast);
  const replies = [await ask(own), await ask(own)];
  expect(replies.map(({ status }) => status)).toEqual([200, 200]);
  return { ...own, captures: replies.map(({ body }) => body) };
}

const count = (envId: number, table = "captures c") =>
  env.DB.prepare(`select count(*) as n from ${table} where c.env_id = ?1`).bind(envId).first<number>("n");

describe("an environment that has as many live captures as it may have", () => {
  it("gets no other: 409 says so, and nothing is made", async () => {
    const own = await full();
    expectRefusal(await ask(own), 409, FULL);
    expectRefusal(await ask(own, { scheduledStart: null }), 409, FULL);
    expect(await count(own.environment.id)).toBe(2);
    const events = "capture_events v join captures c on c.id = v.capture_id";
    expect(await count(own.environment.id, events)).toBe(2);
  });

  it("gets one of ten that come at once for the last place", async () => {
    const own = await inNewEnvironment(cast);
    await ask(own);
    const replies = await Promise.all(Array.from({ length: 10 }, () => ask(own)));
    expect(replies.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(409)]);
    expect(await count(own.environment.id)).toBe(2);
  });

  it("gets another once one is deleted, or has ended", async () => {
    const own = await full();
    await own.owner.delete(`/api/captures/${own.captures[0]?.id}`);
    const { status, body } = await ask(own, { scheduledStart: null });
    expect(status).toBe(200);
    await until(own.owner, body, "RUNNING");
    expectRefusal(await ask(own), 409, FULL);
    await own.owner.post(`/api/captures/${body.id}/stop`);
    await until(own.owner, body, "DONE");
    expect((await ask(own)).status).toBe(200);
  });

  it("does not limit other environments", async () => {
    await full();
    expect((await ask(await inNewEnvironment(cast))).status).toBe(200);
  });

  it("answers a repeated request as before, and leaves the key of a refused request unused", async () => {
    const own = await inNewEnvironment(cast);
    await ask(own);
    const key = { "idempotency-key": crypto.randomUUID() };
    const last = await ask(own, { name: "the last" }, key);
    expect(last.status).toBe(200);
    expect(await ask(own, { name: "the last" }, key)).toMatchObject({ status: 200, body: last.body });
    const refused = { "idempotency-key": crypto.randomUUID() };
    expectRefusal(await ask(own, { name: "one more" }, refused), 409, FULL);
    await own.owner.delete(`/api/captures/${last.body.id}`);
    expect(await ask(own, { name: "one more" }, refused)).toMatchObject({ status: 200 });
  });

  it("says first that a name is taken, as the specification does", async () => {
    const own = await full();
    const message = "Capture with the same name already exists in this environment";
    expectRefusal(await ask(own, { name: own.captures[0]?.name }), 400, message);
  });

  it("says so to its members only", async () => {
    const own = await full();
    expectRefusal(await ask({ ...own, owner: own.stranger }), 404, "Environment does not exist");
    expectRefusal(await ask({ ...own, owner: { ...own.owner, headers: {} } }), 401, "Login required");
  });
});

it("a limit that is not a number refuses new captures instead of allowing any", async () => {
  const { owner, environment } = await inNewEnvironment(cast);
  const reply = await requestIn({ MAX_LIVE_CAPTURES: "" }, "POST", "/api/captures", {
    json: { name: "unlimited", envId: environment.id },
    headers: owner.headers,
  });
  expect(reply.status).toBe(500);
  expect(JSON.stringify(reply.body)).not.toContain("MAX_LIVE_CAPTURES");
});
