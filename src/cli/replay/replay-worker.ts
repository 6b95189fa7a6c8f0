import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { MysqlDriver } from "./mysql-driver.ts";
import type { LeftOutReason } from "./outcome.ts";
import { recordsOf } from "./record-lines.ts";
import { SourceLost, TargetLost } from "./replay.ts";
import { replayHere } from "./replay-here.ts";
import {
  type FromThread,
  type Lost,
  OutcomePacker,
  type ThreadData,
  type ToThread,
} from "./thread-messages.ts";
import { wantedBy } from "./wanted-records.ts";

/*
 * One thread of a replay: it is given the lines of its sessions, replays them, and tells what came of it (threads.ts).
 */

const PACK = 500;
const TELL_MS = 100;

const port = parentPort as MessagePort;
const { options, wanted, connection, db, mayPipeline } = workerData as ThreadData;
const tell = (message: FromThread) => port.postMessage(message);

const over = new AbortController();
const lines: (Uint8Array | null)[] = [];
let wake: () => void = () => undefined;
port.on("message", (message: ToThread) => {
  if (message.kind === "abort") {
    over.abort();
    lines.push(null);
  } else lines.push(message.bytes);
  wake();
});

async function* arriving(): AsyncGenerator<Uint8Array> {
  for (;;) {
    while (lines.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    const bytes = lines.shift() ?? null;
    if (bytes === null) return;
    tell({ kind: "taken" });
    yield bytes;
  }
}

const lostOf = (error: unknown): Lost | null => {
  if (error instanceof TargetLost) return { error: error.error, end: error.end };
  return error instanceof SourceLost ? { error: null, end: error.end } : null;
};

const packer = new OutcomePacker();
let leftOut: Partial<Record<LeftOutReason, number>> = {};
const flush = () => {
  if (packer.size === 0 && Object.keys(leftOut).length === 0) return;
  tell({ kind: "outcomes", leftOut, ...packer.take() });
  leftOut = {};
};
const timer = setInterval(flush, TELL_MS);
try {
  const end = await replayHere(
    recordsOf(arriving(), (missing) => tell({ kind: "missing", missing })),
    { ...options, isWanted: wantedBy(wanted) },
    new MysqlDriver(connection, db, !options.writes, mayPipeline),
    {
      onOutcome: (outcome) => {
        packer.add(outcome);
        if (packer.size >= PACK) flush();
      },
      onLeftOut: (reason) => {
        leftOut[reason] = (leftOut[reason] ?? 0) + 1;
      },
      onConnections: (open) => tell({ kind: "connections", open }),
      onStateLost: (state) => tell({ kind: "lost", state }),
    },
    over.signal,
  );
  flush();
  tell({ kind: "end", end });
} catch (error) {
  flush();
  tell({ kind: "failed", message: (error as Error).message, lost: lostOf(error) });
} finally {
  clearInterval(timer);
  port.close();
}
