import { type ComponentChildren, h, type LooseInputHTMLAttributes, type VNode } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

/** The attributes that connect a control with its label, hint and error. */
export interface ControlProps {
  id: string;
  name: string;
  "aria-describedby": string | undefined;
  "aria-invalid": "true" | undefined;
}

/** A labelled control with a hint, and what the server said of it. */
export function Field({
  name,
  label,
  hint,
  error,
  children,
}: {
  name: string;
  label: string;
  hint?: ComponentChildren;
  error?: string | undefined;
  children: (control: ControlProps) => VNode;
}) {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  return (
    <div class={error ? "field invalid" : "field"}>
      <label for={id}>{label}</label>
      {children({
        id,
        name,
        "aria-describedby": described || undefined,
        "aria-invalid": error ? "true" : undefined,
      })}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error && (
        <p class="field-error" id={`${id}-error`}>
          {error}
        </p>
      )}
    </div>
  );
}

/** A field that takes text, or what is typed as text. */
export function TextField({
  name,
  label,
  hint,
  error,
  onChange,
  ...input
}: {
  name: string;
  label: string;
  hint?: ComponentChildren;
  error?: string | undefined;
  value: string;
  onChange: (value: string) => void;
  type?: "text" | "email" | "password" | "number" | "date" | "datetime-local";
  autoComplete?: string;
  spellcheck?: boolean;
  inputMode?: "decimal";
  min?: number;
  step?: number;
}) {
  return (
    <Field name={name} label={label} hint={hint} error={error}>
      {(control) =>
        // JSX wants to know which type it is.
        h<LooseInputHTMLAttributes, HTMLInputElement>("input", {
          autoComplete: "off",
          ...input,
          ...control,
          onInput: ({ currentTarget }) => onChange((currentTarget as HTMLInputElement).value),
        })
      }
    </Field>
  );
}

/** A field that takes text of several lines. */
export function TextArea({
  name,
  label,
  hint,
  error,
  rows,
  value,
  onChange,
}: {
  name: string;
  label: string;
  hint?: ComponentChildren;
  error?: string | undefined;
  rows: number;
  value: string;
  onChange: (value: string) => void;
}) {
  return (
    <Field name={name} label={label} hint={hint} error={error}>
      {(control) => (
        <textarea
          {...control}
          rows={rows}
          value={value}
          onInput={({ currentTarget }) => onChange(currentTarget.value)}
        />
      )}
    </Field>
  );
}

/** One of a few options, all of which can be seen, each with a hint of its own if there are hints. */
export function Choice({
  legend,
  name,
  options,
  hints = [],
  chosen,
  onChoose,
}: {
  legend: string;
  name: string;
  options: string[];
  hints?: ComponentChildren[];
  chosen: number;
  onChoose: (index: number) => void;
}) {
  const id = useId();
  return (
    <fieldset class={hints.length === 0 ? "choice" : "choice explained"}>
      <legend>{legend}</legend>
      {options.map((option, index) => {
        const hint = hints[index];
        const hintId = hint === undefined ? undefined : `${id}-${index}`;
        return (
          <div key={option}>
            <label>
              <input
                type="radio"
                name={name}
                checked={index === chosen}
                aria-describedby={hintId}
                onChange={() => onChoose(index)}
              />
              <span>{option}</span>
            </label>
            {hint !== undefined && (
              <p class="hint" id={hintId}>
                {hint}
              </p>
            )}
          </div>
        );
      })}
    </fieldset>
  );
}

/** Something that is so or not. */
export function Check({
  checked,
  onChange,
  children,
}: {
  checked: boolean;
  onChange: (checked: boolean) => void;
  children: ComponentChildren;
}) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={checked}
        onChange={({ currentTarget }) => onChange(currentTarget.checked)}
      />
      <span>{children}</span>
    </label>
  );
}

/** What is wrong with a form as a whole. */
export function FormProblem({ message }: { message: string | null }) {
  return (
    <div role="alert" class={message === null ? undefined : "problem"}>
      {message}
    </div>
  );
}

/** What sends a form. While it is sent it says so and does nothing, but keeps the focus, which a disabled button loses. */
export function Submit({
  busy,
  says = "One moment…",
  disabled = false,
  isDangerous = false,
  children,
}: {
  busy: boolean;
  /** What it says while the form is sent. */
  says?: string;
  /** Whether there is nothing to send yet. */
  disabled?: boolean;
  /** Whether what it does can't be undone. */
  isDangerous?: boolean;
  children: ComponentChildren;
}) {
  return (
    <button
      type="submit"
      class={isDangerous ? "danger" : "primary"}
      aria-disabled={busy}
      disabled={disabled && !busy}
    >
      {busy ? says : children}
    </button>
  );
}

/** A form that puts the focus on the first field that the server refused. */
export function Form({
  onSubmit,
  refused,
  children,
}: {
  onSubmit: () => void;
  /** Changes with each refusal. */
  refused: unknown;
  children: ComponentChildren;
}) {
  const form = useRef<HTMLFormElement>(null);
  // Only a refusal moves the focus.
  useEffect(() => {
    form.current?.querySelector<HTMLElement>("[aria-invalid]")?.focus();
  }, [refused]);
  return (
    <form
      ref={form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      {children}
    </form>
  );
}
