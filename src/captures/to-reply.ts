import { withoutPrincipalsOrNull } from "../aws/principals.ts";
import { isoTime } from "../lib/values.ts";
import type { KnownManifests } from "../workload/live-or-stored.ts";
import { toCounts, toProblem } from "../workload/to-reply.ts";
import type { CaptureRow, FullCaptureRow, Situation } from "./capture-row.ts";
import { readLabels } from "./labels.ts";
import type { RecordingOptions } from "./plan.ts";
import type { EventRow } from "./queries.ts";
import type { Capture, CaptureEvent, FullCapture, LiveMessage } from "./replies.ts";

/*
 * How captures are shown: from rows of the database to the API's replies. With every change of `toCapture` or `toFullCapture`, see
 * etags.ts. Reasons and obstacles from before names of users and roles were left out are shown without them.
 */

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
    reason: withoutPrincipalsOrNull(row.reason),
  };
}

/**
 * Shows a capture with all that is known of it but its workload.
 * @param keptFor how long the data of a deleted capture is kept, in milliseconds
 */
export function toFullCapture(row: FullCaptureRow, keptFor: number): FullCapture {
  return {
    ...toCapture(row),
    owner: { id: row.ownerId, name: row.ownerName },
    createdAt: isoTime(row.createdAt),
    duration: row.duration === null ? null : row.duration / 1000,
    backDated: row.backDated === 1,
    ...toRecording(row),
    failedFrom: row.failedFrom,
    ...toSituation(row),
    schedule:
      row.scheduleId === null ? null : { id: row.scheduleId, name: row.scheduleName ?? "", base: row.baseId },
    erased:
      row.erasedAt === null
        ? null
        : {
            at: isoTime(row.erasedAt),
            why: row.erasedWhy ?? "request",
            metricsAt: isoTime(row.metricsErasedAt),
          },
    deletedAt: isoTime(row.deletedAt),
    restorableUntil: isoTime(row.deletedAt === null ? null : row.deletedAt + keptFor),
  };
}

/** Shows how a capture, or each of a schedule, records, and what people put on it. */
export const toRecording = (row: RecordingOptions & { labels: string; notes: string | null }) => ({
  log: row.log,
  minDuration: row.log === "general" ? null : row.minDurationMicros / 1000,
  redact: row.redact,
  maxBytes: row.maxBytes,
  labels: readLabels(row.labels),
  notes: row.notes,
});

/** Shows how a capture gets on. */
function toSituation({
  obstacle,
  clusterRoleAtStart: atStart,
  clusterRole: now,
}: Situation): Pick<FullCapture, "obstacle" | "clusterRole"> {
  return {
    obstacle: withoutPrincipalsOrNull(obstacle),
    clusterRole: atStart === null && now === null ? null : { atStart, now },
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
      actor === "runner" || actor === "cleanup" || actor === "schedule"
        ? { type: actor }
        : { type: "user", id: actor, name: event.actorName },
    reason: withoutPrincipalsOrNull(event.reason),
  };
}

/** Shows a capture with how it gets on, and with what it has recorded so far, which is null before it began. */
export function toLiveMessage(capture: CaptureRow & Situation, known: KnownManifests | null): LiveMessage {
  const shown = { capture: toCapture(capture), ...toSituation(capture) };
  if (known === null) return { ...shown, workload: null };
  return {
    ...shown,
    workload: { ...toCounts(known.manifests), problem: toProblem(known.live?.problem ?? null) },
  };
}
