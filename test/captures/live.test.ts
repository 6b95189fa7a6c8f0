import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { LiveSockets } from "../../src/captures/live.ts";
import type { Capture, LiveMessage } from "../../src/captures/replies.ts";
import type { Workload } from "../../src/workload/replies.ts";
import {
  addMember,
  bindingsOf,
  createApiKey,
  createCapture,
  expectRefusal,
  type Person,
  request,
  runnerOf,
  signUp,
} from "../support/api.ts";
import { checkUnread } from "../support/contract.ts";
import { castForEachTest } from "../support/each-test.ts";
import { alarmOf, inFuture, runAlarm, travel, until } from "../support/time.ts";

const ORIGIN = "http://captures.test";
const TIMEOUT = { timeout: 10_000 };

const cast = castForEachTest();

/** An open socket, and all messages that it was sent. */
interface Watch {
  socket: WebSocket;
  messages: LiveMessage[];
  /** The code that the service closed it with. */
  closed: () => number | undefined;
}

async function upgrade(headers: Record<string, string>, { id }: { id: number }): Promise<Response> {
  const asked = new Request(`${ORIGIN}/api/captures/${id}/live`, {
    headers: { upgrade: "websocket", ...headers },
  });
  const reply = await exports.default.fetch(asked);
  await checkUnread(asked, reply);
  return reply;
}

/** So many members of the environment. */
async function crowd(size: number): Promise<Person[]> {
  const people = [];
  for (let i = 0; i < size; i++) {
    const person = await signUp("Watcher");
    await addMember(cast.admin, cast.environment.id, person);
    people.push(person);
  }
  return people;
}

async function watch(person: Pick<Person, "headers">, capture: { id: number }): Promise<Watch> {
  const { status, webSocket } = await upgrade({ origin: ORIGIN, ...person.headers }, capture);
  expect(status).toBe(101);
  const socket = webSocket as WebSocket;
  const messages: LiveMessage[] = [];
  let code: number | undefined;
  socket.addEventListener("message", ({ data }) => {
    messages.push(JSON.parse(data as string));
  });
  socket.addEventListener("close", (event) => {
    code = event.code;
  });
  socket.accept();
  return { socket, messages, closed: () => code };
}

const statuses = ({ messages }: Watch) => [...new Set(messages.map(({ capture }) => capture.status))];
const create = (person: Person, body: Record<string, unknown> = {}) =>
  createCapture(person, { envId: cast.environment.id, ...body });
const running = async (person: Person) => until(person, await create(person), "RUNNING");
const later = () => inFuture(3_600_000);

