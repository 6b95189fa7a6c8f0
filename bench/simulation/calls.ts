/** The path at which the simulation's API is told where the shards are: a list of addresses. */
export const SHARDS_PATH = "/bench/shards";

/** A call of a capture's runner, from the process with the API to that of the shard. */
export interface Call {
  /** The name of the Durable Object. */
  name: string;
  method: string;
  args: unknown[];
}

/** What it answered, or with what message it was rejected. */
export type Answer = { value: unknown } | { error: string };
