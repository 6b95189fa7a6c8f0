import { api } from "../api/client.ts";
import { NoEnvironment } from "../components/environment-field.tsx";
import { Heading } from "../components/heading.tsx";
import { Loaded } from "../components/loading.tsx";
import { ScheduleForm } from "../components/schedule-form.tsx";
import { useToasts } from "../components/toasts.tsx";
import { recordable } from "../lib/environments.ts";
import { useRequestKey, useResource } from "../lib/hooks.ts";
import { navigate, usePlace } from "../lib/router.ts";
import { draftOfSchedule, emptySchedule } from "../lib/schedule-draft.ts";

/** Makes a schedule. */
export function NewSchedulePage() {
  const { query } = usePlace();
  const toasts = useToasts();
  const keyFor = useRequestKey();
  const environments = useResource("environments", (signal) => api.environments.list({ signal }));
  return (
    <section class="narrow">
      <Heading title="New schedule" />
      <Loaded resource={environments} what="your environments">
        {(all) => {
          const known = recordable(all);
          return known.length === 0 ? (
            <NoEnvironment />
          ) : (
            <ScheduleForm
              draft={emptySchedule(query.get("envId") ?? String(known[0]?.id))}
              environments={known}
              says="Make the schedule"
              back="/schedules"
              send={async (fields, envId) => {
                const request = { ...fields, envId };
                const made = await api.schedules.create(request, { idempotencyKey: keyFor(request) });
                toasts.show(`${made.name} is made, and its next capture waits`);
                navigate(`/schedules/${made.id}`);
              }}
            />
          );
        }}
      </Loaded>
    </section>
  );
}

/** Changes a schedule. */
export function EditSchedulePage({ id }: { id: number }) {
  const toasts = useToasts();
  const schedule = useResource(`schedule/${id}`, (signal) => api.schedules.get(id, { signal }));
  return (
    <section class="narrow">
      <Heading title={schedule.data === undefined ? "Change a schedule" : `Change ${schedule.data.name}`} />
      <Loaded resource={schedule} what="the schedule">
        {(known) => (
          <ScheduleForm
            draft={draftOfSchedule(known)}
            environments={null}
            says="Change it"
            back={`/schedules/${id}`}
            send={async (fields) => {
              const changed = await api.schedules.update(id, fields);
              toasts.show(`${changed.name} is changed`);
              navigate(`/schedules/${id}`);
            }}
          />
        )}
      </Loaded>
    </section>
  );
}
