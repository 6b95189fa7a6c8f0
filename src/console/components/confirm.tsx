import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { describe } from "../lib/refusals.ts";
import { Dialog } from "./dialog.tsx";
import { FormProblem, TextField } from "./field.tsx";

/** Asks before something that can't be undone, does it, and shows why if it fails. */
export function Confirm({
  title,
  action,
  perform,
  onClose,
  closeLabel = "Cancel",
  typed,
  children,
}: {
  title: string;
  /** What the button says. */
  action: string;
  perform: () => Promise<void>;
  onClose: () => void;
  /** What the button says that leaves all as it is. */
  closeLabel?: string;
  /** A text that has to be typed before the button does anything. */
  typed?: string;
  children: ComponentChildren;
}) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const [text, setText] = useState("");
  const confirm = async () => {
    if (busy) return;
    if (typed !== undefined && text.trim() !== typed) {
      setProblem(`Type ${typed} to confirm`);
      return;
    }
    setBusy(true);
    setProblem(null);
    try {
      await perform();
      onClose();
    } catch (error) {
      setProblem(describe(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose} closeLabel={closeLabel}>
      {children}
      {typed !== undefined && (
        <TextField
          name="confirmation"
          label={`Type ${typed} to confirm`}
          spellcheck={false}
          value={text}
          onChange={setText}
        />
      )}
      <FormProblem message={problem} />
      <div class="actions">
        <button type="button" class="danger" aria-disabled={busy} onClick={confirm}>
          {busy ? "One moment…" : action}
        </button>
      </div>
    </Dialog>
  );
}
