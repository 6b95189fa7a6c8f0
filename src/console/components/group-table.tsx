import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import type { WorkloadGroups, WorkloadTables } from "../api/types.ts";
import { formatAmount, formatCount, formatMicros } from "../lib/format.ts";
import { useRoving } from "../lib/roving.ts";
import { AtMost, Share } from "./statement-row.tsx";

/** How many rows are shown until more are asked for. */
const FEW = 50;

/** A row of figures: of a table, a user, a host, or the value of a tag. */
export type Group = WorkloadGroups["groups"][number] &
  Partial<Pick<WorkloadTables["groups"][number], "reads" | "writes">>;

/**
 * Figures by table, user, host or tag, in the API's order.
 * @param title of the first column
 * @param others all that are not told apart; null where there are none
 * @param linkOf where a row's name leads; null where it leads nowhere
 * @param nameless what stands for a name that the log does not say
 */
export function GroupTable({
  title,
  groups,
  others,
  linkOf,
  nameless = "not known",
}: {
  title: string;
  groups: Group[];
  others: Group | null;
  linkOf: (name: string) => string | null;
  nameless?: string;
}) {
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? groups : groups.slice(0, FEW);
  const keys = shown.map((_, i) => String(i));
  const roving = useRoving(keys[0] === undefined ? null : [keys[0], "link"], keys);
  const hintId = useId();
  const isTimed = groups.some(({ totalMicros }) => totalMicros !== undefined);
  const isOfTables = groups.some(({ reads }) => reads !== undefined);
  if (groups.length === 0) return <p class="muted">Nothing of this is known.</p>;
  const nameOf = ({ name }: Group, i: number): ComponentChildren => {
    if (name === null) return <span class="muted">{nameless}</span>;
    const link = linkOf(name);
    const text = name === "" ? "(no name)" : name;
    return link === null ? (
      text
    ) : (
      <a href={link} {...roving.stop(String(i), "link")}>
        {text}
      </a>
    );
  };
  return (
    <>
      <div class="table-wrap">
        <table class="groups" aria-describedby={hintId}>
          <thead>
            <tr>
              <th scope="col">{title}</th>
              {isTimed && (
                <th scope="col" class="number">
                  Time
                </th>
              )}
              <th scope="col" class="number">
                Statements
              </th>
              {isOfTables && (
                <>
                  <th scope="col" class="number">
                    Reads
                  </th>
                  <th scope="col" class="number">
                    Writes
                  </th>
                </>
              )}
              {isTimed && (
                <>
                  <th scope="col" class="number">
                    Mean
                  </th>
                  <th scope="col" class="number">
                    p95
                  </th>
                  <th scope="col" class="number">
                    Rows per call
                  </th>
                </>
              )}
              {!isTimed && <th scope="col">Share</th>}
            </tr>
          </thead>
          <tbody {...roving.body}>
            {shown.map((group, i) => (
              <tr key={group.name}>
                <th scope="row">{nameOf(group, i)}</th>
                <Figures group={group} isTimed={isTimed} isOfTables={isOfTables} />
              </tr>
            ))}
            {others !== null && (isWhole || groups.length <= FEW) && (
              <tr>
                <th scope="row">All others</th>
                <Figures group={others} isTimed={isTimed} isOfTables={isOfTables} />
              </tr>
            )}
          </tbody>
        </table>
        <p class="visually-hidden" id={hintId}>
          Arrow keys go from row to row.
        </p>
      </div>
      {!isWhole && groups.length > FEW && (
        <button type="button" onClick={() => setWhole(true)}>
          Show all {formatCount(groups.length)}
        </button>
      )}
    </>
  );
}

function Figures({ group, isTimed, isOfTables }: { group: Group; isTimed: boolean; isOfTables: boolean }) {
  const { statements, overcount, share, totalMicros, overTotalMicros, timeShare, meanMicros, p95Micros } =
    group;
  const { calls = 0, overcalls = 0, rowsExamined } = group;
  const timedCalls = calls - overcalls;
  return (
    <>
      {isTimed && (
        <td class="number share">
          {totalMicros !== undefined && (
            <>
              <AtMost over={overTotalMicros ? formatMicros(overTotalMicros) : false}>
                {formatMicros(totalMicros)}
              </AtMost>
              <div>
                <Share of="Share of the time of all statements" share={timeShare ?? 0} />
              </div>
            </>
          )}
        </td>
      )}
      <td class="number">
        <AtMost over={overcount > 0 && formatCount(overcount)}>{formatCount(statements)}</AtMost>
      </td>
      {isOfTables && (
        <>
          <td class="number">{formatCount(group.reads ?? 0)}</td>
          <td class="number">{formatCount(group.writes ?? 0)}</td>
        </>
      )}
      {isTimed && (
        <>
          <td class="number">{meanMicros === undefined ? "" : formatMicros(meanMicros)}</td>
          <td class="number">{p95Micros === undefined ? "" : formatMicros(p95Micros)}</td>
          <td class="number">
            {rowsExamined === undefined || timedCalls <= 0 ? "" : formatAmount(rowsExamined / timedCalls)}
          </td>
        </>
      )}
      {!isTimed && (
        <td class="share">
          <div>
            <Share of="Share of all statements" share={share} />
          </div>
        </td>
      )}
    </>
  );
}
