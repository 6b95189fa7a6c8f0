import { api } from "../api/client.ts";
import type { Webhook, WebhookDelivery } from "../api/types.ts";
import { usePolling, useResource } from "../lib/hooks.ts";
import { eventName, outcomeOf } from "../lib/webhooks.ts";
import { Loaded } from "./loading.tsx";
import { ActionsHead } from "./row-action.tsx";
import { Time } from "./time.tsx";
import { useToasts } from "./toasts.tsx";

/** How often deliveries are read, and while one is under way. */
const POLL_MS = 10_000;
const UNDER_WAY_MS = 3000;

/** The last deliveries of a webhook, newest first. @param version another one has them read again */
export function WebhookDeliveries({ webhook, version }: { webhook: Webhook; version: string }) {
  const { id, envId, name } = webhook;
  const toasts = useToasts();
  const deliveries = useResource(
    `deliveries/${id}`,
    (signal) => api.webhooks.deliveries(envId, id, {}, { signal }),
    version,
  );
  const isUnderWay = deliveries.data?.some(({ status }) => status === "pending") ?? false;
  usePolling(deliveries.reload, isUnderWay ? UNDER_WAY_MS : POLL_MS);
  const redeliver = async (delivery: WebhookDelivery) => {
    await toasts.attempt(async () => {
      await api.webhooks.redeliver(envId, id, delivery.id);
    });
    deliveries.reload();
  };
  return (
    <Loaded resource={deliveries} what={`the deliveries of ${name}`}>
      {(known) =>
        known.length === 0 ? (
          <p class="muted">Nothing was sent yet.</p>
        ) : (
          <div class="table-wrap">
            <table>
              <thead>
                <tr>
                  <th scope="col">When</th>
                  <th scope="col">What</th>
                  <th scope="col">What came of it</th>
                  <ActionsHead />
                </tr>
              </thead>
              <tbody>
                {known.map((delivery) => (
                  <tr key={delivery.id}>
                    <td>
                      <Time at={delivery.time} />
                    </td>
                    <td>
                      {delivery.captureId === null ? (
                        eventName(delivery.type)
                      ) : (
                        <a href={`/captures/${delivery.captureId}`}>{eventName(delivery.type)}</a>
                      )}
                    </td>
                    <td>
                      {outcomeOf(delivery)}
                      <span class="muted"> {facts(delivery)}</span>
                    </td>
                    <td class="row-action">
                      {delivery.status !== "pending" && delivery.type !== "webhook.test" && (
                        <button
                          type="button"
                          aria-label={`Send again: ${eventName(delivery.type)}, ${delivery.id}`}
                          onClick={() => void redeliver(delivery)}
                        >
                          Send again
                        </button>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )
      }
    </Loaded>
  );
}

/** The last attempt in figures. */
function facts({ attempts, lastAttempts }: WebhookDelivery): string {
  const last = lastAttempts.at(-1);
  // A delivery that waits to be sent again still has the attempts of the time before.
  if (last === undefined || attempts === 0) return "";
  return `${last.status === null ? "" : `${last.status}, `}${last.duration} ms`;
}
