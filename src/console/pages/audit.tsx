import { useState } from "preact/hooks";
import { api } from "../api/client.ts";
import type { AuditEvent } from "../api/types.ts";
import { Heading } from "../components/heading.tsx";
import { Loaded } from "../components/loading.tsx";
import { Time } from "../components/time.tsx";
import { actionText, detailsText, KINDS } from "../lib/audit.ts";
import { useResource } from "../lib/hooks.ts";
import { navigate, usePlace, withQuery } from "../lib/router.ts";

/** How many events are shown at first, and more by each press of the button. */
const PAGE = 50;

/** What was done in an environment, by whom and from where; for its admins. */
export function AuditPage({ id }: { id: number }) {
  const place = usePlace();
  const kind = place.query.get("action") ?? "";
  const [shown, setShown] = useState(PAGE);
  const trail = useResource(
    `audit/${id}/${kind}`,
    (signal) => read(id, kind, shown + 1, signal),
    String(shown),
  );
  const file = `/api/environments/${id}/audit?format=ndjson${kind === "" ? "" : `&action=${kind}`}`;
  return (
    <>
      <div class="page-head">
        <div>
          <p class="crumbs">
            <a href="/environments">Environments</a> / <a href={`/environments/${id}`}>Environment {id}</a>
          </p>
          <Heading title="What was done" />
        </div>
        <a class="button quiet" href={file} download>
          Download
        </a>
      </div>
      <div class="inline">
        <label>
          <span>Show</span>
          <select
            value={kind}
            onChange={({ currentTarget }) => {
              setShown(PAGE);
              navigate(withQuery(place, { action: currentTarget.value }), { replace: true });
            }}
          >
            <option value="">Everything</option>
            {KINDS.map(([name, label]) => (
              <option key={name} value={name}>
                {label}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Loaded resource={trail} what="what was done" lines={8}>
        {(events) => (
          <>
            {events.length === 0 ? <p>Nothing of this kind.</p> : <Trail events={events.slice(0, shown)} />}
            {events.length > shown && (
              <div class="actions">
                <button type="button" disabled={trail.loading} onClick={() => setShown(shown + PAGE)}>
                  Show more
                </button>
              </div>
            )}
          </>
        )}
      </Loaded>
    </>
  );
}

/** So many events, the newest first. */
async function read(id: number, kind: string, most: number, signal: AbortSignal): Promise<AuditEvent[]> {
  const events: AuditEvent[] = [];
  const filter = { limit: Math.min(most, 1000), ...(kind !== "" && { action: kind }) };
  for await (const event of api.audit.list(id, filter, { signal })) {
    events.push(event);
    if (events.length === most) break;
  }
  return events;
}

function Trail({ events }: { events: AuditEvent[] }) {
  return (
    <div class="table-wrap">
      <table>
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">Who</th>
            <th scope="col">What</th>
            <th scope="col" class="middle">
              From where
            </th>
          </tr>
        </thead>
        <tbody>
          {events.map((event) => (
            <tr key={event.id}>
              <td>
                <Time at={event.time} />
              </td>
              <td>
                {event.actor.name ?? (event.via === "service" ? "The service" : event.actor.id)}
                {event.actor.email !== null && <span class="muted beneath">{event.actor.email}</span>}
              </td>
              <td>
                {actionText(event)}
                {detailsText(event) !== "" && <span class="muted beneath">{detailsText(event)}</span>}
              </td>
              <td class="middle">
                {event.address ?? "–"}
                {event.credential !== null && (
                  <span class="muted beneath">
                    {event.via === "apiKey"
                      ? `key ${event.credential.name ?? event.credential.id}`
                      : "session"}
                  </span>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
