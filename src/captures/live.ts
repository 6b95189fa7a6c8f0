import type { Credential } from "../db/caller.ts";
import { hasEnded } from "../db/states.ts";
import { type Env, runnerOf } from "../env.ts";
import type { AppContext } from "../http/context.ts";
import { readId } from "../http/input.ts";
import { requireOurOrigin } from "../http/origins.ts";
import { refuse } from "../http/refusals.ts";
import { describeError, log } from "../lib/log.ts";
import { findManifest } from "../workload/live-or-stored.ts";
import { isGrowing, type WorkloadState } from "../workload/workload-state.ts";
import { see, withRunner } from "./access.ts";
import type { CaptureRow } from "./capture-row.ts";
import { readCapture } from "./queries.ts";
import { toLiveMessage } from "./to-reply.ts";

/*
 * `GET /api/captures/{id}/live`: how a capture is, with what it has recorded so far. With `Upgrade: websocket` its runner says it on
 * a WebSocket, at first and after every move and collection, until it has ended. The sockets hibernate: between two messages
 * nothing of them is in memory. Each message is read for its receiver as GET would read it, so that who may not see the capture
 * any more hears nothing more of it.
 */

/** How many may watch one capture; the others can ask now and then. */
const MAX_SOCKETS = 100;
/** How often it is asked whether those who watch still may, in milliseconds, when nothing else is told. */
const RECHECK_MS = 60_000;

/** Why a socket is closed by the service. */
const CLOSE = {
  ended: [1000, "The capture has ended"],
  spoken: [1008, "Nothing is to be sent here"],
  unauthenticated: [4401, "Login required"],
  notFound: [4404, "Capture's environment not found"],
} as const satisfies Record<string, [number, string]>;

/** Who a socket is for, as the platform keeps it while the socket hibernates. */
interface Watcher {
  captureId: number;
  credential: Credential;
}

const WATCHER_HEADER = "X-Captures-Watcher";

/**
 * Opens the connection: authorised as GET is, in the same one round trip, then handed to the capture's runner. Who asks for no
 * WebSocket is answered what its first message would be.
 * @throws ApiError 403 to a WebSocket of another origin's page, since CORS does not hold those back; 503 when too many watch
 */
export async function openLive(c: AppContext): Promise<Response> {
  const id = await readId(c);
  const isWebSocket = c.req.header("upgrade")?.toLowerCase() === "websocket";
  if (isWebSocket && c.var.credential.kind === "session") requireOurOrigin(c);
  const found = await readCapture(c.var.db, c.var.credential, id, Date.now());
  const capture = see(found, refuse.captureEnvironmentNotFound);
  if (!isWebSocket)
    return c.json(toLiveMessage(capture, await findManifest(c.env.BUCKET, withRunner(c, capture))));
  const watcher: Watcher = { captureId: id, credential: c.var.credential };
  const { status, webSocket } = await runnerOf(c.env, id).fetch(c.req.url, {
    headers: { Upgrade: "websocket", [WATCHER_HEADER]: JSON.stringify(watcher) },
  });
  if (webSocket === null) {
    if (status !== 503) throw new Error(`The runner answered ${status} to a WebSocket`);
    throw refuse.tooManyWatch();
  }
  // Of its own, since middleware adds headers to it, all but the one that Hono has prepared for replies of its making.
  return new Response(null, { status: 101, webSocket, headers: { "X-Request-Id": c.var.requestId } });
}

/** The sockets that watch a runner's capture. */
export class LiveSockets {
  readonly #state: DurableObjectState;
  readonly #env: Env;
  readonly #workload: () => WorkloadState | null;
  /** How the capture was when it was last told; unknown after an eviction, and then told once more. */
  #told: string | undefined;
  /** When it was last asked whether all may watch; 0 after an eviction, and then asked once more. */
  #checkedAt = 0;

  constructor(state: DurableObjectState, env: Env, workload: () => WorkloadState | null) {
    this.#state = state;
    this.#env = env;
    this.#workload = workload;
  }

  /** Accepts a socket that `openLive` hands over, and tells it how the capture is. */
  async accept(request: Request): Promise<Response> {
    const watcher = JSON.parse(request.headers.get(WATCHER_HEADER) ?? "null") as Watcher | null;
    if (watcher === null) return new Response(null, { status: 400 });
    // Before somebody is turned away, those leave who may not watch any more.
    if (this.#open().length >= MAX_SOCKETS) await this.#tell(this.#open(), false);
    if (this.#open().length >= MAX_SOCKETS) return new Response(null, { status: 503 });
    const { 0: client, 1: server } = new WebSocketPair();
    this.#state.acceptWebSocket(server);
    // Answered without waking anything.
    this.#state.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    server.serializeAttachment(watcher);
    // Read once it is a watcher: no move can come between.
    await this.#tell([server]);
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Closes a socket that sent something: they are there to listen. */
  refuseMessage(socket: WebSocket): void {
    socket.close(...CLOSE.spoken);
  }

  /** Tells all of a move, or that the capture was deleted; nothing when they know. */
  async moved({
    status,
    deletedAt,
  }: Pick<CaptureRow, "status"> & { deletedAt: number | null }): Promise<void> {
    const now = `${status} ${deletedAt}`;
    if (now === this.#told) return;
    this.#told = now;
    await this.progressed();
  }

  /** Tells all how the capture is now. */
  async progressed(): Promise<void> {
    this.#checkedAt = Date.now();
    await this.#tell(this.#open());
  }

  /**
   * Closes the sockets of those who are signed out or may not see the capture any more, once in a while.
   * @returns when to do it again, in milliseconds since the epoch; null when nobody watches
   */
  async recheck(): Promise<number | null> {
    const now = Date.now();
    if (now >= this.#checkedAt + RECHECK_MS) {
      this.#checkedAt = now;
      await this.#tell(this.#open(), false);
    }
    return this.#open().length === 0 ? null : this.#checkedAt + RECHECK_MS;
  }

  /** The platform keeps one that was closed here until its other end has answered, which that may never do. */
  #open(): WebSocket[] {
    return this.#state.getWebSockets().filter(({ readyState }) => readyState === WebSocket.OPEN);
  }

  /** @param isNews whether to send the message; else only who may not see it is closed */
  async #tell(sockets: WebSocket[], isNews = true): Promise<void> {
    // Several of one person are asked about once.
    const byWatcher = Map.groupBy(sockets, (socket) => JSON.stringify(socket.deserializeAttachment()));
    await Promise.all(
      [...byWatcher].map(([watcher, theirs]) => this.#tellOne(JSON.parse(watcher), theirs, isNews)),
    );
  }

  async #tellOne({ captureId, credential }: Watcher, sockets: WebSocket[], isNews: boolean): Promise<void> {
    try {
      const seen = await readCapture(this.#env.DB, credential, captureId, Date.now());
      const close = (why: readonly [number, string]) => {
        for (const socket of sockets) socket.close(...why);
      };
      if (seen.caller === null) return close(CLOSE.unauthenticated);
      if (seen.found === null) return close(CLOSE.notFound);
      const state = this.#workload();
      const live = state !== null && isGrowing(seen.found.status) ? state : null;
      const message = JSON.stringify(toLiveMessage(seen.found, state && { manifest: state.manifest, live }));
      if (isNews) for (const socket of sockets) socket.send(message);
      if (hasEnded(seen.found.status)) close(CLOSE.ended);
    } catch (error) {
      // Who watches must not keep the capture from going on. The next message says all that this one would have said.
      log.warn("capture.live.failed", { captureId, ...describeError(error) });
    }
  }
}
