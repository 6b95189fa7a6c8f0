import { useState } from "preact/hooks";
import { CAPTURED_LOGS, type CapturedLog } from "../../logs/names.ts";
import { api } from "../api/client.ts";
import type { Environment, NewCapture } from "../api/types.ts";
import { Choice, Field, Form, FormProblem, Submit, TextField } from "../components/field.tsx";
import { Heading } from "../components/heading.tsx";
import { Loaded } from "../components/loading.tsx";
import { useToasts } from "../components/toasts.tsx";
import { environmentNames } from "../lib/environments.ts";
import { formatDuration, formatMinute, timeZoneAt } from "../lib/format.ts";
import { useNow, useRequestKey, useResource } from "../lib/hooks.ts";
import { navigate, usePlace } from "../lib/router.ts";
import { useSubmission } from "../lib/submission.ts";

const FIELDS = [
  "name",
  "envId",
  "scheduledStart",
  "duration",
  "log",
  "minDuration",
  "maxBytes",
  "redact",
] as const;
const UNITS = { minutes: 60, hours: 3600, days: 86_400 } as const;
/** What each log is called, and what it is good for and costs. */
const LOGS: Record<CapturedLog, { name: string; hint: string }> = {
  general: {
    name: "General log",
    hint: "Every statement when it arrives, of sessions that are connected already, too. It does not say how long they took. Costs the server a write for each statement.",
  },
  slow: {
    name: "Slow query log",
    hint: "How long each statement took, its rows and errors. Sessions that are connected already are missing until they reconnect. Costs the server about two and a half times as many bytes as the general log; a shortest time saves most of them.",
  },
  both: {
    name: "Both",
    hint: "Every statement, and the times of those in the slow log. Costs as much as the two together, also for the limit of bytes.",
  },
};
const GIGABYTE = 1_000_000_000;

/** Makes a capture: now or later, for a while or until it is stopped. */
export function NewCapturePage() {
  const environments = useResource("environments", (signal) => api.environments.list({ signal }));
  return (
    <section class="narrow">
      <Heading title="New capture" />
      <Loaded resource={environments} what="your environments">
        {(known) =>
          known.length === 0 ? (
            <div class="empty">
              <p>There is no environment yet: add the database that is to be recorded.</p>
              <a class="button primary" href="/environments/new">
                Add an environment
              </a>
            </div>
          ) : (
            <CaptureForm environments={known} />
          )
        }
      </Loaded>
    </section>
  );
}

