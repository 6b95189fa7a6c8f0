import * as z from "zod";
import { refuseRule } from "../schedules/plan.ts";
import { tooManySchedules } from "../schedules/refusals.ts";
import {
  occurrencesSchema as repliedOccurrences,
  type Schedule,
  scheduleEventSchema,
  scheduleSchema,
} from "../schedules/replies.ts";
import {
  changeSchema,
  createSchema,
  listSchema,
  MAX_SCHEDULES,
  occurrencesSchema,
  previewSchema,
} from "../schedules/schema.ts";
import { planRefusal, unchanged } from "./captures.ts";
import {
  IDEMPOTENCY_KEY,
  IF_MATCH,
  IF_NONE_MATCH,
  IF_NONE_MATCH_OF_CHANGE,
  nextPage,
  ONE_TAG,
  PAGE_TAG,
  REPLAYED,
} from "./header-fields.ts";
import type { Header, Operation, Parameter, Refusal } from "./operation.ts";
import { idParameter, queryParameters } from "./parameters.ts";
import {
  BAD_ID,
  invalidFor,
  OF_BODIES,
  OF_CALLERS,
  OF_KEYS,
  OF_WRITERS,
  refusalOf,
  refusals,
} from "./refusals.ts";
import "./schedule-requests.ts";

const ID = idParameter("id", "The schedule's id.");
const MEMBER = "Members of the schedule's environment.";
const OWNER = "The schedule's owner, and admins of its environment.";

const schedule: Schedule = {
  id: 1,
  name: "nightly",
  envId: 1,
  owner: { id: "0wIn8Nq8RabNTeJ3hTgZIAv74UrDQBxH", name: "Demo" },
  cron: "30 2 * * MON-FRI",
  rrule: null,
  timeZone: "Europe/Vienna",
  start: null,
  captureName: "{schedule} {date} {time}",
  duration: 3600,
  log: "slow",
  minDuration: 0,
  redact: "secrets",
  maxBytes: null,
  labels: { team: "orders" },
  notes: null,
  compare: true,
  keepLast: 30,
  captures: 12,
  state: "active",
  next: [
    "2026-11-30T01:30:00.000Z",
    "2026-12-01T01:30:00.000Z",
    "2026-12-02T01:30:00.000Z",
    "2026-12-03T01:30:00.000Z",
    "2026-12-04T01:30:00.000Z",
  ],
  pausedAt: null,
  problem: null,
  createdAt: "2026-11-12T09:14:03.211Z",
  updatedAt: "2026-11-12T09:14:03.211Z",
};

/** Headers of captures, said of schedules. */
const said = <T extends Header | Parameter>(field: T): T => ({
  ...field,
  description: field.description.replaceAll("capture", "schedule"),
});
const TAG: Record<string, Header> = {
  ETag: { ...said(ONE_TAG.ETag as Header), example: '"s1.1.3.xR2bq9Qe"' },
};
const PAGE: Record<string, Header> = { ETag: PAGE_TAG.ETag as Header };
const PRECONDITIONS = [said(IF_MATCH), said(IF_NONE_MATCH_OF_CHANGE)];
const ONE = { "application/json": { schema: scheduleSchema, example: schedule } };

const OCCURRENCES = {
  "application/json": {
    schema: repliedOccurrences,
    example: { occurrences: schedule.next, timeZone: schedule.timeZone },
  },
};

/** @param other how another refusal of that field begins, which is described by itself: the pattern leaves it out */
const rule = (name: string, field: "cron" | "rrule", message: string, other: string): Refusal => ({
  ...refusalOf(name, refuseRule(field, message)),
  pattern: `${field}: (?!${other})[\\s\\S]+`,
});
/** The refusals of a rule that can't be. */
const OF_RULES: Refusal[] = [
  rule("unreadableCron", "cron", 'must have five fields, such as "30 2 * * MON-FRI"', "is required, unless"),
  rule(
    "unreadableRrule",
    "rrule",
    "BYHOUR is needed with FREQ=DAILY, unless there is a start",
    "can't be there with cron|its COUNT or UNTIL leaves",
  ),
  ...refusals("twoRules", "unknownTimeZone", "startTooOld"),
];
/** The refusals of what a schedule is to be. */
const OF_FIELDS: Refusal[] = [
  ...OF_RULES,
  ...refusals(
    "neverOccurs",
    "isOver",
    "minDurationOfGeneral",
    "durationNeeded",
    "durationTooShort",
    "duplicateSchedule",
  ),
  planRefusal("durationTooLong", "duration-too-long"),
];
/** The refusals of every change to a schedule. */
const OF_CHANGES = [
  BAD_ID,
  ...OF_WRITERS,
  ...refusals(
    "notScheduleOwnerOrAdmin",
    "viewerMayNotChange",
    "scheduleNotFound",
    "scheduleOutdated",
    "scheduleExcluded",
    "scheduleChangedMeanwhile",
  ),
];
const OF_READS = [BAD_ID, ...OF_CALLERS, ...refusals("scheduleNotFound")];

