import type { LiveMessage } from "@captures/client";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createApiKey, createCapture, signUp } from "../support/api.ts";
import { castForEachTest } from "../support/each-test.ts";
import { until } from "../support/time.ts";
import { answering, clientOf, errorOf, refusal, sent } from "./support.ts";
import { liveService, message, say, told } from "./watch-support.ts";

const cast = castForEachTest();

/** Reads all that somebody who watches is told, while time passes as fast as it is waited for. */
async function readAll(messages: AsyncIterable<LiveMessage>): Promise<string[]> {
  const read: string[] = [];
  const end = (async () => {
    for await (const one of messages) read.push(told(one));
  })();
  await passing(end);
  return read;
}

/** Lets time pass until something has come to an end. */
async function passing<T>(end: Promise<T>): Promise<T> {
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  end.then(over, over);
  // A socket's messages take a real moment.
  while (!isOver) {
    await vi.advanceTimersByTimeAsync(500);
    await scheduler.wait(1);
  }
  return end;
}

afterEach(() => {
  vi.useRealTimers();
});

describe("watching a capture of the service", () => {
  test("tells each of its states until it has ended, by a WebSocket alone", async () => {
    const { captures } = clientOf((await createApiKey(cast.owner)).key);
    const made = await createCapture(cast.owner, { envId: cast.environment.id });
    const capture = await until(cast.owner, made, "RUNNING");
    sent.length = 0;
    const messages: LiveMessage[] = [];
    for await (const one of captures.watch(capture.id)) {
      messages.push(one);
      if (messages.length > 1) continue;
      await captures.stop(capture.id);
      void until(cast.owner, capture, "DONE");
    }
    const statuses = new Set(messages.map(({ capture }) => capture.status));
    expect([...statuses]).toEqual(["RUNNING", "STOPPING", "DONE"]);
    expect(messages.at(-1)?.capture).toEqual(await captures.get(capture.id));
    const live = sent.filter(({ url }) => url.endsWith("/live"));
    expect(live.map(({ headers }) => headers.get("upgrade"))).toEqual(["websocket"]);
  });

  test("says that there is none, to who may not see it too", async () => {
    const { captures } = clientOf((await createApiKey(await signUp("Stranger"))).key);
    const { id } = await createCapture(cast.owner, { envId: cast.environment.id });
    const expected = { status: 404, message: "Capture's environment not found" };
    expect(await errorOf(captures.watch(id).next())).toMatchObject(expected);
    expect(await errorOf(captures.waitUntil(999_999, "DONE"))).toMatchObject(expected);
  });

  test("says so when it is deleted meanwhile", async () => {
    const { captures } = clientOf((await createApiKey(cast.owner)).key);
    const scheduledStart = new Date(Date.now() + 3_600_000).toISOString();
    const { id } = await createCapture(cast.owner, { envId: cast.environment.id, scheduledStart });
    const watched = captures.watch(id);
    expect((await watched.next()).value).toMatchObject({ capture: { id, status: "SCHEDULED" } });
    await captures.delete(id);
    expect(await errorOf(watched.next())).toMatchObject({ status: 404 });
  });
});

