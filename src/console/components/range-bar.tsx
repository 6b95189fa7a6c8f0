import { useState } from "preact/hooks";
import type { Capture } from "../api/types.ts";
import { useBrush } from "../lib/brush.ts";
import { formatSecond, formatSpan } from "../lib/format.ts";
import { fieldOf, momentOfField, type TimeRange } from "../lib/range.ts";
import { RangeCharts } from "./range-chart.tsx";

/**
 * The range of time that a page is limited to, in words and in fields, with a button that clears it.
 * @param capture whose charts are offered to choose it in; on a page that has charts, none
 */
export function RangeBar({ capture }: { capture?: Capture }) {
  const { range, choose } = useBrush();
  const [isOpen, setOpen] = useState(false);
  return (
    <div class={range === null ? "range-bar" : "range-bar chosen"}>
      <p>{range === null ? "The whole time" : `Only ${describeRange(range)}`}</p>
      {range !== null && (
        <button type="button" class="small" onClick={() => choose(null)}>
          Show the whole time
        </button>
      )}
      <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
        <summary>{range === null ? "Choose a time" : "Change it"}</summary>
        <Fields key={JSON.stringify(range)} range={range} choose={choose} />
        {isOpen && capture !== undefined && <RangeCharts capture={capture} />}
      </details>
    </div>
  );
}

function Fields({ range, choose }: { range: TimeRange | null; choose: (range: TimeRange | null) => void }) {
  const [from, setFrom] = useState(fieldOf(range?.from ?? null));
  const [to, setTo] = useState(fieldOf(range?.to ?? null));
  const [problem, setProblem] = useState("");
  const submit = (event: Event) => {
    event.preventDefault();
    const chosen = { from: momentOfField(from), to: momentOfField(to) };
    if (chosen.from !== null && chosen.to !== null && chosen.from >= chosen.to) {
      setProblem("The end has to be after the beginning.");
      return;
    }
    setProblem("");
    choose(chosen.from === null && chosen.to === null ? null : chosen);
  };
  return (
    <form class="filters" onSubmit={submit} noValidate>
      <RangeFields from={from} to={to} onFrom={setFrom} onTo={setTo} />
      <button type="submit">Show this time</button>
      {problem !== "" && (
        <p class="field-error" role="alert">
          {problem}
        </p>
      )}
    </form>
  );
}

/** Says of figures that they are of the whole capture, where a range of time is chosen. */
export function WholeHint({ what, more = "" }: { what: string; more?: string }) {
  const { range } = useBrush();
  if (range === null) return null;
  return (
    <p class="hint">
      {what} of the whole capture, not of the time that is chosen. {more}
    </p>
  );
}

/** Fields for the bounds of a range, in the reader's time zone. */
export function RangeFields({
  from,
  to,
  onFrom,
  onTo,
}: {
  from: string;
  to: string;
  onFrom: (value: string) => void;
  onTo: (value: string) => void;
}) {
  return (
    <>
      <label>
        <span>From</span>
        <input
          type="datetime-local"
          step={1}
          value={from}
          onInput={({ currentTarget }) => onFrom(currentTarget.value)}
        />
      </label>
      <label>
        <span>To</span>
        <input
          type="datetime-local"
          step={1}
          value={to}
          onInput={({ currentTarget }) => onTo(currentTarget.value)}
        />
      </label>
    </>
  );
}

/** A range in words. */
export function describeRange({ from, to }: TimeRange): string {
  if (from === null) return `until ${formatSecond(to ?? 0)}`;
  if (to === null) return `from ${formatSecond(from)} on`;
  const span = formatSpan(new Date(from).toISOString(), new Date(to).toISOString());
  return `from ${formatSecond(from)} to ${formatSecond(to)} (${span})`;
}
