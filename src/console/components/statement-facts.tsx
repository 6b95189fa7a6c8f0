import type { WorkloadDigest } from "../api/types.ts";
import { formatCount, formatMicros, formatShare } from "../lib/format.ts";
import { usePlace } from "../lib/router.ts";
import { studyPath } from "../lib/study.ts";
import { FactRows } from "./fact-rows.tsx";
import { Sql } from "./sql.tsx";
import { Time } from "./time.tsx";

/** What is known of a statement besides what its row has, and the way to its page. */
export function StatementFacts({ captureId, statement }: { captureId: number; statement: WorkloadDigest }) {
  const place = usePlace();
  return (
    <>
      <Sql text={statement.digest} what="The statement" />
      <StatementFigures statement={statement} />
      <StatementTables captureId={captureId} statement={statement} />
      {statement.example !== null && (
        <>
          <p class="such-as">Such as</p>
          <Sql text={statement.example} what="The example" />
        </>
      )}
      <a href={studyPath(captureId, "statements", place, { item: statement.fingerprint })}>
        More of this statement
      </a>
    </>
  );
}

/**
 * The figures of a statement: those that its row has no columns for.
 * @param isWhole those too that its row has
 */
export function StatementFigures({
  statement,
  isWhole = false,
}: {
  statement: WorkloadDigest;
  isWhole?: boolean;
}) {
  const { count, share, minMicros, p50Micros, maxMicros, lockMicros, rowsSent, errors } = statement;
  const isTimed = minMicros != null;
  const facts: [string, string | null][] = [
    ...(isWhole ? figuresOfRow(statement) : []),
    ["Shortest", isTimed ? formatMicros(minMicros) : null],
    ["Median", p50Micros == null ? null : formatMicros(p50Micros)],
    ["Longest", maxMicros == null ? null : formatMicros(maxMicros)],
    ["Lock time", lockMicros == null ? null : formatMicros(lockMicros)],
    ["Rows sent", rowsSent == null ? null : formatCount(rowsSent)],
    ["Errors", errors == null ? null : formatCount(errors)],
    ["Part of all calls", isWhole || (isTimed && count > 0) ? formatShare(share) : null],
  ];
  return (
    <dl class="facts">
      <FactRows facts={facts} />
      <div>
        <dt>First seen</dt>
        <dd>
          <Time at={statement.firstSeen} precise />
        </dd>
      </div>
      <div>
        <dt>Last seen</dt>
        <dd>
          <Time at={statement.lastSeen} precise />
        </dd>
      </div>
    </dl>
  );
}

function figuresOfRow(statement: WorkloadDigest): [string, string | null][] {
  const { count, overcount, totalMicros, overTotalMicros, meanMicros, p95Micros, p99Micros } = statement;
  const micros = (value: number | undefined) => (value == null ? null : formatMicros(value));
  const atMost = (over: number | undefined, text: string | null) => (over && text ? `at most ${text}` : text);
  return [
    ["Calls", atMost(overcount, formatCount(count))],
    ["Time in all", atMost(overTotalMicros, micros(totalMicros))],
    ["Part of all time", statement.timeShare == null ? null : formatShare(statement.timeShare)],
    ["Mean", micros(meanMicros)],
    ["p95", micros(p95Micros)],
    ["p99", micros(p99Micros)],
    ["Rows examined", statement.rowsExamined == null ? null : formatCount(statement.rowsExamined)],
  ];
}

/** Which tables a statement reads and writes, with the way to the other statements of each; nothing where it has none. */
export function StatementTables({ captureId, statement }: { captureId: number; statement: WorkloadDigest }) {
  const place = usePlace();
  const { reads, writes } = statement.tables;
  const named: [string, readonly string[]][] = [
    ["Reads", reads],
    ["Writes", writes],
  ];
  if (reads.length + writes.length === 0) return null;
  return (
    <dl class="facts">
      {named.map(
        ([what, tables]) =>
          tables.length > 0 && (
            <div key={what}>
              <dt>{what}</dt>
              {tables.map((table) => (
                <dd key={table}>
                  <a href={studyPath(captureId, "statements", place, { table })}>
                    <code>{table}</code>
                  </a>
                </dd>
              ))}
            </div>
          ),
      )}
    </dl>
  );
}
