import { CapturesError } from "../../client/error.ts";
import { api, readSeries } from "../api/client.ts";
import { CaptureActions } from "../components/capture-actions.tsx";
import { CaptureCharts } from "../components/capture-charts.tsx";
import { CaptureState } from "../components/capture-state.tsx";
import { CaptureStatements } from "../components/capture-statements.tsx";
import { DeletedNotice } from "../components/deleted-notice.tsx";
import { ErasedNotice } from "../components/erased-notice.tsx";
import { Heading } from "../components/heading.tsx";
import { Failure, Loaded } from "../components/loading.tsx";
import { StudyNav } from "../components/study-frame.tsx";
import { Timeline } from "../components/timeline.tsx";
import { WorkloadNumbers } from "../components/workload.tsx";
import { environmentNames } from "../lib/environments.ts";
import { usePolling, useResource } from "../lib/hooks.ts";
import { isLive } from "../lib/list.ts";
import { useLive } from "../lib/live.ts";
import { usePlace } from "../lib/router.ts";

/** How often the series of a running capture is read again, and what is known of each log. */
const SERIES_POLL_MS = 60_000;

/** One capture: its life, its metrics and what it recorded, live while it runs. */
export function CapturePage({ id }: { id: number }) {
  const capture = useResource(`full/${id}`, (signal) => api.captures.getFull(id, { signal }));
  const events = useResource(`events/${id}`, (signal) => api.captures.events(id, { signal }));
  const environments = useResource("environments", (signal) => api.environments.list({ signal }));
  const { data } = capture;
  const isErased = data !== undefined && data.erased !== null;
  const workload = useResource(isErased ? null : `workload/${id}`, (signal) =>
    api.captures.workload(id, { signal }),
  );
  const hasStarted = data != null && data.start !== null && !isErased;
  const series = useResource(
    hasStarted ? `series/${id}` : null,
    (signal) => readSeries(id, {}, signal),
    data?.status,
  );
  usePolling(
    () => {
      series.reload();
      // The live connection has the sums only.
      workload.reload();
    },
    hasStarted && isLive(data.status) ? SERIES_POLL_MS : null,
  );
  const isGone = capture.error instanceof CapturesError && capture.error.status === 404;
  const isDeleted = data !== undefined && data.deletedAt !== null;
  const following = data !== undefined && isLive(data.status) && !isGone && !isDeleted;

  const reread = () => {
    capture.reload();
    events.reload();
    workload.reload();
  };
  const connected = useLive(
    id,
    following,
    (message) => {
      const isOver = !isLive(message.capture.status);
      if (data?.status !== message.capture.status) {
        events.reload();
        workload.reload();
      }
      if (data !== undefined) {
        const { capture: changed, obstacle, clusterRole } = message;
        capture.put({ ...data, ...changed, obstacle, clusterRole });
      }
      // What is stored after the end is more than the message has.
      if (isOver) workload.reload();
      else if (message.workload !== null && workload.data !== undefined) {
        const { problem, ...counts } = message.workload;
        const { behindBy = null } = workload.data.live ?? {};
        workload.put({ ...workload.data, ...counts, live: { behindBy, problem } });
      }
    },
    reread,
  );

  const name = data?.name ?? `Capture ${id}`;
  const environment = environments.data?.find((known) => known.id === data?.envId);
  const environmentName = environment && environmentNames(environments.data ?? []).get(environment.id);
  return (
    <article class="capture">
      <div class="page-head">
        <div>
          <p class="crumbs">
            <a href="/captures">Captures</a>
            {environment !== undefined && (
              <>
                {" / "}
                <a href={`/captures?envId=${environment.id}`}>{environmentName}</a>
              </>
            )}
          </p>
          <Heading title={name} />
        </div>
        {data !== undefined && !isDeleted && (
          <CaptureActions
            capture={data}
            role={environment?.role}
            onChange={(changed) => {
              capture.put({ ...data, ...changed });
              // What only the full view has.
              capture.reload();
              events.reload();
            }}
          />
        )}
      </div>
      <StudyNav id={id} page={null} place={usePlace()} />
      {environments.error !== undefined && (
        <Failure error={environments.error} retry={environments.reload} busy={environments.loading} />
      )}
      <Loaded resource={capture} what="the capture" lines={3}>
        {(known) =>
          known.deletedAt !== null ? (
            <DeletedNotice capture={known} onRestored={reread} />
          ) : (
            <>
              <div class="overview">
                <CaptureState
                  capture={known}
                  statements={workload.data?.statements ?? null}
                  connected={connected}
                />
                <Timeline events={events} />
              </div>
              {known.erased?.metricsAt == null && (
                <CaptureCharts capture={known} workload={workload.data} series={series} />
              )}
              {known.erased !== null && <ErasedNotice erased={known.erased} />}
              <section aria-labelledby="workload-title" hidden={known.erased !== null}>
                <h2 id="workload-title">Workload</h2>
                <Loaded resource={workload} what="the workload">
                  {(recorded) => <WorkloadNumbers capture={known} workload={recorded} />}
                </Loaded>
                <CaptureStatements capture={known} series={series.data ?? null} />
              </section>
            </>
          )
        }
      </Loaded>
    </article>
  );
}
