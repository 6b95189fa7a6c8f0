/** The parts of the platform that can be made to fail (bench/worker/faults.ts): the database, the bucket, the Durable Objects. */
export const BINDINGS = ["D1", "R2", "objects"] as const;
/** A part of the platform. */
export type Binding = (typeof BINDINGS)[number];

/** How calls of the platform are to fail. */
export interface FaultPlan {
  seed: number;
  /** How likely each call is to fail, or to lose its answer, from 0 to 1. */
  chance: number;
  /** The part whose calls all fail. */
  away: Binding | null;
}

/** How often each fault has happened, by its name. */
export type FaultCounts = Record<string, number>;

/** The path at which the soak's Worker is told. */
export const FAULTS_PATH = "/bench/faults";
