import { DEFAULT_CAPTURE_NAME } from "../../schedules/capture-name.ts";
import type { NewSchedule, Schedule } from "../api/types.ts";
import { readLabels } from "./labels.ts";
import { type Length, lengthOf, secondsOf } from "./lengths.ts";
import { bytesOf, draftOfRecording, EMPTY_RECORDING, type RecordingDraft } from "./recording-draft.ts";

/** The two ways to write a rule. */
export const RULES = ["cron", "rrule"] as const;
/** One of them. */
export type RuleKind = (typeof RULES)[number];

/** How a rule of iCalendar can end: by itself or not at all, with a day, or after a number of captures. */
export const ENDINGS = ["none", "until", "count"] as const;

/** What is typed into the form of a schedule. */
export interface ScheduleDraft extends RecordingDraft {
  name: string;
  envId: string;
  kind: RuleKind;
  rule: string;
  timeZone: string;
  /** A local date and time; empty for the moment when it is made. */
  start: string;
  /** The end of a rule of iCalendar, with its last day or its number of captures. */
  ending: (typeof ENDINGS)[number];
  until: string;
  count: string;
  /** Of a schedule that there is. */
  createdAt?: string;
  captureName: string;
  length: Length;
  compare: boolean;
  /** How many captures to keep; empty for all. */
  keepLast: string;
}

/** The form as it is at first: every night, in the reader's time zone. */
export const emptySchedule = (envId: string): ScheduleDraft => ({
  name: "",
  envId,
  kind: "cron",
  rule: "30 2 * * *",
  timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  ...{ start: "", ending: "none", until: "", count: "" },
  captureName: DEFAULT_CAPTURE_NAME,
  length: lengthOf(3600),
  ...EMPTY_RECORDING,
  compare: false,
  keepLast: "",
});

/** The form that changes a schedule. */
export function draftOfSchedule(schedule: Schedule): ScheduleDraft {
  const { name, envId, cron, rrule, timeZone, captureName, duration, compare, keepLast } = schedule;
  return {
    ...{ name, timeZone, captureName, compare },
    ...draftOfRecording(schedule),
    envId: String(envId),
    kind: rrule === null ? "cron" : "rrule",
    ...(rrule === null ? { rule: cron ?? "", ending: "none", until: "", count: "" } : endOf(rrule)),
    start: schedule.start ?? "",
    createdAt: schedule.createdAt,
    length: lengthOf(duration),
    keepLast: keepLast === null ? "" : String(keepLast),
  };
}

/** The end of a rule, apart from it. One that is no day stays in the rule. */
function endOf(rrule: string): Pick<ScheduleDraft, "rule" | "ending" | "until" | "count"> {
  const END = /;?(?:COUNT=(\d+)|UNTIL=(\d{4})(\d\d)(\d\d))(?=;|$)/;
  const [, count = "", ...day] = END.exec(rrule) ?? [];
  const until = day.filter(Boolean).join("-");
  const ending = count !== "" ? "count" : until !== "" ? "until" : "none";
  return { rule: rrule.replace(END, "").replace(/^;/, ""), ending, until, count };
}

/** What of a form says when captures begin, as it is asked for. */
export function ruleOfDraft({ kind, rule, ending, until, count, timeZone, start }: RuleDraft) {
  const end = {
    none: "",
    until: `;UNTIL=${until.replaceAll("-", "")}`,
    count: `;COUNT=${count}`,
  }[ending];
  const when = start === "" ? null : start;
  return kind === "cron"
    ? { cron: rule, timeZone, start: when }
    : { rrule: rule + end, timeZone, start: when };
}

/** What of a form says when captures begin. */
export type RuleDraft = Pick<
  ScheduleDraft,
  "kind" | "rule" | "timeZone" | "start" | "ending" | "until" | "count" | "createdAt"
>;

/**
 * The request that a form makes: all fields, so that it makes a schedule and changes one.
 * @throws CapturesError when its labels can't be read
 */
export function scheduleRequest(draft: ScheduleDraft): Omit<NewSchedule, "envId"> {
  const { name, captureName, log, minDuration, redact, notes } = draft;
  return {
    ...{ name, captureName, log, compare: draft.compare },
    ...ruleOfDraft(draft),
    duration: secondsOf({ ...draft.length, isTimed: true }),
    minDuration: log === "general" ? null : Number(minDuration),
    redact: redact ? "literals" : null,
    maxBytes: bytesOf(draft.maxGigabytes),
    labels: readLabels(draft.labels),
    notes: notes.trim() === "" ? null : notes,
    keepLast: draft.keepLast === "" ? null : Number(draft.keepLast),
  };
}
