import { env, exports } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Capture, FullCapture, LiveMessage } from "../../src/captures/replies.ts";
import { createCapture, readCapture } from "../support/api.ts";
import { checkUnread } from "../support/contract.ts";
import { castForEachTest } from "../support/each-test.ts";
import { groupOf, settingsOf } from "../support/leases.ts";
import { alarmOf, runAlarm, travel, until } from "../support/time.ts";

/* What stands in the way of a capture that is starting is shown while it is tried again, and it can be given up. */

const AWAY = /^AWS could not answer: /;
const NO_KEY = /rds:DescribeDBInstances/;

const cast = castForEachTest();

afterEach(() => vi.restoreAllMocks());

const full = (capture: { id: number }) =>
  cast.member.get<FullCapture>(`/api/captures/${capture.id}?view=full`);
const obstacleOf = async (capture: { id: number }) => (await full(capture)).body.obstacle;

/** A capture that tries to start in vain. */
async function hindered(fault: Parameters<typeof cast.aws.fault>[0]): Promise<Capture> {
  await cast.aws.fault(fault);
  const capture = await createCapture(cast.owner, { envId: cast.environment.id });
  await expect.poll(() => obstacleOf(capture), { timeout: 10_000 }).not.toBeNull();
  return capture;
}
const withoutInstance = () => hindered({ kind: "unavailable", action: "DescribeDBInstances" });

/** Another attempt, a minute later. */
async function tryAgain(capture: Capture): Promise<void> {
  await travel(cast.aws, 60_000);
  await runAlarm(capture);
}

describe("what stands in the way of a capture that is starting", () => {
  it("is in its full view, in the list's, and in its live message, and in no other reply", async () => {
    const capture = await withoutInstance();
    const { body } = await full(capture);
    expect(body).toMatchObject({ status: "STARTING", reason: null, obstacle: expect.stringMatching(AWAY) });
    const { body: listed } = await cast.member.get<FullCapture[]>("/api/captures?view=full&limit=1");
    expect(listed).toEqual([body]);
    const live = await cast.member.get<LiveMessage>(`/api/captures/${capture.id}/live`);
    expect(live.body.obstacle).toBe(body.obstacle);
    expect(await readCapture(cast.owner, capture)).not.toHaveProperty("obstacle");
  });

  it("is told to who watches, and gone once the capture runs", async () => {
    await cast.aws.fault({ kind: "hang", action: "DescribeDBInstances" });
    const capture = await createCapture(cast.owner, { envId: cast.environment.id });
    await expect.poll(() => readCapture(cast.owner, capture)).toMatchObject({ status: "STARTING" });
    const asked = new Request(`http://captures.test/api/captures/${capture.id}/live`, {
      headers: { upgrade: "websocket", origin: "http://captures.test", ...cast.owner.headers },
    });
    const reply = await exports.default.fetch(asked);
    await checkUnread(asked, reply);
    const socket = reply.webSocket as WebSocket;
    const messages: LiveMessage[] = [];
    socket.addEventListener("message", ({ data }) => void messages.push(JSON.parse(data as string)));
    socket.accept();
    await cast.aws.clearFaults();
    await cast.aws.fault({ kind: "unavailable", action: "DescribeDBInstances", times: 1 });
    await expect.poll(() => obstacleOf(capture), { timeout: 30_000 }).not.toBeNull();
    await until(cast.owner, capture, "RUNNING");
    expect(await obstacleOf(capture)).toBeNull();
    await expect.poll(() => messages.at(-1)?.capture.status).toBe("RUNNING");
    const told = messages.map(({ capture: { status }, obstacle }) => [status, obstacle !== null]);
    expect(told).toContainEqual(["STARTING", true]);
    expect(told.at(-1)).toEqual(["RUNNING", false]);
    socket.close();
  });

  it("changes as it changes, and its view's tag with it; the tag that a change is for does not", async () => {
    const capture = await withoutInstance();
    const tags = async () =>
      Promise.all(
        [
          `/api/captures/${capture.id}?view=full`,
          "/api/captures?view=full&limit=1",
          `/api/captures/${capture.id}`,
        ].map(async (path) => (await cast.member.get(path)).headers.get("etag")),
      );
    const before = await tags();
    await cast.aws.clearFaults();
    await cast.aws.patchInstance(cast.aws.instance, { status: "rebooting" });
    await tryAgain(capture);
    await expect.poll(() => obstacleOf(capture)).toMatch(/ is rebooting: it has to be available$/);
    const after = await tags();
    expect(after.map((tag, i) => tag === before[i])).toEqual([false, false, true]);
  });

  it("is written once for several attempts that meet the same", async () => {
    const capture = await withoutInstance();
    const prepared = vi.spyOn(Object.getPrototypeOf(env.DB), "prepare");
    for (let attempt = 0; attempt < 3; attempt++) await tryAgain(capture);
    const written = prepared.mock.calls.filter(([sql]) => String(sql).includes("set obstacle"));
    expect(written).toEqual([]);
    expect(await obstacleOf(capture)).toMatch(AWAY);
  });

  it("is the reason of a capture that fails in the end, and no obstacle any more", async () => {
    const capture = await withoutInstance();
    await cast.aws.clearFaults();
    await cast.aws.fault({ kind: "deny", action: "DescribeDBInstances" });
    await tryAgain(capture);
    await until(cast.owner, capture, "FAILED");
    expect((await full(capture)).body).toMatchObject({
      obstacle: null,
      reason: expect.stringMatching(NO_KEY),
    });
  });
});

