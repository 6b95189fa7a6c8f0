import type { MiddlewareHandler } from "hono";
import type { App } from "../http/context.ts";
import { refuse } from "../http/refusals.ts";

/*
 * Hashing a password takes a tenth of a second of CPU on purpose, and an isolate has one thread, on which it answers everybody
 * else. So two requests that hash one are handled at a time, a few wait before any work is done for them, and the rest are told
 * to come back; between two, what others wait for has its turn.
 */

/** How many are handled at once, and how many may wait. */
const AT_ONCE = 2;
const WAITING = 8;
/** How often who waits looks whether it is its turn, in milliseconds. */
const POLL_MS = 5;
/**
 * For how long a place is kept for who does not say that it is still there, in milliseconds: a request whose client has gone may
 * end at any step, without giving its place back.
 */
const KEPT_MS = 10_000;

/** The places of requests that hash a password, in the order they came; each with the time until when it is kept. */
export class HashingPlaces {
  readonly #places = new Map<symbol, number>();

  /**
   * Does what hashes a password when it is its turn.
   * @throws ApiError 503 when all places are taken
   */
  async run<T>(handle: () => Promise<T>): Promise<T> {
    this.#giveUpLost();
    if (this.#places.size >= AT_ONCE + WAITING) throw refuse.tooManyHashes();
    const place = Symbol("place");
    try {
      do {
        this.#places.set(place, Date.now() + KEPT_MS);
        // Also when it is its turn at once, so that no two are handled without a pause in between.
        await scheduler.wait(POLL_MS);
        this.#giveUpLost();
      } while ([...this.#places.keys()].indexOf(place) >= AT_ONCE);
      return await handle();
    } finally {
      this.#places.delete(place);
    }
  }

  #giveUpLost(): void {
    const now = Date.now();
    for (const [place, until] of this.#places) if (until < now) this.#places.delete(place);
  }
}

/** Those of this isolate. */
export const hashing = new HashingPlaces();

/**
 * Handles a request that hashes a password when it is its turn.
 * @throws ApiError 503 when too many are
 */
export const boundHashing: MiddlewareHandler<App> = (_, next) => hashing.run(next);
