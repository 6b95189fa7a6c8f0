import { CapturesError, type Client, type ClientOptions, createClient } from "@captures/client";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A reply whose connection breaks after the beginning of its body. */
const broken = (init: ResponseInit = {}) =>
  new Response(
    new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode("[{"));
        controller.error(new TypeError("Network connection lost"));
      },
    }),
    init,
  );

/** A client of a server that answers with these, one after the other, and how many of them were asked for. */
function clientOf(replies: Response[], options: Partial<ClientOptions> = {}) {
  const asked = vi.fn(async () => replies.shift() as Response);
  return { asked, client: createClient({ baseUrl: "http://captures.test", fetch: asked, ...options }) };
}

/** The result of a call after all its retries. */
async function endOf<T>(call: Promise<T>): Promise<T | CapturesError> {
  const end = call.catch((error: unknown) => error as CapturesError);
  await vi.advanceTimersByTimeAsync(60_000);
  return end;
}

const READS: [string, (client: Client) => Promise<unknown>][] = [
  ["an object", ({ environments }) => environments.list()],
  ["a page of a list", ({ captures }) => Array.fromAsync(captures.list())],
  ["metrics", async ({ captures }) => (await captures.metrics(1)).metrics],
];

describe("a reply that breaks off", () => {
  test.each(READS)("is retried: %s", async (_, read) => {
    const { asked, client } = clientOf([broken(), Response.json([])]);
    expect(await endOf(read(client))).toEqual([]);
    expect(asked).toHaveBeenCalledTimes(2);
  });

  test.each(READS)("is a CapturesError when it does so each time: %s", async (_, read) => {
    const headers = { "x-request-id": "r-1" };
    const { client } = clientOf([broken({ headers }), broken({ headers })], { retries: 1 });
    const error = await endOf(read(client));
    expect(error).toBeInstanceOf(CapturesError);
    expect(error).toMatchObject({
      status: null,
      requestId: "r-1",
      message: "The service's reply broke off",
      cause: expect.any(TypeError),
    });
  });

  test("is not retried where that would do it twice", async () => {
    const { asked, client } = clientOf([broken(), Response.json({})]);
    expect(await endOf(client.captures.stop(1))).toBeInstanceOf(CapturesError);
    expect(asked).toHaveBeenCalledTimes(1);
  });

  test("is still the refusal that its status says", async () => {
    const { asked, client } = clientOf([
      broken({ status: 503, headers: { "retry-after": "2" } }),
      broken({ status: 404 }),
    ]);
    const error = await endOf(client.environments.get(1));
    expect(error).toBeInstanceOf(CapturesError);
    expect(error).toMatchObject({ status: 404, message: "The service answered 404" });
    expect(asked).toHaveBeenCalledTimes(2);
  });

  test("ends with what the signal was aborted with, where that is why", async () => {
    const controller = new AbortController();
    const body = new ReadableStream({
      pull(stream) {
        controller.abort(new Error("enough"));
        stream.error(controller.signal.reason);
      },
    });
    const { asked, client } = clientOf([new Response(body)]);
    const end = await endOf(client.environments.list({ signal: controller.signal }));
    expect(end).toMatchObject({ message: "enough" });
    expect(asked).toHaveBeenCalledTimes(1);
  });
});

test.each(READS)("a page of a proxy, in the place of %s, is a CapturesError", async (_, read) => {
  const { asked, client } = clientOf([new Response("<html>Sign in to the network</html>")]);
  const error = await endOf(read(client));
  expect(error).toBeInstanceOf(CapturesError);
  expect(error).toMatchObject({ status: 200, message: "The service answered 200 with no JSON" });
  expect(asked).toHaveBeenCalledTimes(1);
});

test.each(["7.5", "-1", "in 5", "2"])(
  "a Retry-After of %j is a number of seconds or nothing",
  async (text) => {
    const { client } = clientOf([new Response(null, { status: 429, headers: { "retry-after": text } })], {
      retries: 0,
    });
    expect(await endOf(client.environments.list())).toMatchObject({ retryAfter: text === "2" ? 2 : null });
  },
);
