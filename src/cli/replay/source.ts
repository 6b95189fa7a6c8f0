import type { StoredWorkloadRecord } from "../../client/index.ts";

/** The records to replay, in the order of the log, as a download has them: many at a time. */
export type Source = AsyncIterable<readonly StoredWorkloadRecord[]>;

/** A recording ends before its end, or has what is no record. What came before it is to be replayed. */
export class BrokenSource extends Error {
  override readonly name = "BrokenSource";
}

/** A source, or its bytes, whose failures are of the recording. @throws BrokenSource */
export async function* tellingBreaks<Part>(parts: AsyncIterable<Part>): AsyncGenerator<Part> {
  try {
    yield* parts;
  } catch (error) {
    throw error instanceof BrokenSource ? error : new BrokenSource((error as Error).message);
  }
}

/** A source that ends where it breaks. @param onBroken told of it */
export async function* untilBroken<Part>(
  parts: AsyncIterable<Part>,
  onBroken: (broken: BrokenSource) => void,
): AsyncGenerator<Part> {
  try {
    yield* parts;
  } catch (error) {
    if (!(error instanceof BrokenSource)) throw error;
    onBroken(error);
  }
}

/** How a workload is replayed. */
export interface ReplayOptions {
  /** How many times faster than recorded: 1 is its own pace, 2 twice as fast; null for as fast as each session's answers come. */
  speed: number | null;
  /** Whether statements that change data or definitions are run. Without it, connections are also read-only to the server. */
  writes: boolean;
  /** The most connections at a time; a session that finds none free waits. */
  maxConnections: number;
  /** Whether literals were removed when it was recorded (a capture's `redact` is `literals`). */
  isRedacted: boolean;
  /** Which records are run; the others are counted as `filtered`. */
  isWanted: (record: StoredWorkloadRecord) => boolean;
}
