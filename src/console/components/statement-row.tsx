import type { ComponentChildren } from "preact";
import type { WorkloadDigest } from "../api/types.ts";
import { formatAmount, formatCount, formatMicros, formatShare } from "../lib/format.ts";
import { rowsPerCall, type StatementRow } from "../lib/statements.ts";
import { type SmallAxis, Sparkline } from "./sparkline.tsx";
import { Time } from "./time.tsx";

interface RowProps {
  row: StatementRow;
  /** Whether the capture has times of statements. */
  isTimed: boolean;
  /** Null where there are no small charts. */
  axis: SmallAxis | null;
  isUnfolded: boolean;
  onFold: () => void;
}

/** The row of a statement, or that of folded ones with theirs below while it is unfolded. */
export function StatementRows(props: RowProps) {
  const { row, isUnfolded } = props;
  return (
    <>
      <Row {...props} isMember={false} />
      {isUnfolded && row.members.map((member) => <Row key={member.key} {...props} row={member} isMember />)}
    </>
  );
}

function Row({ row, isTimed, axis, isUnfolded, onFold, isMember }: RowProps & { isMember: boolean }) {
  const { time, statement } = row;
  return (
    <tr class={isMember ? "member" : undefined}>
      <td>
        {statement === null ? (
          <button type="button" class="fold" aria-expanded={isUnfolded} onClick={onFold}>
            {row.name} <span class="muted">({formatCount(row.members.length)} statements)</span>
          </button>
        ) : (
          <Details statement={statement} />
        )}
      </td>
      {isTimed && (
        <td class="number share">
          {time === null ? (
            <Unknown what="The log has no time of it" />
          ) : (
            <>
              <AtMost over={time.overMicros > 0 && formatMicros(time.overMicros)}>
                {formatMicros(time.totalMicros)}
              </AtMost>
              <div>
                <meter min={0} max={1} value={time.share} aria-label="Share of the time of all statements" />
                <span>{formatShare(time.share)}</span>
              </div>
            </>
          )}
        </td>
      )}
      <td class="number">
        <AtMost over={row.overCalls > 0 && formatCount(row.overCalls)}>{formatCount(row.calls)}</AtMost>
        {statement?.timedShare != null && statement.timedShare < 1 && (
          <span class="muted count-below">{formatShare(statement.timedShare)} timed</span>
        )}
      </td>
      {isTimed && <Times row={row} />}
      {!isTimed && (
        <td class="share">
          <div>
            <meter min={0} max={1} value={row.share} aria-label="Share of all statements" />
            <span>{formatShare(row.share)}</span>
          </div>
        </td>
      )}
      {axis !== null && (
        <td class="spark">{statement !== null && <Sparkline axis={axis} fingerprint={row.key} />}</td>
      )}
    </tr>
  );
}

function Times({ row }: { row: StatementRow }) {
  const { time } = row;
  const perCall = rowsPerCall(row);
  if (time === null) {
    return ["mean", "p95", "p99", "rows"].map((column) => (
      <td key={column} class="number">
        <Unknown what="The log has no time of it" />
      </td>
    ));
  }
  const bound = time.areBounds && "The percentile of several statements together is not known";
  return (
    <>
      <td class="number">{formatMicros(time.meanMicros)}</td>
      {[time.p95Micros, time.p99Micros].map((micros, i) => (
        <td key={i ? "p99" : "p95"} class="number">
          <AtMost why={bound}>{formatMicros(micros)}</AtMost>
        </td>
      ))}
      <td class="number">
        {perCall === null ? <Unknown what="No call of it was timed" /> : formatAmount(perCall)}
      </td>
    </>
  );
}

/** A figure that may be too high. */
function AtMost({
  over,
  why = over && `At most ${over} too high`,
  children,
}: {
  /** By how much, as text; false where it is exact. */
  over?: string | false;
  why?: string | false | undefined;
  children: ComponentChildren;
}) {
  if (!why) return <>{children}</>;
  return (
    <span title={why}>
      <span class="muted at-most">at most</span> {children}
    </span>
  );
}

function Unknown({ what }: { what: string }) {
  return (
    <span class="muted" title={what}>
      <span aria-hidden="true">–</span>
      <span class="visually-hidden">not known</span>
    </span>
  );
}

/** A normalised statement; opened, with what else is known of it. */
function Details({ statement }: { statement: WorkloadDigest }) {
  const { count, minMicros, p50Micros, maxMicros, rowsSent, errors } = statement;
  const facts: [string, string | null][] = [
    ["Shortest", minMicros == null ? null : formatMicros(minMicros)],
    ["Median", p50Micros == null ? null : formatMicros(p50Micros)],
    ["Longest", maxMicros == null ? null : formatMicros(maxMicros)],
    ["Rows sent", rowsSent == null ? null : formatCount(rowsSent)],
    ["Errors", errors == null ? null : formatCount(errors)],
    ["Part of all calls", minMicros == null || count === 0 ? null : formatShare(statement.share)],
  ];
  return (
    <details>
      <summary>
        <code>{statement.digest}</code>
      </summary>
      <dl class="facts">
        <div class="example">
          <dt>Such as</dt>
          <dd>
            <code>{statement.example}</code>
          </dd>
        </div>
        {facts.map(
          ([name, value]) =>
            value !== null && (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
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
    </details>
  );
}
