import { formatMinute, formatSecond } from "../lib/format.ts";

/** A moment in the reader's time zone; the title has it in UTC, as logs do. */
export function Time({ at, precise = false }: { at: string; precise?: boolean }) {
  return (
    <time dateTime={at} title={at}>
      {precise ? formatSecond(at) : formatMinute(at)}
    </time>
  );
}
