import type { Capture, LiveMessage } from "../client/index.ts";
import { hasEnded } from "../db/states.ts";
import { progressOf, type Seen } from "./capture-progress.ts";
import type { Cli, Service } from "./cli.ts";
import { showProgress } from "./terminal/progress.ts";

/** How a capture is followed. */
export interface FollowOptions {
  /** Whether it has come as far as it was waited for. What has ended is never waited for any longer. */
  until?: (capture: Capture) => boolean;
  /** Told of each message, besides what is shown. */
  onMessage?: (message: LiveMessage) => void;
  /**
   * Takes Ctrl-C on itself: it is called with the capture as it is known, while nothing is shown, and what it throws ends the
   * following. The signal ends when the capture does.
   */
  onInterrupt?: (capture: Capture, signal: AbortSignal) => Promise<void>;
}

/** A terminal's line is drawn so often, since the time that is left goes on. */
const TICK_MS = 1000;

/**
 * Shows how a capture gets on until it has ended, or has come far enough.
 * @returns the capture as it is then
 */
export async function follow(
  cli: Cli,
  service: Service,
  id: number,
  { until = () => false, onMessage, onInterrupt }: FollowOptions = {},
): Promise<Capture> {
  const progress = showProgress(cli);
  const over = new AbortController();
  const signal = AbortSignal.any([service.signal, over.signal]);
  let seen: Seen | null = null;
  let isAsking = false;
  const draw = () => {
    if (seen !== null && !isAsking) progress.update(progressOf(seen, Date.now()));
  };
  const ticking = setInterval(draw, TICK_MS);
  const release =
    onInterrupt &&
    cli.takeInterrupt(() => {
      if (isAsking || seen === null) return;
      isAsking = true;
      progress.clear();
      onInterrupt(seen.capture, signal)
        .catch((reason) => over.abort(reason))
        .finally(() => {
          isAsking = false;
        });
    });
  try {
    for await (const message of service.client.captures.watch(id, { signal })) {
      onMessage?.(message);
      const { capture } = message;
      if (hasEnded(capture.status) || until(capture)) return capture;
      seen = { ...message, behindBy: await behindBy(service, capture, signal) };
      draw();
    }
    return await service.client.captures.get(id, { signal });
  } finally {
    clearInterval(ticking);
    release?.();
    progress.clear();
    over.abort();
  }
}

/** By how many seconds a running capture's log may be ahead. It is one more thing to show, and nothing fails without it. */
async function behindBy(
  { client }: Service,
  { id, status }: Capture,
  signal: AbortSignal,
): Promise<number | null> {
  if (status !== "RUNNING" && status !== "STOPPING") return null;
  const workload = await client.captures.workload(id, { signal }).catch(() => null);
  signal.throwIfAborted();
  return workload?.live?.behindBy ?? null;
}
