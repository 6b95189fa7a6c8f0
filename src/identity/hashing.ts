import { refuse } from "../errors.ts";

/*
 * Hashing a password takes a tenth of a second of CPU on purpose, and an isolate has one thread, on which it answers everybody
 * else. So passwords are hashed two at a time, a few wait, and the rest are told to come back; between two hashes, what
 * others wait for has its turn.
 */

/** How many are hashed at once, and how many may wait. */
const AT_ONCE = 2;
const WAITING = 8;
/** How often who waits looks whether it is its turn, in milliseconds. */
const POLL_MS = 5;
/**
 * For how long a place is kept for who does not say that it is still there, in milliseconds: a request whose client has gone may
 * end at any step, without giving its place back.
 */
const KEPT_MS = 5000;

/** The places of those whose passwords are hashed or are to be, in the order they came; each with the time until when it is kept. */
export class HashingPlaces {
  readonly #places = new Map<symbol, number>();

  /**
   * Hashes when it is its turn.
   * @throws ApiError 503 when all places are taken
   */
  async run<T>(hash: () => Promise<T>): Promise<T> {
    this.#giveUpLost();
    if (this.#places.size >= AT_ONCE + WAITING) throw refuse.tooManyHashes();
    const place = Symbol("place");
    try {
      do {
        this.#places.set(place, Date.now() + KEPT_MS);
        // Also when it is its turn at once, so that no two are hashed without a pause in between.
        await scheduler.wait(POLL_MS);
        this.#giveUpLost();
      } while ([...this.#places.keys()].indexOf(place) >= AT_ONCE);
      return await hash();
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
