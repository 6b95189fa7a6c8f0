import { useState } from "preact/hooks";
import { api } from "../api/client.ts";
import type { Capture, FullCapture } from "../api/types.ts";
import { formatMinute, localTime } from "../lib/format.ts";
import { readLabels, writeLabels } from "../lib/labels.ts";
import { lengthOf, secondsOf } from "../lib/lengths.ts";
import { useSubmission } from "../lib/submission.ts";
import { AboutFields } from "./about-fields.tsx";
import { Dialog } from "./dialog.tsx";
import { Form, FormProblem, Submit, TextField } from "./field.tsx";
import { LengthFields } from "./length-fields.tsx";
import { StartHint } from "./start-hint.tsx";

/** What a dialog that changes a capture is told. */
interface Edited {
  capture: FullCapture;
  onChanged: (changed: Capture) => void;
  onClose: () => void;
}

/** Changes what a capture is called, its labels and its notes. */
export function EditAbout({ capture, onChanged, onClose }: Edited) {
  const [name, setName] = useState(capture.name);
  const [about, setAbout] = useState({ labels: writeLabels(capture.labels), notes: capture.notes ?? "" });
  const { busy, errors, submit } = useSubmission(["name", "labels", "notes"], async () => {
    const { notes } = about;
    const labels = readLabels(about.labels);
    onChanged(await api.captures.update(capture.id, { name, labels, notes }));
  });
  return (
    <Dialog title={`Edit ${capture.name}`} onClose={onClose}>
      <Form onSubmit={submit} refused={errors}>
        <TextField name="name" label="Name" error={errors.fields.name} value={name} onChange={setName} />
        <AboutFields {...about} errors={errors.fields} onChange={setAbout} />
        <FormProblem message={errors.form} />
        <div class="actions">
          <Submit busy={busy}>Save</Submit>
        </div>
      </Form>
    </Dialog>
  );
}

/** Changes when a scheduled capture starts and ends, or when a running one ends. */
export function EditTimes({ capture, onChanged, onClose }: Edited) {
  const { start, scheduledStart, duration } = capture;
  const isScheduled = capture.status === "SCHEDULED";
  const known = scheduledStart === null ? "" : localTime(Date.parse(scheduledStart));
  const [startAt, setStartAt] = useState(known);
  const [length, setLength] = useState(lengthOf(duration));
  const { busy, errors, submit } = useSubmission(["scheduledStart", "duration"], async () => {
    const changed = startAt === "" ? "" : new Date(startAt).toISOString();
    onChanged(
      await api.captures.update(capture.id, {
        // Unchanged, it keeps its seconds.
        ...(isScheduled && startAt !== known && { scheduledStart: changed }),
        duration: secondsOf(length),
      }),
    );
  });
  const from = isScheduled ? new Date(startAt).getTime() : Date.parse(scheduledStart ?? start ?? "");
  return (
    <Dialog
      title={isScheduled ? `Reschedule ${capture.name}` : `When ${capture.name} ends`}
      onClose={onClose}
    >
      <Form onSubmit={submit} refused={errors}>
        {isScheduled && (
          <TextField
            name="scheduledStart"
            label="Start at"
            error={errors.fields.scheduledStart}
            hint={<StartHint startAt={startAt} />}
            type="datetime-local"
            step={60}
            value={startAt}
            onChange={setStartAt}
          />
        )}
        <LengthFields
          length={length}
          error={errors.fields.duration}
          hint={endHint(from, secondsOf(length))}
          onChange={setLength}
        />
        <FormProblem message={errors.form} />
        <div class="actions">
          <Submit busy={busy}>Save</Submit>
        </div>
      </Form>
    </Dialog>
  );
}

/** When a capture ends that runs so many seconds from a moment on, in words. */
function endHint(from: number, seconds: number | null): string {
  const end = from + (seconds ?? Number.NaN) * 1000;
  return Number.isNaN(end)
    ? "From one minute to 31 days, counted from its start."
    : `Counted from its start, ${formatMinute(from)}: until ${formatMinute(end)}.`;
}
