import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

/** Whether a step is done, is what there is to do now, or comes later. */
export type StepState = "done" | "now" | "later";

/** The state of a step, by its number and that of the one that is to be done now. */
export const stepState = (step: number, now: number): StepState =>
  step < now ? "done" : step === now ? "now" : "later";

/**
 * A step of a form that has several: its fields while it is to be done, and one line when it was done, with the way back to it. When
 * its turn comes, its heading gets the focus.
 */
export function Step({
  title,
  state,
  summary,
  onReturn,
  children,
}: {
  title: string;
  state: StepState;
  /** What was done, in a line. */
  summary: ComponentChildren;
  onReturn: () => void;
  children: ComponentChildren;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  const before = useRef(state);
  useEffect(() => {
    if (state === "now" && before.current !== "now") heading.current?.focus();
    before.current = state;
  }, [state]);
  return (
    <li class={`card step-${state}`} aria-current={state === "now" ? "step" : undefined}>
      <div class="step-head">
        <h2 ref={heading} tabIndex={-1}>
          {title}
        </h2>
        {state === "done" && (
          <button type="button" class="small" aria-label={`Change ${title.toLowerCase()}`} onClick={onReturn}>
            Change
          </button>
        )}
      </div>
      {state === "done" && <p class="step-summary">{summary}</p>}
      {state === "now" && children}
    </li>
  );
}
