import { useMemo, useState } from "preact/hooks";
import { api } from "../api/client.ts";
import type { Capture, WorkloadDigest, WorkloadSeries } from "../api/types.ts";
import { useBrush } from "../lib/brush.ts";
import { formatCount } from "../lib/format.ts";
import { usePolling, useResource } from "../lib/hooks.ts";
import { limitedTo } from "../lib/limited.ts";
import { isLive } from "../lib/list.ts";
import { rangeQuery } from "../lib/range.ts";
import { usePlace } from "../lib/router.ts";
import { matching, readStatementFilter } from "../lib/statement-filter.ts";
import { orderFor, readSort } from "../lib/statements.ts";
import { Loaded } from "./loading.tsx";
import { StatementFilters } from "./statement-filters.tsx";
import { StatementTable } from "./statement-table.tsx";

const POLL_MS = 15_000;
/** How many statements are loaded at first: those of transactions are folded, and leave enough others to show. */
const SOME = 50;
const MANY = 200;
/** How many are loaded to look some up among them: by their text, or those that have a series. */
const MOST = 1000;

interface Props {
  capture: Capture;
  series: WorkloadSeries | null;
  /** Whether all that can be loaded are shown at once. */
  isAll?: boolean;
}

/** The statements of a capture, of the range of time that is chosen, sorted as the address says. */
export function CaptureStatements(props: Props) {
  const { range } = useBrush();
  if (props.capture.start === null) return null;
  return (
    <>
      {props.isAll ? <StatementFilters /> : <h3>Top statements</h3>}
      {range === null ? <OfWhole {...props} /> : <OfRange {...props} />}
    </>
  );
}

function OfWhole({ capture, series, isAll = false }: Props) {
  const place = usePlace();
  const [isWhole, setWhole] = useState(isAll);
  const filter = isAll ? readStatementFilter(place.query) : {};
  const isFiltered = Object.keys(filter).length > 0;
  const limit = isFiltered ? MOST : isWhole ? MANY : SOME;
  const order = place.query.has("sort") ? orderFor(readSort(place.query, true)) : null;
  const digest = useResource(
    `digest/${capture.id}`,
    (signal) => api.captures.digest(capture.id, { limit, ...(order && { order }) }, { signal }),
    [capture.status, limit, order].join(),
  );
  usePolling(digest.reload, isLive(capture.status) ? POLL_MS : null);
  return (
    <Loaded resource={digest} what="the statements" lines={5}>
      {(statements) => (
        <StatementTable
          capture={capture}
          statements={matching(statements, filter)}
          hasMore={statements.length >= limit && limit < MANY}
          isFiltered={isFiltered}
          isWhole={isWhole}
          onWhole={() => setWhole(true)}
          series={series}
        />
      )}
    </Loaded>
  );
}

/** The statements of a range: those that have a series of their own, by the series' steps. */
function OfRange({ capture, series, isAll = false }: Props) {
  const { id, status } = capture;
  const [isWhole, setWhole] = useState(isAll);
  const { from, to } = rangeQuery(useBrush().range);
  const span = useResource(
    `span/${id}/${from}/${to}`,
    (signal) => api.captures.span(id, { from: from || undefined, to: to || undefined }, { signal }),
    status,
  );
  const digest = useResource(
    `digests/${id}`,
    (signal) => api.captures.digest(id, { limit: MOST }, { signal }),
    status,
  );
  usePolling(
    () => {
      span.reload();
      digest.reload();
    },
    isLive(status) ? POLL_MS : null,
  );
  const limited = useMemo(
    () => span.data && digest.data && limitedTo(span.data, digest.data),
    [span.data, digest.data],
  );
  const filter = isAll ? readStatementFilter(usePlace().query) : {};
  const isFiltered = Object.keys(filter).length > 0;
  return (
    <Loaded resource={span} what="the statements" lines={5}>
      {() => (
        <Loaded resource={digest} what="the statements" lines={5}>
          {() =>
            limited && (
              <>
                <StatementTable
                  capture={capture}
                  statements={matching(limited.statements, filter)}
                  hasMore={false}
                  isFiltered={isFiltered}
                  isWhole={isWhole}
                  onWhole={() => setWhole(true)}
                  series={series}
                  isOfRange
                />
                <p class="hint">{describeOthers(limited)}</p>
              </>
            )
          }
        </Loaded>
      )}
    </Loaded>
  );
}

/** What the table of a range leaves out, and how its figures come about. */
function describeOthers({ statements, others }: { statements: WorkloadDigest[]; others: number }): string {
  const steps = "Figures are of the time above, in whole steps.";
  if (others === 0) return statements.length === 0 ? "" : steps;
  return `${steps} ${formatCount(others)} calls then were of statements that are not among a capture's first hundred, which have no figures over time: look for them among the records.`;
}
