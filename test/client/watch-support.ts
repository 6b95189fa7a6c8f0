import type { CaptureStatus, ClientOptions, LiveMessage } from "@captures/client";
import { expect } from "vitest";
import { clientOf, refusal } from "./support.ts";

/** A message of a capture. */
export const message = (status: CaptureStatus, records = 0, reason: string | null = null) =>
  ({ capture: { id: 7, status, reason }, workload: { records } }) as LiveMessage;

/** What somebody who watches was told, in short. */
export const told = ({ capture, workload }: LiveMessage) => `${capture.status} ${workload?.records}`;

/** Sends messages on a socket. */
export const say = (socket: WebSocket, ...messages: LiveMessage[]) => {
  for (const one of messages) socket.send(JSON.stringify(one));
};

/**
 * A service that opens sockets and answers requests.
 * @param connected is handed the service's end of each socket, with its number from 1; null refuses sockets
 * @param answer answers a request, with its number from 1; one that waits for a change as long as it asks for
 */
export function liveService(
  connected: ((socket: WebSocket, count: number) => void) | null,
  answer: (count: number) => Response | Error | LiveMessage = () => refusal(404),
  options: Partial<ClientOptions> = {},
) {
  /** What was asked for, in short: `socket`, `live` or `wait=N`. */
  const requests: string[] = [];
  let [sockets, answers] = [0, 0];
  let now: LiveMessage = message("RUNNING");
  const fetch = async (request: Request): Promise<Response> => {
    expect(request.headers.get("authorization")).toBe("Bearer captures_a-key");
    const { pathname, search } = new URL(request.url);
    if (request.headers.get("upgrade") === "websocket") {
      requests.push("socket");
      if (connected === null) return refusal(503);
      const { 0: client, 1: server } = new WebSocketPair();
      server.accept();
      connected(server, ++sockets);
      return new Response(null, { status: 101, webSocket: client });
    }
    if (pathname !== "/api/captures/7/live") {
      const seconds = Number(/^\?wait=(\d+)$/.exec(search)?.[1]);
      requests.push(`wait=${seconds}`);
      await new Promise((resolve, reject) => {
        setTimeout(resolve, seconds * 1000);
        request.signal.addEventListener("abort", () => reject(request.signal.reason));
      });
      return Response.json(now.capture);
    }
    requests.push("live");
    const reply = answer(++answers);
    if (reply instanceof Error) throw reply;
    if (reply instanceof Response) return reply;
    now = reply;
    return Response.json(reply);
  };
  return { requests, captures: clientOf("captures_a-key", { fetch, retries: 0, ...options }).captures };
}
