import { useMemo } from "preact/hooks";
import { api, readSeries } from "../api/client.ts";
import type { Capture, Workload, WorkloadDigest, WorkloadSeries } from "../api/types.ts";
import { Loaded } from "../components/loading.tsx";
import { MetricsSection, NOT_READ } from "../components/metrics-section.tsx";
import { RangeBar, WholeHint } from "../components/range-bar.tsx";
import { RangeFigures } from "../components/range-figures.tsx";
import { Sql } from "../components/sql.tsx";
import { StatementExamples, StatementSources } from "../components/statement-details.tsx";
import { StatementFigures, StatementTables } from "../components/statement-facts.tsx";
import { StatementRecords } from "../components/statement-records.tsx";
import { StudyFrame } from "../components/study-frame.tsx";
import { useBrush } from "../lib/brush.ts";
import { usePolling, useResource } from "../lib/hooks.ts";
import { isLive } from "../lib/list.ts";
import { rangeQuery } from "../lib/range.ts";
import { workloadCharts } from "../lib/workload-charts.ts";

/** How often the page of a running capture's statement is read again: its series has steps of ten seconds or more. */
const POLL_MS = 60_000;

/** One statement of a capture: its text, its figures, how it went over time, examples and records. */
export function StatementPage({ id, fingerprint }: { id: number; fingerprint: string }) {
  return (
    <StudyFrame id={id} page="statements" title={`Statement ${fingerprint}`}>
      {(capture) => <Statement capture={capture} fingerprint={fingerprint} />}
    </StudyFrame>
  );
}

function Statement({ capture, fingerprint }: { capture: Capture; fingerprint: string }) {
  const { id } = capture;
  const statement = useResource(`statement/${id}/${fingerprint}`, (signal) =>
    api.captures.statement(id, fingerprint, { signal }),
  );
  const series = useResource(`series/${id}/${fingerprint}`, (signal) =>
    readSeries(id, { fingerprint }, signal),
  );
  const workload = useResource(`workload/${id}`, (signal) => api.captures.workload(id, { signal }));
  usePolling(
    () => {
      statement.reload();
      series.reload();
    },
    isLive(capture.status) ? POLL_MS : null,
  );
  return (
    <Loaded resource={statement} what="the statement" lines={5}>
      {(found) => (
        <>
          <Sql text={found.digest} what="The statement" />
          <section aria-labelledby="time-title">
            <h2 id="time-title">Over time</h2>
            <RangeBar />
            <Loaded resource={series} what="how it went over time" lines={5}>
              {(known) =>
                known === null ? (
                  <p class="muted">
                    How it went over time is not known: only the statements that take or run most of a capture
                    have that.
                  </p>
                ) : (
                  <Charts
                    capture={capture}
                    fingerprint={fingerprint}
                    series={known}
                    gaps={workload.data?.gaps}
                  />
                )
              }
            </Loaded>
          </section>
          <Whole captureId={id} statement={found} />
          {workload.data !== undefined && (
            <StatementRecords captureId={id} fingerprint={fingerprint} log={workload.data.log} />
          )}
        </>
      )}
    </Loaded>
  );
}

/** Its figures of the whole capture, and examples. */
function Whole({ captureId, statement }: { captureId: number; statement: WorkloadDigest }) {
  return (
    <>
      <section aria-labelledby="figures-title">
        <h2 id="figures-title">In the whole capture</h2>
        <WholeHint what="These figures are" />
        <div class="card">
          <StatementFigures statement={statement} isWhole />
          <StatementTables captureId={captureId} statement={statement} />
        </div>
      </section>
      <section aria-labelledby="examples-title">
        <h2 id="examples-title">Such as</h2>
        <StatementExamples statement={statement} />
      </section>
      <StatementSources captureId={captureId} statement={statement} />
    </>
  );
}

const NO_GAPS: Workload["gaps"] = [];

function Charts({
  capture,
  fingerprint,
  series,
  gaps = NO_GAPS,
}: {
  capture: Capture;
  fingerprint: string;
  series: WorkloadSeries;
  gaps: Workload["gaps"] | undefined;
}) {
  const { id, name, start, end, status } = capture;
  const brush = useBrush();
  const isOver = !isLive(status);
  const captures = useMemo(() => [{ id, name, start, end, read: NOT_READ }], [id, name, start, end]);
  const charts = useMemo(
    () => workloadCharts(series, { start, end: isOver ? end : null, gaps }, "Calls"),
    [series, start, end, isOver, gaps],
  );
  const { from, to } = rangeQuery(brush.range);
  const span = useResource(brush.range === null ? null : `span/${id}/${from}/${to}`, (signal) =>
    api.captures.span(id, { from: from || undefined, to: to || undefined }, { signal }),
  );
  const ran = span.data?.statements.find((one) => one.fingerprint === fingerprint);
  return (
    <>
      <RangeFigures series={series} what="Calls" percentiles={ran} />
      <MetricsSection captures={captures} workload={charts} axis="time" brush={brush} />
    </>
  );
}
