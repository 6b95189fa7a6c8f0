import type { MiddlewareHandler } from "hono";
import type { App } from "../http/context.ts";
import { refuseIdentity } from "./refusals.ts";

/*
 * Hashing a password takes a tenth of a second of CPU on purpose, and 32 MiB of an isolate's memory of 128. So one request that hashes
 * runs at a time, a few wait in a queue, and the rest are refused with Retry-After. While any wait, it is done in pieces, between
 * which the isolate answers others (passwords.ts).
 */

/** How many run at once, and how many may wait. */
const AT_ONCE = 1;
const WAITING = 9;
/** How often a waiting request checks whether it is its turn, in milliseconds. */
const POLL_MS = 5;
/**
 * How long a place is kept that is not renewed, in milliseconds: a request whose client has disconnected may be cut off at any
 * step, without freeing its place.
 */
const KEPT_MS = 10_000;

/** The places of requests that hash a password, in the order they came; each with the time until which it is kept. */
export class HashingPlaces {
  readonly #places = new Map<symbol, number>();

  /**
   * Runs what hashes a password when it is its turn.
   * @throws ApiError 503 when all places are taken
   */
  async run<T>(handle: () => Promise<T>): Promise<T> {
    this.#dropExpired();
    if (this.#places.size >= AT_ONCE + WAITING) throw refuseIdentity.tooManyHashes();
    const place = Symbol("place");
    try {
      do {
        this.#places.set(place, Date.now() + KEPT_MS);
        // Also when it is its turn at once, so that there is a pause between any two.
        await scheduler.wait(POLL_MS);
        this.#dropExpired();
      } while ([...this.#places.keys()].indexOf(place) >= AT_ONCE);
      return await handle();
    } finally {
      this.#places.delete(place);
    }
  }

  /** Whether there is more than one request that hashes, or waits to. */
  get isContended(): boolean {
    return this.#places.size > 1;
  }

  #dropExpired(): void {
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
