import { useMemo, useState } from "preact/hooks";
import { CapturesError } from "../../client/error.ts";
import { api, type ReadMetrics, readMetrics } from "../api/client.ts";
import type { Capture } from "../api/types.ts";
import { CaptureActions } from "../components/capture-actions.tsx";
import { Heading } from "../components/heading.tsx";
import { Failure, Loaded } from "../components/loading.tsx";
import { MetricsSection } from "../components/metrics-section.tsx";
import { Progress } from "../components/progress.tsx";
import { Statements } from "../components/statements.tsx";
import { StatusBadge } from "../components/status.tsx";
import { Time } from "../components/time.tsx";
import { Timeline } from "../components/timeline.tsx";
import { WorkloadNumbers } from "../components/workload.tsx";
import { formatSpan } from "../lib/format.ts";
import { usePolling, useResource } from "../lib/hooks.ts";
import { isLive } from "../lib/list.ts";
import { useLive } from "../lib/live.ts";
import { ownerOf } from "../lib/owners.ts";

/** How often the metrics and the digest of a running capture are read again: CloudWatch has a point a minute. */
const SLOW_POLL_MS = 60_000;
/** For how long after a capture's end its metrics are expected to become final. */
const RECENT_MS = 15 * 60_000;

/** One capture: its life, its metrics and what it recorded, live while it runs. */
export function CapturePage({ id }: { id: number }) {
  const capture = useResource(`capture/${id}`, (signal) => api.captures.get(id, { signal }));
  const events = useResource(`events/${id}`, (signal) => api.captures.events(id, { signal }));
  const environments = useResource("environments", (signal) => api.environments.list({ signal }));
  const workload = useResource(`workload/${id}`, (signal) => api.captures.workload(id, { signal }));
  const { data } = capture;
  const isGone = capture.error instanceof CapturesError && capture.error.status === 404;
  const following = data !== undefined && isLive(data.status) && !isGone;

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
      if (data?.status !== message.capture.status) events.reload();
      capture.put(message.capture);
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
  return (
    <article class="capture">
      <div class="page-head">
        <div>
          <p class="crumbs">
            <a href="/captures">Captures</a>
            {environment !== undefined && (
              <>
                {" / "}
                <a href={`/captures?envId=${environment.id}`}>{environment.name}</a>
              </>
            )}
          </p>
          <Heading title={name} />
        </div>
        {data !== undefined && (
          <CaptureActions
            capture={data}
            role={environment?.role}
            owner={events.data && ownerOf(events.data)}
            onChange={(changed) => {
              capture.put(changed);
              events.reload();
            }}
          />
        )}
      </div>
      {environments.error !== undefined && (
        <Failure error={environments.error} retry={environments.reload} busy={environments.loading} />
      )}
      <Loaded resource={capture} what="the capture" lines={3}>
        {(known) => (
          <>
            <div class="overview">
              <State capture={known} statements={workload.data?.statements ?? null} connected={connected} />
              <Timeline events={events} />
            </div>
            <Metrics capture={known} />
            <section aria-labelledby="workload-title">
              <h2 id="workload-title">Workload</h2>
              <Loaded resource={workload} what="the workload">
                {(recorded) => <WorkloadNumbers captureId={id} status={known.status} workload={recorded} />}
              </Loaded>
              <Digest capture={known} />
            </section>
          </>
        )}
      </Loaded>
    </article>
  );
}

function State({
  capture,
  statements,
  connected,
}: {
  capture: Capture;
  statements: number | null;
  connected: boolean;
}) {
  const { status, start, end, scheduledStart, scheduledEnd, reason } = capture;
  const ends = end ?? scheduledEnd;
  const begins = start ?? scheduledStart;
  return (
    <div class="card state">
      <div class="state-now" role="status">
        <StatusBadge status={status} />
        {isLive(status) && (
          <span class="muted live-note">{connected ? "live" : "looked at every 5 seconds"}</span>
        )}
      </div>
      {status === "RUNNING" && <Progress capture={capture} statements={statements} />}
      {reason !== null && <p class={status === "FAILED" ? "problem" : "note"}>{reason}</p>}
      <dl class="facts">
        <div>
          <dt>{start === null ? "Scheduled start" : "Start"}</dt>
          <dd>{begins === null ? "not yet" : <Time at={begins} precise />}</dd>
        </div>
        <div>
          <dt>{end === null && ends !== null ? "Scheduled end" : "End"}</dt>
          <dd>{ends === null ? isLive(status) ? "when it is stopped" : "–" : <Time at={ends} precise />}</dd>
        </div>
        {begins !== null && ends !== null && (
          <div>
            <dt>Duration</dt>
            <dd>{formatSpan(begins, ends)}</dd>
          </div>
        )}
        <div>
          <dt>Number</dt>
          <dd>{capture.id}</dd>
        </div>
      </dl>
    </div>
  );
}

function Metrics({ capture }: { capture: Capture }) {
  const { id, status, start, end } = capture;
  // Read again when the status changes: there is more after the end.
  const metrics = useResource(
    start === null ? null : `metrics/${id}`,
    (signal) => readMetrics(id, signal),
    status,
  );
  // CloudWatch adds to them for some minutes after the end.
  const isRecent = end !== null && Date.now() - Date.parse(end) < RECENT_MS;
  const mayGrow = isLive(status) || (isRecent && metrics.data?.source !== "archive");
  usePolling(metrics.reload, start !== null && mayGrow ? SLOW_POLL_MS : null);
  return (
    <section aria-labelledby="metrics-title">
      <h2 id="metrics-title">Metrics</h2>
      {start === null ? (
        <p class="muted">There are metrics once the capture has started.</p>
      ) : (
        <Loaded resource={metrics} what="the metrics" lines={6}>
          {(read) => <ChartsOf capture={capture} read={read} />}
        </Loaded>
      )}
    </section>
  );
}

/** The charts are drawn again for other metrics, not for every message of the live connection. */
function ChartsOf({ capture: { id, name, start, end }, read }: { capture: Capture; read: ReadMetrics }) {
  const captures = useMemo(() => [{ id, name, start, end, read }], [id, name, start, end, read]);
  return <MetricsSection captures={captures} axis="time" />;
}

const FEW = 10;
const MANY = 200;

function Digest({ capture }: { capture: Capture }) {
  const [limit, setLimit] = useState(FEW);
  const hasStarted = capture.start !== null;
  const digest = useResource(
    hasStarted ? `digest/${capture.id}/${limit}` : null,
    (signal) => api.captures.digest(capture.id, { limit }, { signal }),
    capture.status,
  );
  usePolling(digest.reload, hasStarted && isLive(capture.status) ? SLOW_POLL_MS / 4 : null);
  if (!hasStarted) return null;
  return (
    <>
      <h3>Top statements</h3>
      <Loaded resource={digest} what="the statements" lines={5}>
        {(statements) => (
          <>
            <Statements statements={statements} />
            {statements.length === limit && limit < MANY && (
              <button type="button" onClick={() => setLimit(MANY)}>
                Show up to {MANY}
              </button>
            )}
          </>
        )}
      </Loaded>
    </>
  );
}
