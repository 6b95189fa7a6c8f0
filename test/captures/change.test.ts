import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { Capture } from "../../src/captures/replies.ts";
import { type Cast, createCapture, createCast } from "../support/api.ts";
import { until } from "../support/time.ts";

let cast: Cast;
let envId: number;

beforeAll(async () => {
  cast = await createCast();
  envId = cast.environment.id;
});

const TOMORROW = new Date(Date.now() + 86_400_000).toISOString();

/** A capture in a state, set in the database where no request leads to it at once. */
async function captureIn(status: string): Promise<Capture> {
  const capture = await createCapture(cast.owner, { envId, scheduledStart: TOMORROW });
  await env.DB.prepare("update captures set status = ?2, started_at = ?3 where id = ?1")
    .bind(capture.id, status, Date.now() - 1000)
    .run();
  return { ...capture, status: status as Capture["status"] };
}

const eventsOf = async ({ id }: Capture) =>
  (await env.DB.prepare("select from_status, to_status from capture_events where capture_id = ?1 order by id")
    .bind(id)
    .raw()) as [string | null, string][];

describe("POST /api/captures/{id}/stop", () => {
  it("answers with the capture, now STOPPING, and its end", async () => {
    const capture = await until(cast.owner, await createCapture(cast.owner, { envId }), "RUNNING");
    const before = Date.now();
    const { status, body } = await cast.owner.post<Capture>(`/api/captures/${capture.id}/stop`);
    expect(status).toBe(200);
    expect(body).toEqual({ ...capture, status: "STOPPING", end: expect.any(String) });
    expect(Date.parse(body.end ?? "")).toBeGreaterThanOrEqual(before);
    expect(await until(cast.owner, capture, "DONE")).toEqual({ ...body, status: "DONE" });
  });

  it.each([
    ["SCHEDULED", "Cannot stop a capture until it has started completely. Try again soon."],
    ["STARTED", "Cannot stop a capture until it has started completely. Try again soon."],
    ["STARTING", "Cannot stop a capture until it has started completely. Try again soon."],
    ["STOPPING", "This capture has already been stopped"],
    ["DONE", "This capture has already been stopped"],
    ["FAILED", "This capture failed and is no longer running"],
  ])("answers 409 while %s, and changes nothing", async (status, message) => {
    const capture = await captureIn(status);
    const reply = await cast.owner.post(`/api/captures/${capture.id}/stop`);
    expect(reply).toMatchObject({ status: 409, body: { code: 409, message } });
    expect((await cast.owner.get<Capture>(`/api/captures/${capture.id}`)).body.status).toBe(status);
    expect(await eventsOf(capture)).toHaveLength(1);
  });

  it("ends no later than scheduled when the stop comes after the scheduled end", async () => {
    const capture = await captureIn("RUNNING");
    const scheduledEnd = Date.now() - 500;
    await env.DB.prepare("update captures set scheduled_end = ?2 where id = ?1")
      .bind(capture.id, scheduledEnd)
      .run();
    const { body } = await cast.owner.post<Capture>(`/api/captures/${capture.id}/stop`);
    expect(body.end).toBe(new Date(scheduledEnd).toISOString());
  });
});

describe("a request that was sent before the capture started", () => {
  it.each([
    ["stop", (id: number) => cast.owner.post(`/api/captures/${id}/stop`)],
    ["deletion", (id: number) => cast.owner.delete(`/api/captures/${id}`)],
  ])("ends it no earlier than it started: a %s", async (_, send) => {
    const capture = await captureIn("RUNNING");
    const start = Date.now() + 60_000;
    await env.DB.prepare("update captures set started_at = ?2 where id = ?1").bind(capture.id, start).run();
    expect((await send(capture.id)).status).toBe(200);
    const row = env.DB.prepare("select ended_at from captures where id = ?1").bind(capture.id);
    expect(await row.first("ended_at")).toBe(start);
  });
});

