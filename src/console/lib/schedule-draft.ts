import type { CapturedLog } from "../../logs/names.ts";
import { DEFAULT_CAPTURE_NAME } from "../../schedules/capture-name.ts";
import type { NewSchedule, Schedule } from "../api/types.ts";
import { readLabels, writeLabels } from "./labels.ts";
import { type Length, lengthOf, secondsOf } from "./lengths.ts";

const GIGABYTE = 1_000_000_000;

/** The two ways to write a rule. */
export const RULES = ["cron", "rrule"] as const;
/** One of them. */
export type RuleKind = (typeof RULES)[number];

/** What is typed into the form of a schedule. */
export interface ScheduleDraft {
  name: string;
  envId: string;
  kind: RuleKind;
  rule: string;
  timeZone: string;
  captureName: string;
  length: Length;
  log: CapturedLog;
  minDuration: string;
  redact: boolean;
  maxGigabytes: string;
  labels: string;
  notes: string;
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
  captureName: DEFAULT_CAPTURE_NAME,
  length: lengthOf(3600),
  log: "general",
  minDuration: "0",
  redact: false,
  maxGigabytes: "",
  labels: "",
  notes: "",
  compare: false,
  keepLast: "",
});

/** The form that changes a schedule. */
export function draftOfSchedule(schedule: Schedule): ScheduleDraft {
  const { name, envId, cron, rrule, timeZone, captureName, duration, log, minDuration } = schedule;
  const { redact, maxBytes, labels, notes, compare, keepLast } = schedule;
  return {
    ...{ name, timeZone, captureName, log, compare },
    envId: String(envId),
    kind: rrule === null ? "cron" : "rrule",
    rule: rrule ?? cron ?? "",
    length: lengthOf(duration),
    minDuration: String(minDuration ?? 0),
    redact: redact === "literals",
    maxGigabytes: maxBytes === null ? "" : String(maxBytes / GIGABYTE),
    labels: writeLabels(labels),
    notes: notes ?? "",
    keepLast: keepLast === null ? "" : String(keepLast),
  };
}

/**
 * The request that a form makes: all fields, so that it makes a schedule and changes one.
 * @throws CapturesError when its labels can't be read
 */
export function scheduleRequest(draft: ScheduleDraft): Omit<NewSchedule, "envId"> {
  const { name, kind, rule, timeZone, captureName, log, minDuration, redact, maxGigabytes, notes } = draft;
  return {
    ...{ name, timeZone, captureName, log, compare: draft.compare },
    ...(kind === "cron" ? { cron: rule } : { rrule: rule }),
    duration: secondsOf({ ...draft.length, isTimed: true }),
    minDuration: log === "general" ? null : Number(minDuration),
    redact: redact ? "literals" : null,
    maxBytes: maxGigabytes === "" ? null : Math.round(Number(maxGigabytes) * GIGABYTE),
    labels: readLabels(draft.labels),
    notes: notes.trim() === "" ? null : notes,
    keepLast: draft.keepLast === "" ? null : Number(draft.keepLast),
  };
}
