/* How the console writes times, durations and amounts: in the reader's language and time zone. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const dayAndTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const dayAndSecond = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const dayAndMillisecond = new Intl.DateTimeFormat(undefined, {
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
});
const minute = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const second = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const dayAndMinute = new Intl.DateTimeFormat(undefined, {
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
});
const day = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
const wholeDay = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const zoneName = new Intl.DateTimeFormat(undefined, { timeZoneName: "longOffset" });
const amount = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 });
const short = new Intl.NumberFormat(undefined, { notation: "compact", maximumSignificantDigits: 3 });
const whole = new Intl.NumberFormat();
const points = new Intl.NumberFormat(undefined, { signDisplay: "exceptZero", maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });

/** A day. */
export const formatDay = (time: number | string): string => wholeDay.format(new Date(time));
/** A day and its time, to the minute. */
export const formatMinute = (time: number | string): string => dayAndTime.format(new Date(time));
/** A day and its time, to the second. */
export const formatSecond = (time: number | string): string => dayAndSecond.format(new Date(time));
/** A moment of a log, to the millisecond, such as `28 Nov, 14:05:03.217`. */
export const formatPrecise = (time: string): string => dayAndMillisecond.format(new Date(time));
/** A moment on an axis, to the minute: the time alone when the axis is no longer than a day. */
export const formatMoment = (time: number, isWithinDay: boolean): string =>
  (isWithinDay ? minute : dayAndMinute).format(new Date(time));
/** A time of the day on an axis, to the second. */
export const formatClock = (time: number): string => second.format(new Date(time));
/** A whole number, grouped. */
export const formatCount = (count: number): string => whole.format(count);
/** A number, to three digits. */
export const formatAmount = (value: number): string => amount.format(value);
/** A number for an axis, where there is little room: to three digits, and thousands shortened, such as `800K`. */
export const formatShort = (value: number): string => short.format(value);
/** The least share that is shown by its figure. */
const LEAST_SHARE = 0.001;
/** A share, from 0 to 1: a small one is not said to be nothing. */
export const formatShare = (share: number): string =>
  share > 0 && share < LEAST_SHARE ? `<${percent.format(LEAST_SHARE)}` : percent.format(share);

/** A difference of two shares, in percentage points. */
export const formatChange = (change: number): string => points.format(100 * change);

/** The reader's time zone with its offset at a moment, such as `Europe/Berlin (GMT+01:00)`. */
export function timeZoneAt(time: number): string {
  const { timeZone } = zoneName.resolvedOptions();
  const offset = zoneName.formatToParts(time).find(({ type }) => type === "timeZoneName")?.value;
  return offset === undefined || offset === timeZone ? timeZone : `${timeZone} (${offset})`;
}

/** A moment in the reader's time zone, as a field of date and time has it: `2026-05-19T14:30`. */
export function localTime(time: number): string {
  const date = new Date(time);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

const unit = (value: number, name: string) =>
  new Intl.NumberFormat(undefined, { style: "unit", unit: name, unitDisplay: "narrow" }).format(value);

/** A length of time in its two largest units, such as `1h 5m`. */
export function formatDuration(milliseconds: number): string {
  const rounded = Math.max(0, Math.round(milliseconds / SECOND) * SECOND);
  const parts: [number, string][] = [
    [Math.floor(rounded / DAY), "day"],
    [Math.floor(rounded / HOUR) % 24, "hour"],
    [Math.floor(rounded / MINUTE) % 60, "minute"],
    [Math.floor(rounded / SECOND) % 60, "second"],
  ];
  const first = parts.findIndex(([value]) => value > 0);
  if (first === -1) return unit(0, "second");
  return parts
    .slice(first, first + 2)
    .filter(([value]) => value > 0)
    .map(([value, name]) => unit(value, name))
    .join(" ");
}

/** How long a statement took, in the unit that keeps it short: such as `1.25 ms`; from two minutes on as `formatDuration` has it. */
export function formatMicros(micros: number): string {
  const seconds = micros / 1e6;
  if (seconds >= 120) return formatDuration(seconds * SECOND);
  return micros === 0 ? "0 s" : formatScaled(seconds, scaleOf("Seconds", seconds));
}

/** The time from one moment to another. */
export const formatSpan = (from: string, to: string): string =>
  formatDuration(Date.parse(to) - Date.parse(from));

const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** An amount of bytes in the unit that keeps it short. */
export function formatBytes(bytes: number): string {
  const { divisor, name } = byteUnit(bytes);
  return `${formatAmount(bytes / divisor)} ${name}`;
}

function byteUnit(most: number): { divisor: number; name: string } {
  const power = Math.min(BYTE_UNITS.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, most)) / 10)));
  return { divisor: 1024 ** power, name: BYTE_UNITS[power] as string };
}

/** How to show the values of a metric: what they are divided by, and the unit that they are in then. */
export interface Scale {
  divisor: number;
  unit: string;
}

/** The scale in which values up to `most` of one of CloudWatch's units are read best. */
export function scaleOf(cloudWatchUnit: string, most: number): Scale {
  switch (cloudWatchUnit) {
    case "Percent":
      return { divisor: 1, unit: "%" };
    case "Count/Second":
      return { divisor: 1, unit: "ops/s" };
    case "Seconds":
      if (most >= 1) return { divisor: 1, unit: "s" };
      return most >= 0.001 ? { divisor: 0.001, unit: "ms" } : { divisor: 0.000_001, unit: "µs" };
    case "Milliseconds": {
      const { divisor, unit } = scaleOf("Seconds", most / 1000);
      return { divisor: divisor * 1000, unit };
    }
    case "Bytes":
    case "Bytes/Second": {
      const { divisor, name } = byteUnit(most);
      return { divisor, unit: cloudWatchUnit === "Bytes" ? name : `${name}/s` };
    }
    default:
      return { divisor: 1, unit: "" };
  }
}

/** A value in its scale, with the unit. */
export function formatScaled(value: number, { divisor, unit: name }: Scale): string {
  const number = formatAmount(value / divisor);
  return name === "" ? number : name === "%" ? `${number}%` : `${number} ${name}`;
}

/** Labels for ticks of a time axis, in seconds since the epoch: the day where one begins, else the time. */
export function formatTicks(ticks: number[]): string[] {
  return ticks.map((tick) => {
    const date = new Date(tick * SECOND);
    return date.getHours() === 0 && date.getMinutes() === 0 ? day.format(date) : minute.format(date);
  });
}

/** The name of a metric as a person writes it, such as `Read IOPS` of `READ IOPS`. */
export function metricTitle(displayName: string): string {
  const words = displayName.toLowerCase().replace(/\b(acu|cpu|dml|iops)\b/g, (word) => word.toUpperCase());
  return words.charAt(0).toUpperCase() + words.slice(1);
}