describe("a capture that something stands in the way of", () => {
  it.each(["cancelled", "deleted"])("can be %s, which gives back what it has switched on", async (how) => {
    const capture = await hindered({ kind: "unavailable", action: "DescribeDBLogFiles" });
    expect(await settingsOf(cast.aws, groupOf(cast.aws))).toMatchObject({ general_log: "1" });
    const path = `/api/captures/${capture.id}`;
    const reply =
      how === "cancelled" ? await cast.owner.post(`${path}/cancel`) : await cast.owner.delete(path);
    expect(reply.status).toBe(200);
    await expect.poll(async () => [await runAlarm(capture), await alarmOf(capture)]).toEqual([false, null]);
    const { body } = await full(capture);
    expect(body).toMatchObject({ status: "FAILED", failedFrom: "STARTING", obstacle: null });
    expect(body.reason).toBe(
      how === "cancelled" ? "Cancelled before it was running" : "Deleted before it was running",
    );
    await expect.poll(() => settingsOf(cast.aws, groupOf(cast.aws))).toEqual({});
  });

  it("does not get it back from an attempt that was on its way when it was given up", async () => {
    const capture = await withoutInstance();
    const before = Object.getPrototypeOf(env.DB).prepare;
    await cast.aws.clearFaults();
    await cast.aws.patchInstance(cast.aws.instance, { status: "rebooting" });
    let cancelled: Promise<unknown> | undefined;
    vi.spyOn(Object.getPrototypeOf(env.DB), "prepare").mockImplementation(function (this: D1Database, sql) {
      const made = before.call(this, sql);
      if (!String(sql).includes("set obstacle")) return made;
      const { bind } = made;
      made.bind = (...values: unknown[]) => {
        const bound = bind.call(made, ...values);
        const { run } = bound;
        bound.run = async () => {
          cancelled = cast.owner.post(`/api/captures/${capture.id}/cancel`);
          await cancelled;
          return run.call(bound);
        };
        return bound;
      };
      return made;
    });
    await tryAgain(capture);
    expect(cancelled).toBeDefined();
    vi.restoreAllMocks();
    expect((await full(capture)).body).toMatchObject({ status: "FAILED", obstacle: null });
  });
});
