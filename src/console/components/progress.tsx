import type { Capture } from "../api/types.ts";
import { formatCount, formatDuration } from "../lib/format.ts";
import { useNow } from "../lib/hooks.ts";

/** How far a running capture is: a bar with the time that is left, and what it has recorded so far. */
export function Progress({ capture, statements }: { capture: Capture; statements: number | null }) {
  const now = useNow();
  const start = capture.start === null ? now : Date.parse(capture.start);
  const so = statements === null ? "" : ` · ${formatCount(statements)} statements`;
  if (capture.scheduledEnd === null) {
    return (
      <div class="progress">
        <progress aria-label="Runs until it is stopped" />
        <span>
          {formatDuration(now - start)} so far{so}
        </span>
      </div>
    );
  }
  const end = Date.parse(capture.scheduledEnd);
  const done = Math.min(1, Math.max(0, (now - start) / Math.max(1, end - start)));
  return (
    <div class="progress">
      <progress aria-label="Time that has passed" max={1} value={done} />
      <span>
        {now < end ? `${formatDuration(end - now)} left` : "ending"}
        {so}
      </span>
    </div>
  );
}
