import { useState } from "preact/hooks";
import { api } from "../api/client.ts";
import type { Webhook, WebhookChanges, WebhookWithSecret } from "../api/types.ts";
import { eventName, KIND_NAMES, outcomeOf, STATES } from "../lib/webhooks.ts";
import { Confirm } from "./confirm.tsx";
import { Time } from "./time.tsx";
import { useToasts } from "./toasts.tsx";
import { WebhookDeliveries } from "./webhook-deliveries.tsx";

/** One webhook: how it is, and what can be done with it. */
export function WebhookCard({
  webhook,
  isAdmin,
  onChange,
  onSecret,
  onDeleted,
}: {
  webhook: Webhook;
  isAdmin: boolean;
  onChange: (changed: Webhook) => void;
  onSecret: (rotated: WebhookWithSecret) => void;
  onDeleted: () => void;
}) {
  const { id, envId, kind, name, address, recipient, events, state, failingSince, disabledReason } = webhook;
  const toasts = useToasts();
  const [asked, setAsked] = useState<"delete" | "rotate" | null>(null);
  const [isOpen, setOpen] = useState(false);
  // Counted up by each test, so that the list of deliveries is read again.
  const [tests, setTests] = useState(0);
  const change = (changes: WebhookChanges) =>
    toasts.attempt(async () => onChange(await api.webhooks.update(envId, id, changes)));
  const test = () =>
    toasts.attempt(async () => {
      const sent = await api.webhooks.test(envId, id);
      setTests((before) => before + 1);
      toasts.show(`The test of ${name}: ${outcomeOf(sent)}`, { bad: sent.status !== "delivered" });
    });
  const { name: stateName, look } = STATES[state];
  const isIdle = state === "paused" || state === "disabled";
  return (
    <div class="card">
      <h2>{name}</h2>
      <dl class="facts">
        <div>
          <dt>State</dt>
          <dd>
            <span class={`status status-${look}`}>{stateName}</span>
            {failingSince !== null && !isIdle && (
              <>
                {" "}
                since <Time at={failingSince} />
              </>
            )}
          </dd>
        </div>
        <div>
          <dt>{KIND_NAMES[kind]}</dt>
          <dd>{address ?? recipient?.name ?? "nobody any more"}</dd>
        </div>
        <div>
          <dt>Tells</dt>
          <dd>{events.map(eventName).join(", ")}</dd>
        </div>
      </dl>
      {disabledReason !== null && <p class="problem">{disabledReason}</p>}
      <div class="actions">
        {isAdmin && (
          <>
            {!isIdle && (
              <button type="button" aria-label={`Send a test to ${name}`} onClick={test}>
                Send a test
              </button>
            )}
            <button
              type="button"
              aria-label={`${isIdle ? "Resume" : "Pause"} ${name}`}
              onClick={() => void change({ paused: !isIdle })}
            >
              {isIdle ? "Resume" : "Pause"}
            </button>
            {kind === "standard" && (
              <button type="button" aria-label={`New secret of ${name}`} onClick={() => setAsked("rotate")}>
                New secret
              </button>
            )}
            <button
              type="button"
              aria-expanded={isOpen}
              aria-label={`Last deliveries of ${name}`}
              onClick={() => setOpen(!isOpen)}
            >
              Last deliveries
            </button>
          </>
        )}
        <button
          type="button"
          class="danger-quiet"
          aria-label={`Delete ${name}`}
          onClick={() => setAsked("delete")}
        >
          Delete
        </button>
      </div>
      {isOpen && <WebhookDeliveries webhook={webhook} version={String(tests)} />}
      {asked === "delete" && (
        <Confirm
          title={`Delete ${name}?`}
          action="Delete it"
          perform={async () => {
            await api.webhooks.delete(envId, id);
            toasts.show(`${name} is deleted`);
            onDeleted();
          }}
          onClose={() => setAsked(null)}
        >
          <p>Nothing is sent there any more, and its last deliveries go with it.</p>
        </Confirm>
      )}
      {asked === "rotate" && (
        <Confirm
          title={`Give ${name} a new secret?`}
          action="Make a new one"
          perform={async () => onSecret(await api.webhooks.rotateSecret(envId, id))}
          onClose={() => setAsked(null)}
        >
          <p>
            For a day, what is sent is signed with the one before, too. Give the receiver the new one
            meanwhile.
          </p>
        </Confirm>
      )}
    </div>
  );
}
