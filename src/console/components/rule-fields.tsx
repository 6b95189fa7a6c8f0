import { useId } from "preact/hooks";
import { api } from "../api/client.ts";
import { useResource, useSettled } from "../lib/hooks.ts";
import { RULES, type ScheduleDraft } from "../lib/schedule-draft.ts";
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
    hint: "Such as FREQ=MONTHLY;BYDAY=1MO;BYHOUR=9 for the first Monday of each month, or FREQ=MONTHLY;BYMONTHDAY=-1;BYHOUR=18 for its last day.",
  },
} as const;

/** When there is no key for so long, what was typed is asked about. */
const PAUSE_MS = 400;

type RuleDraft = Pick<ScheduleDraft, "kind" | "rule" | "timeZone">;

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
  const { kind, rule, timeZone } = draft;
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
      <Preview draft={draft} />
    </>
  );
}

/** The next occurrences of what is typed, once it can be read. */
function Preview({ draft: { kind, rule, timeZone } }: { draft: RuleDraft }) {
  const asked = useSettled(JSON.stringify([kind, rule, timeZone]), PAUSE_MS);
  const [askedKind, askedRule, askedZone] = JSON.parse(asked) as [RuleDraft["kind"], string, string];
  const { data, error } = useResource(`occurrences/${asked}`, (signal) =>
    api.schedules.preview({ [askedKind]: askedRule, timeZone: askedZone }, { signal }),
  );
  // What is wrong with it is said when the form is sent: while somebody types it always is.
  return (
    <div class="preview" role="status">
      {data !== undefined && (
        <>
          <p class="muted">The next five captures begin</p>
          <LocalTimes times={data.occurrences} timeZone={data.timeZone} />
        </>
      )}
      {error !== undefined && <p class="muted">This can't be read as a rule yet.</p>}
    </div>
  );
}
