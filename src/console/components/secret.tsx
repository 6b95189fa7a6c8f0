import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";

/** Something that is shown once, to be copied. */
export function Secret({ label, value, note }: { label: string; value: string; note: ComponentChildren }) {
  const id = useId();
  const [said, setSaid] = useState("");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(value);
      setSaid("Copied");
    } catch {
      setSaid("The browser does not let it be copied: select it instead");
    }
  };
  return (
    <div class="secret" role="status">
      <label for={id}>{label}</label>
      <div class="inline">
        <input id={id} readOnly value={value} onFocus={({ currentTarget }) => currentTarget.select()} />
        <button type="button" onClick={copy}>
          Copy
        </button>
      </div>
      <p class="hint">
        {note} {said}
      </p>
    </div>
  );
}
