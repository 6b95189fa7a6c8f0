import type { CapturedLog } from "../../logs/names.ts";
import type { FullCapture } from "../api/types.ts";
import { writeLabels } from "./labels.ts";

const GIGABYTE = 1_000_000_000;

/** What the forms of captures and of schedules have in common: what is recorded and stored, labels and notes. */
export interface RecordingDraft {
  log: CapturedLog;
  /** In milliseconds, of the slow log. */
  minDuration: string;
  redact: boolean;
  /** Empty for as much as the service allows. */
  maxGigabytes: string;
  labels: string;
  notes: string;
}

/** The form as it is at first. */
export const EMPTY_RECORDING: RecordingDraft = {
  log: "general",
  minDuration: "0",
  redact: false,
  maxGigabytes: "",
  labels: "",
  notes: "",
};

/** The form with what an existing capture or schedule has. */
export const draftOfRecording = ({
  log,
  minDuration,
  redact,
  maxBytes,
  labels,
  notes,
}: Pick<
  FullCapture,
  "log" | "minDuration" | "redact" | "maxBytes" | "labels" | "notes"
>): RecordingDraft => ({
  log,
  minDuration: String(minDuration ?? 0),
  redact: redact === "literals",
  maxGigabytes: maxBytes === null ? "" : String(maxBytes / GIGABYTE),
  labels: writeLabels(labels),
  notes: notes ?? "",
});

/** The bytes of a limit as it is typed; null for none. */
export const bytesOf = (gigabytes: string): number | null =>
  gigabytes === "" ? null : Math.round(Number(gigabytes) * GIGABYTE);
