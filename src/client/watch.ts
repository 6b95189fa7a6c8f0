import { hasEnded, STATUSES, type Status } from "../db/states.ts";
import { retryDelay } from "../lib/retry.ts";
import { CaptureEndedError, CapturesError, isPassing } from "./error.ts";
import { textsOf } from "./socket.ts";
import { type Call, type CallOptions, pause, type Transport } from "./transport.ts";
import type { Capture, LiveMessage } from "./types.ts";

/*
 * Following a capture: by its WebSocket, and by requests as long as that does not work. Each message is all that there is to say, so
 * that nothing is lost between the two.
 */

/** Options of waiting for a state of a capture. */
export interface WaitOptions extends CallOptions {
  /** Told how the capture gets on: at first, and whenever there is something new. */
  onProgress?: ((message: LiveMessage) => void) | undefined;
}

/** Without a socket: how long one request waits for another state, before it is asked what was recorded. In seconds. */
const POLL_SECONDS = 10;
/** How much time is at least between two such requests when nothing has changed. In seconds. */
const LEAST_SECONDS = 1;
/** How long the service may be away, in milliseconds. */
const AWAY_MS = 600_000;

/**
 * Follows a capture until it has ended: as it is at first, and then whenever there is something new.
 * @throws CapturesError when there is no such capture, or no more; when the service can't be reached, which is tried for ten minutes
 * once it was; what the signal was aborted with
 */
export async function* watch(
  transport: Transport,
  id: number,
  options: CallOptions = {},
): AsyncGenerator<LiveMessage, void, undefined> {
  let last = "";
  for await (const message of messagesOf(transport, id, options)) {
    // A new connection begins with what is known.
    const text = JSON.stringify(message);
    if (text === last) continue;
    last = text;
    yield message;
    if (hasEnded(message.capture.status)) return;
  }
}

/**
 * Waits until a capture is in a state or a later one: RUNNING is over for one that is DONE.
 * @returns the capture as it is then
 * @throws CaptureEndedError when it has failed, or ended otherwise, so that it will not be in that state any more; what `watch` throws
 */
export async function waitUntil(
  transport: Transport,
  id: number,
  status: Status,
  { onProgress, ...options }: WaitOptions = {},
): Promise<Capture> {
  if (!STATUSES.includes(status)) throw new TypeError(`${status} is no state of a capture`);
  for await (const message of watch(transport, id, options)) {
    onProgress?.(message);
    const { capture } = message;
    if (isReached(capture.status, status)) return capture;
    if (hasEnded(capture.status)) throw new CaptureEndedError(capture, status);
  }
  throw new Error("A capture was not watched to its end");
}

/** Whether a capture has been in a state that was waited for. One that failed may have been in any before. */
const isReached = (status: Status, awaited: Status): boolean =>
  status === awaited ||
  (status !== "FAILED" && awaited !== "FAILED" && STATUSES.indexOf(status) > STATUSES.indexOf(awaited));

/** What the service says of a capture, without an end, and some of it twice. */
async function* messagesOf(
  transport: Transport,
  id: number,
  options: CallOptions,
): AsyncGenerator<LiveMessage, never, undefined> {
  const call: Call = { method: "GET", path: `/api/captures/${id}/live`, options };
  let wasReached = false;
  for (let failures = 1; ; failures++) {
    let hasSockets = true;
    try {
      const socket = await transport.open(call);
      hasSockets = socket !== null;
      for await (const text of socket === null ? [] : textsOf(socket, options.signal)) {
        wasReached = true;
        failures = 0;
        yield JSON.parse(text) as LiveMessage;
      }
    } catch {
      // The reply to a request gives a better reason.
      options.signal?.throwIfAborted();
    }
    const openAgainAt = hasSockets
      ? Date.now() + retryDelay(failures, Math.random())
      : Number.POSITIVE_INFINITY;
    do {
      const message: LiveMessage = await ask(transport, call, wasReached);
      wasReached = true;
      yield message;
      await untilChange(transport, message.capture, openAgainAt - Date.now(), options);
    } while (Date.now() < openAgainAt);
  }
}

/** Asks for the capture as it is now; of a service that was there before also when it is away for a while. */
async function ask(transport: Transport, call: Call, wasReached: boolean): Promise<LiveMessage> {
  const asked = Date.now();
  for (let failures = 1; ; failures++) {
    try {
      return await transport.json<LiveMessage>(call);
    } catch (error) {
      const isWorthIt = error instanceof CapturesError && isPassing(error) && Date.now() - asked < AWAY_MS;
      if (!wasReached || !isWorthIt) throw error;
    }
    await pause(retryDelay(failures, Math.random()) / 1000, call.options?.signal);
  }
}

/** Waits for another state of a capture, for so many milliseconds, and no longer than for a while. */
async function untilChange(
  transport: Transport,
  { id, status }: Capture,
  milliseconds: number,
  options: CallOptions,
): Promise<void> {
  const asked = Date.now();
  const seconds = Math.min(POLL_SECONDS, Math.max(LEAST_SECONDS, Math.ceil(milliseconds / 1000)));
  const left = (least: number) => Math.max(0, least - (Date.now() - asked) / 1000);
  const call: Call = { method: "GET", path: `/api/captures/${id}`, query: { wait: seconds }, options };
  try {
    const capture = await transport.json<Capture>({ ...call, retries: 0 });
    if (capture.status === status) await pause(left(LEAST_SECONDS), options.signal);
  } catch (error) {
    // Too many wait, or it is away.
    if (!(error instanceof CapturesError)) throw error;
    await pause(left(seconds), options.signal);
  }
}