describe("PUT /api/captures/{id}", () => {
  it("renames a capture and answers with it", async () => {
    const capture = await createCapture(cast.owner, { envId, scheduledStart: TOMORROW });
    const reply = await cast.owner.put(`/api/captures/${capture.id}`, { name: "  renamed " });
    expect(reply).toMatchObject({ status: 200, body: { ...capture, name: "renamed" } });
    expect((await cast.owner.get(`/api/captures/${capture.id}`)).body).toEqual(reply.body);
  });

  it("takes the capture's own name again", async () => {
    const capture = await createCapture(cast.owner, { envId, scheduledStart: TOMORROW });
    const reply = await cast.owner.put(`/api/captures/${capture.id}`, { name: capture.name });
    expect(reply).toMatchObject({ status: 200, body: capture });
  });

  it("refuses the name of another capture of the environment", async () => {
    const [one, other] = [await captureIn("DONE"), await captureIn("DONE")];
    const reply = await cast.owner.put(`/api/captures/${one.id}`, { name: other.name });
    const message = "Capture with the same name already exists in this environment";
    expect(reply).toMatchObject({ status: 400, body: { code: 400, message } });
    expect((await cast.owner.get<Capture>(`/api/captures/${one.id}`)).body.name).toBe(one.name);
  });

  it.each([
    [
      "nothing to change",
      {},
      "name: is required, unless labels, notes, scheduledStart or duration is to be changed",
    ],
    ["null for a name", { name: null }, "name: must be a string"],
    ["a blank name", { name: " " }, "name: must not be empty"],
    ["another field", { name: "x", status: "DONE" }, "status: not known here"],
  ])("refuses %s", async (_, json, message) => {
    const capture = await captureIn("DONE");
    const reply = await cast.owner.put(`/api/captures/${capture.id}`, json);
    expect(reply).toMatchObject({ status: 400, body: { code: 400, message } });
  });
});

describe("DELETE /api/captures/{id}", () => {
  it.each(["DONE", "FAILED", "SCHEDULED", "STARTED", "STARTING", "RUNNING", "STOPPING"])(
    "answers with a %s capture as it was, and it is gone from every reply",
    async (status) => {
      const capture = await captureIn(status);
      const shown = (await cast.owner.get<Capture>(`/api/captures/${capture.id}`)).body;
      const path = `/api/captures/${capture.id}`;
      expect(await cast.owner.delete(path)).toMatchObject({ status: 200, body: shown });
      const replies = await Promise.all([
        cast.owner.get(path),
        cast.owner.get(`${path}/metrics`),
        cast.owner.get(`${path}/events`),
        cast.owner.put(path, { name: "x" }),
        cast.owner.post(`${path}/stop`),
        cast.owner.delete(path),
      ]);
      expect(replies.map((reply) => reply.status)).toEqual(Array(6).fill(404));
      const { body } = await cast.owner.get<Capture[]>("/api/captures");
      expect(body.some(({ id }) => id === capture.id)).toBe(false);
    },
  );

  it("frees the name at once", async () => {
    const capture = await captureIn("RUNNING");
    await cast.owner.delete(`/api/captures/${capture.id}`);
    const again = await createCapture(cast.owner, { envId, name: capture.name, scheduledStart: TOMORROW });
    expect(again.id).not.toBe(capture.id);
  });

  it.each([
    ["SCHEDULED", [["SCHEDULED", "FAILED"]]],
    ["STARTING", [["STARTING", "FAILED"]]],
    [
      "RUNNING",
      [
        ["RUNNING", "STOPPING"],
        ["STOPPING", "DONE"],
      ],
    ],
    ["DONE", []],
  ])("ends a %s capture first", async (status, moves) => {
    const capture = await captureIn(status);
    await cast.owner.delete(`/api/captures/${capture.id}`);
    await expect.poll(() => eventsOf(capture)).toEqual([[null, "SCHEDULED"], ...moves]);
  });
});
