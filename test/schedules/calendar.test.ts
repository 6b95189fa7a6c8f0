import { env } from "cloudflare:workers";
import ICAL from "ical.js";
import { beforeAll, describe, expect, test } from "vitest";
import { toICalendar } from "../../src/schedules/calendar/icalendar.ts";
import type { CalendarFeed, NewCalendarFeed } from "../../src/schedules/replies.ts";
import {
  addMember,
  byKey,
  type Cast,
  createCapture,
  createCast,
  expectRefusal,
  linesOf,
  type Person,
  personWith,
  request,
} from "../support/api.ts";
import { inFuture } from "../support/time.ts";
import { createSchedule } from "./support.ts";

const PATH = "/api/schedules/calendar";
const DAY = 86_400_000;

let cast: Cast;
beforeAll(async () => {
  cast = await createCast();
});

/** The events of a calendar, as somebody else's parser reads them. */
function parsed(text: string) {
  const calendar = new ICAL.Component(ICAL.parse(text));
  return calendar.getAllSubcomponents("vevent").map((one) => {
    const event = new ICAL.Event(one);
    return {
      uid: event.uid,
      summary: event.summary,
      description: event.description,
      start: event.startDate.toJSDate().toISOString(),
      zone: event.startDate.zone.tzid,
      end: one.hasProperty("dtend") ? event.endDate.toJSDate().toISOString() : null,
      url: one.getFirstPropertyValue("url"),
    };
  });
}

async function addressOf(person: Person): Promise<string> {
  const { status, body } = await person.post<NewCalendarFeed>(PATH);
  expect(status).toBe(201);
  const { pathname, search } = new URL(body.url);
  return pathname + search;
}

async function read(address: string) {
  const reply = await request<string>("GET", address);
  expect(reply.status).toBe(200);
  expect(reply.headers.get("content-type")).toBe("text/calendar; charset=utf-8");
  return parsed(reply.body);
}

