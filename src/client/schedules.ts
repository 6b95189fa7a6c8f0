import type * as z from "zod";
import type { Occurrences, Schedule, ScheduleEvent } from "../schedules/replies.ts";
import type * as schedules from "../schedules/schema.ts";
import type { Call, CallOptions, Transport } from "./transport.ts";

export type { Occurrences, Schedule, ScheduleEvent } from "../schedules/replies.ts";

/** A schedule to make: `duration` in seconds, `minDuration` in milliseconds. */
export type NewSchedule = z.input<ReturnType<typeof schedules.createSchema>>;
/** What to change of a schedule; what is absent stays, and null takes the default. */
export type ScheduleChanges = z.input<ReturnType<typeof schedules.changeSchema>>;
/** Which schedules to list. */
export interface ScheduleFilter {
  envId?: number | undefined;
  /** The size of a page, 1 to 100, not of the list. */
  limit?: number | undefined;
}
/** A rule, either of the two, and the time zone in which it is read; UTC if absent. */
export interface ScheduleRule {
  cron?: string | undefined;
  rrule?: string | undefined;
  timeZone?: string | undefined;
}
/** Options of the call that makes a schedule. */
export interface CreateScheduleOptions extends CallOptions {
  /** The key of the request, so that sending it again makes no second one; a new key unless given. */
  idempotencyKey?: string | undefined;
}

/** The calls of schedules. A pause or a resumption that may have been done is not retried; it does no harm to call it again. */
export function schedulesClient(transport: Transport) {
  const one = (method: Call["method"], id: number, more = "", call: Partial<Call> = {}): Call => ({
    method,
    path: `/api/schedules/${id}${more}`,
    ...call,
  });
  return {
    /** The schedules of all your environments, or of one, oldest first, read a page at a time. */
    async *list(
      filter: ScheduleFilter = {},
      options?: CallOptions,
    ): AsyncGenerator<Schedule, void, undefined> {
      let cursor: number | undefined;
      do {
        const query = { ...filter, cursor };
        const call: Call = { method: "GET", path: "/api/schedules", query, options };
        const page: { body: Schedule[]; headers: Headers } = await transport.read<Schedule[]>(call);
        yield* page.body;
        cursor = page.headers.has("link") ? page.body.at(-1)?.id : undefined;
      } while (cursor !== undefined);
    },
    /** Makes a schedule. The capture of its next occurrence waits from then on. */
    create: (
      schedule: NewSchedule,
      { idempotencyKey = crypto.randomUUID(), signal }: CreateScheduleOptions = {},
    ) =>
      transport.json<Schedule>({
        method: "POST",
        path: "/api/schedules",
        json: schedule,
        idempotencyKey,
        options: { signal },
      }),
    /** Shows a schedule, with its next five occurrences. */
    get: (id: number, options?: CallOptions) => transport.json<Schedule>(one("GET", id, "", { options })),
    /** Changes a schedule. Its captures that wait for their start are made anew. */
    update: (id: number, changes: ScheduleChanges, options?: CallOptions) =>
      transport.json<Schedule>(one("PUT", id, "", { json: changes, options })),
    /** Deletes a schedule, and shows it as it was. Its captures that have begun stay. */
    delete: (id: number, options?: CallOptions) =>
      transport.json<Schedule>(one("DELETE", id, "", { options })),
    /** Pauses a schedule. */
    pause: (id: number, options?: CallOptions) =>
      transport.json<Schedule>(one("POST", id, "/pause", { options })),
    /** Resumes a schedule, from its next occurrence on. */
    resume: (id: number, options?: CallOptions) =>
      transport.json<Schedule>(one("POST", id, "/resume", { options })),
    /** When the next captures of a schedule begin, up to 100; none while it is paused. */
    occurrences: (id: number, query: { limit?: number | undefined } = {}, options?: CallOptions) =>
      transport.json<Occurrences>(one("GET", id, "/occurrences", { query, options })),
    /** When captures of a rule would begin. */
    preview: (query: ScheduleRule & { limit?: number | undefined }, options?: CallOptions) =>
      transport.json<Occurrences>({
        method: "GET",
        path: "/api/schedules/occurrences",
        query: { ...query },
        options,
      }),
    /** A schedule's history, oldest first. */
    events: (id: number, options?: CallOptions) =>
      transport.json<ScheduleEvent[]>(one("GET", id, "/events", { options })),
  };
}
