import { CaptureEndedError, type CaptureStatus } from "@captures/client";
import { expect, test } from "vitest";
import { errorOf, refusal } from "./support.ts";
import { liveService, message, say, told } from "./watch-support.ts";

/** A service whose capture goes through some states, and a client of it. */
const going = (...states: CaptureStatus[]) =>
  liveService((socket) => say(socket, ...states.map((status) => message(status, 0, "AWS said no")))).captures;

test.each([
  { states: ["RUNNING"], awaited: "RUNNING", found: "RUNNING" },
  { states: ["SCHEDULED", "STARTED", "STARTING", "RUNNING"], awaited: "RUNNING", found: "RUNNING" },
  { states: ["STARTING", "STOPPING"], awaited: "RUNNING", found: "STOPPING" },
  { states: ["DONE"], awaited: "SCHEDULED", found: "DONE" },
  { states: ["RUNNING", "STOPPING", "DONE"], awaited: "DONE", found: "DONE" },
  { states: ["RUNNING", "FAILED"], awaited: "FAILED", found: "FAILED" },
] as const)("a capture is waited for that is $states, until $awaited", async ({ states, awaited, found }) => {
  const progress: string[] = [];
  const onProgress = (one: Parameters<typeof told>[0]) => progress.push(told(one));
  expect(await going(...states).waitUntil(7, awaited, { onProgress })).toMatchObject({
    id: 7,
    status: found,
  });
  expect(progress).toEqual(states.map((status) => `${status} 0`));
});

test.each([
  { states: ["STARTING", "FAILED"], awaited: "RUNNING", why: "The capture has failed: AWS said no" },
  { states: ["FAILED"], awaited: "SCHEDULED", why: "The capture has failed: AWS said no" },
  { states: ["DONE"], awaited: "FAILED", why: "The capture is DONE, and will not be FAILED any more" },
] as const)("a capture that is $states will not be $awaited", async ({ states, awaited, why }) => {
  const error = await errorOf(going(...states).waitUntil(7, awaited));
  expect(error).toBeInstanceOf(CaptureEndedError);
  expect(error).toMatchObject({
    name: "CaptureEndedError",
    message: why,
    status: null,
    capture: { id: 7, status: states.at(-1) },
  });
});

test("a word that is no state is refused at once", async () => {
  const { captures, requests } = liveService(null);
  await expect(captures.waitUntil(7, "running" as "RUNNING")).rejects.toThrow(TypeError);
  expect(requests).toEqual([]);
});

test("waiting ends with what its progress throws, and with its signal", async () => {
  const onProgress = () => {
    throw new Error("no more");
  };
  await expect(going("RUNNING").waitUntil(7, "DONE", { onProgress })).rejects.toThrow("no more");
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(going("RUNNING").waitUntil(7, "DONE", { signal })).rejects.toThrow("enough");
});

test("waiting says that there is no such capture", async () => {
  const { captures } = liveService(null, () => refusal(404), { webSocket: null });
  expect(await errorOf(captures.waitUntil(7, "DONE"))).toMatchObject({ status: 404 });
});
