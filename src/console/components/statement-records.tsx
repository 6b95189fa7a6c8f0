import { api } from "../api/client.ts";
import type { Workload } from "../api/types.ts";
import { useResource } from "../lib/hooks.ts";
import { useReadsStatements } from "../lib/reader.ts";
import { readOn, recordsQuery } from "../lib/record-filter.ts";
import { usePlace } from "../lib/router.ts";
import { studyPath } from "../lib/study.ts";
import { Loaded } from "./loading.tsx";
import { RecordTable } from "./record-table.tsx";

const FEW = 5;

/** The first records of a statement in the range of time that is chosen, and the way to all of them; nothing for viewers. */
export function StatementRecords({
  captureId,
  fingerprint,
  log,
}: {
  captureId: number;
  fingerprint: string;
  log: Workload["log"];
}) {
  const place = usePlace();
  const { from, to } = recordsQuery(place.query);
  // The slow log's say more of each.
  const query = { fingerprint, from, to, ...(log === "both" && { log: "slow" as const }) };
  const reads = useReadsStatements();
  const records = useResource(reads ? `records/${captureId}/${JSON.stringify(query)}` : null, (signal) =>
    readOn(FEW, undefined, (limit, cursor) =>
      api.captures.recordsPage(captureId, { ...query, limit, cursor }, { signal }),
    ),
  );
  if (!reads) return null;
  return (
    <section aria-labelledby="records-title">
      <h2 id="records-title">Its records</h2>
      <Loaded resource={records} what="its records" lines={5}>
        {(found) => (
          <>
            {found.records.length === 0 ? (
              <p class="muted">
                None {found.next === null ? "was recorded in this time" : "was found so far"}.
              </p>
            ) : (
              <RecordTable captureId={captureId} records={found.records} />
            )}
            <p>
              <a href={studyPath(captureId, "records", place, { fingerprint, log: query.log })}>
                All its records
              </a>
            </p>
          </>
        )}
      </Loaded>
    </section>
  );
}
