import { useState } from "preact/hooks";
import { api } from "../api/client.ts";
import type { Capture, WorkloadSeries } from "../api/types.ts";
import { usePolling, useResource } from "../lib/hooks.ts";
import { isLive } from "../lib/list.ts";
import { usePlace } from "../lib/router.ts";
import { orderFor, readSort } from "../lib/statements.ts";
import { Loaded } from "./loading.tsx";
import { StatementTable } from "./statement-table.tsx";

const POLL_MS = 15_000;
/** How many statements are loaded at first: those of transactions are folded, and leave enough others to show. */
const SOME = 50;
const MANY = 200;

/**
 * The statements of a capture, sorted as the address says.
 * @param isAll whether all that can be loaded are shown at once
 */
export function CaptureStatements({
  capture,
  series,
  isAll = false,
}: {
  capture: Capture;
  series: WorkloadSeries | null;
  isAll?: boolean;
}) {
  const place = usePlace();
  const [isWhole, setWhole] = useState(isAll);
  const limit = isWhole ? MANY : SOME;
  const order = place.query.has("sort") ? orderFor(readSort(place.query, true)) : null;
  const hasStarted = capture.start !== null;
  const digest = useResource(
    hasStarted ? `digest/${capture.id}` : null,
    (signal) => api.captures.digest(capture.id, { limit, ...(order && { order }) }, { signal }),
    [capture.status, limit, order].join(),
  );
  usePolling(digest.reload, hasStarted && isLive(capture.status) ? POLL_MS : null);
  if (!hasStarted) return null;
  return (
    <>
      {!isAll && <h3>Top statements</h3>}
      <Loaded resource={digest} what="the statements" lines={5}>
        {(statements) => (
          <StatementTable
            capture={capture}
            statements={statements}
            hasMore={statements.length >= limit && limit < MANY}
            isWhole={isWhole}
            onWhole={() => setWhole(true)}
            series={series}
          />
        )}
      </Loaded>
    </>
  );
}
