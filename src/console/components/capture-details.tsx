import type { FullCapture } from "../api/types.ts";
import { formatBytes } from "../lib/format.ts";
import { labelFilter } from "../lib/labels.ts";
import { useSession } from "../lib/session.ts";

const LOGS: Record<FullCapture["log"], string> = {
  general: "General log",
  slow: "Slow query log",
  both: "General log and slow query log",
};

/** The name of the person who made a capture, as the reader knows them. */
export function OwnerName({ owner }: { owner: FullCapture["owner"] }) {
  const { user } = useSession();
  return <>{owner.id === user.id ? "You" : (owner.name ?? "Somebody who has left")}</>;
}

/** A capture's labels, each a link to the captures that have it; nothing if there are none. */
export function Labels({ labels }: { labels: FullCapture["labels"] }) {
  const entries = Object.entries(labels);
  if (entries.length === 0) return null;
  return (
    <ul class="labels">
      {entries.map(([key, value]) => (
        <li key={key}>
          <a
            href={`/captures?${new URLSearchParams({ label: labelFilter(key, value) })}`}
            title={`Captures with ${key}: ${value}`}
          >
            {key}: {value}
          </a>
        </li>
      ))}
    </ul>
  );
}

/** Who made a capture, how it records, and what people say of it. */
export function CaptureDetails({ capture }: { capture: FullCapture }) {
  const { owner, log, minDuration, redact, maxBytes, labels, notes, backDated, schedule } = capture;
  return (
    <>
      <dl class="facts">
        <div>
          <dt>Owner</dt>
          <dd>
            <OwnerName owner={owner} />
          </dd>
        </div>
        <div>
          <dt>Log</dt>
          <dd>{LOGS[log]}</dd>
          {minDuration !== null && minDuration > 0 && <dd class="muted">from {minDuration} ms</dd>}
        </div>
        {schedule !== null && (
          <div>
            <dt>Schedule</dt>
            <dd>
              <a href={`/schedules/${schedule.id}`}>{schedule.name}</a>
            </dd>
            {schedule.base !== null && capture.start !== null && (
              <dd>
                <a href={`/compare?a=${schedule.base}&b=${capture.id}`}>Compare with the one before</a>
              </dd>
            )}
          </div>
        )}
        {backDated && (
          <div>
            <dt>Back-dated</dt>
            <dd>it was made after it began</dd>
          </div>
        )}
        {redact === "literals" && (
          <div>
            <dt>Literals</dt>
            <dd>not stored</dd>
          </div>
        )}
        {maxBytes !== null && (
          <div>
            <dt>Ends early at</dt>
            <dd>{formatBytes(maxBytes)}</dd>
          </div>
        )}
      </dl>
      <Labels labels={labels} />
      {notes !== null && <p class="notes">{notes}</p>}
    </>
  );
}
