/*
 * iCalendar (RFC 5545), as much of it as a calendar of what is scheduled needs. By hand: ical-generator is made for all that the format
 * has, and a test has another parser, ical.js, read what this writes.
 */

/** Something that is to happen. Times are milliseconds since the epoch. */
export interface CalendarEvent {
  /** The same in each reading of the calendar, and nothing else's. */
  uid: string;
  start: number;
  /** Null when nobody knows. */
  end: number | null;
  summary: string;
  description: string;
  /** The address of a page about it. */
  url: string;
  /** When it last became what it is. */
  changedAt: number;
}

/** The most octets of a line, without its end (section 3.1). */
const MAX_OCTETS = 75;

/** How often calendar programs are asked to read it. */
const REFRESH = "PT1H";

/** A calendar of events, as `text/calendar` has it. */
export function toICalendar(name: string, events: readonly CalendarEvent[]): string {
  const lines = [
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//Captures//Schedules//EN",
    "CALSCALE:GREGORIAN",
    `X-WR-CALNAME:${escaped(name)}`,
    `REFRESH-INTERVAL;VALUE=DURATION:${REFRESH}`,
    `X-PUBLISHED-TTL:${REFRESH}`,
    ...events.flatMap(toLines),
    "END:VCALENDAR",
  ];
  return lines.map((line) => `${folded(line)}\r\n`).join("");
}

const toLines = ({ uid, start, end, summary, description, url, changedAt }: CalendarEvent): string[] => [
  "BEGIN:VEVENT",
  `UID:${escaped(uid)}`,
  // In a calendar without a METHOD, when it was last changed (section 3.8.7.2).
  `DTSTAMP:${utc(changedAt)}`,
  `DTSTART:${utc(start)}`,
  ...(end === null ? [] : [`DTEND:${utc(end)}`]),
  `SUMMARY:${escaped(summary)}`,
  `DESCRIPTION:${escaped(description)}`,
  `URL:${url}`,
  // Nobody is busy because of it.
  "TRANSP:TRANSPARENT",
  "END:VEVENT",
];

/** A moment in UTC, as a DATE-TIME (section 3.3.5). */
const utc = (milliseconds: number): string =>
  `${new Date(milliseconds).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;

/** A text as a value (section 3.3.11), without control characters, which none may have. */
const escaped = (text: string): string =>
  text
    .replaceAll(/[\\;,]/g, "\\$&")
    .replaceAll(/\r\n?|\n/g, "\\n")
    .replaceAll(/\p{Cc}/gu, "");

/** A line in pieces of at most 75 octets, each but the first behind a space, which counts; no character is cut. */
function folded(line: string): string {
  const encoder = new TextEncoder();
  let [text, octets] = ["", 0];
  for (const character of line) {
    const length = encoder.encode(character).length;
    if (octets + length > MAX_OCTETS) [text, octets] = [`${text}\r\n `, 1];
    text += character;
    octets += length;
  }
  return text;
}
