import { readSeries } from "../api/client.ts";
import { CaptureStatements } from "../components/capture-statements.tsx";
import { RangeBar } from "../components/range-bar.tsx";
import { StudyFrame } from "../components/study-frame.tsx";
import { useResource } from "../lib/hooks.ts";

/** All statements of a capture. */
export function StatementsPage({ id }: { id: number }) {
  const series = useResource(`series/${id}`, (signal) => readSeries(id, {}, signal));
  return (
    <StudyFrame id={id} page="statements" title="Statements">
      {(capture) => (
        <section aria-label="Statements">
          <RangeBar capture={capture} />
          <CaptureStatements capture={capture} series={series.data ?? null} isAll />
        </section>
      )}
    </StudyFrame>
  );
}
