import { formatDuration, formatMinute, timeZoneAt } from "../lib/format.ts";
import { useNow } from "../lib/hooks.ts";

/** Says in which time zone a start is meant, what that is elsewhere, and how far away it is. */
export function StartHint({ startAt, isPast = false }: { startAt: string; isPast?: boolean }) {
  const now = useNow();
  const start = startAt === "" ? Number.NaN : new Date(startAt).getTime();
  if (Number.isNaN(start)) return <>In your time zone, {timeZoneAt(now)}.</>;
  const utc = new Date(start).toISOString().slice(0, 16).replace("T", " ");
  const away = formatDuration(Math.floor(Math.abs(start - now) / 60_000) * 60_000);
  const isAhead = start > now;
  return (
    <>
      {formatMinute(start)}, {timeZoneAt(start)}; in UTC {utc}. {isAhead ? `In ${away}.` : `${away} ago.`}
      {isAhead === isPast && (isPast ? " That is yet to come." : " That has passed.")}
    </>
  );
}
