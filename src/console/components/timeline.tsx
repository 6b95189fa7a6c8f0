import type { CaptureEvent } from "../api/types.ts";
import { formatDuration } from "../lib/format.ts";
import type { Resource } from "../lib/hooks.ts";
import { Loaded } from "./loading.tsx";
import { StatusBadge } from "./status.tsx";
import { Time } from "./time.tsx";

/** What has happened to a capture, in its order. */
export function Timeline({ events }: { events: Resource<CaptureEvent[]> }) {
  return (
    <section class="card" aria-labelledby="timeline-title">
      <h2 id="timeline-title">Timeline</h2>
      <Loaded resource={events} what="the timeline" lines={4}>
        {(known) => (
          <ol class="timeline">
            {known.map((event, i) => (
              <li key={`${event.time} ${event.to}`}>
                <StatusBadge status={event.to} />
                <span>
                  <Time at={event.time} precise />
                  {i > 0 && <span class="muted timeline-since"> +{since(known[i - 1], event)}</span>}
                </span>
                <span class="muted">by {actorName(event.actor)}</span>
                {event.reason !== null && <span class="timeline-reason">{event.reason}</span>}
              </li>
            ))}
          </ol>
        )}
      </Loaded>
    </section>
  );
}

function since(before: CaptureEvent | undefined, event: CaptureEvent): string {
  const passed = Date.parse(event.time) - Date.parse(before?.time ?? event.time);
  return passed < 1000 ? `${passed}ms` : formatDuration(passed);
}

function actorName(actor: CaptureEvent["actor"]): string {
  switch (actor.type) {
    case "user":
      return actor.name ?? "somebody who has left";
    case "runner":
      return "the service";
    case "cleanup":
      return "the service's clean-up";
    case "schedule":
      return "its schedule";
  }
}
