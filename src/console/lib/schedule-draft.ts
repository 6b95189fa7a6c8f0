import { DEFAULT_CAPTURE_NAME } from "../../schedules/capture-name.ts";
import type { NewSchedule, Schedule } from "../api/types.ts";
import { readLabels } from "./labels.ts";
import { type Length, lengthOf, secondsOf } from "./lengths.ts";
import { bytesOf, draftOfRecording, EMPTY_RECORDING, type RecordingDraft } from "./recording-draft.ts";

/** The two ways to write a rule. */
export const RULES = ["cron", "rrule"] as const;
/** One of them. */
export type RuleKind = (typeof RULES)[number];

/** What is typed into the form of a schedule. */
export interface ScheduleDraft extends RecordingDraft {
  name: string;
  envId: string;
  kind: RuleKind;
  rule: string;
  timeZone: string;
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
    rule: rrule ?? cron ?? "",
    length: lengthOf(duration),
    keepLast: keepLast === null ? "" : String(keepLast),
  };
}

/**
 * The request that a form makes: all fields, so that it makes a schedule and changes one.
 * @throws CapturesError when its labels can't be read
 */
export function scheduleRequest(draft: ScheduleDraft): Omit<NewSchedule, "envId"> {
  const { name, kind, rule, timeZone, captureName, log, minDuration, redact, notes } = draft;
  return {
    ...{ name, timeZone, captureName, log, compare: draft.compare },
    ...(kind === "cron" ? { cron: rule } : { rrule: rule }),
    duration: secondsOf({ ...draft.length, isTimed: true }),
    minDuration: log === "general" ? null : Number(minDuration),
    redact: redact ? "literals" : null,
    maxBytes: bytesOf(draft.maxGigabytes),
    labels: readLabels(draft.labels),
    notes: notes.trim() === "" ? null : notes,
    keepLast: draft.keepLast === "" ? null : Number(draft.keepLast),
  };
}
