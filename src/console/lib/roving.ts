import { useState } from "preact/hooks";

/** What a table's body, and each of its controls, need for one tab stop. */
export interface Roving {
  /** For the body. */
  body: {
    onKeyDown: (event: KeyboardEvent) => void;
    onFocusIn: (event: FocusEvent) => void;
  };
  /** For a control. */
  stop: (row: string, control: string) => { "data-stop": string; tabIndex: 0 | -1 };
}

/**
 * Makes the controls of a table's rows one tab stop: arrows go from row to row and from control to control, Home and End to the first
 * row and the last (a "roving tabindex", WAI-ARIA Authoring Practices). The control that had the focus last is the tab stop.
 * @param first where the tab stop is at first, and when the row that has it is gone
 * @param rows the keys of the rows
 */
export function useRoving(first: [row: string, control: string] | null, rows: readonly string[]): Roving {
  const [current, setCurrent] = useState<[row: string, control: string] | null>(null);
  const [row, control] = (current !== null && rows.includes(current[0]) ? current : first) ?? ["", ""];
  return {
    body: {
      onKeyDown: (event) => {
        const body = event.currentTarget as HTMLElement;
        const target = (event.target as HTMLElement).closest<HTMLElement>("[data-stop]");
        if (target === null || event.altKey || event.ctrlKey || event.metaKey) return;
        const next = neighbour(body, target, event.key);
        if (next === undefined) return;
        event.preventDefault();
        next.focus();
      },
      onFocusIn: ({ target }) => {
        const stop = (target as HTMLElement).closest<HTMLElement>("[data-stop]");
        const [at, name] = stop?.dataset.stop?.split("/") ?? [];
        if (at !== undefined && name !== undefined) setCurrent([at, name]);
      },
    },
    stop: (at, name) => ({
      "data-stop": `${at}/${name}`,
      tabIndex: at === row && name === control ? 0 : -1,
    }),
  };
}

/** The control that a key goes to; undefined where it goes nowhere. */
function neighbour(body: HTMLElement, target: HTMLElement, key: string): HTMLElement | undefined {
  const rows = [...body.children]
    .map((row) => [...row.querySelectorAll<HTMLElement>("[data-stop]")])
    .filter((stops) => stops.length > 0);
  const at = rows.findIndex((stops) => stops.includes(target));
  const place = rows[at]?.indexOf(target) ?? 0;
  const inRow = (stops: HTMLElement[] | undefined) => stops?.[Math.min(place, stops.length - 1)];
  switch (key) {
    case "ArrowDown":
      return inRow(rows[at + 1]);
    case "ArrowUp":
      return at > 0 ? inRow(rows[at - 1]) : undefined;
    case "ArrowRight":
      return rows[at]?.[place + 1];
    case "ArrowLeft":
      return place > 0 ? rows[at]?.[place - 1] : undefined;
    case "Home":
      return inRow(rows[0]);
    case "End":
      return inRow(rows.at(-1));
    default:
      return undefined;
  }
}
