import type { Credential } from "../db/caller.ts";
import { hasEnded } from "../db/states.ts";
import { type Env, positiveNumber, runnerOf } from "../env.ts";
import { sessionOf } from "../http/authentication.ts";
import type { AppContext } from "../http/context.ts";
import { readId } from "../http/input.ts";
import { requireOurOrigin } from "../http/origins.ts";
import { refuse } from "../http/refusals.ts";
import { describeError, log } from "../lib/log.ts";
import { findManifests, knownOf, withSources } from "../workload/live-or-stored.ts";
import type { WorkloadState } from "../workload/workload-state.ts";
import { see } from "./access.ts";
import type { CaptureRow } from "./capture-row.ts";
import { readCapture } from "./queries.ts";
import { refuseCapture, tooManySockets } from "./refusals.ts";
import { toLiveMessage } from "./to-reply.ts";

/*
 * `GET /api/captures/{id}/live`: a capture with what it has recorded so far. With `Upgrade: websocket` its runner sends it on a
 * WebSocket, at first and after every transition and collection, until the capture has ended. The sockets hibernate: between two
 * messages nothing of them is in memory. Each message is read for its receiver as GET would read it, so that somebody who may not
 * see the capture any more is sent nothing more of it.
 */

/** How often it is checked whether those who watch still may, in milliseconds, when nothing is sent. */
const RECHECK_MS = 60_000;

/** Why a socket is closed by the service. */
const CLOSE = {
  ended: [1000, "The capture has ended"],
  spoken: [1008, "Nothing is to be sent here"],
  unauthenticated: [4401, refuse.loginRequired().message],
  keyNotKnown: [4401, refuse.keyNotKnown().message],
  notFound: [4404, "Capture's environment not found"],
} as const satisfies Record<string, [number, string]>;

/** Who a socket is for, as the platform keeps it while the socket hibernates. */
interface Watcher {
  captureId: number;
  credential: Credential;
  /** The user's id; absent of a socket that was opened before it was kept, which counts for its capture alone. */
  userId?: string;
}

const WATCHER_HEADER = "X-Captures-Watcher";

/**
 * Opens the connection: authorised as GET is, in the same one round trip, then handed to the capture's runner. A request without an
 * upgrade is answered with what the first message would be.
 * @throws ApiError 403 to a WebSocket of another origin's page, since CORS does not hold those back; 409 when the caller watches
 *   too often, 503 when too many watch
 */
export async function openLive(c: AppContext): Promise<Response> {
  const id = await readId(c);
  const isWebSocket = c.req.header("upgrade")?.toLowerCase() === "websocket";
  if (isWebSocket && c.var.credential.kind === "session") requireOurOrigin(c);
  const found = await readCapture(c.var.db, c.var.credential, id, Date.now());
  const capture = see(found, refuseCapture.captureEnvironmentNotFound);
  const userId = c.get("callerId");
  if (!isWebSocket) {
    const isKept = capture.erasedAt === null;
    const known = isKept ? await findManifests(withSources(c.env, capture)) : null;
    return c.json(toLiveMessage(capture, known));
  }
  // The address is of this request only.
  const { address: _, ...credential } = c.var.credential;
  const watcher: Watcher = { captureId: id, credential, ...(userId && { userId }) };
  const { status, webSocket } = await runnerOf(c.env, id).fetch(c.req.url, {
    headers: { Upgrade: "websocket", [WATCHER_HEADER]: JSON.stringify(watcher) },
  });
  if (webSocket === null) {
    if (status === 409) throw tooManySockets(positiveNumber(c.env, "MAX_SOCKETS_OF_USER"));
    if (status !== 503) throw new Error(`The runner answered ${status} to a WebSocket`);
    throw refuseCapture.tooManyWatch();
  }
  // A new response, since middleware adds headers to it.
  return new Response(null, { status: 101, webSocket });
}

/** The sockets that watch a runner's capture. */
export class LiveSockets {
  readonly #state: DurableObjectState;
  readonly #env: Env;
  readonly #workload: () => WorkloadState | null;
  /** The capture's state as it was last sent; unknown after an eviction, and then sent once more. */
  #sent: string | undefined;
  /** When it was last checked whether all may watch; 0 after an eviction, and then checked once more. */
  #checkedAt = 0;

