import { CAPTURED_LOGS, type CapturedLog } from "../../logs/names.ts";
import type { RecordingDraft } from "../lib/recording-draft.ts";
import { Check, Choice, TextField } from "./field.tsx";

/** What each log is called, and what it is good for and costs. */
const LOGS: Record<CapturedLog, { name: string; hint: string }> = {
  general: {
    name: "General log",
    hint: "Every statement when it arrives, of sessions that are connected already, too. It does not say how long they took. Costs the server a write for each statement.",
  },
  slow: {
    name: "Slow query log",
    hint: "How long each statement took, its rows and errors. Sessions that are connected already are missing until they reconnect. Costs the server about two and a half times as many bytes as the general log; a shortest time saves most of them.",
  },
  both: {
    name: "Both",
    hint: "Every statement, and the times of those in the slow log. Costs as much as the two together, also for the limit of bytes.",
  },
};

/** Which log is recorded, and what of it. */
type Logged = Pick<RecordingDraft, "log" | "minDuration">;

/** Which log a capture records, and of the slow log how slow a statement has to be. */
export function LogFields({
  log,
  minDuration,
  error,
  onChange,
}: Logged & { error: string | undefined; onChange: (changes: Partial<Logged>) => void }) {
  return (
    <>
      <Choice
        legend="Log"
        name="log"
        options={CAPTURED_LOGS.map((one) => LOGS[one].name)}
        hints={CAPTURED_LOGS.map((one) => LOGS[one].hint)}
        chosen={CAPTURED_LOGS.indexOf(log)}
        onChoose={(index) => onChange({ log: CAPTURED_LOGS[index] ?? "general" })}
      />
      {log !== "general" && (
        <TextField
          name="minDuration"
          label="Slow query log: statements of at least (ms)"
          error={error}
          hint="0 for all of them; 0.25 is 250 microseconds."
          type="number"
          min={0}
          inputMode="decimal"
          value={minDuration}
          onChange={(typed) => onChange({ minDuration: typed })}
        />
      )}
    </>
  );
}

/** What of it is stored. */
type Stored = Pick<RecordingDraft, "redact" | "maxGigabytes">;

/** What of a capture is stored: literals or not, and how much. */
export function StoredFields({
  redact,
  maxGigabytes,
  error,
  isOpen,
  onChange,
}: Stored & { error: string | undefined; isOpen: boolean; onChange: (changes: Partial<Stored>) => void }) {
  return (
    <details open={error !== undefined || isOpen}>
      <summary>What is stored</summary>
      <Check checked={redact} onChange={(isRedacted) => onChange({ redact: isRedacted })}>
        Store statements with <code>?</code> for every literal. Passwords are never stored.
      </Check>
      <TextField
        name="maxBytes"
        label="End early at (GB)"
        error={error}
        hint="Leave empty for as much as the service allows."
        type="number"
        min={0}
        inputMode="decimal"
        value={maxGigabytes}
        onChange={(typed) => onChange({ maxGigabytes: typed })}
      />
    </details>
  );
}
