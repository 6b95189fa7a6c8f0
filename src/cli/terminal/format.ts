/* How times, durations and amounts are written for people: in the machine's time zone, and the same in every language. */

const two = (value: number) => String(value).padStart(2, "0");

/** A moment on the machine's clock, to the second and without its zone, as names have it: `2026-11-28 14:30:05`. */
export function formatClock(date: Date): string {
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** A moment in the machine's time zone, to the second, as options take it: `2026-11-28 14:30:05+01:00`; `Z` is UTC. */
export function formatTime(time: string | number | Date): string {
  const date = new Date(time);
  return `${formatClock(date)}${zoneOf(date)}`;
}

/** A moment that a log has to the microsecond, in the machine's time zone: `2026-11-28 14:30:05.000100+01:00`. */
export function formatExactTime(time: string): string {
  const date = new Date(time);
  return `${formatClock(date)}${/\.\d+/.exec(time)?.[0] ?? ""}${zoneOf(date)}`;
}

/** A text of the service with its times, which are in UTC, in the machine's time zone. */
export const withLocalTimes = (text: string): string =>
  text.replaceAll(/\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z/g, formatExactTime);

/** A moment as `formatTime` writes it, or a dash for none. */
export const formatTimeOrNone = (time: string | null): string => (time === null ? "-" : formatTime(time));

/** How far a moment's zone is ahead of UTC, in ISO 8601. */
function zoneOf(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  if (minutes === 0) return "Z";
  const ahead = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(ahead / 60))}:${two(Math.floor(ahead % 60))}`;
}

const SECOND = 1000;
const PARTS: readonly [string, number][] = [
  ["d", 86_400 * SECOND],
  ["h", 3600 * SECOND],
  ["m", 60 * SECOND],
  ["s", SECOND],
];

/** A length of time in its two largest units, as options take it: `1h30m`, `45s`. What is below a second is rounded. */
export function formatDuration(milliseconds: number): string {
  let rest = Math.max(0, Math.round(milliseconds / SECOND)) * SECOND;
  const first = PARTS.findIndex(([, unit]) => rest >= unit);
  if (first === -1) return "0s";
  const shown = PARTS.slice(first, first + 2).map(([name, unit]) => {
    const count = Math.floor(rest / unit);
    rest %= unit;
    return count === 0 ? "" : `${count}${name}`;
  });
  return shown.join("");
}

/** How long it was from one moment to another, as `formatDuration` writes it. */
export const formatBetween = (start: string, end: string): string =>
  formatDuration(Date.parse(end) - Date.parse(start));

const whole = new Intl.NumberFormat("en");
const threeDigits = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const percent = new Intl.NumberFormat("en", {
  style: "percent",
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});

/** A whole number, grouped: `12,345`. */
export const formatCount = (count: number): string => whole.format(count);
/** A number, to three digits: `1.25`. */
export const formatAmount = (value: number): string => threeDigits.format(value);
/** A share from 0 to 1: `12.5%`. */
export const formatShare = (share: number): string => percent.format(share);

/** How long a statement took, in the unit that keeps it short: `1.25 ms`; from two minutes on `2m5s`. */
export function formatMicros(micros: number): string {
  if (micros >= 120e6) return formatDuration(micros / 1000);
  if (micros >= 1e6) return `${formatAmount(micros / 1e6)} s`;
  return micros >= 1000 ? `${formatAmount(micros / 1000)} ms` : `${formatAmount(micros)} µs`;
}

const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** An amount of bytes in the unit that keeps it short: `1.5 MiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${formatCount(bytes)} B`;
  const power = Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${formatAmount(bytes / 1024 ** power)} ${BYTE_UNITS[power]}`;
}