const changed = (description: string) => ({ status: 200 as const, description, headers: TAG, content: ONE });

const LIMIT = { description: "How many at most." };

/** `/api/schedules`. */
export const scheduleOperations: Operation[] = [
  {
    id: "listSchedules",
    method: "get",
    path: "/api/schedules",
    tag: "Schedules",
    summary: "List schedules",
    description: "The schedules of all your environments, oldest first, a page at a time.",
    permission: "Whoever is signed in; `envId` must be an environment that you are a member of.",
    credentials: "any",
    parameters: [
      ...queryParameters(listSchema(), {
        envId: { description: "Only those of an environment." },
        state: { description: "Only those in a state: `active`, `paused` or `over`, in any letter case." },
        name: { description: "Only those of this name." },
        search: { description: "Only those with this text in their names, in any letter case." },
        limit: { description: "The most schedules on a page." },
        cursor: { description: "Where a page begins: follow the `Link` header instead of making one." },
      }),
      IF_NONE_MATCH,
    ],
    success: {
      status: 200,
      description: "A page of schedules.",
      headers: { ...PAGE, ...nextPage("/api/schedules") },
      content: { "application/json": { schema: z.array(scheduleSchema), example: [schedule] } },
    },
    others: [unchanged(PAGE)],
    refusals: [invalidFor(listSchema(), { limit: ["0"] }), ...OF_CALLERS, ...refusals("environmentNotFound")],
  },
  {
    id: "createSchedule",
    method: "post",
    path: "/api/schedules",
    tag: "Schedules",
    summary: "Make a schedule",
    description:
      "The capture of its next occurrence is made at once, as a SCHEDULED one; the others follow one by one.",
    permission: "Members of the environment who are not viewers.",
    credentials: "any",
    parameters: [IDEMPOTENCY_KEY],
    body: {
      schema: createSchema(),
      examples: {
        nightly: {
          summary: "An hour every night, compared with the night before",
          value: {
            name: "nightly",
            envId: 1,
            cron: "30 2 * * *",
            timeZone: "Europe/Vienna",
            duration: 3600,
            log: "slow",
            compare: true,
            keepLast: 30,
          },
        },
        monthly: {
          summary: "On the first Monday of each month",
          value: {
            name: "monthly",
            envId: 1,
            rrule: "FREQ=MONTHLY;BYDAY=1MO;BYHOUR=9",
            duration: 600,
            captureName: "{schedule} {number}",
          },
        },
        sprints: {
          summary: "Every second Monday at nine, ten times",
          value: {
            name: "sprints",
            envId: 1,
            rrule: "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;COUNT=10",
            start: "2026-11-30T09:00",
            timeZone: "Europe/Vienna",
            duration: 600,
          },
        },
      },
    },
    success: {
      status: 200,
      description: "The schedule.",
      headers: { ...TAG, ...REPLAYED },
      content: ONE,
    },
    refusals: [
      invalidFor(createSchema(), { envId: 1 }),
      ...refusals("noRule"),
      ...OF_FIELDS,
      ...OF_BODIES,
      ...OF_KEYS,
      ...OF_WRITERS,
      ...refusals("viewerMayNotChange", "environmentNotFound"),
      refusalOf("tooManySchedules", tooManySchedules(MAX_SCHEDULES)),
    ],
  },
  {
    id: "previewOccurrences",
    method: "get",
    path: "/api/schedules/occurrences",
    tag: "Schedules",
    summary: "Preview a rule",
    description: "When captures of a rule would begin, before there is a schedule of it.",
    permission: "Whoever is signed in.",
    credentials: "any",
    parameters: queryParameters(previewSchema(), {
      cron: { description: "A cron expression, as a schedule has one.", example: "30 2 * * MON-FRI" },
      rrule: { description: "A rule of iCalendar, as a schedule has one, instead of it." },
      timeZone: { description: "The time zone; UTC if absent.", example: "Europe/Vienna" },
      start: {
        description: "The local date and time from which on it comes and is counted, as a schedule has one.",
        example: "2026-11-30T09:00",
      },
      createdAt: { description: "The moment from which a rule without a start is counted; now if absent." },
      limit: LIMIT,
    }),
    success: { status: 200, description: "The next occurrences.", content: OCCURRENCES },
    refusals: [
      invalidFor(previewSchema(), { limit: ["0"] }),
      ...refusals("noRule"),
      ...OF_RULES,
      ...OF_CALLERS,
    ],
  },
  {
    id: "getSchedule",
    method: "get",
    path: "/api/schedules/{id}",
    tag: "Schedules",
    summary: "Show a schedule",
    permission: MEMBER,
    credentials: "any",
    parameters: [ID, IF_NONE_MATCH],
    success: changed("The schedule."),
    others: [unchanged(TAG)],
    refusals: OF_READS,
  },
  {
    id: "changeSchedule",
    method: "put",
    path: "/api/schedules/{id}",
    tag: "Schedules",
    summary: "Change a schedule",
    description:
      "What is absent stays, the start too, from which a new rule is counted. Its captures that wait for their start are deleted, and made anew as it says now; those that have begun go on.",
    permission: OWNER,
    credentials: "any",
    parameters: [ID, ...PRECONDITIONS],
    body: {
      schema: changeSchema(),
      examples: {
        time: { summary: "At another time", value: { cron: "0 3 * * *" } },
        keep: { summary: "Keep all captures", value: { keepLast: null } },
      },
    },
    success: changed("The schedule as it is now."),
    refusals: [invalidFor(changeSchema(), {}), ...OF_FIELDS, ...OF_BODIES, ...OF_CHANGES],
  },
  {
    id: "deleteSchedule",
    method: "delete",
    path: "/api/schedules/{id}",
    tag: "Schedules",
    summary: "Delete a schedule",
    description:
      "Its captures that wait for their start are deleted with it; those that have begun stay. The reply shows it as it was.",
    permission: OWNER,
    credentials: "any",
    parameters: [ID, ...PRECONDITIONS],
    success: { status: 200, description: "The schedule as it was.", content: ONE },
    refusals: OF_CHANGES,
  },
  {
    id: "pauseSchedule",
    method: "post",
    path: "/api/schedules/{id}/pause",
    tag: "Schedules",
    summary: "Pause a schedule",
    description: "Its captures that wait for their start are deleted. One that is paused stays as it is.",
    permission: OWNER,
    credentials: "any",
    parameters: [ID, ...PRECONDITIONS],
    success: changed("The schedule as it is now."),
    refusals: OF_CHANGES,
  },
  {
    id: "resumeSchedule",
    method: "post",
    path: "/api/schedules/{id}/resume",
    tag: "Schedules",
    summary: "Resume a schedule",
    description:
      "From its next occurrence on: those of the pause get no captures, though they count. One that is not paused stays as it is; one that is over is a 409. Whoever resumes a schedule whose owner is no member any more becomes its owner.",
    permission: OWNER,
    credentials: "any",
    parameters: [ID, ...PRECONDITIONS],
    success: changed("The schedule as it is now."),
    refusals: [...OF_CHANGES, ...refusals("scheduleOver")],
  },
  {
    id: "listOccurrences",
    method: "get",
    path: "/api/schedules/{id}/occurrences",
    tag: "Schedules",
    summary: "Show a schedule's next occurrences",
    permission: MEMBER,
    credentials: "any",
    parameters: [ID, ...queryParameters(occurrencesSchema(), { limit: LIMIT })],
    success: {
      status: 200,
      description: "The next occurrences; none while it is paused, and when it is over.",
      content: OCCURRENCES,
    },
    refusals: [invalidFor(occurrencesSchema(), { limit: ["0"] }), ...OF_READS],
  },
  {
    id: "listScheduleEvents",
    method: "get",
    path: "/api/schedules/{id}/events",
    tag: "Schedules",
    summary: "Show a schedule's history",
    permission: MEMBER,
    credentials: "any",
    parameters: [ID],
    success: {
      status: 200,
      description: "What was done to it, oldest first.",
      content: {
        "application/json": {
          schema: z.array(scheduleEventSchema),
          example: [
            {
              time: schedule.createdAt,
              what: "created",
              actor: { type: "user", ...schedule.owner },
            },
          ],
        },
      },
    },
    refusals: OF_READS,
  },
];
