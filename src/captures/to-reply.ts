import { isoTime } from "../lib/values.ts";
import type { KnownManifests } from "../workload/live-or-stored.ts";
import { toCounts, toProblem } from "../workload/to-reply.ts";
import type { CaptureRow } from "./capture-row.ts";
import type { EventRow } from "./queries.ts";
import type { Capture, CaptureEvent, LiveMessage } from "./replies.ts";

/* How captures are shown: from rows of the database to the API's replies. With every change of `toCapture`, see etags.ts. */

/** Shows a capture. */
export function toCapture(row: CaptureRow): Capture {
  return {
    id: row.id,
    name: row.name,
    start: isoTime(row.start),
    scheduledStart: isoTime(row.scheduledStart),
    scheduledEnd: isoTime(row.scheduledEnd),
    end: isoTime(row.end),
    status: row.status,
    envId: row.envId,
    type: "CAPTURE",
    reason: row.reason,
  };
}

/** Shows one transition. */
export function toEvent(event: EventRow): CaptureEvent {
  const { actor } = event;
  return {
    time: isoTime(event.time),
    from: event.from,
    to: event.to,
    actor:
      actor === "runner" || actor === "cleanup"
        ? { type: actor }
        : { type: "user", id: actor, name: event.actorName },
    reason: event.reason,
  };
}

/** Shows a capture with what it has recorded so far, which is null before it began. */
export function toLiveMessage(capture: CaptureRow, known: KnownManifests | null): LiveMessage {
  if (known === null) return { capture: toCapture(capture), workload: null };
  return {
    capture: toCapture(capture),
    workload: { ...toCounts(known.manifests), problem: toProblem(known.live?.problem ?? null) },
  };
}
