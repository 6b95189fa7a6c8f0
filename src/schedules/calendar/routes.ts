import { Hono } from "hono";
import { unknownCaller } from "../../http/authentication.ts";
import { type App, type AppContext, noteCaller } from "../../http/context.ts";
import { limitPolls } from "../../http/rate-limits.ts";
import { signedIn } from "../../http/signed-in.ts";
import { bySession } from "../../identity/by-session.ts";
import { sha256 } from "../../lib/hash.ts";
import { randomToken } from "../../lib/random-text.ts";
import { isoTime } from "../../lib/values.ts";
import { nextOccurrences } from "../recurrence.ts";
import { refuseSchedule } from "../refusals.ts";
import type { CalendarFeed, NewCalendarFeed } from "../replies.ts";
import { type CalendarEvent, toICalendar } from "./icalendar.ts";
import { type Calendar, type FeedRow, makeFeed, readCalendar, readFeed, revokeFeed } from "./store.ts";

/** How many occurrences of each schedule a calendar has. */
const OCCURRENCES = 10;

/**
 * `/api/schedules/calendar`: what is scheduled, for calendar programs. These can't send a header, so that the calendar has a secret
 * address, which reads it and can do nothing else. The address is made and revoked with a session: a key must not leave a way in behind
 * that outlives it.
 */
export const calendarRoutes = new Hono<App>()
  // The token is in the query, which no line of the log has.
  .get("/calendar.ics", limitPolls, async (c) => {
    const token = c.req.query("token") ?? "";
    const calendar = await readCalendar(c.get("db"), await sha256(token));
    if (calendar === null) throw refuseSchedule.calendarNotFound();
    noteCaller(calendar.caller);
    const events = eventsOf(calendar, new URL(c.req.url), Date.now());
    return c.body(toICalendar("Captures", events), 200, {
      "Content-Type": "text/calendar; charset=utf-8",
      "Content-Disposition": 'inline; filename="captures.ics"',
    });
  })

  .use("/calendar", bySession, signedIn)

  .get("/calendar", async (c) => {
    const feed = known(await readFeed(c.get("db"), c.get("credential"), Date.now()));
    return c.json({ createdAt: isoTime(feed.createdAt) } satisfies CalendarFeed);
  })

  .post("/calendar", async (c) => {
    const token = randomToken();
    const now = Date.now();
    known(await makeFeed(c.get("db"), c.get("credential"), await sha256(token), now));
    const url = `${new URL(c.req.url).origin}/api/schedules/calendar.ics?token=${token}`;
    return c.json({ url, createdAt: isoTime(now) } satisfies NewCalendarFeed, 201);
  })

  .delete("/calendar", async (c: AppContext) => {
    known(await revokeFeed(c.get("db"), c.get("credential"), Date.now()));
    return c.json({ createdAt: null } satisfies CalendarFeed);
  });

function known(feed: FeedRow | null): FeedRow {
  if (feed === null) throw unknownCaller();
  noteCaller(feed.caller);
  return feed;
}

/**
 * The events of a calendar: captures that wait, and the next occurrences of schedules. An occurrence is the same event before and after
 * its capture is made.
 */
function eventsOf({ captures, schedules }: Calendar, { origin, host }: URL, now: number): CalendarEvent[] {
  const occurrence = (scheduleId: number, at: number) => `schedule-${scheduleId}-${isoTime(at)}@${host}`;
  const events = captures.map(
    ({ id, name, environment, start, end, scheduleId, occurrence: at, createdAt }): CalendarEvent => ({
      uid: scheduleId === null || at === null ? `capture-${id}@${host}` : occurrence(scheduleId, at),
      ...{ start, end, changedAt: createdAt },
      summary: `Capture ${name} (${environment})`,
      description: end === null ? "Runs until it is stopped." : "Waits for its start.",
      url: `${origin}/captures/${id}`,
    }),
  );
  const there = new Set(events.map(({ uid }) => uid));
  for (const schedule of schedules) {
    const { id, name, environment, duration, updatedAt } = schedule;
    for (const start of nextOccurrences(schedule, now, OCCURRENCES)) {
      const uid = occurrence(id, start);
      if (there.has(uid)) continue;
      events.push({
        ...{ uid, start, end: start + duration, changedAt: updatedAt },
        summary: `Capture of ${name} (${environment})`,
        description: `The schedule ${name} makes it.`,
        url: `${origin}/schedules/${id}`,
      });
    }
  }
  return events;
}
