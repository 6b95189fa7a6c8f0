import { TextArea } from "./field.tsx";

interface Props {
  labels: string;
  notes: string;
  errors: Record<string, string>;
  onChange: (about: { labels: string; notes: string }) => void;
}

/** What people put on a capture to find it by, and write about it. */
export function AboutFields({ labels, notes, errors, onChange }: Props) {
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

/** The same, folded away while nothing is wrong with it. @param isOpen whether it is open all the same */
export function FoldedAboutFields({ isOpen, ...about }: Props & { isOpen: boolean }) {
  const { labels, notes } = about.errors;
  return (
    <details open={labels !== undefined || notes !== undefined || isOpen}>
      <summary>Labels and notes</summary>
      <AboutFields {...about} />
    </details>
  );
}