describe("a capture's live connection", () => {
  it("sends the capture first, as GET shows it", async () => {
    const capture = await create(cast.owner, { scheduledStart: later() });
    const { messages, socket } = await watch(cast.owner, capture);
    await expect.poll(() => messages.length, TIMEOUT).toBe(1);
    expect(messages[0]).toEqual({ capture, obstacle: null, clusterRole: null, workload: null });
    socket.close();
  });

  it("sends every transition, with what has been recorded so far, and closes once the capture has ended", async () => {
    const capture = await running(cast.owner);
    const watched = await watch(cast.owner, capture);
    await cast.owner.post(`/api/captures/${capture.id}/stop`);
    await until(cast.owner, capture, "DONE");
    await expect.poll(watched.closed, TIMEOUT).toBe(1000);
    expect(statuses(watched)).toEqual(["RUNNING", "STOPPING", "DONE"]);
    const last = watched.messages.at(-1);
    expect(last?.capture).toEqual((await cast.owner.get<Capture>(`/api/captures/${capture.id}`)).body);
    expect(last?.workload).toEqual({
      records: expect.any(Number),
      statements: expect.any(Number),
      bytes: expect.any(Number),
      gapCount: 0,
      problem: null,
    });
  });

  it("sends after every collection what has been recorded", async () => {
    const capture = await running(cast.owner);
    const { messages, socket } = await watch(cast.owner, capture);
    await expect.poll(() => messages.length, TIMEOUT).toBeGreaterThan(0);
    const before = messages.length;
    await runAlarm(capture);
    await expect.poll(() => messages.length, TIMEOUT).toBeGreaterThan(before);
    expect(messages.at(-1)?.workload).not.toBeNull();
    socket.close();
  });

  it("sends to everybody who watches", async () => {
    const capture = await running(cast.owner);
    const watched = await Promise.all([watch(cast.owner, capture), watch(cast.admin, capture)]);
    await cast.admin.post(`/api/captures/${capture.id}/stop`);
    await until(cast.owner, capture, "DONE");
    for (const { closed } of watched) await expect.poll(closed, TIMEOUT).toBe(1000);
    for (const one of watched) expect(statuses(one).at(-1)).toBe("DONE");
  });

  it("survives an eviction of the runner: the platform keeps the socket", async () => {
    const capture = await create(cast.owner, { scheduledStart: later() });
    const watched = await watch(cast.owner, capture);
    await expect.poll(() => watched.messages.length, TIMEOUT).toBe(1);
    await evictDurableObject(runnerOf(capture));
    await runAlarm(capture);
    await expect.poll(() => watched.messages.length, TIMEOUT).toBe(2);
    watched.socket.close();
  });

  it("sends a capture that has ended once, and closes", async () => {
    const capture = await running(cast.owner);
    await cast.owner.post(`/api/captures/${capture.id}/stop`);
    await until(cast.owner, capture, "DONE");
    const watched = await watch(cast.owner, capture);
    await expect.poll(watched.closed, TIMEOUT).toBe(1000);
    expect(statuses(watched)).toEqual(["DONE"]);
  });

  it("answers a ping, and closes when it is sent anything else", async () => {
    const capture = await create(cast.owner, { scheduledStart: later() });
    const { webSocket } = await upgrade(cast.owner.headers, capture);
    const socket = webSocket as WebSocket;
    const said: unknown[] = [];
    let code: number | undefined;
    socket.addEventListener("message", ({ data }) => {
      said.push(data);
    });
    socket.addEventListener("close", (event) => {
      code = event.code;
    });
    socket.accept();
    socket.send("ping");
    await expect.poll(() => said, TIMEOUT).toContain("pong");
    socket.send("stop the capture");
    await expect.poll(() => code, TIMEOUT).toBe(1008);
  });

  it("answers a close at once: the other end does not wait until the capture has ended", async () => {
    const capture = await create(cast.owner, { scheduledStart: later() });
    const watched = await watch(cast.owner, capture);
    await expect.poll(() => watched.messages.length, TIMEOUT).toBe(1);
    watched.socket.close(1000, "enough");
    await expect.poll(watched.closed, TIMEOUT).toBeDefined();
  });
});