  constructor(state: DurableObjectState, env: Env, workload: () => WorkloadState | null) {
    this.#state = state;
    this.#env = env;
    this.#workload = workload;
  }

  /** Accepts a socket that `openLive` hands over, and sends it the capture. */
  async accept(request: Request): Promise<Response> {
    const watcher = JSON.parse(request.headers.get(WATCHER_HEADER) ?? "null") as Watcher | null;
    if (watcher === null) return new Response(null, { status: 400 });
    // Sockets of those who may not watch any more do not count.
    if (this.#refusalOf(watcher) !== null) await this.#tell(this.#open(), false);
    const status = this.#refusalOf(watcher);
    if (status !== null) return new Response(null, { status });
    const { 0: client, 1: server } = new WebSocketPair();
    this.#state.acceptWebSocket(server);
    // The platform answers pings without waking this object.
    this.#state.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    server.serializeAttachment(watcher);
    // Read after it is accepted: no transition is missed in between.
    await this.#tell([server]);
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Why there is no room for another socket: 409 of its user, 503 of its capture. Null when there is. */
  #refusalOf({ userId }: Watcher): 409 | 503 | null {
    const open = this.#open();
    const theirs = open.filter((one) => (one.deserializeAttachment() as Watcher).userId === userId);
    if (userId !== undefined && theirs.length >= positiveNumber(this.#env, "MAX_SOCKETS_OF_USER")) return 409;
    return open.length >= positiveNumber(this.#env, "MAX_SOCKETS") ? 503 : null;
  }

  /** Closes a socket that sent something: they are there to listen. */
  refuseMessage(socket: WebSocket): void {
    socket.close(...CLOSE.spoken);
  }

  /**
   * Answers a close, without which the other end waits on (RFC 6455, section 5.5.1): the runtime does not do it for a socket that may
   * hibernate.
   */
  answerClose(socket: WebSocket): void {
    socket.close();
  }

  /** Sends all a transition, that the capture has other times, or that it was deleted, once. */
  async transitioned({
    status,
    scheduledStart,
    scheduledEnd,
    deletedAt,
  }: Pick<CaptureRow, "status" | "scheduledStart" | "scheduledEnd"> & {
    deletedAt: number | null;
  }): Promise<void> {
    const now = `${status} ${scheduledStart} ${scheduledEnd} ${deletedAt}`;
    if (now === this.#sent) return;
    this.#sent = now;
    await this.progressed();
  }

  /** Sends all the capture as it is now. */
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

  /** Without those that were closed here: the platform keeps them until the other end has answered, if it ever does. */
  #open(): WebSocket[] {
    return this.#state.getWebSockets().filter(({ readyState }) => readyState === WebSocket.OPEN);
  }

  /** @param isNews whether to send the message; else only who may not see it is closed */
  async #tell(sockets: WebSocket[], isNews = true): Promise<void> {
    // Several sockets of one person need one query.
    const byWatcher = Map.groupBy(sockets, (socket) => JSON.stringify(socket.deserializeAttachment()));
    await Promise.all(
      [...byWatcher].map(([watcher, theirs]) => this.#tellOne(JSON.parse(watcher), theirs, isNews)),
    );
  }

  async #tellOne({ captureId, credential }: Watcher, sockets: WebSocket[], isNews: boolean): Promise<void> {
    try {
      // By the configuration of now, not of when the socket was opened.
      const asking = credential.kind === "session" ? sessionOf(this.#env, credential.value) : credential;
      const seen = await readCapture(this.#env.DB, asking, captureId, Date.now());
      const close = (why: readonly [number, string]) => {
        for (const socket of sockets) socket.close(...why);
      };
      if (seen.caller === null) {
        return close(credential.kind === "apiKey" ? CLOSE.keyNotKnown : CLOSE.unauthenticated);
      }
      if (seen.found === null) return close(CLOSE.notFound);
      const state = this.#workload();
      const message = JSON.stringify(toLiveMessage(seen.found, state && knownOf(seen.found, state)));
      if (isNews) for (const socket of sockets) socket.send(message);
      if (hasEnded(seen.found.status)) close(CLOSE.ended);
    } catch (error) {
      // A failure here must not stop the capture. The next message has all that this one would have had.
      log.warn("capture.live.failed", { captureId, ...describeError(error) });
    }
  }
}
