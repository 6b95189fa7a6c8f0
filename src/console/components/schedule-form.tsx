import { useState } from "preact/hooks";
import type { Environment } from "../api/types.ts";
import { type ScheduleDraft, scheduleRequest } from "../lib/schedule-draft.ts";
import { useSubmission } from "../lib/submission.ts";
import { FoldedAboutFields } from "./about-fields.tsx";
import { EnvironmentField } from "./environment-field.tsx";
import { Check, Form, FormProblem, Submit, TextField } from "./field.tsx";
import { LengthFields } from "./length-fields.tsx";
import { LogFields, StoredFields } from "./log-fields.tsx";
import { RuleFields } from "./rule-fields.tsx";

const FIELDS = [
  "name",
  "envId",
  "cron",
  "rrule",
  "timeZone",
  "start",
  "captureName",
  "duration",
  "log",
  "minDuration",
  "maxBytes",
  "redact",
  "labels",
  "notes",
  "keepLast",
] as const;

/** What is sent: a schedule without its environment, which can't be changed. */
type Request = ReturnType<typeof scheduleRequest>;

/** The form of a schedule, new or to be changed. */
export function ScheduleForm({
  draft: first,
  environments,
  send,
  says,
  back,
}: {
  draft: ScheduleDraft;
  /** Those to choose from; null where it has one already. */
  environments: Environment[] | null;
  send: (request: Request, envId: number) => Promise<void>;
  /** What the button says. */
  says: string;
  /** Where Cancel leads. */
  back: string;
}) {
  const [draft, setDraft] = useState(first);
  const change = (changes: Partial<ScheduleDraft>) => setDraft({ ...draft, ...changes });
  const { busy, errors, submit } = useSubmission(FIELDS, () =>
    send(scheduleRequest(draft), Number(draft.envId)),
  );
  const { fields } = errors;
  return (
    <Form onSubmit={submit} refused={errors}>
      <div class="card">
        <TextField
          name="name"
          label="Name"
          error={fields.name}
          hint="Unique in its environment."
          value={draft.name}
          onChange={(name) => change({ name })}
        />
        {environments !== null && (
          <EnvironmentField
            environments={environments}
            error={fields.envId}
            value={draft.envId}
            onChange={(envId) => change({ envId })}
          />
        )}
        <RuleFields draft={draft} errors={fields} onChange={change} />
        <LengthFields
          length={draft.length}
          error={fields.duration}
          hint="From one minute to 31 days."
          isAlwaysTimed
          onChange={(length) => change({ length })}
        />
        <LogFields
          log={draft.log}
          minDuration={draft.minDuration}
          error={fields.minDuration}
          onChange={change}
        />
        <Check checked={draft.compare} onChange={(compare) => change({ compare })}>
          Offer to compare each capture with the last finished one before it.
        </Check>
        <TextField
          name="keepLast"
          label="Captures to keep"
          error={fields.keepLast}
          hint="When another begins, those before the last so many recordings are deleted. Leave empty for all."
          type="number"
          min={1}
          inputMode="decimal"
          value={draft.keepLast}
          onChange={(keepLast) => change({ keepLast })}
        />
        <TextField
          name="captureName"
          label="Names of captures"
          error={fields.captureName}
          hint="With {schedule}, {date}, {time} and {number} for what changes."
          value={draft.captureName}
          onChange={(captureName) => change({ captureName })}
        />
        <FoldedAboutFields
          labels={draft.labels}
          notes={draft.notes}
          errors={fields}
          isOpen={first.labels !== "" || first.notes !== ""}
          onChange={change}
        />
        <StoredFields
          redact={draft.redact}
          maxGigabytes={draft.maxGigabytes}
          error={fields.maxBytes}
          isOpen={first.redact || first.maxGigabytes !== ""}
          onChange={change}
        />
      </div>
      <FormProblem message={errors.form} />
      <div class="actions">
        <Submit busy={busy}>{says}</Submit>
        <a class="button quiet" href={back}>
          Cancel
        </a>
      </div>
    </Form>
  );
}