describe("the calendar", () => {
  test("has what waits and what is to come, each once, in UTC, and the same before and after a capture is made", async () => {
    const envId = cast.environment.id;
    const start = new Date(Date.now() + 3 * DAY).toISOString().replace(/\.\d+Z/, ".000Z");
    const own = await createCapture(cast.owner, {
      envId,
      name: "own, one; with\\ all",
      scheduledStart: start,
      duration: 60,
    });
    const open = await createCapture(cast.owner, { envId, scheduledStart: inFuture(DAY) });
    const schedule = await createSchedule(cast.owner, {
      envId,
      name: "nightly",
      cron: "30 2 * * *",
      timeZone: "Asia/Tokyo",
    });
    const events = await read(await addressOf(cast.member));
    const ofOwn = events.find(({ uid }) => uid === `capture-${own.id}@captures.test`);
    expect(ofOwn).toEqual({
      uid: `capture-${own.id}@captures.test`,
      summary: "Capture own, one; with\\ all (production)",
      description: "Waits for its start.",
      start,
      zone: "UTC",
      end: new Date(Date.parse(start) + 60_000).toISOString(),
      url: `http://captures.test/captures/${own.id}`,
    });
    expect(events.find(({ uid }) => uid === `capture-${open.id}@captures.test`)?.end).toBeNull();
    const nights = events.filter(({ uid }) => uid.startsWith(`schedule-${schedule.id}-`));
    // The first of the ten has its capture already.
    expect(nights).toHaveLength(10);
    expect(
      nights
        .map((night) => night.start)
        .sort()
        .slice(0, 5),
    ).toEqual(schedule.next);
    expect(nights.every((night) => night.start.endsWith("T17:30:00.000Z"))).toBe(true);
    expect(new Set(events.map(({ uid }) => uid)).size).toBe(events.length);
    expect(events).toHaveLength(12);
    // Without its capture, the occurrence is the same event.
    await env.DB.prepare("update captures set status = 'FAILED' where schedule_id = ?1")
      .bind(schedule.id)
      .run();
    const again = await read(await addressOf(cast.member));
    expect(again.map(({ uid }) => uid).sort()).toEqual(events.map(({ uid }) => uid).sort());
    // A paused schedule has nothing to come.
    await cast.owner.post(`/api/schedules/${schedule.id}/pause`);
    expect((await read(await addressOf(cast.member))).map(({ uid }) => uid)).toHaveLength(2);
  });

  test("shows nothing of others, and what its owner may see now", async () => {
    const address = await addressOf(cast.stranger);
    expect(await read(address)).toEqual([]);
    await addMember(cast.admin, cast.environment.id, cast.stranger);
    expect((await read(address)).length).toBeGreaterThan(0);
    await cast.admin.delete(`/api/environments/${cast.environment.id}/members/${cast.stranger.id}`);
    expect(await read(address)).toEqual([]);
  });

  test("has one secret address at a time, which is kept as a hash and can be taken away", async () => {
    const { owner } = cast;
    expect((await owner.get<CalendarFeed>(PATH)).body).toEqual({ createdAt: null });
    const first = await addressOf(owner);
    expect(first).toMatch(/\?token=[\w-]{43}$/);
    const { results } = await env.DB.prepare("select * from calendar_feeds").all();
    expect(JSON.stringify(results)).not.toContain(first.split("=")[1]);
    expect((await owner.get<CalendarFeed>(PATH)).body.createdAt).not.toBeNull();
    const second = await addressOf(owner);
    const gone = "Calendar not found: its address was revoked or replaced";
    expectRefusal(await request("GET", first), 404, gone);
    expect(await read(second)).toBeDefined();
    expect((await owner.delete(PATH)).body).toEqual({ createdAt: null });
    expectRefusal(await request("GET", second), 404, gone);
    expect((await owner.delete(PATH)).status).toBe(200);
  });

  test("reads that and nothing else with its address", async () => {
    const [, token] = (await addressOf(cast.admin)).split("=") as [string, string];
    for (const headers of [{ "x-api-key": token }, { authorization: `Bearer ${token}` }]) {
      expect((await request("GET", "/api/captures", { headers })).status).toBe(401);
    }
    expect((await request("GET", `/api/schedules?token=${token}`)).status).toBe(401);
    expect((await request("POST", `${PATH}.ics?token=${token}`)).status).toBe(401);
  });

  test.each(["", "?token=", `?token=${"x".repeat(5000)}`, "?token=a&token=b", "?key=x"])(
    "is not at the address %j",
    async (query) => {
      expect((await request("GET", `${PATH}.ics${query}`)).status).toBe(404);
    },
  );

  test("gives no address to an API key, which it would outlive, nor to nobody", async () => {
    const key = await byKey(cast.owner);
    for (const method of ["get", "post", "delete"] as const) {
      expectRefusal(await key[method](PATH), 401, /session/);
      expectRefusal(await personWith("", "", {})[method](PATH), 401, "Login required");
      const gone = personWith("", "", { cookie: "captures.session_token=no.no" });
      expect((await gone[method](PATH)).status).toBe(401);
    }
  });

  test("leaves no line in the log with its token", async () => {
    const address = await addressOf(cast.admin);
    const token = address.split("=")[1] as string;
    const lines = await linesOf(async () => {
      await request("GET", address);
      await request("GET", `${PATH}.ics?token=${token}x`);
    });
    expect(lines.some(({ route }) => route === `${PATH}.ics`)).toBe(true);
    expect(JSON.stringify(lines)).not.toContain(token);
  });
});

describe("iCalendar", () => {
  const event = {
    ...{ uid: "1@x", start: Date.UTC(2026, 10, 28, 2, 30), end: null, description: "d" },
    ...{ url: "https://x/captures/1", changedAt: 0 },
  };

  test("has lines of at most 75 octets, which end as they have to, and cuts no character", () => {
    const summary = "Größe 🦜 ".repeat(40);
    const text = toICalendar("Captures", [{ ...event, summary }]);
    expect(text.endsWith("END:VCALENDAR\r\n")).toBe(true);
    expect(text.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
    for (const line of text.split("\r\n")) {
      expect(new TextEncoder().encode(line).length).toBeLessThanOrEqual(75);
      expect(line).not.toContain("\uFFFD");
    }
    expect(parsed(text)[0]?.summary).toBe(summary);
  });

  test.each(["a, b; c\\ d", "two\nlines", "x\r\nBEGIN:VEVENT", ":", "\\n", '“quotes” "too"'])(
    "gives the text %j back, and no line of its own",
    (summary) => {
      const text = toICalendar("Captures", [{ ...event, summary }]);
      expect(text.match(/^BEGIN:VEVENT/gm)).toHaveLength(1);
      expect(parsed(text)).toMatchObject([{ summary: summary.replaceAll("\r\n", "\n") }]);
    },
  );

  test("has no control characters", () => {
    expect(toICalendar("Captures", [{ ...event, summary: "a\u0000\u0007b\u009fc" }])).toContain(
      "SUMMARY:abc\r\n",
    );
  });
});