describe("a watch whose socket", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  });

  test("breaks asks once, and opens another, whose first message is not told if it is known", async () => {
    const { captures, requests } = liveService(
      (socket, count) => {
        if (count === 1) {
          say(socket, message("RUNNING", 1), message("RUNNING", 2));
          socket.close(1011, "restarted");
        } else say(socket, message("RUNNING", 3), message("DONE", 4));
      },
      () => message("RUNNING", 3),
    );
    expect(await readAll(captures.watch(7))).toEqual(["RUNNING 1", "RUNNING 2", "RUNNING 3", "DONE 4"]);
    expect(requests).toEqual(["socket", "live", "wait=1", "socket"]);
  });

  test("can't be opened asks now and then, and tries again later each time", async () => {
    const { captures, requests } = liveService(null, (count) => message(count < 12 ? "RUNNING" : "DONE"));
    expect(await readAll(captures.watch(7))).toEqual(["RUNNING 0", "DONE 0"]);
    expect(requests.filter((request) => request === "live")).toHaveLength(12);
    const opened = requests.flatMap((request, index) => (request === "socket" ? [index] : []));
    expect(opened.length).toBeGreaterThan(3);
    const asked = opened.slice(1).map((index, before) => index - (opened[before] as number));
    expect(asked).toEqual(asked.toSorted((one, other) => one - other));
  });

  test("falls silent is left, though it was never closed", async () => {
    const { captures, requests } = liveService(
      (socket) => say(socket, message("RUNNING")),
      () => message("DONE"),
    );
    expect(await readAll(captures.watch(7))).toEqual(["RUNNING 0", "DONE 0"]);
    expect(requests).toEqual(["socket", "live"]);
  });

  test("answers pings is kept, however long there is nothing new", async () => {
    const pings: unknown[] = [];
    const { captures, requests } = liveService((socket) => {
      say(socket, message("SCHEDULED"));
      socket.addEventListener("message", ({ data }) => {
        pings.push(data);
        if (pings.length < 30) socket.send("pong");
        else say(socket, message("DONE"));
      });
    });
    expect(await readAll(captures.watch(7))).toEqual(["SCHEDULED 0", "DONE 0"]);
    expect(pings).toEqual(Array(30).fill("ping"));
    expect(requests).toEqual(["socket"]);
  });

  test.each([
    ["opens and says nothing", () => {}],
    ["sends what is no message", (socket: WebSocket) => socket.send("<html>")],
    ["sends bytes", (socket: WebSocket) => socket.send(new Uint8Array([1, 2]))],
  ])("%s is left for a request", async (_, connected) => {
    const { captures, requests } = liveService(connected, () => message("DONE", 1));
    expect(await readAll(captures.watch(7))).toEqual(["DONE 1"]);
    expect(requests).toEqual(["socket", "live"]);
  });
});

describe("a watch without sockets", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  });

  test("asks, waits for another state, and asks again", async () => {
    const replies = [message("RUNNING"), message("RUNNING"), message("STOPPING"), message("DONE")];
    const answer = (count: number) => replies[count - 1] as LiveMessage;
    const { captures, requests } = liveService(null, answer, { webSocket: null });
    expect(await readAll(captures.watch(7))).toEqual(["RUNNING 0", "STOPPING 0", "DONE 0"]);
    expect(requests).toEqual(["live", "wait=10", "live", "wait=10", "live", "wait=10", "live"]);
  });

  test("does not ask again and again when nobody waits for a change", async () => {
    const server = answering(Response.json(message("RUNNING")), Response.json(message("RUNNING").capture));
    const { captures } = server.client({ webSocket: null, retries: 0 });
    const watched = captures.watch(7);
    await watched.next();
    void watched.next();
    await vi.advanceTimersByTimeAsync(500);
    expect(server.requests).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(600);
    expect(server.requests.length).toBeGreaterThan(2);
  });

  test("goes on when too many wait, without what Retry-After asks of others", async () => {
    const server = answering(
      Response.json(message("RUNNING")),
      refusal(503, { "retry-after": "60" }),
      Response.json(message("DONE")),
    );
    const { captures } = server.client({ webSocket: null });
    const began = Date.now();
    expect(await readAll(captures.watch(7))).toEqual(["RUNNING 0", "DONE 0"]);
    expect(Date.now() - began).toBeLessThan(30_000);
  });

  test("says at once that a service can't be reached that never was", async () => {
    const { captures } = liveService(null, () => new TypeError("refused"), { webSocket: null });
    expect(await errorOf(captures.watch(7).next())).toMatchObject({ status: null });
  });

  test.each([
    ["away", () => new TypeError("refused")],
    ["being replaced", () => refusal(502)],
  ])("waits for a service that is %s for some minutes", async (_, failure) => {
    const answer = (count: number) => {
      if (count > 1 && count < 8) return failure();
      return message(count === 1 ? "RUNNING" : "DONE");
    };
    const { captures } = liveService(null, answer, { webSocket: null });
    expect(await readAll(captures.watch(7))).toEqual(["RUNNING 0", "DONE 0"]);
  });

  test("gives up after ten minutes without the service", async () => {
    const answer = (count: number) => (count === 1 ? message("RUNNING") : new TypeError("refused"));
    const { captures } = liveService(null, answer, { webSocket: null });
    const began = Date.now();
    const end = readAll(captures.watch(7));
    expect(await errorOf(end)).toMatchObject({ message: "The service could not be reached" });
    expect((Date.now() - began) / 60_000).toBeGreaterThan(9.9);
    expect((Date.now() - began) / 60_000).toBeLessThan(12);
  });

  test("says at once that it may not be seen any more", async () => {
    const answer = (count: number) => (count === 1 ? message("RUNNING") : refusal(401));
    const { captures } = liveService(null, answer, { webSocket: null });
    expect(await errorOf(readAll(captures.watch(7)))).toMatchObject({ status: 401 });
  });
});

