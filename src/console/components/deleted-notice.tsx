import { useState } from "preact/hooks";
import { api } from "../api/client.ts";
import type { FullCapture } from "../api/types.ts";
import { describe } from "../lib/refusals.ts";
import { FormProblem } from "./field.tsx";
import { Time } from "./time.tsx";
import { useToasts } from "./toasts.tsx";

/** Says that a capture is deleted, and brings it back on request, for as long as its data is kept. */
export function DeletedNotice({ capture, onRestored }: { capture: FullCapture; onRestored: () => void }) {
  const toasts = useToasts();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const { id, name, restorableUntil } = capture;
  const restore = async () => {
    if (busy) return;
    setBusy(true);
    setProblem(null);
    try {
      await api.captures.restore(id);
      toasts.show(`${name} is back`);
      onRestored();
    } catch (error) {
      setProblem(describe(error));
      setBusy(false);
    }
  };
  return (
    <div class="note deleted" role="status">
      <p>
        <strong>{name}</strong> is deleted.
        {restorableUntil !== null && (
          <>
            {" "}
            It can be brought back until <Time at={restorableUntil} />.
          </>
        )}
      </p>
      <button type="button" aria-disabled={busy} onClick={restore}>
        {busy ? "One moment…" : "Undo the deletion"}
      </button>
      <FormProblem message={problem} />
    </div>
  );
}
