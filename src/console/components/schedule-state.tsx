import type { Schedule } from "../api/types.ts";

/** Whether a schedule makes captures, and what keeps it from it. */
export function ScheduleState({ schedule: { state, problem } }: { schedule: Schedule }) {
  return (
    <>
      {state === "paused" && <p class="muted">Paused</p>}
      {state === "over" && <p class="muted">Over: its rule has no more captures</p>}
      {problem !== null && <p class="note">{problem}</p>}
    </>
  );
}
