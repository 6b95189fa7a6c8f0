import { api } from "../api/client.ts";
import { CalendarAddress } from "../components/calendar-address.tsx";
import { Heading } from "../components/heading.tsx";
import { Loaded } from "../components/loading.tsx";
import { PauseButton } from "../components/schedule-actions.tsx";
import { ScheduleFilters, scheduleFilterIn } from "../components/schedule-filters.tsx";
import { ScheduleState } from "../components/schedule-state.tsx";
import { Time } from "../components/time.tsx";
import { environmentNames, viewsOnly } from "../lib/environments.ts";
import { formatDuration } from "../lib/format.ts";
import { useResource, useSettled } from "../lib/hooks.ts";
import { usePlace } from "../lib/router.ts";

/** When there is no key for so long, what was typed is asked about. */
const PAUSE_MS = 300;

/** The schedules of the reader's environments. */
export function SchedulesPage() {
  const place = usePlace();
  const filter = scheduleFilterIn(place.query);
  const isFiltered = Object.values(filter).some((value) => value !== undefined);
  const asked = useSettled(JSON.stringify(filter), PAUSE_MS);
  const schedules = useResource(`schedules/${asked}`, (signal) =>
    Array.fromAsync(api.schedules.list(JSON.parse(asked), { signal })),
  );
  const environments = useResource("environments", (signal) => api.environments.list({ signal }));
  const names = environmentNames(environments.data ?? []);
  const isViewer = viewsOnly(environments.data ?? []);
  const roles = new Map(environments.data?.map(({ id, role }) => [id, role]));
  return (
    <>
      <div class="page-head">
        <Heading title="Schedules" />
        {!isViewer && (
          <a class="button primary" href="/schedules/new">
            New schedule
          </a>
        )}
      </div>
      <ScheduleFilters place={place} names={names} />
      <Loaded resource={schedules} what="your schedules">
        {(known) =>
          known.length === 0 && isFiltered ? (
            <div class="empty">
              <h2>No schedule is like that</h2>
              <p>
                <a href="/schedules">Show all schedules</a>
              </p>
            </div>
          ) : known.length === 0 ? (
            <div class="empty">
              <h2>No schedules yet</h2>
              <p>A schedule makes captures again and again, such as an hour every night.</p>
            </div>
          ) : (
            <ul class="cards">
              {known.map((schedule) => (
                <li key={schedule.id} class="card">
                  <h2>
                    <a href={`/schedules/${schedule.id}`}>{schedule.name}</a>
                  </h2>
                  <p>
                    {names.get(schedule.envId) ?? `Environment ${schedule.envId}`}{" "}
                    <span class="muted">for {formatDuration(schedule.duration * 1000)}</span>
                  </p>
                  <p class="muted">
                    <code>{schedule.cron ?? schedule.rrule}</code> in {schedule.timeZone}
                  </p>
                  <ScheduleState schedule={schedule} />
                  {schedule.next[0] !== undefined && (
                    <p>
                      Next <Time at={schedule.next[0]} />
                    </p>
                  )}
                  <div class="actions">
                    <PauseButton
                      schedule={schedule}
                      role={roles.get(schedule.envId)}
                      onChange={(changed) =>
                        schedules.put(known.map((one) => (one.id === changed.id ? changed : one)))
                      }
                    />
                    <a href={`/captures?schedule=${schedule.id}`}>Captures of {schedule.name}</a>
                  </div>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      <CalendarAddress />
    </>
  );
}
