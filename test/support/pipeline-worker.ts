import type { LogPortion } from "../../src/aws/rds.ts";
import { Digests } from "../../src/workload/digest.ts";
import { beginFollowing, type FragmentStore, follow } from "../../src/workload/follower.ts";
import { LIVE_LOG } from "../../src/workload/log-files.ts";
import type { LogSource } from "../../src/workload/log-reading.ts";

/*
 * A Worker that follows a log in its memory, for scripts/measure-log.ts: what a capture costs without AWS, D1 and R2. `PUT`
 * gives it the log; each `POST` reads all of it and answers with the manifest.
 */

const PORTION_BYTES = 1_000_000;
const LF = 10;

let log = new Uint8Array(0);

const source: LogSource = {
  list: async () => ({ ok: true, value: [{ name: LIVE_LOG, lastWritten: Date.now(), size: log.length }] }),
  portion: async (_, marker) => ({ ok: true, value: portionAt(Number(marker)) }),
};

function portionAt(start: number): LogPortion {
  const end = log.lastIndexOf(LF, start + PORTION_BYTES - 1) + 1;
  return { data: log.subarray(start, end), marker: String(end), pending: end < log.length };
}

/** Keeps the fragment that is being added to, and forgets the others. */
function fragmentStore(): FragmentStore {
  let last = new Uint8Array(0);
  return {
    read: async (_, bytes) => last.slice(0, bytes),
    write: async (_, bytes) => {
      last = bytes.slice();
    },
  };
}

async function followAll() {
  const window = { start: 0, end: null };
  const fragments = fragmentStore();
  const digests = new Digests();
  const begun = await beginFollowing(source, 1, window, "secrets", true);
  if (!begun.ok) throw new Error(begun.failure.message);
  let state = begun.value;
  for (;;) {
    const step = await follow(state, digests, source, fragments, async () => window);
    if (!step.ok) throw new Error(step.failure.message);
    ({ state } = step.value);
    if (step.value.caughtUp) return state.manifest;
  }
}

export default {
  async fetch(request: Request): Promise<Response> {
    if (request.method === "POST") return Response.json(await followAll());
    log = new Uint8Array(await request.arrayBuffer());
    return new Response(null, { status: 204 });
  },
};
