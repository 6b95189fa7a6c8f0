/*
 * Local times of a time zone, by the zones' rules that the runtime has (`Intl`). A local time is held as the milliseconds since the
 * epoch that it would be in UTC. All times are in milliseconds.
 */

const MINUTE = 60_000;
/** Two changes of a zone's offset that undo each other are further apart. */
const STEP = 7 * 24 * 60 * MINUTE;
/** No zone is put back by more than this at once. */
const MAX_SHIFT = 3 * 60 * MINUTE;

/** IANA's names; an offset such as `+02:00` is no zone, since it knows of no summer. */
const ZONE = /^[A-Za-z][\w+/-]{0,63}$/;

/** Formats by their zones. A service has few zones. */
const formats = new Map<string, Intl.DateTimeFormat>();
const MAX_FORMATS = 100;

/** Whether the runtime knows a time zone of this name, in any letter case. */
export function isTimeZone(name: string): boolean {
  if (!ZONE.test(name)) return false;
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  if (formats.size >= MAX_FORMATS) formats.clear();
  const format = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset" });
  formats.set(timeZone, format);
  return format;
}

/** How far local times of a zone are ahead of UTC at a moment. */
export function offsetAt(timeZone: string, at: number): number {
  const [, sign, hours, minutes] = /GMT([+-])(\d\d):(\d\d)/.exec(formatOf(timeZone).format(at)) ?? [];
  const offset = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * MINUTE;
  return sign === "-" ? -offset : offset;
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
  for (;;) {
    const next = rule(local);
    if (next === null) return null;
    const found = next - offset;
    const change = firstChange(timeZone, from, found, offset);
    if (change === null) {
      if (isEveryHour || !isSecond(timeZone, found, offset)) return found;
      from = found;
      local = next;
    } else if (!isEveryHour && next < change.at + change.offset) {
      // It is in the gap.
      return change.at;
    } else {
      from = change.at;
      offset = change.offset;
      local = change.at + offset - 1;
    }
  }
}

/** Whether the same local time has come before, since clocks were put back. */
function isSecond(timeZone: string, at: number, offset: number): boolean {
  const before = offsetAt(timeZone, at - MAX_SHIFT);
  return before > offset && offsetAt(timeZone, at + offset - before) === before;
}

/** The first change of a zone's offset after `from` and not after `to`: when, and the offset since then. Null when there is none. */
function firstChange(
  timeZone: string,
  from: number,
  to: number,
  offset: number,
): { at: number; offset: number } | null {
  for (let start = from; start < to; start += STEP) {
    const end = Math.min(start + STEP, to);
    if (offsetAt(timeZone, end) === offset) continue;
    let [low, high] = [start, end];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (offsetAt(timeZone, middle) === offset) low = middle;
      else high = middle;
    }
    return { at: high, offset: offsetAt(timeZone, high) };
  }
  return null;
}
