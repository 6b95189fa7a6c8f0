import type * as z from "zod";
import type {
  CalendarFeed,
  NewCalendarFeed,
  Occurrences,
  Schedule,
  ScheduleEvent,
} from "../schedules/replies.ts";
import type * as schedules from "../schedules/schema.ts";
import type { CallOptions, CreateOptions, Transport } from "./transport.ts";

export type {
  CalendarFeed,
  NewCalendarFeed,
  Occurrences,
  Schedule,
  ScheduleEvent,
} from "../schedules/replies.ts";

/** A schedule to make: `duration` in seconds, `minDuration` in milliseconds. */
export type NewSchedule = z.input<ReturnType<typeof schedules.createSchema>>;
/** What to change of a schedule; what is absent stays, and null takes the default. */
export type ScheduleChanges = z.input<ReturnType<typeof schedules.changeSchema>>;
/** Which schedules to list. */
export interface ScheduleFilter {
  envId?: number | undefined;
  state?: Schedule["state"] | undefined;
  /** Of this name. */
  name?: string | undefined;
  /** With this text in the name, in any letter case. */
  search?: string | undefined;
  /** The size of a page, 1 to 100, not of the list. */
  limit?: number | undefined;
}
/**
 * A rule, either of the two, the time zone in which it is read, UTC if absent, and from when on it comes and is counted: `start`, else
 * `createdAt`, else now.
 */
export interface ScheduleRule {
  cron?: string | undefined;
  rrule?: string | undefined;
  timeZone?: string | undefined;
  start?: string | undefined;
  createdAt?: string | undefined;
}
/** The calls of schedules. A pause or a resumption that may have been done is not retried; it does no harm to call it again. */
export function schedulesClient(transport: Transport) {
  const path = (id: number, more = "") => `/api/schedules/${id}${more}`;
  return {
    /** The schedules of all your environments, or of one, oldest first, read a page at a time. */
    list: (filter: ScheduleFilter = {}, options?: CallOptions) =>
      transport.list<Schedule>("/api/schedules", { ...filter }, options),
    /** Makes a schedule. The capture of its next occurrence waits from then on. */
    create: (schedule: NewSchedule, options?: CreateOptions) =>
      transport.create<Schedule>("/api/schedules", schedule, options),
    /** Shows a schedule, with its next five occurrences. */
    get: (id: number, options?: CallOptions) => transport.get<Schedule>(path(id), options),
    /** Changes a schedule. Its captures that wait for their start are made anew. */
    update: (id: number, changes: ScheduleChanges, options?: CallOptions) =>
      transport.change<Schedule>("PUT", path(id), options, changes),
    /** Deletes a schedule, and shows it as it was. Its captures that have begun stay. */
    delete: (id: number, options?: CallOptions) => transport.change<Schedule>("DELETE", path(id), options),
    /** Pauses a schedule. */
    pause: (id: number, options?: CallOptions) =>
      transport.change<Schedule>("POST", path(id, "/pause"), options),
    /** Resumes a schedule, from its next occurrence on; one that is over is refused with 409. */
    resume: (id: number, options?: CallOptions) =>
      transport.change<Schedule>("POST", path(id, "/resume"), options),
    /** When the next captures of a schedule begin, up to 100; none while it is paused, and when it is over. */
    occurrences: (id: number, query: { limit?: number | undefined } = {}, options?: CallOptions) =>
      transport.get<Occurrences>(path(id, "/occurrences"), options, query),
    /** When captures of a rule would begin. */
    preview: (query: ScheduleRule & { limit?: number | undefined }, options?: CallOptions) =>
      transport.get<Occurrences>("/api/schedules/occurrences", options, { ...query }),
    /** Whether your calendar has a secret address. With a session only, as the two below. */
    calendar: (options?: CallOptions) => transport.get<CalendarFeed>("/api/schedules/calendar", options),
    /** Gives your calendar a secret address for calendar programs, in the place of the one before. It is shown once. */
    makeCalendar: (options?: CallOptions) =>
      transport.change<NewCalendarFeed>("POST", "/api/schedules/calendar", options),
    /** Takes the address of your calendar away. */
    revokeCalendar: (options?: CallOptions) =>
      transport.change<CalendarFeed>("DELETE", "/api/schedules/calendar", options),
    /** A schedule's history, oldest first. */
    events: (id: number, options?: CallOptions) =>
      transport.get<ScheduleEvent[]>(path(id, "/events"), options),
  };
}
