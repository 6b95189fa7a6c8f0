import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Capture, CaptureEvent, FullCapture } from "../../src/captures/replies.ts";
import { Collector } from "../../src/workload/collecting/collector.ts";
import { createCapture, expectRefusal, readCapture, request } from "../support/api.ts";
import { daily } from "../support/cron.ts";
import { castForEachTest } from "../support/each-test.ts";
import { groupOf, settingsOf } from "../support/leases.ts";
import { alarmOf, inFuture, runAlarm, skewed, travel, until } from "../support/time.ts";
import { movesOf } from "./support.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const cast = castForEachTest();

afterEach(() => vi.restoreAllMocks());

const create = (fields: object = {}) => createCapture(cast.owner, { envId: cast.environment.id, ...fields });
const scheduled = () => create({ scheduledStart: inFuture(60 * MINUTE) });
const post = (capture: { id: number }, what: string, person = cast.owner) =>
  person.post<Capture>(`/api/captures/${capture.id}/${what}`);
const remove = (capture: Capture) => cast.owner.delete(`/api/captures/${capture.id}`);

describe("POST /api/captures/{id}/cancel", () => {
  it("ends a scheduled capture as FAILED, with who did it in its history, and leaves no alarm", async () => {
    const capture = await scheduled();
    const { status, body, headers } = await post(capture, "cancel", cast.admin);
    const reason = "Cancelled before it was running";
    expect({ status, body }).toEqual({ status: 200, body: { ...capture, status: "FAILED", reason } });
    expect(headers.get("etag")).toBe(`"1.${capture.id}.2"`);
    const events = (await cast.owner.get<CaptureEvent[]>(`/api/captures/${capture.id}/events`)).body;
    expect(events.at(-1)).toMatchObject({
      from: "SCHEDULED",
      to: "FAILED",
      reason,
      actor: { id: cast.admin.id },
    });
    await expect.poll(async () => [await runAlarm(capture), await alarmOf(capture)]).toEqual([false, null]);
  });

  it("ends one that is just starting, which gives back what it has switched on", async () => {
    const begin = vi.spyOn(Collector.prototype, "begin").mockImplementationOnce(async ({ id }) => {
      expect((await post({ id }, "cancel")).status).toBe(200);
      return { ok: true, value: undefined };
    });
    const capture = await create();
    await until(cast.owner, capture, "FAILED");
    expect(begin).toHaveBeenCalled();
    expect(await movesOf(capture)).toEqual(["STARTED", "STARTING", "FAILED"]);
    await expect.poll(() => settingsOf(cast.aws, groupOf(cast.aws))).toEqual({});
  });

  it.each(["cancelled", "deleted and restored"])(
    "gives a back-dated one that is %s an end, since it has a start",
    async (how) => {
      await cast.aws.fault({ kind: "unavailable" });
      const capture = await create({ start: inFuture(-60 * MINUTE) });
      expect(capture).toMatchObject({ start: expect.any(String), end: null });
      if (how === "cancelled") await post(capture, "cancel");
      else {
        await remove(capture);
        await post(capture, "restore");
      }
      const { status, start, end } = await readCapture(cast.owner, capture);
      expect({ status, start }).toEqual({ status: "FAILED", start: capture.start });
      expect(Date.parse(end ?? "")).toBeGreaterThan(Date.parse(start ?? ""));
    },
  );

  it("and a stop leave each other what is theirs", async () => {
    const running = await until(cast.owner, await create(), "RUNNING");
    expectRefusal(
      await post(running, "cancel"),
      409,
      "This capture is running and can't be cancelled any more. Stop it instead: what it has recorded is kept.",
    );
    const waiting = await scheduled();
    expectRefusal(
      await post(waiting, "stop"),
      409,
      "Cannot stop a capture until it has started completely. Try again soon.",
    );
    await post(running, "stop");
    const message = "This capture has ended or is just ending: there is nothing to cancel.";
    expectRefusal(await post(running, "cancel"), 409, message);
    await until(cast.owner, running, "DONE");
    expectRefusal(await post(running, "cancel"), 409, message);
    await post(waiting, "cancel");
    expectRefusal(await post(waiting, "cancel"), 409, message);
    expectRefusal(await post(waiting, "stop"), 409, "This capture failed and is no longer running");
  });

  it("is for the owner and admins, and for a version if one is named", async () => {
    const capture = await scheduled();
    expect((await post(capture, "cancel", cast.member)).status).toBe(403);
    expect((await post(capture, "cancel", cast.stranger)).status).toBe(404);
    const path = `/api/captures/${capture.id}/cancel`;
    const headers = { ...cast.owner.headers, "if-match": `"1.${capture.id}.9"` };
    expect((await request("POST", path, { headers })).status).toBe(412);
    const other = { ...cast.owner.headers, "if-none-match": `"1.${capture.id}.1"` };
    expect((await request("POST", path, { headers: other })).status).toBe(412);
    expect((await readCapture(cast.owner, capture)).status).toBe("SCHEDULED");
  });
});

