/*
 * Why the workload of a capture is erased. This knows nothing of Workers: the API's description, the client and the console use it too.
 */

/** By the environment's retention, as an admin asked for it, or because it was deleted long enough ago. */
export const ERASURE_REASONS = ["retention", "request", "deletion"] as const;
/** Why the workload of a capture is erased. */
export type ErasureReason = (typeof ERASURE_REASONS)[number];
