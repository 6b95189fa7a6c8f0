import { useState } from "preact/hooks";
import { api } from "../api/client.ts";
import type { Environment, Webhook, WebhookWithSecret } from "../api/types.ts";
import { Heading } from "../components/heading.tsx";
import { Loaded } from "../components/loading.tsx";
import { Secret } from "../components/secret.tsx";
import { Time } from "../components/time.tsx";
import { WebhookCard } from "../components/webhook-card.tsx";
import { WebhookForm } from "../components/webhook-form.tsx";
import { useResource } from "../lib/hooks.ts";

/** Where an environment's events are told, for its admins; for other members the e-mails that they get. */
export function WebhooksPage({ id }: { id: number }) {
  const environment = useResource(`environment/${id}`, (signal) => api.environments.get(id, { signal }));
  const webhooks = useResource(`webhooks/${id}`, (signal) => api.webhooks.list(id, { signal }));
  const [shown, setShown] = useState<WebhookWithSecret | null>(null);
  const put = (changed: Webhook) =>
    webhooks.put((webhooks.data ?? []).map((one) => (one.id === changed.id ? changed : one)));
  return (
    <section class="narrow">
      <p class="crumbs">
        <a href="/environments">Environments</a> /{" "}
        <a href={`/environments/${id}`}>{environment.data?.name ?? id}</a>
      </p>
      <Heading title="Webhooks" />
      <Loaded resource={environment} what="the environment">
        {(known) => (
          <>
            <Introduction environment={known} />
            {known.role === "admin" && (
              <WebhookForm
                envId={id}
                onMade={(made) => {
                  setShown(made);
                  webhooks.reload();
                }}
              />
            )}
          </>
        )}
      </Loaded>
      {shown !== null && shown.secret !== null && (
        <Secret
          label={`The secret of ${shown.name}`}
          value={shown.secret}
          note={
            <>
              It is shown this once.{" "}
              {shown.previousUntil !== null && (
                <>
                  The one before signs too until <Time at={shown.previousUntil} />.
                </>
              )}
            </>
          }
        />
      )}
      <Loaded resource={webhooks} what="the webhooks">
        {(known) =>
          known.length === 0 ? (
            <p class="muted">There are none.</p>
          ) : (
            known.map((webhook) => (
              <WebhookCard
                key={webhook.id}
                webhook={webhook}
                isAdmin={environment.data?.role === "admin"}
                onChange={put}
                onSecret={(rotated) => {
                  setShown(rotated);
                  webhooks.reload();
                }}
                onDeleted={webhooks.reload}
              />
            ))
          )
        }
      </Loaded>
    </section>
  );
}

function Introduction({ environment: { role, name } }: { environment: Environment }) {
  if (role !== "admin") return <p class="muted">These are the e-mails that you get of {name}.</p>;
  return (
    <p class="muted">
      A webhook tells you what happens to the captures of {name}, in the form of{" "}
      <a href="https://www.standardwebhooks.com" rel="noreferrer">
        Standard Webhooks
      </a>
      , in Slack, or by e-mail.
    </p>
  );
}
