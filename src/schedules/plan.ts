import { type CaptureRequest, durationRefusal, type PlanRefusal } from "../captures/plan.ts";
import { refusePlan } from "../captures/refusals.ts";
import { ApiError } from "../http/refusals.ts";
import { DEFAULT_CAPTURE_NAME } from "./capture-name.ts";
import { isTimeZone, localTimeAt } from "./local-time.ts";
import { endsByItself, nextOccurrence, nextOccurrences, type Recurrence, toLocalText } from "./recurrence.ts";
import { refuseSchedule } from "./refusals.ts";
import { RuleError } from "./rule.ts";
import type { ScheduleFields, ScheduleRow } from "./schedule-row.ts";
import type { ScheduleChanges, ScheduleRequest, WantedStart } from "./schema.ts";

/*
 * Whether a schedule that was asked for can be made, or a change be made to one. Pure: it is told the time.
 */

/** What a schedule is to be. */
export interface PlannedSchedule {
  fields: ScheduleFields;
  /** Its first occurrence from now on; null of one that is over and whose rule is not changed. */
  nextAt: number | null;
}

/**
 * Judges what a schedule is to be.
 * @param changes what was asked for: of a new schedule all of it, else what is to change
 * @param before the schedule that is to be changed; null of a new one
 * @param now from when on it has to have occurrences, unless its rule stays as it is
 * @throws ApiError 400 when it is not possible
 */
export function planSchedule(
  changes: ScheduleRequest | ScheduleChanges,
  before: ScheduleRow | null,
  now: number,
): PlannedSchedule {
  const { cron, rrule } = changes;
  if (cron != null && rrule != null) throw refuseSchedule.twoRules();
  const isNewRule = cron != null || rrule != null;
  const timeZone = given(changes.timeZone, "UTC", before?.timeZone);
  const planned: ScheduleFields = {
    name: changes.name ?? before?.name ?? "",
    // One that is null is to be there no more.
    cron: isNewRule || cron === null ? (cron ?? null) : (before?.cron ?? null),
    rrule: isNewRule || rrule === null ? (rrule ?? null) : (before?.rrule ?? null),
    timeZone,
    start: given(startOf(changes.start, timeZone, before?.start ?? null, now), null, before?.start),
    captureName: given(changes.captureName, DEFAULT_CAPTURE_NAME, before?.captureName),
    duration: durationOf(changes, before),
    redact: given(changes.redact, "secrets", before?.redact),
    maxBytes: given(changes.maxBytes, null, before?.maxBytes),
    log: given(changes.log, "general", before?.log),
    minDurationMicros: 0,
    labels:
      changes.labels === undefined && before !== null ? before.labels : JSON.stringify(changes.labels ?? {}),
    notes: given(changes.notes, null, before?.notes),
    compares: given(toBit(changes.compare), 0, before?.compares),
    keepLast: given(changes.keepLast, null, before?.keepLast),
  };
  const isSlow = planned.log !== "general";
  if (changes.minDuration != null && !isSlow) throw refuseSchedule.minDurationOfGeneral();
  if (isSlow) {
    const micros = changes.minDuration == null ? changes.minDuration : Math.round(changes.minDuration * 1000);
    planned.minDurationMicros = given(micros, 0, before?.minDurationMicros);
  }
  const recurrence = { ...planned, createdAt: before?.createdAt ?? now };
  const nextAt = nextOf(recurrence, now);
  if (nextAt === null && !isSameRule(planned, before)) {
    throw endsByItself(recurrence) ? refuseSchedule.isOver() : refuseSchedule.neverOccurs();
  }
  return { fields: planned, nextAt };
}

const isSameRule = (planned: ScheduleFields, before: ScheduleFields | null): boolean =>
  before !== null &&
  (["cron", "rrule", "timeZone", "start"] as const).every((field) => planned[field] === before[field]);

/** How long ago a start may be. */
const MAX_START_YEARS = 10;

/**
 * The local time of a start that is asked for, as it is stored, to the minute.
 * @param before the one that there is, which may be as old as it is
 * @throws ApiError 400 when it is too long ago, or a moment of a time zone that is not known
 */
export function startOf<N extends null | undefined>(
  wanted: WantedStart | N,
  timeZone: string,
  before: string | null,
  now: number,
): string | N {
  if (wanted === null || wanted === undefined) return wanted as N;
  if (wanted.isMoment && !isTimeZone(timeZone)) throw refuseSchedule.unknownTimeZone();
  const start = toLocalText(wanted.isMoment ? localTimeAt(timeZone, wanted.at) : wanted.at);
  const oldest = new Date(now).setUTCFullYear(new Date(now).getUTCFullYear() - MAX_START_YEARS);
  if (wanted.at < oldest && start !== before) throw refuseSchedule.startTooOld();
  return start;
}

/** What is to be: what was asked for, without it what was before, without that or with null the default. */
function given<T>(asked: T | null | undefined, byDefault: T, before: T | undefined): T {
  if (asked === undefined && before !== undefined) return before;
  return asked ?? byDefault;
}

const toBit = (value: boolean | null | undefined): 0 | 1 | null | undefined =>
  value == null ? value : value ? 1 : 0;

/** How long captures are to run, in milliseconds: always so long, or each would run into the next. */
function durationOf({ duration }: ScheduleChanges, before: ScheduleFields | null): number {
  if (duration === undefined && before !== null) return before.duration;
  if (duration == null) throw refuseSchedule.durationNeeded();
  const refused: PlanRefusal | null = durationRefusal(duration * 1000);
  if (refused !== null) throw refusePlan(refused, { status: null } satisfies Pick<CaptureRequest, "status">);
  return duration * 1000;
}

/**
 * The first occurrence after a time; null when there is none.
 * @throws ApiError 400 when the rule can't be read, or the time zone is not known
 */
export function nextOf(recurrence: Recurrence, after: number): number | null {
  return readable(recurrence, () => nextOccurrence(recurrence, after));
}

/**
 * The next occurrences after a time.
 * @throws ApiError 400 when the rule can't be read, or the time zone is not known
 */
export function occurrencesOf(recurrence: Recurrence, after: number, count: number): number[] {
  return readable(recurrence, () => nextOccurrences(recurrence, after, count));
}

function readable<T>({ cron, rrule, timeZone }: Recurrence, read: () => T): T {
  if (cron !== null && rrule !== null) throw refuseSchedule.twoRules();
  if (cron === null && rrule === null) throw refuseSchedule.noRule();
  if (!isTimeZone(timeZone)) throw refuseSchedule.unknownTimeZone();
  try {
    return read();
  } catch (error) {
    if (error instanceof RuleError) throw refuseRule(rrule === null ? "cron" : "rrule", error.message);
    throw error;
  }
}

/** The refusal of a rule that can't be read. @param message says why */
export const refuseRule = (field: "cron" | "rrule", message: string): ApiError =>
  new ApiError(400, `${field}: ${message}`);