describe("a watch that is not read any more", () => {
  test.each(["message", "silence"])("since a signal ended it, closes its socket: amid a %s", async (amid) => {
    const closed = Promise.withResolvers<void>();
    const { captures } = liveService((socket) => {
      say(socket, message("RUNNING"));
      socket.addEventListener("close", () => closed.resolve());
    });
    const controller = new AbortController();
    const watched = captures.watch(7, { signal: controller.signal });
    await watched.next();
    if (amid === "message") controller.abort(new Error("enough"));
    const next = watched.next();
    if (amid === "silence") setTimeout(() => controller.abort(new Error("enough")), 5);
    await expect(next).rejects.toThrow("enough");
    await closed.promise;
  });

  test("since its reader has left, closes its socket", async () => {
    const closed = Promise.withResolvers<void>();
    const { captures, requests } = liveService((socket) => {
      say(socket, message("RUNNING"));
      socket.addEventListener("close", () => closed.resolve());
    });
    for await (const one of captures.watch(7)) {
      expect(told(one)).toBe("RUNNING 0");
      break;
    }
    await closed.promise;
    expect(requests).toEqual(["socket"]);
  });

  test("since a signal ended it while it waits without a socket, asks no more", async () => {
    const { captures, requests } = liveService(null, () => message("RUNNING"), { webSocket: null });
    const controller = new AbortController();
    const watched = captures.watch(7, { signal: controller.signal });
    await watched.next();
    const next = watched.next();
    controller.abort(new Error("enough"));
    await expect(next).rejects.toThrow("enough");
    expect(requests.length).toBeLessThanOrEqual(2);
  });
});

/** A class of sockets, as platforms but Workers have one, and what it was asked for. */
function socketClass(isBrowser: boolean) {
  const opened: unknown[][] = [];
  class Socket {
    constructor(...args: unknown[]) {
      opened.push(args);
      if (isBrowser && typeof args[1] === "object") throw new SyntaxError("The protocol is invalid");
    }
    send() {}
    close() {}
    addEventListener(type: string, listener: (event: { type: string; data: string }) => void) {
      if (type !== "message") return;
      queueMicrotask(() => listener({ type, data: JSON.stringify(message("DONE", 1)) }));
    }
  }
  return { Socket, opened };
}

describe("a class of sockets", () => {
  const address = "ws://captures.test/api/captures/7/live";

  test("is given the key in a header", async () => {
    const { Socket, opened } = socketClass(false);
    const { captures, requests } = liveService(null, undefined, { webSocket: Socket });
    expect(told((await captures.watch(7).next()).value as LiveMessage)).toBe("DONE 1");
    expect(opened).toEqual([[address, { headers: { Authorization: "Bearer captures_a-key" } }]]);
    expect(requests).toEqual([]);
  });

  test("that takes no headers, as a browser's, is left for requests", async () => {
    const { Socket } = socketClass(true);
    const { captures, requests } = liveService(null, () => message("DONE"), { webSocket: Socket });
    expect(told((await captures.watch(7).next()).value as LiveMessage)).toBe("DONE 0");
    expect(requests).toEqual(["live"]);
  });

  test("that takes no headers is used without a key, since it sends the cookie", async () => {
    const { Socket, opened } = socketClass(true);
    const { captures } = clientOf(undefined, { webSocket: Socket });
    expect(told((await captures.watch(7).next()).value as LiveMessage)).toBe("DONE 1");
    expect(opened).toEqual([[address]]);
  });
});
