import { ApiError, refusal } from "../http/refusals.ts";

/** What is refused of schedules and calendars. */
export const refuseSchedule = {
  notScheduleOwnerOrAdmin: refusal(
    403,
    "Only the schedule's owner or an admin of its environment may do this",
  ),
  scheduleNotFound: refusal(404, "Schedule not found"),
  calendarNotFound: refusal(404, "Calendar not found: its address was revoked or replaced"),
  duplicateSchedule: refusal(400, "Schedule with the same name already exists in this environment"),
  scheduleOutdated: refusal(
    412,
    "If-Match: the schedule has changed since; look at it again, and send the ETag that it has now",
  ),
  scheduleExcluded: refusal(
    412,
    "If-None-Match: names the version that the schedule has, which is not to be changed then",
  ),
  scheduleChangedMeanwhile: refusal(
    409,
    "Schedule was changed by somebody else just now: look at it and try again",
  ),
  noRule: refusal(400, "cron: is required, unless there is an rrule"),
  twoRules: refusal(400, "rrule: can't be there with cron: a schedule has one rule"),
  unknownTimeZone: refusal(
    400,
    'timeZone: must be a name of the IANA time zone database, such as "Europe/Vienna"',
  ),
  neverOccurs: refusal(400, "cron, rrule: has no occurrence in the next five years"),
  isOver: refusal(
    400,
    "rrule: its COUNT or UNTIL leaves no occurrence from now on: change it, or give a later start",
  ),
  scheduleOver: refusal(
    409,
    "Schedule is over: its rule has no further occurrence. Change its rule or its start first",
  ),
  startTooOld: refusal(400, "start: must be at most ten years ago"),
  durationNeeded: refusal(400, "duration: is required: the captures of a schedule end by themselves"),
  minDurationOfGeneral: refusal(400, "minDuration: is of the slow log: log must be slow or both"),
} as const;

/** Of a schedule that an environment has no place for: it may have `limit`. */
export const tooManySchedules = (limit: number): ApiError =>
  new ApiError(409, `Environment has ${limit} schedules, which is the most it may have: delete one first`);