describe("who may watch", () => {
  it("a member may, and a program with a key", async () => {
    const capture = await create(cast.owner, { scheduledStart: later() });
    const { socket } = await watch(cast.member, capture);
    socket.close();
    const { key } = await createApiKey(cast.member);
    const byKey = await watch({ headers: { "x-api-key": key } }, capture);
    await expect.poll(() => byKey.messages.length, TIMEOUT).toBe(1);
    byKey.socket.close();
  });

  it("a stranger, a missing capture and a request without a credential are answered as GET answers them", async () => {
    const capture = await create(cast.owner, { scheduledStart: later() });
    const headers = { upgrade: "websocket" };
    const path = `/api/captures/${capture.id}/live`;
    const ask = (of: string, who: Record<string, string>) =>
      request("GET", of, { headers: { ...headers, ...who } });
    expectRefusal(await ask(path, cast.stranger.headers), 404, "Capture's environment not found");
    expectRefusal(
      await ask("/api/captures/999999999/live", cast.owner.headers),
      404,
      "Capture's environment not found",
    );
    expectRefusal(
      await ask("/api/captures/x/live", cast.owner.headers),
      400,
      "id: must be a positive integer",
    );
    expectRefusal(await ask(path, {}), 401, "Login required");
  });

  it("a request without an upgrade is answered with the first message: before, while and after it records", async () => {
    const ask = async ({ id }: Pick<Capture, "id">) =>
      (await cast.owner.get<LiveMessage>(`/api/captures/${id}/live`)).body;
    const shown = async ({ id }: Pick<Capture, "id">) =>
      (await cast.owner.get<Capture>(`/api/captures/${id}`)).body;
    const capture = await create(cast.owner, { scheduledStart: later() });
    expect(await ask(capture)).toEqual({ capture, obstacle: null, clusterRole: null, workload: null });

    const runs = await running(cast.owner);
    await expect.poll(async () => (await ask(runs)).workload).not.toBeNull();
    expect((await ask(runs)).capture).toEqual(await shown(runs));

    await cast.owner.post(`/api/captures/${runs.id}/stop`);
    await until(cast.owner, runs, "DONE");
    const { records, statements, bytes, gapCount } = (
      await cast.owner.get<Workload>(`/api/captures/${runs.id}/workload`)
    ).body;
    expect(await ask(runs)).toEqual({
      capture: await shown(runs),
      obstacle: null,
      clusterRole: null,
      workload: { records, statements, bytes, gapCount, problem: null },
    });
  });

  it("a page of another origin may not, with its visitor's cookie", async () => {
    const capture = await create(cast.owner, { scheduledStart: later() });
    const headers = { ...cast.owner.headers, upgrade: "websocket", origin: "https://elsewhere.test" };
    const reply = await request("GET", `/api/captures/${capture.id}/live`, { headers });
    expectRefusal(reply, 403, /another origin/);
  });

  it("somebody who is removed from the environment is sent nothing more", async () => {
    const leaver = await signUp("Leaver");
    await addMember(cast.admin, cast.environment.id, leaver);
    const capture = await running(cast.owner);
    const watched = await watch(leaver, capture);
    await expect.poll(() => watched.messages.length, TIMEOUT).toBe(1);
    await cast.admin.delete(`/api/environments/${cast.environment.id}/members/${leaver.id}`);
    await cast.owner.post(`/api/captures/${capture.id}/stop`);
    await until(cast.owner, capture, "DONE");
    await expect.poll(watched.closed, TIMEOUT).toBe(4404);
    expect(statuses(watched)).toEqual(["RUNNING"]);
  });

  it("somebody who has signed out is sent nothing more", async () => {
    const leaver = await signUp("Leaver");
    await addMember(cast.admin, cast.environment.id, leaver);
    const capture = await running(cast.owner);
    const watched = await watch(leaver, capture);
    await expect.poll(() => watched.messages.length, TIMEOUT).toBe(1);
    await leaver.post("/api/auth/sign-out", {});
    await cast.owner.post(`/api/captures/${capture.id}/stop`);
    await until(cast.owner, capture, "DONE");
    await expect.poll(watched.closed, TIMEOUT).toBe(4401);
    expect(statuses(watched)).toEqual(["RUNNING"]);
  });

  it("a deletion closes the sockets of those who watch", async () => {
    const capture = await running(cast.owner);
    const watched = await watch(cast.member, capture);
    await cast.owner.delete(`/api/captures/${capture.id}`);
    await runAlarm(capture);
    await expect.poll(watched.closed, TIMEOUT).toBe(4404);
    expect(statuses(watched)).toEqual(["RUNNING"]);
  });

  it("at most a hundred may watch one capture; the next is told to ask now and then", async () => {
    const capture = await create(cast.owner, { scheduledStart: later() });
    const sockets: WebSocket[] = [];
    for (const person of await crowd(5))
      for (let i = 0; i < 20; i++) sockets.push((await watch(person, capture)).socket);
    const reply = await request("GET", `/api/captures/${capture.id}/live`, {
      headers: { ...cast.owner.headers, upgrade: "websocket" },
    });
    expectRefusal(reply, 503, /Too many/);
    for (const socket of sockets) socket.close();
  });

  it("at most twenty of one user may watch it, by whatever session or key, and others still may", async () => {
    const capture = await create(cast.owner, { scheduledStart: later() });
    const { key } = await createApiKey(cast.owner);
    const byKey = { headers: { "x-api-key": key } };
    const sockets: WebSocket[] = [];
    for (let i = 0; i < 20; i++) sockets.push((await watch(i % 2 ? byKey : cast.owner, capture)).socket);
    const ask = () =>
      request("GET", `/api/captures/${capture.id}/live`, {
        headers: { ...byKey.headers, upgrade: "websocket" },
      });
    const refused = await ask();
    const message = "You watch this capture 20 times already, which is the most you may: close one first";
    expectRefusal(refused, 409, message);
    sockets.push((await watch(cast.member, capture)).socket);
    const another = await create(cast.owner, { scheduledStart: later() });
    sockets.push((await watch(cast.owner, another)).socket);
    // One that is closed does not count any more.
    sockets[0]?.close();
    await expect.poll(async () => (await upgrade(byKey.headers, capture)).status, TIMEOUT).toBe(101);
    for (const socket of sockets) socket.close();
  });

  it("sockets of an ended session or a removed member do not count for their user", async () => {
    const leaver = await signUp("Leaver");
    await addMember(cast.admin, cast.environment.id, leaver);
    const { key } = await createApiKey(leaver);
    const capture = await create(cast.owner, { scheduledStart: later() });
    // None of them answers when it is closed.
    for (let i = 0; i < 20; i++) await watch(leaver, capture);
    await leaver.post("/api/auth/sign-out");
    const { socket, messages } = await watch({ headers: { "x-api-key": key } }, capture);
    await expect.poll(() => messages.length, TIMEOUT).toBe(1);
    socket.close();
  });

  it("a socket of a session by a password is closed where people sign in by a provider only", async () => {
    const leaver = await signUp("Leaver");
    await addMember(cast.admin, cast.environment.id, leaver);
    const capture = await create(cast.owner, { scheduledStart: later() });
    const { socket, messages, closed } = await watch(leaver, capture);
    await expect.poll(() => messages.length, TIMEOUT).toBe(1);
    await runInDurableObject(runnerOf(capture), async (runner, state) => {
      const sockets = new LiveSockets(state, { ...bindingsOf(runner), SIGN_IN: "sso" }, () => null);
      await sockets.recheck();
    });
    await expect.poll(closed, TIMEOUT).toBe(4401);
    socket.close();
  });

  it.each([
    [
      "was removed",
      4404,
      (leaver: Person) => cast.admin.delete(`/api/environments/${cast.environment.id}/members/${leaver.id}`),
    ],
    ["signed out", 4401, (leaver: Person) => leaver.post("/api/auth/sign-out")],
  ])("who %s is gone within a minute, though the capture waits for its start", async (_, code, leave) => {
    const leaver = await signUp("Leaver");
    await addMember(cast.admin, cast.environment.id, leaver);
    const capture = await create(cast.owner, { scheduledStart: later() });
    const [watched, stays] = [await watch(leaver, capture), await watch(cast.owner, capture)];
    await expect.poll(() => stays.messages.length, TIMEOUT).toBe(1);
    await leave(leaver);
    expect(await alarmOf(capture)).toBeLessThanOrEqual(Date.now() + 60_000);
    await travel(cast.aws, 60_000);
    await runAlarm(capture);
    await expect.poll(watched.closed, TIMEOUT).toBe(code);
    expect(stays.closed()).toBeUndefined();
    // The next look is a minute later, and once nobody watches there is none.
    expect(await alarmOf(capture)).toBeLessThanOrEqual(Date.now() + 60_000);
    stays.socket.close();
    await travel(cast.aws, 60_000);
    await expect
      .poll(async () => {
        await runAlarm(capture);
        return alarmOf(capture);
      }, TIMEOUT)
      .toBe(Date.parse(capture.scheduledStart ?? ""));
  });

  it("those who may not watch any more do not count against the limit", async () => {
    const leavers = await crowd(5);
    const capture = await create(cast.owner, { scheduledStart: later() });
    // None of them answers when it is closed.
    for (const leaver of leavers) for (let i = 0; i < 20; i++) await watch(leaver, capture);
    for (const { id } of leavers)
      await cast.admin.delete(`/api/environments/${cast.environment.id}/members/${id}`);
    const { socket, messages } = await watch(cast.owner, capture);
    await expect.poll(() => messages.length, TIMEOUT).toBe(1);
    const second = await watch(cast.owner, capture);
    socket.close();
    second.socket.close();
  });
});
