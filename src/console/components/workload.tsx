import { Fragment } from "preact";
import { logsOf } from "../../logs/names.ts";
import { downloadPath } from "../api/client.ts";
import type { Capture, Workload } from "../api/types.ts";
import { useBrush } from "../lib/brush.ts";
import { formatBytes, formatCount } from "../lib/format.ts";
import { isLive } from "../lib/list.ts";
import { rangeQuery } from "../lib/range.ts";
import { useReadsStatements } from "../lib/reader.ts";
import { LeftOut } from "./left-out.tsx";
import { WholeHint } from "./range-bar.tsx";
import { Time } from "./time.tsx";
import { TimingNotice } from "./timing-notice.tsx";

/** What a capture has recorded: figures, what they may lack, and downloads. */
export function WorkloadNumbers({ capture, workload }: { capture: Capture; workload: Workload }) {
  const { records, statements, bytes, storedBytes, firstRecord, lastRecord, live } = workload;
  const problem = live?.problem ?? null;
  const reads = useReadsStatements();
  if (records === 0 && workload.gapCount === 0) {
    return (
      <>
        <LogProblem problem={problem} />
        <TimingNotice workload={workload} />
        <p class="muted">
          {isLive(capture.status) ? "Nothing has been recorded yet." : "Nothing was recorded."}
        </p>
      </>
    );
  }
  return (
    <>
      <LogProblem problem={problem} />
      <WholeHint what="These numbers are" />
      <dl class="facts card">
        <div>
          <dt>Statements</dt>
          <dd class="figure">{formatCount(statements)}</dd>
        </div>
        <div>
          <dt>Records</dt>
          <dd class="figure">{formatCount(records)}</dd>
        </div>
        <div>
          <dt>Size</dt>
          <dd class="figure">{formatBytes(bytes)}</dd>
          <dd class="muted">{formatBytes(storedBytes)} as stored</dd>
        </div>
        {firstRecord !== null && lastRecord !== null && (
          <div>
            <dt>First and last record</dt>
            <dd>
              <Time at={firstRecord} precise />
            </dd>
            <dd>
              <Time at={lastRecord} precise />
            </dd>
          </div>
        )}
        {live?.behindBy != null && (
          <div>
            <dt>Log read</dt>
            <dd>up to {formatCount(live.behindBy)} s ago</dd>
          </div>
        )}
      </dl>
      <TimingNotice workload={workload} />
      <LeftOut captureId={capture.id} leftOut={workload.leftOut} />
      <Gaps workload={workload} />
      {reads && <Downloads captureId={capture.id} log={workload.log} />}
    </>
  );
}

/** Links to what was recorded, of each log. */
function Downloads({ captureId, log }: { captureId: number; log: Workload["log"] }) {
  const { range } = useBrush();
  const bounds = rangeQuery(range);
  const part = range === null ? "" : " of the time above";
  return (
    <div class="actions">
      {logsOf(log).map((one) => (
        <Fragment key={one}>
          <a class="button" href={downloadPath(captureId, "ndjson.gz", one, bounds)} download>
            {log === "both" ? `Download the ${one} log's NDJSON (gzip)` : "Download NDJSON (gzip)"}
            {part}
          </a>
          <a class="button" href={downloadPath(captureId, "log", one, bounds)} download>
            Download as a {one} log{part}
          </a>
        </Fragment>
      ))}
    </div>
  );
}

/** Why the log can't be read just now. */
function LogProblem({ problem }: { problem: NonNullable<Workload["live"]>["problem"] }) {
  if (problem === null) return null;
  return (
    <p class="problem" role="alert">
      {/* One item of the alert's row, however many parts its sentence has. */}
      <span>
        The log has been unreadable since <Time at={problem.since} precise />. {problem.reason}
      </span>
    </p>
  );
}

function Gaps({ workload: { gaps, gapCount } }: { workload: Workload }) {
  if (gapCount === 0) return null;
  return (
    <details class="note">
      <summary>
        {formatCount(gapCount)} {gapCount === 1 ? "gap" : "gaps"}: a part of the log could not be read
      </summary>
      <ul>
        {gaps.map(({ from, to, cause }) => (
          <li key={from}>
            <Time at={from} precise /> to <Time at={to} precise />: {cause}
          </li>
        ))}
      </ul>
    </details>
  );
}
