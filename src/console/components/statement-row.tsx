import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { formatAmount, formatCount, formatMicros, formatShare } from "../lib/format.ts";
import { usePlace } from "../lib/router.ts";
import type { Roving } from "../lib/roving.ts";
import { rowsPerCall, type StatementRow } from "../lib/statements.ts";
import { studyPath } from "../lib/study.ts";
import { type SmallAxis, Sparkline } from "./sparkline.tsx";
import { StatementFacts } from "./statement-facts.tsx";

interface RowProps {
  captureId: number;
  row: StatementRow;
  /** Whether the capture has times of statements. */
  isTimed: boolean;
  /** Null where there are no small charts. */
  axis: SmallAxis | null;
  /** How many columns the table has. */
  columns: number;
  stop: Roving["stop"];
  isUnfolded: boolean;
  onFold: () => void;
}

/** How much of a statement is in the name of a button. */
const NAMED = 80;

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

function Row({
  captureId,
  row,
  isTimed,
  axis,
  columns,
  stop,
  isUnfolded,
  onFold,
  isMember,
}: RowProps & { isMember: boolean }) {
  const place = usePlace();
  const [isOpen, setOpen] = useState(false);
  const { time, statement } = row;
  const cells = (
    <tr class={isMember ? "member" : undefined}>
      <th scope="row">
        {statement === null ? (
          <button
            type="button"
            class="fold"
            aria-expanded={isUnfolded}
            onClick={onFold}
            {...stop(row.key, "link")}
          >
            {row.name} <span class="muted">({formatCount(row.members.length)} statements)</span>
          </button>
        ) : (
          <div class="statement-cell">
            <button
              type="button"
              class="fold"
              aria-expanded={isOpen}
              aria-label={`More of ${row.name.slice(0, NAMED)}`}
              onClick={() => setOpen(!isOpen)}
              {...stop(row.key, "more")}
            />
            <a href={studyPath(captureId, "statements", place, { item: row.key })} {...stop(row.key, "link")}>
              <code class="clamped">{row.name}</code>
            </a>
            {statement.mayMatch && <span class="muted">perhaps</span>}
          </div>
        )}
      </th>
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
                <Share of="Share of the time of all statements" share={time.share} />
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
            <Share of="Share of all statements" share={row.share} />
          </div>
        </td>
      )}
      {axis !== null && (
        <td class="spark">{statement !== null && <Sparkline axis={axis} fingerprint={row.key} />}</td>
      )}
    </tr>
  );
  return (
    <>
      {cells}
      {statement !== null && isOpen && (
        <tr class="opened">
          <td colSpan={columns}>
            <StatementFacts captureId={captureId} statement={statement} />
          </td>
        </tr>
      )}
    </>
  );
}

/** A share as a bar, and in figures: a screen reader says the figures. */
export function Share({ of, share }: { of: string; share: number }) {
  const said = formatShare(share);
  return (
    <>
      <meter min={0} max={1} value={share} aria-label={of} aria-valuetext={said} />
      <span aria-hidden="true">{said}</span>
    </>
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
export function AtMost({
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
