/** Moments in a time zone, one on a line; the title of each has it in UTC. */
export function LocalTimes({ times, timeZone }: { times: readonly string[]; timeZone: string }) {
  const format = new Intl.DateTimeFormat(undefined, {
    timeZone,
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    timeZoneName: "short",
  });
  return (
    <ol class="times">
      {times.map((at) => (
        <li key={at}>
          <time dateTime={at} title={at}>
            {format.format(new Date(at))}
          </time>
        </li>
      ))}
    </ol>
  );
}
