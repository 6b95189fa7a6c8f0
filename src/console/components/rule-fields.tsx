import { useId } from "preact/hooks";
import { api } from "../api/client.ts";
import { useResource, useSettled } from "../lib/hooks.ts";
import { ENDINGS, RULES, type RuleDraft, ruleOfDraft } from "../lib/schedule-draft.ts";
import { Choice, Field, TextField } from "./field.tsx";
import { LocalTimes } from "./local-times.tsx";

/** What each way to write a rule is called, and an example. */
const SAYS = {
  cron: {
    option: "Cron expression",
    label: "Minute, hour, day, month, weekday",
    hint: "Such as 30 2 * * * for each night at 02:30, 0 */6 * * * for every six hours, 0 9 * * MON-FRI for the mornings of working days.",
  },
  rrule: {
    option: "iCalendar rule",
    label: "Rule",
    hint: "Such as FREQ=MONTHLY;BYDAY=1MO;BYHOUR=9 for the first Monday of each month, or FREQ=WEEKLY;INTERVAL=2 for every second week from the start on.",
  },
} as const;

/** When there is no key for so long, what was typed is asked about. */
const PAUSE_MS = 400;
/** How many occurrences are shown, where there are so many. */
const FIVE = 5;

/** When a schedule's captures begin: the rule and its time zone, with the next five occurrences. */
export function RuleFields({
  draft,
  errors,
  onChange,
}: {
  draft: RuleDraft;
  errors: Record<string, string>;
  onChange: (changes: Partial<RuleDraft>) => void;
}) {
  const { kind, rule, timeZone, start, ending } = draft;
  const zones = useId();
  return (
    <>
      <Choice
        legend="When"
        name="kind"
        options={RULES.map((one) => SAYS[one].option)}
        chosen={RULES.indexOf(kind)}
        onChoose={(index) => onChange({ kind: RULES[index] ?? "cron" })}
      />
      <TextField
        name={kind}
        label={SAYS[kind].label}
        hint={SAYS[kind].hint}
        error={errors[kind]}
        spellcheck={false}
        value={rule}
        onChange={(typed) => onChange({ rule: typed })}
      />
      <Field name="timeZone" label="Time zone" error={errors.timeZone}>
        {(control) => (
          <input
            {...control}
            list={zones}
            autoComplete="off"
            spellcheck={false}
            value={timeZone}
            onInput={({ currentTarget }) => onChange({ timeZone: currentTarget.value })}
          />
        )}
      </Field>
      <datalist id={zones}>
        {Intl.supportedValuesOf("timeZone").map((zone) => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
      <TextField
        name="start"
        label="Start (optional)"
        hint="In that time zone. Captures begin from then on, intervals are counted from it, and a rule takes from it what it leaves out."
        error={errors.start}
        type="datetime-local"
        value={start}
        onChange={(typed) => onChange({ start: typed })}
      />
      {kind === "rrule" && (
        <Choice
          legend="Ends"
          name="ending"
          options={["Never, or as the rule says", "With a day", "After some captures"]}
          chosen={ENDINGS.indexOf(ending)}
          onChoose={(index) => onChange({ ending: ENDINGS[index] ?? "none" })}
        />
      )}
      {kind === "rrule" && ending === "until" && (
        <TextField
          name="until"
          label="Last day"
          type="date"
          value={draft.until}
          onChange={(until) => onChange({ until })}
        />
      )}
      {kind === "rrule" && ending === "count" && (
        <TextField
          name="count"
          label="Captures in all"
          hint="Counted from the start. Those that it is paused over count."
          type="number"
          min={1}
          inputMode="decimal"
          value={draft.count}
          onChange={(count) => onChange({ count })}
        />
      )}
      <Preview draft={draft} />
    </>
  );
}

/** The next occurrences of what is typed, once it can be read. */
function Preview({ draft }: { draft: RuleDraft }) {
  const { start, ...rule } = ruleOfDraft(draft);
  const asked = useSettled(
    JSON.stringify({ ...rule, start: start ?? undefined, createdAt: draft.createdAt }),
    PAUSE_MS,
  );
  const { data, error } = useResource(`occurrences/${asked}`, (signal) =>
    api.schedules.preview(JSON.parse(asked), { signal }),
  );
  // What is wrong with it is said when the form is sent: while somebody types it always is.
  return (
    <div class="preview" role="status">
      {data?.occurrences.length === 0 && <p class="muted">It has no captures to come.</p>}
      {data !== undefined && data.occurrences.length > 0 && (
        <>
          <p class="muted">
            {data.occurrences.length < FIVE ? "The captures to come begin" : "The next five captures begin"}
          </p>
          <LocalTimes times={data.occurrences} timeZone={data.timeZone} />
        </>
      )}
      {error !== undefined && <p class="muted">This can't be read as a rule yet.</p>}
    </div>
  );
}
