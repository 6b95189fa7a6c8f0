import { api } from "../api/client.ts";
import { Labels, OwnerName } from "../components/capture-details.tsx";
import { Heading } from "../components/heading.tsx";
import { Loaded } from "../components/loading.tsx";
import { LocalTimes } from "../components/local-times.tsx";
import { ScheduleActions } from "../components/schedule-actions.tsx";
import { ScheduleState } from "../components/schedule-state.tsx";
import { Time } from "../components/time.tsx";
import { environmentNames } from "../lib/environments.ts";
import { formatDuration } from "../lib/format.ts";
import { useResource } from "../lib/hooks.ts";

/** How many of its captures are shown. */
const SHOWN = 10;

/** One schedule: its rule, what comes next, and its captures. */
export function SchedulePage({ id }: { id: number }) {
  const schedule = useResource(`schedule/${id}`, (signal) => api.schedules.get(id, { signal }));
  const environments = useResource("environments", (signal) => api.environments.list({ signal }));
  const { data } = schedule;
  const captures = useResource(
    `schedule/${id}/captures`,
    async (signal) =>
      (await api.captures.page({ schedule: id, sort: "-start", limit: SHOWN }, { signal })).captures,
    data?.updatedAt,
  );
  const environment = environments.data?.find((known) => known.id === data?.envId);
  return (
    <article>
      <div class="page-head">
        <div>
          <p class="crumbs">
            <a href="/schedules">Schedules</a>
            {environment !== undefined && (
              <>
                {" / "}
                <a href={`/environments/${environment.id}`}>
                  {environmentNames(environments.data ?? []).get(environment.id)}
                </a>
              </>
            )}
          </p>
          <Heading title={data?.name ?? `Schedule ${id}`} />
        </div>
        {data !== undefined && (
          <ScheduleActions schedule={data} role={environment?.role} onChange={schedule.put} />
        )}
      </div>
      <Loaded resource={schedule} what="the schedule" lines={6}>
        {(known) => (
          <>
            <ScheduleState schedule={known} />
            <dl class="facts">
              <div>
                <dt>Rule</dt>
                <dd>
                  <code>{known.cron ?? known.rrule}</code>
                </dd>
                <dd class="muted">in {known.timeZone}</dd>
              </div>
              {known.start !== null && (
                <div>
                  <dt>Starts</dt>
                  <dd>{known.start.replace("T", " ")}</dd>
                  <dd class="muted">in {known.timeZone}</dd>
                </div>
              )}
              <div>
                <dt>Runs</dt>
                <dd>{formatDuration(known.duration * 1000)}</dd>
              </div>
              <div>
                <dt>Log</dt>
                <dd>{known.log}</dd>
                {known.minDuration !== null && known.minDuration > 0 && (
                  <dd class="muted">from {known.minDuration} ms</dd>
                )}
              </div>
              <div>
                <dt>Owner</dt>
                <dd>
                  <OwnerName owner={known.owner} />
                </dd>
              </div>
              <div>
                <dt>Keeps</dt>
                <dd>{known.keepLast === null ? "all captures" : `the last ${known.keepLast}`}</dd>
              </div>
              {known.compare && (
                <div>
                  <dt>Compares</dt>
                  <dd>with the last finished one</dd>
                </div>
              )}
            </dl>
            <Labels labels={known.labels} />
            {known.notes !== null && <p class="notes">{known.notes}</p>}
            {known.next.length > 0 && (
              <section aria-labelledby="next-title">
                <h2 id="next-title">Next</h2>
                <LocalTimes times={known.next} timeZone={known.timeZone} />
              </section>
            )}
          </>
        )}
      </Loaded>
      <section aria-labelledby="captures-title">
        <h2 id="captures-title">Captures</h2>
        <Loaded resource={captures} what="its captures">
          {(made) =>
            made.length === 0 ? (
              <p class="muted">There are none.</p>
            ) : (
              <ul class="cards">
                {made.map(({ id: captureId, name, status, start, scheduledStart }) => (
                  <li key={captureId} class="card">
                    <h3>
                      <a href={`/captures/${captureId}`}>{name}</a>
                    </h3>
                    <p class="muted">
                      {status.toLowerCase()} <Time at={start ?? scheduledStart ?? ""} />
                    </p>
                  </li>
                ))}
              </ul>
            )
          }
        </Loaded>
      </section>
    </article>
  );
}
