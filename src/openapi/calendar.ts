import { calendarFeedSchema, newCalendarFeedSchema } from "../schedules/replies.ts";
import { WRITE_POLICY } from "./header-fields.ts";
import { SIGNED_IN } from "./identity.ts";
import type { Operation } from "./operation.ts";
import { FAULTS, OF_SESSION_CHANGES, OF_SESSIONS, refusals, TOO_MANY_CHANGES } from "./refusals.ts";

const createdAt = "2026-11-28T18:21:07.114Z";
const NO_FEED = { "application/json": { schema: calendarFeedSchema, example: { createdAt: null } } };
const PATH = "/api/schedules/calendar";
const TOKEN = "Yl1VvQ7dUGgzZkpbTZcU1P0gVYkCkqQhlqT0mQ1v0hM";

/** What is scheduled, for calendar programs. */
export const calendarOperations: Operation[] = [
  {
    id: "readCalendar",
    method: "get",
    path: `${PATH}.ics`,
    tag: "Schedules",
    summary: "Read the calendar of what is scheduled",
    description:
      "For calendar programs, which can't send a header: the secret address, of which this is the form, shows what its owner may see now. " +
      "It has the captures that wait for their start, and the next ten occurrences of each schedule: as iCalendar (RFC 5545), with times " +
      "in UTC. An occurrence stays the same event when its capture is made.",
    permission: "Whoever has the address.",
    credentials: "none",
    parameters: [
      {
        name: "token",
        in: "query",
        description: "The secret of the address.",
        schema: { type: "string" },
        example: TOKEN,
      },
    ],
    success: {
      status: 200,
      description: "The calendar.",
      headers: WRITE_POLICY,
      content: {
        "text/calendar": {
          schema: { type: "string", description: "iCalendar (RFC 5545)." },
          example: "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n…\r\nEND:VCALENDAR\r\n",
        },
      },
    },
    refusals: [...refusals("calendarNotFound"), TOO_MANY_CHANGES, ...FAULTS],
  },
  {
    id: "showCalendar",
    method: "get",
    path: PATH,
    tag: "Schedules",
    summary: "See whether your calendar has an address",
    permission: SIGNED_IN,
    credentials: "session",
    success: { status: 200, description: "Since when.", content: NO_FEED },
    refusals: [...OF_SESSIONS, ...FAULTS],
  },
  {
    id: "makeCalendar",
    method: "post",
    path: PATH,
    tag: "Schedules",
    summary: "Give your calendar an address",
    description:
      "A secret one, for a calendar program. It is shown once, and takes the place of the one before.",
    permission: SIGNED_IN,
    credentials: "session",
    success: {
      status: 201,
      description: "The address.",
      content: {
        "application/json": {
          schema: newCalendarFeedSchema,
          example: { url: `https://captures.example.com${PATH}.ics?token=${TOKEN}`, createdAt },
        },
      },
    },
    refusals: OF_SESSION_CHANGES,
  },
  {
    id: "revokeCalendar",
    method: "delete",
    path: PATH,
    tag: "Schedules",
    summary: "Take the address of your calendar away",
    permission: SIGNED_IN,
    credentials: "session",
    success: { status: 200, description: "There is none any more.", content: NO_FEED },
    refusals: OF_SESSION_CHANGES,
  },
];
