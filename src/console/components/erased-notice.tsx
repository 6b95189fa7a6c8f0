import type { FullCapture } from "../api/types.ts";
import { Time } from "./time.tsx";

const WHY = {
  retention: "by its environment's retention",
  request: "as an admin has asked for it",
  deletion: "since it was deleted",
} as const;

/** Says that what a capture has recorded was erased. */
export function ErasedNotice({ erased }: { erased: NonNullable<FullCapture["erased"]> }) {
  const what = erased.metricsAt === null ? "Its workload was" : "Its workload and its metrics were";
  return (
    <div class="note" role="status">
      <p>
        <strong>{what} erased</strong> <Time at={erased.at} />, {WHY[erased.why]}.
      </p>
    </div>
  );
}
