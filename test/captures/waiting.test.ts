import { abortAllDurableObjects } from "cloudflare:test";
import type { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { Capture, FullCapture } from "../../src/captures/replies.ts";
import { type Awaited as Known, MAX_WAITING, Waiting } from "../../src/captures/waiting.ts";
import {
  type Cast,
  createCapture,
  createCast,
  expectRefusal,
  type Person,
  request,
  requestIn,
  runnerOf,
  signUp,
} from "../support/api.ts";
import { inFuture, until } from "../support/time.ts";

let cast: Cast;
beforeAll(async () => {
  cast = await createCast();
});

const scheduled = () =>
  createCapture(cast.owner, { envId: cast.environment.id, scheduledStart: inFuture(3_600_000) });
const pathOf = ({ id }: { id: number }) => `/api/captures/${id}`;
const waitFor = (
  capture: Capture,
  seconds: number,
  headers: Record<string, string> = {},
  person = cast.member,
) =>
  request<Capture>("GET", `${pathOf(capture)}?wait=${seconds}`, {
    headers: { ...person.headers, ...headers },
  });
/** Gives a request the time to come to its waiting. */
const meanwhile = () => scheduler.wait(150);
const tagOf = async (capture: Capture) =>
  (await cast.member.get(pathOf(capture))).headers.get("etag") as string;

describe("GET /api/captures/{id}?wait=", () => {
  it("is answered when the state changes, with the new state and tag", async () => {
    const capture = await scheduled();
    const waiting = waitFor(capture, 60);
    const full = cast.owner.get<FullCapture>(`${pathOf(capture)}?wait=60&view=full`);
    await meanwhile();
    await cast.owner.post(`${pathOf(capture)}/cancel`);
    const { status, body, headers } = await waiting;
    expect({ status, body }).toMatchObject({ status: 200, body: { id: capture.id, status: "FAILED" } });
    expect(headers.get("etag")).toBe(await tagOf(capture));
    expect((await full).body).toMatchObject({ status: "FAILED", failedFrom: "SCHEDULED", labels: {} });
  });

  it("follows a capture through its life", async () => {
    let capture = await createCapture(cast.owner, { envId: cast.environment.id });
    const seen: string[] = [capture.status];
    const life = (async () => {
      while (capture.status !== "RUNNING") {
        capture = (await waitFor(capture, 60, { "if-none-match": await tagOf(capture) })).body ?? capture;
        if (capture.status !== seen.at(-1)) seen.push(capture.status);
      }
    })();
    await until(cast.owner, capture, "RUNNING");
    await life;
    expect(seen.at(-1)).toBe("RUNNING");
  });

  it("is answered with what there is when the time is over: 304 to one who has it", async () => {
    const capture = await scheduled();
    const began = Date.now();
    const [plain, known] = await Promise.all([
      waitFor(capture, 1),
      waitFor(capture, 1, { "if-none-match": await tagOf(capture) }),
    ]);
    expect(plain).toMatchObject({ status: 200, body: capture });
    expect(known).toMatchObject({ status: 304, body: undefined });
    expect(Date.now() - began).toBeGreaterThanOrEqual(900);
  });

  it("is answered at once when it has changed since the tag, has ended, or no time is given", async () => {
    const capture = await scheduled();
    const tag = await tagOf(capture);
    await cast.owner.put(pathOf(capture), { name: `renamed ${capture.id}` });
    expect((await waitFor(capture, 60, { "if-none-match": tag })).body.name).toBe(`renamed ${capture.id}`);
    expect((await waitFor(capture, 0)).status).toBe(200);
    await cast.owner.post(`${pathOf(capture)}/cancel`);
    expect((await waitFor(capture, 60, { "if-none-match": await tagOf(capture) })).status).toBe(304);
  });

  it("is answered that there is no such capture when it is deleted meanwhile, or may not be seen any more", async () => {
    const capture = await scheduled();
    const waiting = waitFor(capture, 60);
    const full = cast.owner.get<FullCapture>(`${pathOf(capture)}?wait=60&view=full`);
    await meanwhile();
    await cast.owner.delete(pathOf(capture));
    expectRefusal(await waiting, 404, "Capture's environment not found");
    expect((await full).body.deletedAt).not.toBeNull();
    const leaver: Person = await signUp("Leaver");
    const { code } = (
      await cast.admin.post<{ code: string }>(`/api/environments/${cast.environment.id}/invites`, {
        role: "member",
      })
    ).body;
    await leaver.post("/api/invites/accept", { code });
    const other = await scheduled();
    const left = waitFor(other, 1, {}, leaver);
    await leaver.delete(`/api/environments/${cast.environment.id}/members/${leaver.id}`);
    expectRefusal(await left, 404, "Capture's environment not found");
  });

  it("sees a transition that came between its reading and its waiting", async () => {
    const capture = await scheduled();
    const known: Known = { status: "STARTING", deletedAt: null };
    expect(await runnerOf(capture).untilChanged(capture.id, known, 60_000)).toBe(true);
  });

  it("is answered also when the runner is moved or reset meanwhile", async () => {
    const capture = await scheduled();
    const waiting = waitFor(capture, 1);
    await scheduler.wait(300);
    await abortAllDurableObjects();
    expect(await waiting).toMatchObject({ status: 200, body: capture });
  });

  it("has a bookmark of what it has seen", async () => {
    const capture = await scheduled();
    const waiting = waitFor(capture, 60);
    await meanwhile();
    const cancelled = await cast.owner.post(`${pathOf(capture)}/cancel`);
    const seen = (await waiting).headers.get("x-d1-bookmark") ?? "";
    expect(seen >= (cancelled.headers.get("x-d1-bookmark") ?? "")).toBe(true);
  });

  it.each(["61", "-1", "1.5", "soon", ""])("refuses to wait for %j", async (wait) => {
    const reply = await cast.member.get(`/api/captures/1?wait=${wait}`);
    expectRefusal(reply, 400, "wait: must be a whole number of seconds from 0 to 60");
  });

  it("is for those who may see the capture", async () => {
    const capture = await scheduled();
    expect((await waitFor(capture, 60, {}, cast.stranger)).status).toBe(404);
    expect((await request("GET", `${pathOf(capture)}?wait=60`)).status).toBe(401);
  });

  it("is refused when too many wait for the capture already", async () => {
    const capture = await scheduled();
    const full = { getByName: () => ({ untilChanged: async () => false }) };
    const overrides = { CAPTURE_RUNNER: full as unknown as typeof env.CAPTURE_RUNNER };
    const reply = await requestIn(overrides, "GET", `${pathOf(capture)}?wait=60`, {
      headers: cast.member.headers,
    });
    expectRefusal(reply, 503, "Too many are waiting for this capture: ask for it now and then instead");
    expect(reply.headers.get("retry-after")).toBe("60");
  });
});

describe("requests that wait", () => {
  const RUNNING: Known = { status: "RUNNING", deletedAt: null };

  it("are so many at most, and make room when they are answered", async () => {
    const waiting = new Waiting();
    const wait = (known: Known = RUNNING) => waiting.until(known, 60_000, async () => RUNNING);
    const all = Array.from({ length: MAX_WAITING }, () => wait());
    expect(await wait()).toBe(false);
    waiting.tell(RUNNING);
    expect(await wait()).toBe(false);
    waiting.tell({ status: "STOPPING", deletedAt: null });
    expect(await Promise.all(all)).toEqual(all.map(() => true));
    expect(await wait({ status: "STARTING", deletedAt: null })).toBe(true);
  });

  it("are answered when the capture is deleted, erased, or can't be read", async () => {
    const waiting = new Waiting();
    const one = waiting.until(RUNNING, 60_000, async () => RUNNING);
    waiting.tell({ ...RUNNING, deletedAt: 1 });
    expect(await one).toBe(true);
    const other = waiting.until(RUNNING, 60_000, async () => RUNNING);
    waiting.tell(null);
    expect(await other).toBe(true);
    await expect(waiting.until(RUNNING, 60_000, () => Promise.reject(new Error("away")))).rejects.toThrow(
      "away",
    );
    const all = Array.from({ length: MAX_WAITING }, () => waiting.until(RUNNING, 10, async () => RUNNING));
    expect(await Promise.all(all)).toEqual(all.map(() => true));
  });
});
