import { isoTime } from "../lib/values.ts";
import { tooMuchWork } from "./refusals.ts";
import { type FragmentPart, isMissing, type MissingFragments } from "./stored/fragments-in-range.ts";

/*
 * How much CPU a download will take: what the runtime allows one request (`cpu_ms` in wrangler.toml) ends a download in the middle, so
 * that one which would pass it is refused before it begins. The figures are milliseconds for a megabyte of NDJSON, half more than
 * `npm run measure:downloads` gave on an AMD EPYC: 0.1, 2.3, 8.5, 14.5 and 14.4 of whole fragments, and 3.2 to 4.7 of one session.
 */

/** As what a workload is sent: NDJSON in gzip, or plain, the text of the log, SQL to run, or a table. */
export type DownloadForm = "gzip" | "ndjson" | "log" | "sql" | "csv";

const WHOLE: Record<DownloadForm, number> = { gzip: 0.3, ndjson: 4, log: 13, sql: 22, csv: 22 };
/** Of fragments that are partly in the range, whose lines are parsed, and compressed again for gzip. */
const PART: Record<DownloadForm, number> = { ...WHOLE, gzip: 12, ndjson: 8 };
/** Of one session: most lines are passed over. */
const OF_SESSION = 8;
/** To ask R2 for a fragment. */
const EACH_FRAGMENT = 1;
/** How many bytes of NDJSON a stored byte is, where a fragment does not say how many it has: few have more. */
const RATIO = 14;

/**
 * Makes sure that a download can be sent to its end.
 * @param ofSession whether only the records of one session are sent
 * @param cpuMs how much CPU a request may take, in milliseconds
 * @throws ApiError 400 that says up to when it may go
 */
export function requireAffordable(
  parts: readonly (FragmentPart | MissingFragments)[],
  form: DownloadForm,
  ofSession: boolean,
  cpuMs: number,
): void {
  let spent = 0;
  let fits: number | null = null;
  for (const part of parts) {
    if (isMissing(part)) continue;
    spent += costOf(part, form, ofSession);
    if (spent > cpuMs) fits ??= part.firstMicros;
  }
  if (fits !== null) throw tooMuchWork(form, spent, cpuMs, isoTime(Math.floor(fits / 1000)));
}

function costOf(
  { isWhole, plainBytes, bytes }: FragmentPart,
  form: DownloadForm,
  ofSession: boolean,
): number {
  const each = ofSession ? OF_SESSION : (isWhole ? WHOLE : PART)[form];
  return EACH_FRAGMENT + (each * (plainBytes ?? bytes * RATIO)) / 1e6;
}
