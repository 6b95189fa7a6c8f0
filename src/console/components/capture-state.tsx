import type { FullCapture } from "../api/types.ts";
import { formatSpan } from "../lib/format.ts";
import { isLive } from "../lib/list.ts";
import { CaptureDetails } from "./capture-details.tsx";
import { Progress } from "./progress.tsx";
import { StatusBadge } from "./status.tsx";
import { Time } from "./time.tsx";

/** How a capture is: its state, how far it is, and when it began and ends. */
export function CaptureState({
  capture,
  statements,
  connected,
}: {
  capture: FullCapture;
  statements: number | null;
  connected: boolean;
}) {
  const { status, start, end, scheduledStart, scheduledEnd, reason, obstacle, clusterRole } = capture;
  const ends = end ?? scheduledEnd;
  const begins = start ?? scheduledStart;
  return (
    <div class="card state">
      <div class="state-now" role="status">
        <StatusBadge status={status} />
        {isLive(status) && (
          <span class="muted live-note">{connected ? "live" : "looked at every 5 seconds"}</span>
        )}
      </div>
      {status === "RUNNING" && <Progress capture={capture} statements={statements} />}
      {obstacle !== null && (
        <p class="note" role="status">
          It has not started yet, and tries again: {obstacle}
        </p>
      )}
      <RoleNotice role={clusterRole} />
      {reason !== null && <p class={status === "FAILED" ? "problem" : "note"}>{reason}</p>}
      <dl class="facts">
        <div>
          <dt>{start === null && scheduledStart !== null ? "Scheduled start" : "Start"}</dt>
          <dd>{begins === null ? isLive(status) ? "not yet" : "never" : <Time at={begins} precise />}</dd>
        </div>
        <div>
          <dt>{end === null && ends !== null ? "Scheduled end" : "End"}</dt>
          <dd>{ends === null ? isLive(status) ? "when it is stopped" : "–" : <Time at={ends} precise />}</dd>
        </div>
        {begins !== null && ends !== null && (
          <div>
            <dt>Duration</dt>
            <dd>{formatSpan(begins, ends)}</dd>
          </div>
        )}
        {clusterRole?.now != null && (
          <div>
            <dt>In its cluster</dt>
            <dd>{clusterRole.now}</dd>
          </div>
        )}
        <div>
          <dt>Number</dt>
          <dd>{capture.id}</dd>
        </div>
      </dl>
      <CaptureDetails capture={capture} />
    </div>
  );
}

const ROLES = { writer: "the writer", reader: "a reader" } as const;

/** That the instance has changed its role in its cluster since the capture began. */
function RoleNotice({ role }: { role: FullCapture["clusterRole"] }) {
  if (role === null || role.atStart === null || role.now === null || role.atStart === role.now) return null;
  return (
    <p class="note" role="status">
      When this capture began, its instance was {ROLES[role.atStart]} of its cluster. Since a failover it is{" "}
      {ROLES[role.now]}. The capture has what this instance runs.
    </p>
  );
}
