import { useEffect, useRef, useState } from "preact/hooks";
import type { LiveMessage } from "../api/types.ts";
import { usePolling, useVisible } from "./hooks.ts";
import { useSession } from "./session.ts";

const FIRST_RETRY_MS = 2000;
const LONGEST_RETRY_MS = 60_000;
/** The close codes after which there is no reconnection: the capture has ended, or may not be seen. */
const FINAL = new Set([1000, 4404]);

const POLL_MS = 5000;
/** How often the service is asked whether it is still there: a connection can be lost silently. */
const PING_MS = 20_000;
/** How long the answer may take. The platform answers without waking the Durable Object. */
const PONG_MS = 10_000;

/**
 * Follows a capture while it is live: through its WebSocket, and by polling while that does not work. A hidden tab does neither, nor
 * one whose session has ended; when it is seen again, or somebody signed in, it catches up.
 * @param following whether there is anything to follow
 * @returns whether the socket is open
 */
export function useLive(
  id: number,
  following: boolean,
  onMessage: (message: LiveMessage) => void,
  poll: () => void,
): boolean {
  const visible = useVisible();
  const { lost } = useSession();
  const [open, setOpen] = useState(false);
  const handlers = useRef({ onMessage, poll });
  handlers.current = { onMessage, poll };

  useEffect(() => {
    if (!following || !visible || lost) return;
    let socket: WebSocket | undefined;
    let retry: ReturnType<typeof setTimeout> | undefined;
    let heartbeat: ReturnType<typeof setTimeout> | undefined;
    let attempt = 0;
    const connect = () => {
      const opened = new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/captures/${id}/live`);
      socket = opened;
      const ping = () => {
        opened.send("ping");
        heartbeat = setTimeout(() => {
          // Its close event may take as long as the network's own timeout.
          abandon(opened);
          closed(0);
        }, PONG_MS);
      };
      const closed = (code: number) => {
        clearTimeout(heartbeat);
        setOpen(false);
        // A request gives a better reason than a close code.
        handlers.current.poll();
        if (FINAL.has(code)) return;
        retry = setTimeout(connect, Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** attempt++));
      };
      opened.onopen = () => {
        setOpen(true);
        heartbeat = setTimeout(ping, PING_MS);
      };
      opened.onmessage = ({ data }) => {
        attempt = 0;
        clearTimeout(heartbeat);
        heartbeat = setTimeout(ping, PING_MS);
        if (data !== "pong") handlers.current.onMessage(JSON.parse(data as string) as LiveMessage);
      };
      opened.onclose = ({ code }) => closed(code);
    };
    connect();
    return () => {
      clearTimeout(retry);
      clearTimeout(heartbeat);
      if (socket !== undefined) abandon(socket);
      setOpen(false);
    };
  }, [id, following, visible, lost]);

  usePolling(() => handlers.current.poll(), following && !open ? POLL_MS : null);
  return open;
}

/** Closes a socket and ignores what still arrives from it. */
function abandon(socket: WebSocket): void {
  socket.onopen = null;
  socket.onmessage = null;
  socket.onclose = null;
  socket.close();
}
