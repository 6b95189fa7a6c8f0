import type { ComponentChildren } from "preact";

/** The head of the column of a table that has what can be done with each row. */
export const ActionsHead = () => (
  <th scope="col">
    <span class="visually-hidden">Actions</span>
  </th>
);

/** The button that asks whether to end what a row shows, such as a key. */
export function EndButton({
  label,
  onClick,
  children,
}: {
  /** What it does, with the name of what it ends: the other rows have a button like this one. */
  label: string;
  onClick: () => void;
  children: ComponentChildren;
}) {
  return (
    <button type="button" class="danger-quiet" aria-label={label} onClick={onClick}>
      {children}
    </button>
  );
}
