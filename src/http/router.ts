import type { Result, Router } from "hono/router";
import { RegExpRouter } from "hono/router/reg-exp-router";
import { SmartRouter } from "hono/router/smart-router";
import { TrieRouter } from "hono/router/trie-router";

/** Where the part of a path begins that says which room answers, such as `captures` in `/api/captures/7`. */
const ROOM_START = "/api/".length;
/** The pattern of what runs whatever the path is. */
const ANYWHERE = "/*";

/**
 * Hono's router, one for each room of the API. Hono has a fast one that compiles all paths to one regular expression, and can't have
 * `/:id/check` beside `/instances`, and a slower one in its place. With a router for each room, such paths slow down their own room alone.
 */
export class RouterOfRooms<T> implements Router<T> {
  readonly name = "RouterOfRooms";
  readonly #routes: [method: string, path: string, handler: T][] = [];
  readonly #rooms = new Map<string, Router<T>>();
  /** Of the paths that are of no room. */
  #elsewhere: Router<T> | undefined;

  /** See Hono's Router. */
  add(method: string, path: string, handler: T): void {
    this.#routes.push([method, path, handler]);
    this.#rooms.clear();
    this.#elsewhere = undefined;
  }

  /** See Hono's Router. */
  match(method: string, path: string): Result<T> {
    const room = roomOf(path);
    return (this.#rooms.get(room) ?? this.#made(room)).match(method, path);
  }

  #made(room: string): Router<T> {
    // Anybody can ask for any path: only what there is gets a router.
    if (!this.#routes.some(([, path]) => roomOf(path) === room)) {
      this.#elsewhere ??= this.#routerOf((path) => path === ANYWHERE);
      return this.#elsewhere;
    }
    const router = this.#routerOf((path) => path === ANYWHERE || roomOf(path) === room);
    this.#rooms.set(room, router);
    return router;
  }

  #routerOf(isIn: (path: string) => boolean): Router<T> {
    const router = new SmartRouter<T>({ routers: [new RegExpRouter(), new TrieRouter()] });
    for (const [method, path, handler] of this.#routes) if (isIn(path)) router.add(method, path, handler);
    return router;
  }
}

/** The beginning of a path, as far as it says which room answers. */
function roomOf(path: string): string {
  const end = path.indexOf("/", ROOM_START);
  return end < 0 ? path : path.slice(0, end);
}