describe("POST /api/captures/{id}/restore", () => {
  it("brings a deleted capture back with its history, name and metrics still to be stored", async () => {
    const capture = await until(cast.owner, await create(), "RUNNING");
    await post(capture, "stop");
    const done = await until(cast.owner, capture, "DONE");
    await remove(capture);
    await travel(cast.aws, 60 * MINUTE);
    // Its metrics are given up, since it is deleted.
    await runAlarm(capture);
    const full = await cast.member.get<FullCapture>(`/api/captures/${capture.id}?view=full`);
    expect(full.body).toMatchObject({ id: capture.id, deletedAt: expect.any(String) });
    const kept = Date.parse(full.body.restorableUntil ?? "") - Date.parse(full.body.deletedAt ?? "");
    expect(kept).toBe(30 * DAY - MINUTE);
    expect((await post(capture, "restore")).body).toEqual(done);
    expect(await readCapture(cast.member, capture)).toEqual(done);
    await travel(cast.aws, 60 * MINUTE);
    await runAlarm(capture);
    const metrics = await cast.owner.get(`/api/captures/${capture.id}/metrics`);
    expect(metrics.headers.get("x-metrics-source")).toBe("archive");
  });

  it("is done once: a capture that is not deleted stays as it is", async () => {
    const capture = await scheduled();
    const before = await cast.owner.get(`/api/captures/${capture.id}`);
    const reply = await post(capture, "restore");
    expect(reply).toMatchObject({ status: 200, body: capture });
    expect(reply.headers.get("etag")).toBe(before.headers.get("etag"));
    await remove(capture);
    const [one, other] = [await post(capture, "restore"), await post(capture, "restore")];
    expect(one.body).toEqual(other.body);
    expect(one.headers.get("etag")).toBe(other.headers.get("etag"));
  });

  it("brings back a capture that its deletion has ended as that: failed before it ran", async () => {
    const capture = await scheduled();
    await remove(capture);
    const { body } = await post(capture, "restore");
    expect(body).toEqual({ ...capture, status: "FAILED", reason: "Deleted before it was running" });
    await expect.poll(async () => [await runAlarm(capture), await alarmOf(capture)]).toEqual([false, null]);
  });

  it("is refused while another capture has the name", async () => {
    const capture = await scheduled();
    await remove(capture);
    const other = await create({ name: capture.name, scheduledStart: inFuture(60 * MINUTE) });
    expectRefusal(
      await post(capture, "restore"),
      409,
      "Another capture of this environment has this capture's name by now. Rename that one first, then bring this one back.",
    );
    await cast.owner.put(`/api/captures/${other.id}`, { name: "renamed" });
    expect((await post(capture, "restore")).status).toBe(200);
  });

  it("is for the owner and admins, and tells nobody else of the capture", async () => {
    const capture = await scheduled();
    await remove(capture);
    expect((await post(capture, "restore", cast.member)).status).toBe(403);
    expectRefusal(await post(capture, "restore", cast.stranger), 404, "Capture not found");
    expectRefusal(
      await cast.stranger.get(`/api/captures/${capture.id}?view=full`),
      404,
      "Capture's environment not found",
    );
    const headers = { ...cast.owner.headers, "if-match": `"1.${capture.id}.1"` };
    expect((await request("POST", `/api/captures/${capture.id}/restore`, { headers })).status).toBe(412);
    const other = { ...cast.owner.headers, "if-none-match": "*" };
    expect((await request("POST", `/api/captures/${capture.id}/restore`, { headers: other })).status).toBe(
      412,
    );
    expect((await post(capture, "restore", cast.admin)).status).toBe(200);
  });

  it("comes before the data is erased, or not at all", async () => {
    const [late, soon] = [await scheduled(), await scheduled()];
    const deletedAt = (capture: Capture, ago: number) =>
      env.DB.prepare("update captures set deleted_at = ?2 where id = ?1")
        .bind(capture.id, Date.now() - ago)
        .run();
    for (const capture of [late, soon]) await remove(capture);
    await deletedAt(late, 30 * DAY - MINUTE / 2);
    await deletedAt(soon, 30 * DAY - 10 * MINUTE);
    expectRefusal(await post(late, "restore"), 404, "Capture not found");
    expect((await cast.owner.get(`/api/captures/${late.id}?view=full`)).status).toBe(404);
    expect((await post(soon, "restore")).status).toBe(200);
    await deletedAt(late, 30 * DAY + 1);
    await daily();
    expect(await readCapture(cast.owner, soon)).toMatchObject({ id: soon.id });
    const { results } = await env.DB.prepare("select id from captures where id = ?1").bind(late.id).all();
    expect(results).toEqual([]);
  });

  it("goes by the database's clock, as erasing does", async () => {
    const capture = await scheduled();
    await remove(capture);
    await env.DB.prepare("update captures set deleted_at = ?2 where id = ?1")
      .bind(capture.id, Date.now() - 30 * DAY - 1)
      .run();
    await skewed(-10 * MINUTE, async () => {
      expectRefusal(await post(capture, "restore"), 404, "Capture not found");
      expect((await cast.owner.get(`/api/captures/${capture.id}?view=full`)).status).toBe(404);
    });
    await env.DB.prepare("update captures set deleted_at = ?2 where id = ?1")
      .bind(capture.id, Date.now() - 30 * DAY + 5 * MINUTE)
      .run();
    await skewed(10 * MINUTE, async () => expect((await post(capture, "restore")).status).toBe(200));
  });

  it("does not bring back what went with its environment", async () => {
    const capture = await until(cast.owner, await create(), "RUNNING");
    await post(capture, "stop");
    await until(cast.owner, capture, "DONE");
    await expect
      .poll(async () => (await cast.admin.delete(`/api/environments/${cast.environment.id}`)).status)
      .toBe(200);
    expectRefusal(await post(capture, "restore"), 404, "Capture not found");
    expect((await cast.owner.get(`/api/captures/${capture.id}?view=full`)).status).toBe(404);
  });
});