function CaptureForm({ environments }: { environments: Environment[] }) {
  const names = environmentNames(environments);
  const { query } = usePlace();
  const toasts = useToasts();
  const [name, setName] = useState("");
  const [envId, setEnvId] = useState(query.get("envId") ?? String(environments[0]?.id));
  const [isLater, setLater] = useState(false);
  const [startAt, setStartAt] = useState("");
  const [isTimed, setTimed] = useState(true);
  const [length, setLength] = useState("30");
  const [unit, setUnit] = useState<keyof typeof UNITS>("minutes");
  const [log, setLog] = useState<CapturedLog>("general");
  const [minDuration, setMinDuration] = useState("0");
  const [redact, setRedact] = useState(false);
  const [maxGigabytes, setMaxGigabytes] = useState("");

  const keyFor = useRequestKey();
  const { busy, errors, submit } = useSubmission(FIELDS, async () => {
    const capture: NewCapture = { name, envId: Number(envId) };
    // An empty time is sent as it is: the server's message is the same as for programs.
    if (isLater) capture.scheduledStart = startAt === "" ? "" : new Date(startAt).toISOString();
    if (isTimed) capture.duration = Math.round(Number(length) * UNITS[unit]);
    if (log !== "general") {
      capture.log = log;
      capture.minDuration = Number(minDuration);
    }
    if (redact) capture.redact = "literals";
    if (maxGigabytes !== "") capture.maxBytes = Math.round(Number(maxGigabytes) * GIGABYTE);
    const made = await api.captures.create(capture, { idempotencyKey: keyFor(capture) });
    toasts.show(isLater ? `${made.name} is scheduled` : `${made.name} is starting`);
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
          value={name}
          onChange={setName}
        />
        <Field name="envId" label="Environment" error={errors.fields.envId}>
          {(control) => (
            <select
              {...control}
              value={envId}
              onChange={({ currentTarget }) => setEnvId(currentTarget.value)}
            >
              {environments.map((environment) => (
                <option key={environment.id} value={String(environment.id)}>
                  {names.get(environment.id)}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Choice
          legend="Start"
          name="when"
          options={["Now", "Later"]}
          chosen={isLater ? 1 : 0}
          onChoose={(index) => setLater(index === 1)}
        />
        {isLater && (
          <TextField
            name="scheduledStart"
            label="Start at"
            error={errors.fields.scheduledStart}
            hint={<StartHint startAt={startAt} />}
            type="datetime-local"
            step={60}
            value={startAt}
            onChange={setStartAt}
          />
        )}
        <Choice
          legend="Run"
          name="length"
          options={["For a while", "Until it is stopped"]}
          chosen={isTimed ? 0 : 1}
          onChoose={(index) => setTimed(index === 0)}
        />
        {isTimed && (
          <div class="pair">
            <TextField
              name="duration"
              label="For"
              error={errors.fields.duration}
              hint="From one minute to 31 days."
              type="number"
              min={0}
              inputMode="decimal"
              value={length}
              onChange={setLength}
            />
            <Field name="unit" label="Unit of time">
              {(control) => (
                <select
                  {...control}
                  value={unit}
                  onChange={({ currentTarget }) => setUnit(currentTarget.value as keyof typeof UNITS)}
                >
                  {Object.keys(UNITS).map((known) => (
                    <option key={known} value={known}>
                      {known}
                    </option>
                  ))}
                </select>
              )}
            </Field>
          </div>
        )}
        <Choice
          legend="Log"
          name="log"
          options={CAPTURED_LOGS.map((one) => LOGS[one].name)}
          hints={CAPTURED_LOGS.map((one) => LOGS[one].hint)}
          chosen={CAPTURED_LOGS.indexOf(log)}
          onChoose={(index) => setLog(CAPTURED_LOGS[index] ?? "general")}
        />
        {log !== "general" && (
          <TextField
            name="minDuration"
            label="Slow query log: statements of at least (ms)"
            error={errors.fields.minDuration}
            hint="0 for all of them; 0.25 is 250 microseconds."
            type="number"
            min={0}
            inputMode="decimal"
            value={minDuration}
            onChange={setMinDuration}
          />
        )}
        <details>
          <summary>What is stored</summary>
          <label class="check">
            <input
              type="checkbox"
              checked={redact}
              onChange={({ currentTarget }) => setRedact(currentTarget.checked)}
            />
            <span>
              Store statements with <code>?</code> for every literal. Passwords are never stored.
            </span>
          </label>
          <TextField
            name="maxBytes"
            label="End early at (GB)"
            error={errors.fields.maxBytes}
            hint="Leave empty for as much as the service allows."
            type="number"
            min={0}
            inputMode="decimal"
            value={maxGigabytes}
            onChange={setMaxGigabytes}
          />
        </details>
      </div>
      <FormProblem message={errors.form} />
      <div class="actions">
        <Submit busy={busy}>{isLater ? "Schedule" : "Start the capture"}</Submit>
        <a class="button quiet" href="/captures">
          Cancel
        </a>
      </div>
    </Form>
  );
}

/** Says in which time zone a start is meant, and what that is elsewhere. */
function StartHint({ startAt }: { startAt: string }) {
  const now = useNow();
  const start = startAt === "" ? Number.NaN : new Date(startAt).getTime();
  if (Number.isNaN(start)) return <>In your time zone, {timeZoneAt(now)}.</>;
  const utc = new Date(start).toISOString().slice(0, 16).replace("T", " ");
  return (
    <>
      {formatMinute(start)}, {timeZoneAt(start)}; in UTC {utc}.{" "}
      {start > now
        ? `In ${formatDuration(Math.floor((start - now) / 60_000) * 60_000)}.`
        : "That has passed."}
    </>
  );
}
