import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";

const FOCUSABLE = "a[href], button:not(:disabled), input, select, textarea, summary, [tabindex]";

/**
 * Where the focus goes when a dialog closes: to what opened it, or, if that has gone meanwhile (as Stop goes once a capture is
 * stopped), to the first control of what was around it.
 * @param around the elements that held what opened it, from the inside out
 */
function giveBack(opener: Element | null, around: Element[]): void {
  const near = around.find((element) => element.isConnected)?.querySelector<HTMLElement>(FOCUSABLE);
  if (opener instanceof HTMLElement && opener.isConnected && opener !== document.body) opener.focus();
  else near?.focus();
}

function ancestorsOf(element: Element | null): Element[] {
  const found: Element[] = [];
  for (let at = element?.parentElement; at != null && at !== document.body; at = at.parentElement)
    found.push(at);
  return found;
}

/** A modal dialog, open for as long as it is rendered. The browser keeps the focus inside; it is given back at the end. */
export function Dialog({
  title,
  onClose,
  closeLabel = "Cancel",
  children,
}: {
  title: string;
  onClose: () => void;
  closeLabel?: string;
  children: ComponentChildren;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useLayoutEffect(() => {
    const opener = document.activeElement;
    const around = ancestorsOf(opener);
    const element = dialog.current;
    element?.showModal();
    return () => {
      element?.close();
      giveBack(opener, around);
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={titleId}
      onCancel={(event) => {
        // The component that renders it closes it. If the browser closed it too, that component's state would be wrong.
        event.preventDefault();
        onClose();
      }}
    >
      <div class="dialog-head">
        <h2 id={titleId}>{title}</h2>
        <button type="button" class="quiet" onClick={onClose}>
          {closeLabel}
        </button>
      </div>
      {children}
    </dialog>
  );
}
