import { useEffect, useMemo, useState } from "preact/hooks";
import { api } from "../api/client.ts";
import type { Capture, WorkloadSeries } from "../api/types.ts";
import { useBrush } from "../lib/brush.ts";
import { formatCount } from "../lib/format.ts";
import { type Resource, usePolling, useResource } from "../lib/hooks.ts";
import { type Limited, limitedTo } from "../lib/limited.ts";
import { isLive } from "../lib/list.ts";
import { rangeQuery } from "../lib/range.ts";
import { NO_ERRORS, sortErrors } from "../lib/refusals.ts";
import { usePlace } from "../lib/router.ts";
import { readStatementFilter, STATEMENT_FILTERS } from "../lib/statement-filter.ts";
import { orderFor, readSort } from "../lib/statements.ts";
import { Loaded } from "./loading.tsx";
import { Paging } from "./paging.tsx";
import { StatementFilters } from "./statement-filters.tsx";
import { StatementTable } from "./statement-table.tsx";

const POLL_MS = 15_000;
/** How many statements are loaded at first: those of transactions are folded, and leave enough others to show. */
const SOME = 50;
const MANY = 200;
/** Of how many the text is loaded for a range of time if not all that have a series are among the first. */
const MOST = 1000;

interface Props {
  capture: Capture;
  series: WorkloadSeries | null;
  /** Whether all are shown, a page at a time, and can be looked for; else the first of them. */
  isAll?: boolean;
}

/** The statements of a capture, of the range of time that is chosen, sorted as the address says. */
export function CaptureStatements(props: Props) {
  const { range } = useBrush();
  if (props.capture.start === null) return null;
  return (
    <>
      {!props.isAll && <h3>Top statements</h3>}
      {range === null ? <OfWhole {...props} /> : <OfRange {...props} />}
    </>
  );
}

/** What the address asks for of all statements, and the form that says it. */
function useFilter(isAll: boolean) {
  const { query } = usePlace();
  const filter = isAll ? readStatementFilter(query) : {};
  const isFiltered = Object.keys(filter).length > 0;
  const formOf = (read: Pick<Resource<unknown>, "error">) => {
    if (!isAll) return null;
    const errors = read.error === undefined ? NO_ERRORS : sortErrors(read.error, STATEMENT_FILTERS);
    // What belongs to no field is shown where the statements would be.
    return <StatementFilters errors={{ ...errors, form: null }} />;
  };
  return { filter, isFiltered, formOf };
}

function OfWhole({ capture, series, isAll = false }: Props) {
  const { query } = usePlace();
  const { filter, isFiltered, formOf } = useFilter(isAll);
  const [isWhole, setWhole] = useState(isAll);
  const limit = isWhole ? MANY : SOME;
  const order = query.has("sort") ? orderFor(readSort(query, true)) : null;
  const cursor = (isAll && query.get("cursor")) || undefined;
  const asked = { ...filter, limit, cursor, ...(order && { order }) };
  const digest = useResource(
    `digest/${capture.id}/${JSON.stringify({ ...filter, cursor })}`,
    (signal) => api.captures.digest(capture.id, asked, { signal }),
    [capture.status, limit, order].join(),
  );
  usePolling(digest.reload, isLive(capture.status) ? POLL_MS : null);
  const isFull = (digest.data?.length ?? 0) >= limit;
  return (
    <>
      {formOf(digest)}
      <Loaded resource={digest} what="the statements" lines={5}>
        {(statements) => (
          <>
            <StatementTable
              capture={capture}
              statements={statements}
              hasMore={isFull || cursor !== undefined}
              isFiltered={isFiltered}
              isWhole={isWhole}
              onWhole={() => setWhole(true)}
              series={series}
            />
            {isAll && (
              <Paging
                next={(isFull && statements.at(-1)?.fingerprint) || null}
                isFirst={cursor === undefined}
              />
            )}
          </>
        )}
      </Loaded>
    </>
  );
}

/** The statements of a range: those that have a series of their own, by the series' steps. */
function OfRange({ capture, series, isAll = false }: Props) {
  const { id, status } = capture;
  const { filter, isFiltered, formOf } = useFilter(isAll);
  const [isWhole, setWhole] = useState(isAll);
  const { from, to } = rangeQuery(useBrush().range);
  const span = useResource(
    `span/${id}/${from}/${to}`,
    (signal) => api.captures.span(id, { from: from || undefined, to: to || undefined }, { signal }),
    status,
  );
  // Of the statements of the range, most filters leave out some: then there is no telling whether one is missing.
  const [needsMost, setNeedsMost] = useState(false);
  const limit = needsMost || isFiltered ? MOST : MANY;
  const digest = useResource(
    `digests/${id}/${JSON.stringify(filter)}`,
    async (signal) => ({ limit, all: await api.captures.digest(id, { ...filter, limit }, { signal }) }),
    [status, limit].join(),
  );
  usePolling(
    () => {
      span.reload();
      digest.reload();
    },
    isLive(status) ? POLL_MS : null,
  );
  const limited = useMemo(
    () => span.data && digest.data && limitedTo(span.data, digest.data.all),
    [span.data, digest.data],
  );
  // By the limit of what is shown, which is kept while more is read.
  const isCut =
    digest.data !== undefined && digest.data.limit < MOST && digest.data.all.length >= digest.data.limit;
  const lacksSome = isCut && (limited?.statements.length ?? 0) < (span.data?.statements.length ?? 0);
  useEffect(() => {
    if (lacksSome) setNeedsMost(true);
  }, [lacksSome]);
  return (
    <>
      {formOf(digest)}
      <Loaded resource={span} what="the statements" lines={5}>
        {() => (
          <Loaded resource={digest} what="the statements" lines={5}>
            {() =>
              limited &&
              !lacksSome && (
                <>
                  <StatementTable
                    capture={capture}
                    statements={limited.statements}
                    hasMore={false}
                    isFiltered={isFiltered}
                    isWhole={isWhole}
                    onWhole={() => setWhole(true)}
                    series={series}
                    isOfRange
                  />
                  <p class="hint">{describeRest(limited, isFiltered)}</p>
                </>
              )
            }
          </Loaded>
        )}
      </Loaded>
    </>
  );
}

/** What the table of a range leaves out, and how its figures come about. */
function describeRest({ statements, others }: Limited, isFiltered: boolean): string {
  const rare =
    "statements that are not among a capture's first hundred, which have no figures over time: look for them among the records";
  const steps = "Figures are of the time above, in whole steps.";
  if (isFiltered) return `${steps} Not among these are ${rare}.`;
  if (others > 0) return `${steps} ${formatCount(others)} calls then were of ${rare}.`;
  return statements.length === 0 ? "" : steps;
}
