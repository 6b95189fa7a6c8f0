import { Worker } from "node:worker_threads";
import type { MissingRecords } from "../../client/index.ts";
import { LinesBySession } from "./lines-by-session.ts";
import type { ReplayEnd, ReplayListener } from "./outcome.ts";
import { SourceLost, TargetLost } from "./replay.ts";
import { BrokenSource, tellingBreaks } from "./source.ts";
import { type FromThread, type ThreadData, type ToThread, unpacked } from "./thread-messages.ts";

/*
 * A replay in threads of its own, each with the sessions of its own. As fast as it can, one thread would have to do as much as all of
 * the clients that were recorded. With a pace there has to be one, whose clock is everybody's; in a thread its memory has a bound.
 */

/** So many bytes are sent at a time, and so often before the first of them was taken. */
const BATCH_BYTES = 64 * 1024;
const MAX_AHEAD = 4;
/** Of all threads together: each holds some 40 MB of statements at most. With more, it would collect garbage later, to no gain. */
const OLD_GENERATIONS_MB = 144;
const MAX_OLD_GENERATION_MB = 112;
const YOUNG_GENERATION_MB = 4;

/** As it is bundled, a thread has a file of its own beside the program's. */
const WORKER = new URL(
  import.meta.url.endsWith(".ts") ? "./replay-worker.ts" : "./replay-worker.js",
  import.meta.url,
);

/**
 * Replays NDJSON by several threads.
 * @param chunks as they arrive
 * @param listener as of `replay`, and told of records that were stored and are lost; a statement is told where it is the first of its fingerprint, or failed
 * @throws TargetLost; SourceLost when the chunks break off, or a line is no record
 */
export async function replayInThreads(
  chunks: AsyncIterable<Uint8Array>,
  data: ThreadData,
  threads: number,
  listener: ReplayListener & { onMissing(missing: MissingRecords): void },
  signal: AbortSignal,
): Promise<ReplayEnd> {
  const count = Math.min(threads, data.options.maxConnections);
  const connections = new Array<number>(count).fill(0);
  const all = Array.from({ length: count }, (_, index) => {
    const most = Math.floor((data.options.maxConnections + index) / count);
    const options = { ...data.options, maxConnections: most };
    const oldMb = Math.min(MAX_OLD_GENERATION_MB, OLD_GENERATIONS_MB / count);
    return new Thread({ ...data, options }, oldMb, listener, (open) => {
      connections[index] = open;
      listener.onConnections(connections.reduce((sum, one) => sum + one, 0));
    });
  });
  const abort = () => {
    for (const thread of all) thread.abort();
  };
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  let failure: unknown;
  let broken: BrokenSource | null = null;
  try {
    await feed(tellingBreaks(chunks), all);
  } catch (error) {
    // A download that was ended since the replay was.
    if (signal.aborted) abort();
    else if (error instanceof BrokenSource) {
      broken = error;
      // What has arrived is replayed.
      for (const thread of all) thread.finish();
    } else {
      failure = error;
      abort();
    }
  }
  const ends = await Promise.allSettled(
    all.map((thread) =>
      thread.ended.catch((error: unknown) => {
        abort();
        throw error;
      }),
    ),
  );
  signal.removeEventListener("abort", abort);
  if (failure !== undefined) throw failure;
  const end = merged(ends);
  if (broken === null || signal.aborted) return broken === null ? end : { ...end, isWhole: false };
  throw new SourceLost(broken.message, { ...end, isWhole: false });
}

/** Gives each thread its lines, also where the chunks break off: but for a line that has no end then. Waits for the one that is furthest behind. */
async function feed(chunks: AsyncIterable<Uint8Array>, threads: readonly Thread[]): Promise<void> {
  const lines = new LinesBySession(threads.length);
  const sendAll = async (least: number) => {
    for (const [index, thread] of threads.entries())
      if (lines.sizeOf(index) >= least) await thread.send(lines.take(index));
  };
  try {
    for await (const chunk of chunks) {
      lines.add(chunk);
      await sendAll(BATCH_BYTES);
      if (threads.some(({ isOver }) => isOver)) return;
    }
  } catch (error) {
    await sendAll(1);
    throw error;
  }
  lines.finish();
  await sendAll(1);
  for (const thread of threads) thread.finish();
}

