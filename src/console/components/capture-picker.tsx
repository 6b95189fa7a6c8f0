import { useId, useRef, useState } from "preact/hooks";
import type { Capture } from "../api/types.ts";
import { findCaptures, OFFERED } from "../lib/find-captures.ts";
import { formatMinute } from "../lib/format.ts";
import { useResource, useSettled } from "../lib/hooks.ts";
import { describe } from "../lib/refusals.ts";
import { StatusBadge } from "./status.tsx";

/** How long is waited for more of a text before it is looked for. */
const PAUSE_MS = 200;

/**
 * A field that finds any capture of the reader's environments by its name or its id: a combobox with a list (ARIA Authoring
 * Practices, "Combobox").
 */
export function CapturePicker({
  label,
  chosen,
  onChoose,
}: {
  label: string;
  /** What is chosen, in words; empty when nothing is. */
  chosen: string;
  onChoose: (capture: Capture) => void;
}) {
  const id = useId();
  const [text, setText] = useState<string | null>(null);
  const [active, setActive] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  const isOpen = text !== null;
  const looked = useSettled(text ?? "", PAUSE_MS);
  const found = useResource(isOpen ? `found/${looked}` : null, (signal) => findCaptures(looked, signal));
  const captures = found.data?.captures ?? [];
  const current = captures[Math.min(active, captures.length - 1)];
  const open = () => setText((before) => before ?? "");
  const close = () => setText(null);
  const choose = (capture: Capture) => {
    close();
    onChoose(capture);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") return close();
    if (event.key === "Enter" && isOpen && current !== undefined) {
      event.preventDefault();
      return choose(current);
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    open();
    const step = event.key === "ArrowDown" ? 1 : -1;
    if (isOpen) setActive(Math.max(0, Math.min(captures.length - 1, active + step)));
  };
  return (
    <div class="picker">
      <label for={id}>{label}</label>
      <input
        id={id}
        ref={field}
        type="text"
        role="combobox"
        autoComplete="off"
        spellcheck={false}
        maxLength={100}
        placeholder="Search by name or id"
        aria-expanded={isOpen}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={isOpen && current !== undefined ? `${id}-${current.id}` : undefined}
        value={text ?? chosen}
        onFocus={({ currentTarget }) => currentTarget.select()}
        onClick={open}
        onBlur={close}
        onInput={({ currentTarget }) => {
          setText(currentTarget.value);
          setActive(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div class="picker-list" hidden={!isOpen}>
        <div id={`${id}-list`} role="listbox" aria-label={`${label}: captures`}>
          {captures.map((capture) => (
            // Keys are the field's, which keeps the focus.
            <div
              key={capture.id}
              id={`${id}-${capture.id}`}
              role="option"
              tabIndex={-1}
              aria-selected={capture === current}
              onMouseDown={(event) => {
                event.preventDefault();
                choose(capture);
              }}
            >
              <span>{capture.name}</span>
              <span class="muted">
                {capture.id} · {capture.start === null ? "not started" : formatMinute(capture.start)}
              </span>
              <StatusBadge status={capture.status} />
            </div>
          ))}
        </div>
        {isOpen && (
          <p class="hint" role="status">
            {found.error !== undefined
              ? describe(found.error)
              : found.data === undefined
                ? "Searching…"
                : captures.length === 0
                  ? "No capture of yours has this in its name."
                  : found.data.hasMore && `The newest ${OFFERED}: type to find others.`}
          </p>
        )}
      </div>
    </div>
  );
}
