import { useState } from "preact/hooks";
import { EVENT_TYPES } from "../../webhooks/events.ts";
import { KINDS } from "../../webhooks/kinds.ts";
import { api } from "../api/client.ts";
import type { Webhook, WebhookWithSecret } from "../api/types.ts";
import { useResource } from "../lib/hooks.ts";
import { useSubmission } from "../lib/submission.ts";
import { eventName, KIND_NAMES } from "../lib/webhooks.ts";
import { Choice, Field, Form, FormProblem, Submit, TextField } from "./field.tsx";
import { Loaded } from "./loading.tsx";

const FIELDS = ["name", "address", "recipient", "events"];
const USUAL: Webhook["events"] = ["capture.failed", "log.left-on"];

/** The form that makes a webhook. */
export function WebhookForm({ envId, onMade }: { envId: number; onMade: (made: WebhookWithSecret) => void }) {
  const [kind, setKind] = useState<Webhook["kind"]>("standard");
  const [name, setName] = useState("");
  const [address, setAddress] = useState("");
  const [recipient, setRecipient] = useState("");
  const [events, setEvents] = useState(USUAL);
  const { busy, errors, submit } = useSubmission(FIELDS, async () => {
    const to = kind === "email" ? { recipient } : { address };
    const made = await api.webhooks.create(envId, { kind, name, events, ...to });
    setName("");
    setAddress("");
    onMade(made);
  });
  return (
    <Form onSubmit={submit} refused={errors}>
      <div class="card">
        <h2>New webhook</h2>
        <Choice
          legend="Kind"
          name="kind"
          options={KINDS.map((one) => KIND_NAMES[one])}
          chosen={KINDS.indexOf(kind)}
          onChoose={(index) => setKind(KINDS[index] ?? "standard")}
        />
        <TextField name="name" label="Name" error={errors.fields.name} value={name} onChange={setName} />
        {kind === "email" ? (
          <Recipient
            envId={envId}
            error={errors.fields.recipient}
            value={recipient}
            onChange={setRecipient}
          />
        ) : (
          <TextField
            name="address"
            label="Address"
            hint={
              kind === "slack"
                ? "Of an incoming webhook: it begins with https://hooks.slack.com/. It is a secret, and not shown again."
                : "It begins with https:// and is on the public Internet."
            }
            error={errors.fields.address}
            value={address}
            onChange={setAddress}
            spellcheck={false}
          />
        )}
        <Events chosen={events} error={errors.fields.events} onChange={setEvents} />
        <FormProblem message={errors.form} />
        <div class="actions">
          <Submit busy={busy} disabled={name.trim() === "" || events.length === 0}>
            Make the webhook
          </Submit>
        </div>
      </div>
    </Form>
  );
}

function Recipient({
  envId,
  error,
  value,
  onChange,
}: {
  envId: number;
  error: string | undefined;
  value: string;
  onChange: (userId: string) => void;
}) {
  const members = useResource(`members/${envId}`, (signal) => api.members.list(envId, { signal }));
  return (
    <Loaded resource={members} what="the members" lines={1}>
      {(known) => (
        <Field
          name="recipient"
          label="Recipient"
          hint="A member whose e-mail address is verified. They see it, and may delete it."
          error={error}
        >
          {(control) => (
            <select
              {...control}
              value={value}
              onChange={({ currentTarget }) => onChange(currentTarget.value)}
            >
              <option value="">Choose a member</option>
              {known.map(({ userId, name, email }) => (
                <option key={userId} value={userId}>
                  {name} ({email})
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
    </Loaded>
  );
}

/** The events that a webhook is told, each to be ticked. */
function Events({
  chosen,
  error,
  onChange,
}: {
  chosen: Webhook["events"];
  error?: string | undefined;
  onChange: (events: Webhook["events"]) => void;
}) {
  return (
    <fieldset class="choice explained">
      <legend>Tell that</legend>
      {EVENT_TYPES.map((type) => (
        <div key={type}>
          <label>
            <input
              type="checkbox"
              name="events"
              checked={chosen.includes(type)}
              onChange={({ currentTarget }) =>
                onChange(
                  EVENT_TYPES.filter((one) => (one === type ? currentTarget.checked : chosen.includes(one))),
                )
              }
            />
            <span>{eventName(type)}</span>
          </label>
        </div>
      ))}
      {error !== undefined && <p class="field-error">{error}</p>}
    </fieldset>
  );
}
