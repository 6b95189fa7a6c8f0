import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { Capture } from "../../src/captures/replies.ts";
import { sha256 } from "../../src/lib/hash.ts";
import { ANSWER } from "../fixtures/stored-unversioned.ts";
import {
  type Cast,
  createApiKey,
  createCapture,
  createCast,
  createEnvironment,
  expectRefusal,
  inNewEnvironment,
  linesOf,
  type Person,
  request,
  requestIn,
} from "../support/api.ts";
import { daily } from "../support/cron.ts";
import { inFuture, runAlarm, travel, until } from "../support/time.ts";

const HOUR = 3_600_000;

let cast: Cast;
let envId: number;

beforeAll(async () => {
  cast = await createCast();
  envId = cast.environment.id;
});

/** A key that nobody has used. */
const newKey = () => crypto.randomUUID();

const ask = (person: Pick<Person, "headers">, key: string, json: unknown) =>
  request<Capture>("POST", "/api/captures", { json, headers: { ...person.headers, "idempotency-key": key } });

const named = (name: string) =>
  env.DB.prepare("select count(*) as n from captures where name = ?1").bind(name).first<number>("n");
const remembered = (key: string) =>
  env.DB.prepare("select count(*) as n from idempotency_keys where key = ?1").bind(key).first<number>("n");

const USED = /^Idempotency-Key: was sent with another body/;

describe("a request for a capture that is repeated with its Idempotency-Key", () => {
  it("is answered the same, with a header that says so, and makes no second capture", async () => {
    const [key, json] = [newKey(), { name: "once", envId, scheduledStart: inFuture(HOUR) }];
    const first = await ask(cast.owner, key, json);
    expect(first.status).toBe(200);
    expect(first.headers.has("idempotent-replayed")).toBe(false);
    const second = await ask(cast.owner, key, json);
    expect(second).toMatchObject({ status: 200, body: first.body });
    expect(second.headers.get("idempotent-replayed")).toBe("true");
    expect(JSON.stringify(second.body)).toBe(JSON.stringify(first.body));
    expect(second.headers.get("etag")).toBe(first.headers.get("etag"));
    expect(await named("once")).toBe(1);
    const { body: events } = await cast.owner.get<unknown[]>(`/api/captures/${first.body.id}/events`);
    expect(events).toHaveLength(1);
  });

  it("makes one capture when twenty arrive at once, and all are answered with it", async () => {
    const [key, json] = [newKey(), { name: "twenty at once", envId, scheduledStart: inFuture(HOUR) }];
    const replies = await Promise.all(Array.from({ length: 20 }, () => ask(cast.owner, key, json)));
    const [first] = replies;
    for (const reply of replies) expect(reply).toMatchObject({ status: 200, body: first?.body });
    const replayed = replies.filter(({ headers }) => headers.get("idempotent-replayed") === "true");
    expect(replayed).toHaveLength(19);
    expect(await named("twenty at once")).toBe(1);
  });

  it("is answered as at first although the capture was renamed, deleted, or its name taken since", async () => {
    const [key, json] = [newKey(), { name: "before", envId, scheduledStart: inFuture(HOUR), duration: 60 }];
    const { body } = await ask(cast.owner, key, json);
    await cast.owner.put(`/api/captures/${body.id}`, { name: "after" });
    expect((await ask(cast.owner, key, json)).body).toEqual(body);
    await createCapture(cast.member, { envId, name: "before", scheduledStart: inFuture(HOUR) });
    expect((await ask(cast.owner, key, json)).body).toEqual(body);
    await cast.owner.delete(`/api/captures/${body.id}`);
    expect(await ask(cast.owner, key, json)).toMatchObject({ status: 200, body });
  });

  it("is answered as at first although the capture runs by now", async () => {
    const [key, json] = [newKey(), { name: "running since", envId }];
    const { body } = await ask(cast.owner, key, json);
    await until(cast.owner, body, "RUNNING");
    expect((await ask(cast.owner, key, json)).body).toEqual(body);
  });

  it("is answered as at first when its scheduled start has passed since, which alone is refused", async () => {
    const { owner, aws, environment } = await inNewEnvironment(cast);
    const json = { name: "late", envId: environment.id, scheduledStart: inFuture(HOUR) };
    const key = newKey();
    const { body } = await ask(owner, key, json);
    await travel(aws, 2 * HOUR);
    expect(await ask(owner, key, json)).toMatchObject({ status: 200, body });
    expectRefusal(await ask(owner, newKey(), json), 400, "scheduledStart: is in the past");
    expectRefusal(await ask(owner, key, { ...json, name: "other" }), 422, USED);
    expectRefusal(
      await ask({ headers: { "x-api-key": "wrong" } }, key, json),
      401,
      "API key is not known, was revoked or has expired",
    );
  });

  it("is the same request however its JSON is written", async () => {
    const key = newKey();
    const scheduledStart = new Date(Date.now() + HOUR);
    const first = await ask(cast.owner, key, { name: "written", envId, scheduledStart });
    const second = await ask(cast.owner, key, {
      duration: null,
      scheduledStart: scheduledStart.toISOString().replace("T", " "),
      status: null,
      envId,
      name: "  written ",
    });
    expect(second).toMatchObject({ status: 200, body: first.body });
  });

  it("is the same request as before captures could be of another log", async () => {
    const key = newKey();
    const scheduledStart = Date.now() + HOUR;
    const json = { name: "as before", envId, scheduledStart: new Date(scheduledStart).toISOString() };
    const first = await ask(cast.owner, key, json);
    expect((await ask(cast.owner, key, { ...json, log: "general" })).body).toEqual(first.body);
    const asked = `{"name":"as before","envId":${envId},"status":null,"start":null,"scheduledStart":${scheduledStart},"maxBytes":null,"redact":"secrets","duration":null}`;
    const fingerprint = await env.DB.prepare("select fingerprint from idempotency_keys where key = ?1")
      .bind(key)
      .first("fingerprint");
    expect(fingerprint).toBe(await sha256(asked));
    for (const other of [{ log: "slow" }, { log: "both", minDuration: 1 }])
      expectRefusal(await ask(cast.owner, key, { ...json, ...other }), 422, USED);
  });

  it.each([
    ["in quotes", (key: string) => `"${key}"`],
    ["without", (key: string) => key],
  ])("has the same key %s", async (_, write) => {
    const [key, json] = [newKey(), { name: `quotes ${newKey()}`, envId, scheduledStart: inFuture(HOUR) }];
    const first = await ask(cast.owner, `"${key}"`, json);
    expect((await ask(cast.owner, write(key), json)).body).toEqual(first.body);
  });

  it("is the same with the caller's session and API key", async () => {
    const { key: apiKey } = await createApiKey(cast.owner);
    const [key, json] = [newKey(), { name: "two ways", envId, scheduledStart: inFuture(HOUR) }];
    const first = await ask(cast.owner, key, json);
    expect((await ask({ headers: { "x-api-key": apiKey } }, key, json)).body).toEqual(first.body);
  });

  it("wakes the runner, in case the first request was cut off before it did", async () => {
    const [key, json] = [newKey(), { name: "cut off", envId }];
    const unreachable = {
      getByName: () => ({ wake: () => Promise.reject(new Error("cut off")) }),
    } as unknown as Cloudflare.Env["CAPTURE_RUNNER"];
    const headers = { ...cast.owner.headers, "idempotency-key": key };
    const first = await requestIn<Capture>({ CAPTURE_RUNNER: unreachable }, "POST", "/api/captures", {
      json,
      headers,
    });
    expect(first.status).toBe(200);
    expect(await runAlarm(first.body)).toBe(false);
    expect((await ask(cast.owner, key, json)).body).toEqual(first.body);
    await until(cast.owner, first.body, "RUNNING");
    const events = await cast.owner.get<{ to: string }[]>(`/api/captures/${first.body.id}/events`);
    expect(events.body.map(({ to }) => to)).toEqual(["STARTED", "STARTING", "RUNNING"]);
  });

  it("does not wake the runner of a capture that has made a transition since", async () => {
    const [key, json] = [newKey(), { name: "moved on", envId, scheduledStart: inFuture(HOUR) }];
    const { body } = await ask(cast.owner, key, json);
    await cast.owner.delete(`/api/captures/${body.id}`);
    await expect.poll(() => runAlarm(body), { timeout: 10_000 }).toBe(false);
    await ask(cast.owner, key, json);
    expect(await runAlarm(body)).toBe(false);
  });
});

