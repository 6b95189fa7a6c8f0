import type { LocalTimes } from "./rule.ts";

/*
 * Local times of a time zone, by the zones' rules that the runtime has (`Intl`). A local time is held as the milliseconds since the
 * epoch that it would be in UTC. All times are in milliseconds.
 */

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** Zones are read week by week: two changes of an offset that undo each other are further apart, so that none is missed. */
const STEP = 7 * DAY;
/** No zone is put back by more than this at once. */
const MAX_SHIFT = 3 * 60 * MINUTE;

/** IANA's names; an offset such as `+02:00` is no zone, since it knows of no summer. */
const ZONE = /^[A-Za-z][\w+/-]{0,63}$/;

/** A change of a zone's offset: when, and the offset since then. */
interface Change {
  at: number;
  offset: number;
}

/** What a zone's clocks do in a week: the offset at its beginning, and the change in it, if there is one. */
interface Week {
  offset: number;
  change: Change | null;
}

/**
 * A zone as far as it has been asked about: its format, and its weeks by how many there are before each since the epoch. To read an
 * offset takes microseconds, and an occurrence in some years hundreds of them.
 */
interface Zone {
  format: Intl.DateTimeFormat;
  weeks: Map<number, Week>;
}

/** A service has few zones, and asks about a few years. */
const zones = new Map<string, Zone>();
const MAX_ZONES = 100;
const MAX_WEEKS = 2000;

/** Whether the runtime knows a time zone of this name; upper and lower case are the same. */
export function isTimeZone(name: string): boolean {
  if (!ZONE.test(name)) return false;
  try {
    zoneOf(name);
    return true;
  } catch {
    return false;
  }
}

function zoneOf(timeZone: string): Zone {
  const known = zones.get(timeZone);
  if (known !== undefined) return known;
  if (zones.size >= MAX_ZONES) zones.clear();
  const format = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset" });
  const zone = { format, weeks: new Map() };
  zones.set(timeZone, zone);
  return zone;
}

function weekOf({ format, weeks }: Zone, index: number): Week {
  const known = weeks.get(index);
  if (known !== undefined) return known;
  if (weeks.size >= MAX_WEEKS) weeks.clear();
  const start = index * STEP;
  const offset = readOffset(format, start);
  const week = { offset, change: firstOther(format, start, offset) };
  weeks.set(index, week);
  return week;
}

/** The change of an offset in the week from a moment on; null when there is none. */
function firstOther(format: Intl.DateTimeFormat, start: number, offset: number): Change | null {
  let [low, high] = [start, start + STEP];
  if (readOffset(format, high) === offset) return null;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (readOffset(format, middle) === offset) low = middle;
    else high = middle;
  }
  return { at: high, offset: readOffset(format, high) };
}

function readOffset(format: Intl.DateTimeFormat, at: number): number {
  const [, sign, hours, minutes] = /GMT([+-])(\d\d):(\d\d)/.exec(format.format(at)) ?? [];
  const offset = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * MINUTE;
  return sign === "-" ? -offset : offset;
}

/** How far local times of a zone are ahead of UTC at a moment. */
export function offsetAt(timeZone: string, at: number): number {
  const { offset, change } = weekOf(zoneOf(timeZone), Math.floor(at / STEP));
  return change !== null && at >= change.at ? change.offset : offset;
}

/** The local time of a zone at a moment. */
export const localTimeAt = (timeZone: string, at: number): number => at + offsetAt(timeZone, at);

/** A rule in local times: the first one after a local time, null when there is none. */
export type LocalRule = (after: number) => number | null;

/**
 * The first moment after another at which a rule's local time comes.
 *
 * When clocks are put forward, local times are left out. A rule that names hours comes at once after the gap then, once. When they are
 * put back, local times come twice; such a rule comes at the first of them only. A rule of every hour follows the hours that pass: it
 * leaves out what is left out, and comes twice where times do.
 * @returns null when it never comes
 */
export function nextMoment(
  timeZone: string,
  rule: LocalRule,
  isEveryHour: boolean,
  after: number,
): number | null {
  let from = after;
  let offset = offsetAt(timeZone, after);
  // Local times after this one, by the offset.
  let local = after + offset;
  let next = rule(local);
  for (;;) {
    if (next === null) return null;
    const found = next - offset;
    const change = firstChange(timeZone, from, found);
    if (change === null) {
      if (isEveryHour || !isSecond(timeZone, found, offset)) return found;
      from = found;
      local = next;
      next = rule(local);
    } else if (!isEveryHour && next < change.at + change.offset) {
      // It is in the gap.
      return change.at;
    } else {
      from = change.at;
      offset = change.offset;
      const since = change.at + offset - 1;
      // It stays the next one where the local time is still before it, and has not gone back.
      if (since < local || next <= since) next = rule(since);
      local = since;
    }
  }
}

/**
 * The n-th moment of a rule, from one on: what `nextMoment` comes to when it is asked so often, without asking. Between two changes of
 * the zone's clocks, local times are counted.
 * @param until is not looked behind
 * @returns null when there are fewer until then
 */
export function nthMoment(
  timeZone: string,
  { tally, isEveryHour }: Pick<LocalTimes, "tally" | "isEveryHour">,
  first: number,
  n: number,
  until: number,
): number | null {
  let [from, left] = [first, n];
  // Local times before this one have been; they don't count when they come again.
  let passed = Number.NEGATIVE_INFINITY;
  const before = firstChange(timeZone, first - MAX_SHIFT, first);
  if (before !== null) passed = before.at + offsetAt(timeZone, before.at - 1);
  for (;;) {
    const offset = offsetAt(timeZone, from);
    const change = firstChange(timeZone, from, until);
    const end = (change?.at ?? until + 1) + offset;
    const found = tally(isEveryHour ? from + offset : Math.max(from + offset, passed), end, left);
    if (found.count === left && found.last !== null) return found.last - offset;
    if (change === null) return null;
    left -= found.count;
    from = change.at;
    passed = end;
    const since = from + change.offset;
    if (!isEveryHour && since > end && tally(end, since + 1, 1).count > 0) {
      // Those in the gap come after it, as one.
      left--;
      if (left === 0) return from;
      passed = since + 1;
    }
  }
}

/** The first moment at which the clocks of a zone show a local time, or are put forward past it. */
export const momentOf = (timeZone: string, local: number): number =>
  nextMoment(timeZone, (after) => (after < local ? local : null), false, local - 2 * DAY) ?? local;

/** Whether the same local time has come before, since clocks were put back. */
function isSecond(timeZone: string, at: number, offset: number): boolean {
  const before = offsetAt(timeZone, at - MAX_SHIFT);
  return before > offset && offsetAt(timeZone, at + offset - before) === before;
}

/** The first change of a zone's offset after `from` and not after `to`; null when there is none. */
function firstChange(timeZone: string, from: number, to: number): Change | null {
  const zone = zoneOf(timeZone);
  for (let index = Math.floor(from / STEP); index * STEP < to; index++) {
    const { change } = weekOf(zone, index);
    if (change !== null && change.at > from && change.at <= to) return change;
  }
  return null;
}
