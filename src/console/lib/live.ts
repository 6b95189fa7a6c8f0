import { useEffect, useRef, useState } from "preact/hooks";
import type { LiveMessage } from "../api/types.ts";
import { usePolling, useVisible } from "./hooks.ts";

const FIRST_RETRY_MS = 2000;
const LONGEST_RETRY_MS = 60_000;
/** The close codes of the service that no new connection would mend: the capture has ended, or is not to be seen. */
const FINAL = new Set([1000, 4404]);

const POLL_MS = 5000;

/**
 * Follows a capture while it is live: through its WebSocket, and by polling while that does not work. A hidden tab does neither;
 * when it is seen again, it catches up.
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
  const [open, setOpen] = useState(false);
  const handlers = useRef({ onMessage, poll });
  handlers.current = { onMessage, poll };

  useEffect(() => {
    if (!following || !visible) return;
    let socket: WebSocket | undefined;
    let retry: ReturnType<typeof setTimeout> | undefined;
    let attempt = 0;
    const connect = () => {
      socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/captures/${id}/live`);
      socket.onopen = () => setOpen(true);
      socket.onmessage = ({ data }) => {
        attempt = 0;
        handlers.current.onMessage(JSON.parse(data as string) as LiveMessage);
      };
      socket.onclose = ({ code }) => {
        setOpen(false);
        // What the service says by closing, a request says better.
        handlers.current.poll();
        if (FINAL.has(code)) return;
        retry = setTimeout(connect, Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** attempt++));
      };
    };
    connect();
    return () => {
      clearTimeout(retry);
      if (socket !== undefined) socket.onclose = null;
      socket?.close();
      setOpen(false);
    };
  }, [id, following, visible]);

  usePolling(() => handlers.current.poll(), following && !open ? POLL_MS : null);
  return open;
}