describe("an Idempotency-Key", () => {
  it.each([
    ["name", { name: "another" }],
    ["scheduled start", { scheduledStart: inFuture(2 * HOUR) }],
    ["duration", { duration: 60 }],
    ["redaction", { redact: "literals" }],
  ])("is refused with another %s, and nothing is made", async (_, change) => {
    const key = newKey();
    const json = { name: `mine ${key}`, envId, scheduledStart: inFuture(HOUR) };
    await ask(cast.owner, key, json);
    const before = await env.DB.prepare("select count(*) as n from captures").first("n");
    expectRefusal(await ask(cast.owner, key, { ...json, ...change }), 422, USED);
    expect(await env.DB.prepare("select count(*) as n from captures").first("n")).toBe(before);
  });

  it("is refused for another environment", async () => {
    const { environment } = await createEnvironment(cast.owner, { aws: cast.aws });
    const [key, json] = [newKey(), { name: "two homes", envId, scheduledStart: inFuture(HOUR) }];
    await ask(cast.owner, key, json);
    expectRefusal(await ask(cast.owner, key, { ...json, envId: environment.id }), 422, USED);
  });

  it("belongs to one caller: another may use the same", async () => {
    const [key, scheduledStart] = [newKey(), inFuture(HOUR)];
    const mine = await ask(cast.owner, key, { name: "owner's", envId, scheduledStart });
    const other = await ask(cast.member, key, { name: "member's", envId, scheduledStart });
    expect(other.status).toBe(200);
    expect(other.body.id).not.toBe(mine.body.id);
  });

  it("reveals nothing to somebody who has left the environment", async () => {
    const { owner, environment } = await inNewEnvironment(cast);
    const json = { name: "left", envId: environment.id, scheduledStart: inFuture(HOUR) };
    const key = newKey();
    await ask(owner, key, json);
    await owner.delete(`/api/environments/${environment.id}/members/${owner.id}`);
    expectRefusal(await ask(owner, key, json), 404, "Environment does not exist");
  });

  it("of a request that was refused can be used again", async () => {
    const key = newKey();
    await createCapture(cast.owner, { envId, name: "taken", scheduledStart: inFuture(HOUR) });
    const refused = await ask(cast.owner, key, { name: "taken", envId });
    expect(refused.status).toBe(400);
    expect(await remembered(key)).toBe(0);
    const other = await ask(cast.owner, key, { name: "free", envId, scheduledStart: inFuture(HOUR) });
    expect(other).toMatchObject({ status: 200, body: { name: "free" } });
  });

  it("is remembered for 24 hours, then free, and purged by the daily cron", async () => {
    const { owner, aws, environment } = await inNewEnvironment(cast);
    const json = (name: string) => ({ name, envId: environment.id, scheduledStart: inFuture(100 * HOUR) });
    const [key, purged] = [newKey(), newKey()];
    const body = json("a day");
    const first = await ask(owner, key, body);
    await ask(owner, purged, json("purged"));
    await travel(aws, 24 * HOUR - 60_000);
    expect((await ask(owner, key, body)).body).toEqual(first.body);
    await travel(aws, 120_000);
    const second = await ask(owner, key, json("the next"));
    expect(second).toMatchObject({ status: 200, body: { name: "the next" } });
    expect(second.body.id).not.toBe(first.body.id);
    expect(await remembered(purged)).toBe(1);
    expect((await daily()).idempotencyKeys).toBeGreaterThan(0);
    expect(await remembered(purged)).toBe(0);
    expect(await remembered(key)).toBe(1);
  });

  it("is answered with what was stored before answers had a version", async () => {
    const [key, json] = [newKey(), { name: "keyed", envId, scheduledStart: inFuture(HOUR) }];
    const { body } = await ask(cast.owner, key, json);
    await env.DB.prepare("update idempotency_keys set capture = ?2 where key = ?1").bind(key, ANSWER).run();
    const replayed = await ask(cast.owner, key, json);
    expect(replayed).toMatchObject({ status: 200, body: { id: 2, name: "keyed", status: "SCHEDULED" } });
    expect(Object.keys(replayed.body)).toEqual(Object.keys(body));
  });

  it.each([
    ["is of a newer version", '{"version":2}'],
    ["is damaged", ANSWER.replace('"id":2', '"id":"2"')],
  ])("whose answer %s is refused with a 500: better no reply than a second capture", async (_, stored) => {
    const [key, json] = [
      newKey(),
      { name: `unread ${stored.length}`, envId, scheduledStart: inFuture(HOUR) },
    ];
    await ask(cast.owner, key, json);
    await env.DB.prepare("update idempotency_keys set capture = ?2 where key = ?1").bind(key, stored).run();
    const lines = await linesOf(async () => {
      expectRefusal(await ask(cast.owner, key, json), 500, /^Something went wrong on our side/);
    });
    const [failed] = lines.filter(({ event }) => event === "request.failed");
    expect(failed?.error).toMatch(/^Unreadable: The answer to an Idempotency-Key is /);
    expect(await named(json.name)).toBe(1);
  });

  it.each([
    ["empty", ""],
    ["empty quotes", '""'],
    ["256 characters", "k".repeat(256)],
    ["256 characters in quotes", `"${"k".repeat(256)}"`],
    ["a quote that does not end", '"key'],
    ["two keys", '"one", "two"'],
    ["two words", "one two"],
    ["a number with a parameter", "5;a=1"],
    ["letters beyond ASCII", "ключ"],
    ["an escape that is none", '"a\\b"'],
  ])("that is malformed is refused: %s", async (_, key) => {
    const before = await env.DB.prepare("select count(*) as n from captures").first("n");
    const name = `malformed ${newKey()}`;
    const reply = await ask(cast.owner, key, { name, envId });
    expectRefusal(reply, 400, /^Idempotency-Key: must be one string of 1 to 255 characters/);
    expect(await env.DB.prepare("select count(*) as n from captures").first("n")).toBe(before);
  });

  it("may have 255 characters, and quotes within quotes", async () => {
    for (const key of ["k".repeat(255), '"a \\"quoted\\" \\\\ key, and more"']) {
      const json = { name: `long ${key.length}`, envId, scheduledStart: inFuture(HOUR) };
      expect((await ask(cast.owner, key, json)).status).toBe(200);
    }
    expect(await remembered('a "quoted" \\ key, and more')).toBe(1);
  });
});
