import { useState } from "preact/hooks";
import { api } from "../api/client.ts";
import type { Environment } from "../api/types.ts";
import { FoldedAboutFields } from "../components/about-fields.tsx";
import { EnvironmentField, NoEnvironment } from "../components/environment-field.tsx";
import { Choice, Form, FormProblem, Submit, TextField } from "../components/field.tsx";
import { Heading } from "../components/heading.tsx";
import { LengthFields } from "../components/length-fields.tsx";
import { Loaded } from "../components/loading.tsx";
import { LogFields, StoredFields } from "../components/log-fields.tsx";
import { StartHint } from "../components/start-hint.tsx";
import { useToasts } from "../components/toasts.tsx";
import { type CaptureDraft, draftOf, emptyDraft, requestOf, type When } from "../lib/capture-draft.ts";
import { recordable } from "../lib/environments.ts";
import { useRequestKey, useResource } from "../lib/hooks.ts";
import { navigate, usePlace } from "../lib/router.ts";
import { useSubmission } from "../lib/submission.ts";

const FIELDS = [
  "name",
  "envId",
  "scheduledStart",
  "start",
  "duration",
  "log",
  "minDuration",
  "maxBytes",
  "redact",
  "labels",
  "notes",
] as const;
const WHEN: { when: When; option: string; hint: string }[] = [
  { when: "now", option: "Now", hint: "As soon as the log is on, which takes seconds." },
  { when: "later", option: "Later", hint: "At a time, up to a year ahead." },
  {
    when: "past",
    option: "In the past",
    hint: "Metrics of a time that has passed, and what the log still has of it: RDS keeps logs for hours, if it was on then.",
  },
];

/** Makes a capture: now, later or of the past, for a while or until it is stopped; or another attempt of one that failed. */
export function NewCapturePage() {
  const { query } = usePlace();
  const again = /^[1-9]\d{0,14}$/.exec(query.get("again") ?? "")?.[0] ?? null;
  const environments = useResource("environments", (signal) => api.environments.list({ signal }));
  const model = useResource(again === null ? null : `full/${again}`, (signal) =>
    api.captures.getFull(Number(again), { signal }),
  );
  return (
    <section class="narrow">
      <Heading title={again === null ? "New capture" : "Another try"} />
      <Loaded resource={environments} what="your environments">
        {(all) => {
          const known = recordable(all);
          return known.length === 0 ? (
            <NoEnvironment />
          ) : again === null ? (
            <CaptureForm
              environments={known}
              draft={emptyDraft(query.get("envId") ?? String(known[0]?.id))}
            />
          ) : (
            <Loaded resource={model} what="the capture" lines={8}>
              {(capture) => (
                <>
                  <p class="muted">
                    With the fields of <a href={`/captures/${capture.id}`}>{capture.name}</a>, whose name is
                    taken.
                  </p>
                  <CaptureForm environments={known} draft={draftOf(capture, Date.now())} />
                </>
              )}
            </Loaded>
          );
        }}
      </Loaded>
    </section>
  );
}

function CaptureForm({ environments, draft: first }: { environments: Environment[]; draft: CaptureDraft }) {
  const toasts = useToasts();
  const [draft, setDraft] = useState(first);
  const change = (changes: Partial<CaptureDraft>) => setDraft({ ...draft, ...changes });
  const { when, log } = draft;
  const chosen = environments.find(({ id }) => String(id) === draft.envId);

  const keyFor = useRequestKey();
  const { busy, errors, submit } = useSubmission(FIELDS, async () => {
    const capture = requestOf(draft);
    const made = await api.captures.create(capture, { idempotencyKey: keyFor(capture) });
    toasts.show(when === "later" ? `${made.name} is scheduled` : `${made.name} is starting`);
    navigate(`/captures/${made.id}`);
  });

  return (
    <Form onSubmit={submit} refused={errors}>
      <div class="card">
        <TextField
          name="name"
          label="Name"
          error={errors.fields.name}
          hint="Unique in its environment."
          value={draft.name}
          onChange={(name) => change({ name })}
        />
        <EnvironmentField
          environments={environments}
          error={errors.fields.envId}
          value={draft.envId}
          onChange={(envId) => change({ envId })}
        />
        {chosen?.ready === false && (
          <p class="note">
            {chosen.name} is not ready: a capture of it may fail.{" "}
            <a href={`/environments/${chosen.id}`}>See what it lacks</a>
          </p>
        )}
        <Choice
          legend="Start"
          name="when"
          options={WHEN.map(({ option }) => option)}
          hints={WHEN.map(({ hint }) => hint)}
          chosen={WHEN.findIndex((one) => one.when === when)}
          onChoose={(index) => change({ when: WHEN[index]?.when ?? "now" })}
        />
        {when !== "now" && (
          <TextField
            name={when === "later" ? "scheduledStart" : "start"}
            label={when === "later" ? "Start at" : "Began at"}
            error={when === "later" ? errors.fields.scheduledStart : errors.fields.start}
            hint={<StartHint startAt={draft.startAt} isPast={when === "past"} />}
            type="datetime-local"
            step={60}
            value={draft.startAt}
            onChange={(startAt) => change({ startAt })}
          />
        )}
        <LengthFields
          length={draft.length}
          error={errors.fields.duration}
          hint="From one minute to 31 days."
          onChange={(length) => change({ length })}
        />
        <LogFields
          log={log}
          minDuration={draft.minDuration}
          error={errors.fields.minDuration}
          onChange={change}
        />
        <FoldedAboutFields
          labels={draft.labels}
          notes={draft.notes}
          errors={errors.fields}
          isOpen={first.labels !== "" || first.notes !== ""}
          onChange={change}
        />
        <StoredFields
          redact={draft.redact}
          maxGigabytes={draft.maxGigabytes}
          error={errors.fields.maxBytes}
          isOpen={first.redact || first.maxGigabytes !== ""}
          onChange={change}
        />
      </div>
      <FormProblem message={errors.form} />
      <div class="actions">
        <Submit busy={busy}>{when === "later" ? "Schedule" : "Start the capture"}</Submit>
        <a class="button quiet" href="/captures">
          Cancel
        </a>
      </div>
    </Form>
  );
}
