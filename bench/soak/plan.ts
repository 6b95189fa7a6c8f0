/** What of the platform can be made to fail (bench/worker/faults.ts): the database, the bucket, the Durable Objects. */
export const BINDINGS = ["D1", "R2", "objects"] as const;
/** A part of the platform. */
export type Binding = (typeof BINDINGS)[number];

/** How calls of the platform are to fail. */
export interface FaultPlan {
  seed: number;
  /** How likely each call is to fail, or to lose its answer, from 0 to 1. */
  chance: number;
  /** What fails every call. */
  away: Binding | null;
}

/** How often what has struck, by its name. */
export type FaultCounts = Record<string, number>;

/** Where the Worker of the soak is told. */
export const FAULTS_PATH = "/bench/faults";
