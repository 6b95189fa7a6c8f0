import { toRecording } from "../captures/to-reply.ts";
import { isoTime } from "../lib/values.ts";
import type { ScheduleEventRow } from "./queries.ts";
import { nextOccurrences } from "./recurrence.ts";
import type { Schedule, ScheduleEvent } from "./replies.ts";
import { type ScheduleRow, stateOf } from "./schedule-row.ts";

/** How many of its next occurrences a schedule is shown with. */
const SHOWN = 5;

/** Shows a schedule. @param now from when on its next occurrences are */
export function toSchedule(row: ScheduleRow, now: number): Schedule {
  const state = stateOf(row, now);
  return {
    id: row.id,
    name: row.name,
    envId: row.envId,
    owner: { id: row.ownerId, name: row.ownerName },
    cron: row.cron,
    rrule: row.rrule,
    timeZone: row.timeZone,
    start: row.start,
    captureName: row.captureName,
    duration: row.duration / 1000,
    ...toRecording(row),
    compare: row.compares === 1,
    keepLast: row.keepLast,
    captures: row.number,
    state,
    next: state === "active" ? nextOccurrences(row, now, SHOWN).map((at) => isoTime(at)) : [],
    pausedAt: isoTime(row.pausedAt),
    problem: row.problem,
    createdAt: isoTime(row.createdAt),
    updatedAt: isoTime(row.updatedAt),
  };
}

/** Shows what was done to a schedule. */
export const toScheduleEvent = ({ time, what, actor, actorName }: ScheduleEventRow): ScheduleEvent => ({
  time: isoTime(time),
  what,
  actor: actor === "cleanup" ? { type: actor } : { type: "user", id: actor, name: actorName },
});
