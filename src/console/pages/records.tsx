import { api } from "../api/client.ts";
import type { Capture, Workload } from "../api/types.ts";
import { Failure, Loaded, Skeleton } from "../components/loading.tsx";
import { Missing } from "../components/missing.tsx";
import { Paging } from "../components/paging.tsx";
import { RangeChart } from "../components/range-chart.tsx";
import { RecordFilters } from "../components/record-filters.tsx";
import { RecordTable } from "../components/record-table.tsx";
import { StudyFrame } from "../components/study-frame.tsx";
import { formatCount } from "../lib/format.ts";
import { useResource } from "../lib/hooks.ts";
import { RECORD_FIELDS, readOn, recordsQuery } from "../lib/record-filter.ts";
import { NO_ERRORS, sortErrors } from "../lib/refusals.ts";
import { usePlace, withQuery } from "../lib/router.ts";
import { studyPath } from "../lib/study.ts";

/** How many records a page has. */
const ROWS = 50;

/** The records of a capture that the address asks for, a page at a time. */
export function RecordsPage({ id }: { id: number }) {
  const workload = useResource(`workload/${id}`, (signal) => api.captures.workload(id, { signal }));
  return (
    <StudyFrame id={id} page="records" title="Records">
      {(capture) => (
        <Loaded resource={workload} what="the records" lines={6}>
          {({ log }) => <Records capture={capture} log={log} />}
        </Loaded>
      )}
    </StudyFrame>
  );
}

function Records({ capture, log }: { capture: Capture; log: Workload["log"] }) {
  const { id } = capture;
  const place = usePlace();
  const query = recordsQuery(place.query);
  const { cursor, ...filter } = query;
  const { from: _, to: __, ...fields } = filter;
  const found = useResource(`records/${id}/${JSON.stringify(query)}`, (signal) =>
    readOn(ROWS, cursor, (limit, next) =>
      api.captures.recordsPage(id, { ...filter, limit, cursor: next }, { signal }),
    ),
  );
  const errors =
    found.error === undefined ? NO_ERRORS : sortErrors(found.error, [...RECORD_FIELDS, "from", "to"]);
  const fingerprint = place.query.get("fingerprint");
  return (
    <>
      <RecordFilters key={JSON.stringify(fields)} place={place} log={log} errors={errors} />
      <RangeChart capture={capture} />
      {fingerprint !== null && (
        <p class="note-line">
          Only of{" "}
          <a href={studyPath(id, "statements", place, { item: fingerprint })}>statement {fingerprint}</a>.{" "}
          <a href={withQuery(place, { fingerprint: "", cursor: "" })}>Of all statements</a>
        </p>
      )}
      {found.error !== undefined && errors.form !== null && (
        <Failure error={found.error} retry={found.reload} busy={found.loading} />
      )}
      {found.data === undefined && found.loading && <Skeleton what="the records" lines={8} />}
      {found.data !== undefined && (
        <section aria-label="Records found">
          <p class="count" role="status">
            {countOf(found.data.records.length, found.data.next, cursor !== undefined)}
          </p>
          <Missing missing={found.data.pages.flatMap(({ missing }) => missing)} />
          {found.data.records.length > 0 && <RecordTable captureId={id} records={found.data.records} />}
          <Paging next={found.data.next} isFirst={cursor === undefined} />
        </section>
      )}
    </>
  );
}

/** How many records a page has, and whether there may be more. */
function countOf(found: number, next: string | null, isLater: boolean): string {
  const records = `${formatCount(found)} ${found === 1 ? "record" : "records"}`;
  if (next === null) {
    if (found === 0) return isLater ? "No more records match." : "No record matches.";
    return isLater ? `${records}, the last ones.` : `${records}.`;
  }
  if (found < ROWS)
    return `${found === 0 ? "No record" : records} so far. Not all has been looked through yet.`;
  return `${records}, and there may be more.`;
}
