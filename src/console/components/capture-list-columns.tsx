import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { api } from "../api/client.ts";
import type { FullCapture } from "../api/types.ts";
import { formatSpan } from "../lib/format.ts";
import { usePolling, useResource, useSeen } from "../lib/hooks.ts";
import { isLive } from "../lib/list.ts";
import { Labels, OwnerName } from "./capture-details.tsx";
import { Progress } from "./progress.tsx";
import { StatusBadge } from "./status.tsx";
import { Time } from "./time.tsx";

/** How often the progress of a running capture is read again. */
const POLL_MS = 10_000;

/** What a row shows. */
interface Shown {
  capture: FullCapture;
  /** The environment's name. */
  environment: string;
  /** Whether the row is on the screen. */
  seen: boolean;
  /** When it began or is to begin, and when it ended or is to end; null where that is not known. */
  begins: string | null;
  ends: string | null;
}

interface Column {
  title: string;
  /** How much room a screen must have for it: any, unless it says so. Narrow screens have it below the name. */
  room?: "middle" | "wide";
  cell: (shown: Shown) => ComponentChildren;
}

/** The columns of the list of captures. The first one names the row. */
export const COLUMNS: readonly Column[] = [
  { title: "Name", cell: (shown) => <Name {...shown} /> },
  { title: "Status", cell: (shown) => <State {...shown} /> },
  { title: "Environment", room: "wide", cell: ({ environment }) => environment },
  { title: "Owner", room: "wide", cell: ({ capture }) => <OwnerName owner={capture.owner} /> },
  { title: "Start", room: "middle", cell: ({ begins }) => (begins === null ? "–" : <Time at={begins} />) },
  { title: "End", room: "wide", cell: (shown) => <End {...shown} /> },
];

/** A capture in the list. */
export function CaptureRow({ capture, environment }: { capture: FullCapture; environment: string }) {
  const row = useRef<HTMLTableRowElement>(null);
  const seen = useSeen(row);
  const { start, scheduledStart, scheduledEnd, end } = capture;
  const shown: Shown = {
    capture,
    environment,
    seen,
    begins: start ?? scheduledStart,
    ends: end ?? scheduledEnd,
  };
  const [name, ...others] = COLUMNS as [Column, ...Column[]];
  return (
    <tr ref={row}>
      <th scope="row">{name.cell(shown)}</th>
      {others.map(({ title, room, cell }) => (
        <td key={title} class={room}>
          {cell(shown)}
        </td>
      ))}
    </tr>
  );
}

function Name({ capture: { id, name, owner, labels }, environment, begins, ends }: Shown) {
  return (
    <>
      <a href={`/captures/${id}`}>{name}</a>
      {/* What the columns that have no room here would say. */}
      <span class="row-more">
        {environment} · <OwnerName owner={owner} />
        {begins !== null && (
          <span class="row-when">
            <Time at={begins} />
            {ends !== null && ` · ${formatSpan(begins, ends)}`}
          </span>
        )}
      </span>
      <Labels labels={labels} />
    </>
  );
}

function State({ capture, seen }: Shown) {
  const { status, obstacle } = capture;
  const reason = status === "FAILED" ? capture.reason : status === "STARTING" ? obstacle : null;
  return (
    <>
      <StatusBadge status={status} />
      {status === "RUNNING" && <RowProgress capture={capture} seen={seen} />}
      {reason !== null && (
        <span class="row-reason" title={reason}>
          {reason}
        </span>
      )}
    </>
  );
}

function End({ capture, begins, ends }: Shown) {
  if (ends === null) return isLive(capture.status) ? "until stopped" : "–";
  return (
    <>
      <Time at={ends} />
      {begins !== null && <span class="muted"> {formatSpan(begins, ends)}</span>}
    </>
  );
}

function RowProgress({ capture, seen }: { capture: FullCapture; seen: boolean }) {
  const workload = useResource(seen ? `workload/${capture.id}` : null, (signal) =>
    api.captures.workload(capture.id, { signal }),
  );
  usePolling(workload.reload, seen ? POLL_MS : null);
  return <Progress capture={capture} statements={workload.data?.statements ?? null} />;
}
