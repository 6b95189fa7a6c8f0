import type { Schedule } from "../api/types.ts";

/** Whether a schedule makes captures, and what keeps it from it. */
export function ScheduleState({ schedule: { pausedAt, problem } }: { schedule: Schedule }) {
  return (
    <>
      {pausedAt !== null && <p class="muted">Paused</p>}
      {problem !== null && <p class="note">{problem}</p>}
    </>
  );
}
