import { EXIT, Failure } from "./failure.ts";

/*
 * How durations and moments are written on the command line. The grammar is in docs/cli.md. It is strict: what could be read in
 * two ways is refused, since a capture of production depends on it.
 */

const SECOND = 1000;
const UNITS: readonly [RegExp, number][] = [
  [/^(\d{1,9}(?:\.\d{1,6})?)d/, 86_400 * SECOND],
  [/^(\d{1,9}(?:\.\d{1,6})?)h/, 3600 * SECOND],
  [/^(\d{1,9}(?:\.\d{1,6})?)m(?!s)/, 60 * SECOND],
  [/^(\d{1,9}(?:\.\d{1,6})?)s/, SECOND],
  [/^(\d{1,9}(?:\.\d{1,6})?)ms/, 1],
];

const refused = (text: string, grammar: string) => new Failure(`"${text}" is no ${grammar}`, EXIT.usage);

const DURATION = "duration, such as 90s, 10m, 1h30m or 2d";

/**
 * Reads a duration: numbers with the units d, h, m, s and ms, the largest first and each once, such as `1h30m`; a number alone is
 * seconds.
 * @returns milliseconds
 * @throws Failure for anything else
 */
export function parseDuration(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text) * SECOND;
  let [rest, total] = [text, 0];
  for (const [pattern, unit] of UNITS) {
    const found = pattern.exec(rest);
    if (found === null) continue;
    total += Number(found[1]) * unit;
    rest = rest.slice(found[0].length);
  }
  if (rest !== "" || text === "") throw refused(text, DURATION);
  return Math.round(total * 1000) / 1000;
}

/** Where a time of day without a day lies: the one that comes, or the one that was last. */
export type Direction = "next" | "last";

const MOMENT = "time, such as 18:00, tomorrow 02:00, in 2h, 5m ago or 2026-12-01T02:00:00Z";
const CLOCK = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/;
const DAYS: Readonly<Record<string, number>> = { yesterday: -1, today: 0, tomorrow: 1 };
/** ISO 8601, as far as logs and people write it: a day, and perhaps a time of it, and perhaps its zone. */
const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:\d{2})?)?$/;

/**
 * Reads a moment: `now`, `in 2h`, `5m ago`, `18:00`, `tomorrow 02:00` (or `today`, `yesterday`; a day alone is its beginning, where
 * something was), or ISO 8601. Without a zone it is
 * of the machine's.
 * @param direction which of the days a time alone is of
 * @throws Failure for anything else, and for a time that a clock never shows
 */
export function parseMoment(text: string, now: Date, direction: Direction): Date {
  const words = text.trim();
  if (words === "now") return now;
  const relative = /^in (\S+)$/.exec(words)?.[1];
  if (relative !== undefined) return new Date(now.getTime() + parseDuration(relative));
  const ago = /^(\S+) ago$/.exec(words)?.[1];
  if (ago !== undefined) return new Date(now.getTime() - parseDuration(ago));
  return ofClock(words, now, direction) ?? ofIso(words);
}

/** A time of day, of a named day or of the nearest that fits; null for what is none. */
function ofClock(text: string, now: Date, direction: Direction): Date | null {
  const parts = text.split(/ +/);
  const [word = ""] = parts;
  const day = Object.hasOwn(DAYS, word) ? DAYS[word] : undefined;
  const clockText =
    day !== undefined && parts.length === 1 && direction === "last" ? "00:00" : (parts.at(-1) as string);
  if (parts.length === 2 && day === undefined) return null;
  const clock = CLOCK.exec(clockText);
  if (clock === null) return null;
  const [hour = 0, minute = 0, second = 0] = clock.slice(1).map((part) => Number(part ?? 0));
  const on = (days: number) => {
    const noon = new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, 12);
    return local(text, noon.getFullYear(), noon.getMonth(), noon.getDate(), hour, minute, second);
  };
  if (day !== undefined) return on(day);
  const today = on(0);
  if (direction === "next") return today > now ? today : on(1);
  return today <= now ? today : on(-1);
}

function ofIso(text: string): Date {
  const found = ISO.exec(text);
  if (found === null) throw refused(text, MOMENT);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const milliseconds = Number((found[7] ?? "").padEnd(3, "0").slice(0, 3));
  const zone = found[8];
  if (zone === undefined) return local(text, year, month - 1, day, hour, minute, second, milliseconds);
  // The day and the time are checked apart from the zone, since `Date` takes February 30 for March 2.
  const utc = new Date(Date.UTC(year, month - 1, day, hour, minute, second, milliseconds));
  const isReal = utc.getUTCMonth() === month - 1 && utc.getUTCDate() === day && utc.getUTCHours() === hour;
  if (!isReal || minute > 59 || second > 59) throw refused(text, MOMENT);
  const moment = new Date(utc.getTime() - offsetOf(zone) * 60 * SECOND);
  if (Math.abs(offsetOf(zone)) > 14 * 60) throw refused(text, MOMENT);
  return moment;
}

/** Minutes that a zone is ahead of UTC. */
function offsetOf(zone: string): number {
  if (zone === "Z") return 0;
  const [hours = 0, minutes = 0] = zone.slice(1).split(":").map(Number);
  return (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes);
}

/** @throws Failure for what the machine's clock never shows: a 25th hour, or one that summer time leaves out */
function local(
  text: string,
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  milliseconds = 0,
): Date {
  const moment = new Date(year, month, day, hour, minute, second, milliseconds);
  const isReal =
    moment.getMonth() === month &&
    moment.getDate() === day &&
    moment.getHours() === hour &&
    moment.getMinutes() === minute &&
    moment.getSeconds() === second;
  if (!isReal) throw refused(text, MOMENT);
  return moment;
}
