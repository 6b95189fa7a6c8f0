import type { FullCapture, NewCapture } from "../api/types.ts";
import { localTime } from "./format.ts";
import { readLabels } from "./labels.ts";
import { type Length, lengthOf, secondsOf } from "./lengths.ts";
import { bytesOf, draftOfRecording, EMPTY_RECORDING, type RecordingDraft } from "./recording-draft.ts";

/** When a new capture starts. */
export type When = "now" | "later" | "past";

/** What is typed into the form of a new capture. */
export interface CaptureDraft extends RecordingDraft {
  name: string;
  envId: string;
  when: When;
  /** In the reader's time zone, as a field of date and time has it. */
  startAt: string;
  length: Length;
}

/** The form as it is at first. */
export const emptyDraft = (envId: string): CaptureDraft => ({
  name: "",
  envId,
  when: "now",
  startAt: "",
  length: lengthOf(1800),
  ...EMPTY_RECORDING,
});

/**
 * The form for another attempt of a capture, with its fields. It has another name, since that one is taken, and a scheduled start
 * that has passed becomes now.
 */
export function draftOf(capture: FullCapture, now: number): CaptureDraft {
  const { start, scheduledStart, backDated, duration } = capture;
  const isAhead = scheduledStart !== null && Date.parse(scheduledStart) > now;
  const when = backDated ? "past" : isAhead ? "later" : "now";
  const at = when === "past" ? start : when === "later" ? scheduledStart : null;
  return {
    name: nextName(capture.name),
    envId: String(capture.envId),
    when,
    startAt: at === null ? "" : localTime(Date.parse(at)),
    length: lengthOf(duration),
    ...draftOfRecording(capture),
  };
}

/** The name of the next attempt: `nightly (2)` after `nightly`, and `nightly (3)` after that. */
function nextName(name: string): string {
  const [, before = name, number = "1"] = /^(.*) \((\d{1,4})\)$/s.exec(name) ?? [];
  const suffix = ` (${Number(number) + 1})`;
  // A name has at most 100 characters.
  return [...before].slice(0, 100 - suffix.length).join("") + suffix;
}

/**
 * The request that a form makes.
 * @throws CapturesError when its labels can't be read
 */
export function requestOf(draft: CaptureDraft): NewCapture {
  const { name, envId, when, startAt, log, minDuration, redact, notes } = draft;
  const duration = secondsOf(draft.length);
  const maxBytes = bytesOf(draft.maxGigabytes);
  const labels = readLabels(draft.labels);
  // An empty time is sent as it is: the server's message is the same as for programs.
  const at = startAt === "" ? "" : new Date(startAt).toISOString();
  return {
    name,
    envId: Number(envId),
    ...(when === "later" && { scheduledStart: at }),
    ...(when === "past" && { start: at }),
    ...(duration !== null && { duration }),
    ...(log !== "general" && { log, minDuration: Number(minDuration) }),
    ...(redact && { redact: "literals" as const }),
    ...(maxBytes !== null && { maxBytes }),
    ...(Object.keys(labels).length > 0 && { labels }),
    ...(notes.trim() !== "" && { notes }),
  };
}
