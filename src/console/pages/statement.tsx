import { useMemo } from "preact/hooks";
import { api, readSeries } from "../api/client.ts";
import type { Capture, WorkloadDigest, WorkloadSeries } from "../api/types.ts";
import { Loaded } from "../components/loading.tsx";
import { MetricsSection, NOT_READ } from "../components/metrics-section.tsx";
import { RangeBar } from "../components/range-bar.tsx";
import { RangeFigures } from "../components/range-figures.tsx";
import { Sql } from "../components/sql.tsx";
import { StatementFigures, StatementTables } from "../components/statement-facts.tsx";
import { StudyFrame } from "../components/study-frame.tsx";
import { useBrush } from "../lib/brush.ts";
import { useResource } from "../lib/hooks.ts";
import { isLive } from "../lib/list.ts";
import { workloadCharts } from "../lib/workload-charts.ts";

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
  const statement = useResource(`statement/${id}/${fingerprint}`, async (signal) => {
    const all = await api.captures.digest(id, { limit: 1000 }, { signal });
    return all.find((one) => one.fingerprint === fingerprint) ?? null;
  });
  const series = useResource(`series/${id}/${fingerprint}`, (signal) =>
    readSeries(id, { fingerprint }, signal),
  );
  return (
    <Loaded resource={statement} what="the statement" lines={5}>
      {(found) =>
        found === null ? (
          <p class="empty">This capture has no such statement.</p>
        ) : (
          <>
            <Sql text={found.digest} what="The statement" />
            <section aria-labelledby="time-title">
              <h2 id="time-title">Over time</h2>
              <RangeBar />
              <Loaded resource={series} what="how it went over time" lines={5}>
                {(known) =>
                  known === null ? (
                    <p class="muted">
                      How it went over time is not known: only the statements that take or run most of a
                      capture have that.
                    </p>
                  ) : (
                    <Charts capture={capture} series={known} />
                  )
                }
              </Loaded>
            </section>
            <Whole captureId={id} statement={found} />
          </>
        )
      }
    </Loaded>
  );
}

/** Its figures of the whole capture, and examples. */
function Whole({ captureId, statement }: { captureId: number; statement: WorkloadDigest }) {
  const { range } = useBrush();
  return (
    <>
      <section aria-labelledby="figures-title">
        <h2 id="figures-title">In the whole capture</h2>
        {range !== null && <p class="hint">These figures are not limited to the time above.</p>}
        <div class="card">
          <StatementFigures statement={statement} isWhole />
          <StatementTables captureId={captureId} statement={statement} />
        </div>
      </section>
      <section aria-labelledby="examples-title">
        <h2 id="examples-title">Such as</h2>
        <Sql text={statement.example} what="The example" />
      </section>
    </>
  );
}

const NO_GAPS: never[] = [];

function Charts({ capture, series }: { capture: Capture; series: WorkloadSeries }) {
  const { id, name, start, end, status } = capture;
  const isOver = !isLive(status);
  const captures = useMemo(() => [{ id, name, start, end, read: NOT_READ }], [id, name, start, end]);
  const charts = useMemo(
    () => workloadCharts(series, { start, end: isOver ? end : null, gaps: NO_GAPS }, "Calls"),
    [series, start, end, isOver],
  );
  return (
    <>
      <RangeFigures series={series} what="Calls" />
      <MetricsSection captures={captures} workload={charts} axis="time" brush={useBrush()} />
    </>
  );
}
