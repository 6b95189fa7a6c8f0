import { type ComponentChildren, createContext } from "preact";
import { useCallback, useContext, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { describe } from "../lib/refusals.ts";

interface Toast {
  id: number;
  text: string;
  bad: boolean;
  undo: (() => void) | undefined;
}

/** Shows short messages. */
export interface Toasts {
  show: (text: string, options?: { bad?: boolean; undo?: () => void }) => void;
  /** Does something, and shows why if it fails. */
  attempt: (act: () => Promise<void>) => Promise<void>;
}

const ToastContext = createContext<Toasts>({ show: () => {}, attempt: (act) => act() });

/** What shows short messages. */
export const useToasts = (): Toasts => useContext(ToastContext);

const SHOWN_FOR_MS = 10_000;

/** Shows short messages at the bottom of the page; screen readers read them out. */
export function ToastProvider({ children }: { children: ComponentChildren }) {
  const [toasts, setToasts] = useState<Toast[]>([]);
  const nextId = useRef(0);
  const dismiss = useCallback(
    (id: number) => setToasts((before) => before.filter((toast) => toast.id !== id)),
    [],
  );
  const value = useMemo<Toasts>(() => {
    const show: Toasts["show"] = (text, { bad = false, undo } = {}) => {
      const id = nextId.current++;
      setToasts((before) => [...before.slice(-2), { id, text, bad, undo }]);
    };
    const attempt: Toasts["attempt"] = async (act) => {
      try {
        await act();
      } catch (error) {
        show(describe(error), { bad: true });
      }
    };
    return { show, attempt };
  }, []);
  return (
    <ToastContext.Provider value={value}>
      {children}
      <div role="status" aria-live="polite">
        <ul class="toasts">
          {toasts.map((toast) => (
            <ToastMessage key={toast.id} toast={toast} dismiss={dismiss} />
          ))}
        </ul>
      </div>
    </ToastContext.Provider>
  );
}

/** A message disappears by itself, but not while it has the pointer or the focus; an error stays until it is dismissed. */
function ToastMessage({
  toast: { id, text, bad, undo },
  dismiss,
}: {
  toast: Toast;
  dismiss: (id: number) => void;
}) {
  const [isHeld, setHeld] = useState(false);
  useEffect(() => {
    if (bad || isHeld) return;
    const timer = setTimeout(() => dismiss(id), SHOWN_FOR_MS);
    return () => clearTimeout(timer);
  }, [id, bad, isHeld, dismiss]);
  const hold = () => setHeld(true);
  const release = () => setHeld(false);
  return (
    <li
      class={bad ? "toast bad" : "toast"}
      onMouseEnter={hold}
      onMouseLeave={release}
      onFocusIn={hold}
      onFocusOut={release}
    >
      <span>{text}</span>
      {undo !== undefined && (
        <button
          type="button"
          onClick={() => {
            dismiss(id);
            undo();
          }}
        >
          Undo
        </button>
      )}
      <button type="button" class="quiet" aria-label="Dismiss" onClick={() => dismiss(id)}>
        ✕
      </button>
    </li>
  );
}
