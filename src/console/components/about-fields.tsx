import { TextArea } from "./field.tsx";

/** What people put on a capture to find it by, and write about it. */
export function AboutFields({
  labels,
  notes,
  errors,
  onChange,
}: {
  labels: string;
  notes: string;
  errors: Record<string, string>;
  onChange: (about: { labels: string; notes: string }) => void;
}) {
  return (
    <div class="fields">
      <TextArea
        name="labels"
        label="Labels"
        hint="One in each line, such as “release: 1.2”. Captures can be found by them."
        error={errors.labels}
        rows={3}
        value={labels}
        onChange={(changed) => onChange({ labels: changed, notes })}
      />
      <TextArea
        name="notes"
        label="Notes"
        error={errors.notes}
        rows={4}
        value={notes}
        onChange={(changed) => onChange({ labels, notes: changed })}
      />
    </div>
  );
}