/** One of the threads, as the main one sees it. */
class Thread {
  /** How it ended. */
  readonly ended: Promise<ReplayEnd>;
  isOver = false;
  readonly #worker: Worker;
  #ahead = 0;
  #wake: () => void = () => undefined;

  constructor(
    data: ThreadData,
    oldGenerationMb: number,
    listener: Parameters<typeof replayInThreads>[3],
    onConnections: (open: number) => void,
  ) {
    const worker = new Worker(WORKER, {
      workerData: data,
      resourceLimits: {
        maxYoungGenerationSizeMb: YOUNG_GENERATION_MB,
        maxOldGenerationSizeMb: oldGenerationMb,
      },
    });
    this.#worker = worker;
    this.ended = new Promise((resolve, reject) => {
      const over = () => {
        this.isOver = true;
        this.#wake();
      };
      worker.on("message", (message: FromThread) => {
        switch (message.kind) {
          case "taken":
            this.#ahead--;
            return this.#wake();
          case "outcomes":
            for (const outcome of unpacked(message)) listener.onOutcome(outcome);
            for (const [reason, left] of Object.entries(message.leftOut))
              for (let n = 0; n < left; n++) listener.onLeftOut(reason as keyof typeof message.leftOut);
            return;
          case "connections":
            return onConnections(message.open);
          case "lost":
            return listener.onStateLost(message.state);
          case "missing":
            return listener.onMissing(message.missing);
          case "end":
            over();
            return resolve(message.end);
          case "failed": {
            over();
            return reject(errorOf(message));
          }
        }
      });
      worker.once("error", (error) => {
        over();
        reject(error);
      });
      worker.once("exit", (code) => {
        over();
        reject(new Error(`A thread of the replay ended with ${code}`));
      });
    });
    // Who waits for it comes later.
    this.ended.catch(() => undefined);
  }

  /** Sends lines, when there is room for them. */
  async send(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    while (this.#ahead >= MAX_AHEAD && !this.isOver) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#ahead++;
    this.#post({ kind: "lines", bytes }, [bytes.buffer]);
  }

  finish(): void {
    this.#post({ kind: "lines", bytes: null });
  }

  abort(): void {
    this.#post({ kind: "abort" });
  }

  #post(message: ToThread, transfer: ArrayBuffer[] = []): void {
    if (!this.isOver) this.#worker.postMessage(message, transfer);
  }
}

function errorOf({ lost, message }: Extract<FromThread, { kind: "failed" }>): Error {
  if (lost === null) return new Error(message);
  return lost.error === null ? new SourceLost(message, lost.end) : new TargetLost(lost.error, lost.end);
}

/** The ends of all threads as one. @throws what a thread failed with: TargetLost and SourceLost have the end of all */
function merged(ends: readonly PromiseSettledResult<ReplayEnd>[]): ReplayEnd {
  const known: ReplayEnd[] = [];
  let failure: unknown = null;
  let lost: TargetLost | SourceLost | null = null;
  for (const end of ends) {
    if (end.status === "fulfilled") known.push(end.value);
    else if (end.reason instanceof TargetLost || end.reason instanceof SourceLost) {
      lost = end.reason;
      known.push(end.reason.end);
    } else failure ??= end.reason;
  }
  if (failure !== null) throw failure;
  const times = (read: (end: ReplayEnd) => number | null) => known.flatMap((end) => read(end) ?? []);
  const from = times(({ recordedFrom }) => recordedFrom);
  const to = times(({ recordedTo }) => recordedTo);
  const sum = (read: (end: ReplayEnd) => number) => known.reduce((total, end) => total + read(end), 0);
  const end: ReplayEnd = {
    isWhole: known.every(({ isWhole }) => isWhole),
    startedAt: Math.min(...times(({ startedAt }) => startedAt)),
    endedAt: Math.max(...times(({ endedAt }) => endedAt)),
    recordedFrom: from.length === 0 ? null : Math.min(...from),
    recordedTo: to.length === 0 ? null : Math.max(...to),
    sessions: sum(({ sessions }) => sessions),
    partialSessions: sum(({ partialSessions }) => partialSessions),
    spilledBytes: sum(({ spilledBytes }) => spilledBytes),
  };
  if (lost instanceof TargetLost) throw new TargetLost(lost.error, end);
  if (lost !== null) throw new SourceLost(lost.message, end);
  return end;
}
