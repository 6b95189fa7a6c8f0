import type { Status } from "../db/states.ts";
import { type Env, runnerOf } from "../env.ts";
import { describeError, log } from "../lib/log.ts";
import { within } from "../lib/time-limit.ts";
import { refuseCapture } from "./refusals.ts";

/*
 * `GET /api/captures/{id}?wait=60`: a request that is answered when the capture has another state. The capture's runner, which makes or
 * sees every transition, lets it wait: the database is not asked again and again.
 */

/** How many requests may wait for one capture; the others can ask now and then. */
export const MAX_WAITING = 100;
/** How much longer than asked for the runner may take to answer. */
const ANSWER_MS = 5000;
/** How long a request waits in the runner's place when that is away: who waits asks again at once. */
const AWAY_MS = 5000;

/** As much of a capture as is waited for: its state, and whether it was deleted. */
export interface Awaited {
  status: Status;
  deletedAt: number | null;
}

const isSame = (one: Awaited, other: Awaited) =>
  one.status === other.status && (one.deletedAt === null) === (other.deletedAt === null);

/** The requests that wait in a runner. */
export class Waiting {
  readonly #requests = new Map<symbol, { known: Awaited; answer: () => void }>();

  /**
   * Waits until the capture is not as it is known any more.
   * @param read reads the capture, once the request is among those that are told; null when there is none any more
   * @param milliseconds the longest to wait
   * @returns false at once when too many wait
   */
  async until(known: Awaited, milliseconds: number, read: () => Promise<Awaited | null>): Promise<boolean> {
    if (this.#requests.size >= MAX_WAITING) return false;
    const { promise, resolve } = Promise.withResolvers<void>();
    const key = Symbol();
    this.#requests.set(key, { known, answer: resolve });
    const timer = setTimeout(resolve, milliseconds);
    try {
      // Read after it waits: no transition is missed in between.
      this.tell(await read());
      await promise;
    } finally {
      clearTimeout(timer);
      this.#requests.delete(key);
    }
    return true;
  }

  /** Answers those who know another state than this one, null when the capture is gone. */
  tell(now: Awaited | null): void {
    for (const { known, answer } of this.#requests.values()) {
      if (now === null || !isSame(known, now)) answer();
    }
  }
}

/**
 * Waits for another state of a capture than the one that it was read in, or until the time is over, in milliseconds.
 * @throws ApiError 503 when too many wait already
 */
export async function waitForChange(
  env: Env,
  id: number,
  { status, deletedAt }: Awaited,
  milliseconds: number,
): Promise<void> {
  const asked = Date.now();
  let hasWaited: boolean;
  try {
    const answer = runnerOf(env, id).untilChanged(id, { status, deletedAt }, milliseconds);
    hasWaited = await within(milliseconds + ANSWER_MS, "The runner", answer);
  } catch (error) {
    // It was moved or reset, perhaps just now: whoever waits asks again.
    log.warn("capture.wait.away", { captureId: id, ...describeError(error) });
    const left = asked + milliseconds - Date.now();
    return scheduler.wait(Math.max(0, Math.min(AWAY_MS, left)));
  }
  if (!hasWaited) throw refuseCapture.tooManyWait();
}
