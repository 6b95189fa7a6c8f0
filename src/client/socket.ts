import { CapturesError } from "./error.ts";

/*
 * A WebSocket of the API, on every platform that has one. The key has to be sent in a header: Node.js, Deno, Bun and the package ws
 * take headers where browsers take protocols, and a Worker opens sockets by `fetch`. In a browser a socket has the session's cookie,
 * and none can be opened with a key.
 */

/** As much of a WebSocket as is needed: that of a browser, Node.js, Deno, Bun, a Worker, or the package ws. */
export interface WebSocketLike {
  send(text: string): void;
  close(): void;
  /** Only a Worker's socket has it. */
  accept?: (() => void) | undefined;
  /** Only a message has data. */
  addEventListener(
    type: "message" | "close" | "error",
    listener: (event: { type: string; data?: unknown }) => void,
  ): void;
}

/** A class of WebSockets. Its second argument are the protocols or, where the platform takes them, options with `headers`. */
export type WebSocketClass = new (address: string, options?: never) => WebSocketLike;

/** How long the first message may take, with all that comes before it. */
const FIRST_MS = 10_000;
/** After how long a silence the service is asked whether it is still there: a connection can be lost silently. */
const PING_MS = 20_000;
/** How long the answer may take. */
const PONG_MS = 10_000;

/** What arrives when a socket has broken, or was closed. */
const CLOSED = Symbol("closed");

/**
 * How sockets are opened here: by the platform's class, or by `fetch` in a Worker; null where there is none.
 * @param isOtherFetch whether requests are sent with another `fetch` than the platform's, which a class would go past
 */
export function platformSocket(isOtherFetch: boolean): WebSocketClass | "fetch" | null {
  if ("WebSocketPair" in globalThis) return "fetch";
  const { WebSocket = null } = globalThis as { WebSocket?: WebSocketClass };
  return isOtherFetch ? null : WebSocket;
}

/**
 * Opens a socket by `fetch`, as a Worker does.
 * @throws CapturesError when the reply is no socket
 */
export async function openByFetch(
  request: Request,
  send: (request: Request) => Promise<Response>,
): Promise<WebSocketLike> {
  const headers = new Headers(request.headers);
  headers.set("Upgrade", "websocket");
  const reply = await send(new Request(request, { headers }));
  const { webSocket } = reply as { webSocket?: WebSocketLike | null };
  if (!webSocket) throw new CapturesError("The service opened no WebSocket", { status: reply.status });
  return webSocket;
}

/**
 * Opens a socket by a class, where that is possible.
 * @returns null in a browser if there is a key to send
 */
export function openByClass(request: Request, Socket: WebSocketClass): WebSocketLike | null {
  const address = request.url.replace(/^http/, "ws");
  const Authorization = request.headers.get("authorization");
  try {
    return Authorization === null
      ? new Socket(address)
      : new Socket(address, { headers: { Authorization } } as never);
  } catch {
    // A browser takes the second argument for a protocol, and refuses it.
    return null;
  }
}

/**
 * The texts that a socket receives, until it breaks, falls silent, or is closed. Who stops reading closes it.
 * @throws what the signal was aborted with
 */
export async function* textsOf(
  socket: WebSocketLike,
  signal?: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const events: unknown[] = [];
  let wake = () => {};
  const add = (event: unknown) => {
    events.push(event);
    wake();
  };
  socket.addEventListener("message", ({ data }) => add(data));
  for (const type of ["close", "error"] as const) socket.addEventListener(type, () => add(CLOSED));
  const abort = () => wake();
  signal?.addEventListener("abort", abort);
  socket.accept?.();
  /** The next event; undefined when there is none for so long. */
  const next = async (milliseconds: number) => {
    signal?.throwIfAborted();
    if (events.length === 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      signal?.throwIfAborted();
    }
    return events.shift();
  };
  try {
    for (let event = await next(FIRST_MS); typeof event === "string"; ) {
      if (event !== "pong") yield event;
      event = await next(PING_MS);
      if (event !== undefined) continue;
      socket.send("ping");
      event = await next(PONG_MS);
    }
  } finally {
    signal?.removeEventListener("abort", abort);
    socket.close();
  }
}
