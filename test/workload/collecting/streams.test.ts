import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { GENERAL } from "../../../src/logs/general/kind.ts";
import { SLOW } from "../../../src/logs/slow/kind.ts";
import { initialState } from "../../../src/workload/collecting/collected-log.ts";
import { CollectorStorage, type Taken } from "../../../src/workload/collecting/collector-storage.ts";
import { follow } from "../../../src/workload/collecting/follower.ts";
import { emptyManifest } from "../../../src/workload/stored/manifest.ts";
import { fixedLog, memoryStore } from "../support.ts";

/* What a capture of two logs keeps of each in its Durable Object. */

const AT = Date.parse("2026-11-23T05:36:00Z");
const WINDOW = { start: AT - 3_600_000, end: null };

const general = fixedLog([
  {
    name: GENERAL.liveFile,
    text: [0, 1, 2].map((i) => `2026-11-23T05:36:0${i}.000000Z\t    8 Query\tSELECT ${i}\n`).join(""),
    lastWritten: AT,
  },
]);
const slow = fixedLog(
  [
    {
      name: SLOW.liveFile,
      text: [0, 1, 2]
        .map(
          (i) => `# Time: 2026-11-23T05:36:0${i}.000000Z
# User@Host: app[app] @ localhost []  Id:     8
# Query_time: 0.002000  Lock_time: 0.000000 Rows_sent: 1  Rows_examined: 2
SET timestamp=${AT / 1000 + i - 1};
SELECT ${i};
`,
        )
        .join(""),
      lastWritten: AT,
    },
  ],
  SLOW,
);

/** Runs in a Durable Object of its own, with the storages of both logs. */
const withStorages = <T>(
  run: (
    storages: { general: CollectorStorage; slow: CollectorStorage },
    all: DurableObjectStorage,
  ) => Promise<T>,
): Promise<T> =>
  runInDurableObject(env.CAPTURE_RUNNER.getByName(crypto.randomUUID()), (_, { storage }) =>
    run(
      { general: new CollectorStorage(storage, "general"), slow: new CollectorStorage(storage, "slow") },
      storage,
    ),
  ) as Promise<T>;

/** Takes what is kept, and makes a step from it. */
async function stepped(storage: CollectorStorage, source: typeof slow) {
  const taken = storage.take() as Taken;
  const followed = await follow(taken.follower, taken.counts, source, memoryStore(), async () => WINDOW);
  if (!followed.ok) throw new Error(followed.failure.message);
  return { taken, state: followed.value.state };
}

describe("the logs of a capture", () => {
  it("are kept apart, each with its digests and its series", async () => {
    const { keys, series, statements, again } = await withStorages(async (storages, all) => {
      for (const [log, source] of [["general", general] as const, ["slow", slow] as const]) {
        const storage = storages[log];
        expect(storage.exists).toBe(false);
        storage.begin(initialState(emptyManifest(1, "secrets", log)));
        expect(storage.exists).toBe(true);
        const { taken, state } = await stepped(storage, source);
        expect(storage.keep(taken, state)).toBe(true);
        storage.caughtUpAt = log === "slow" ? 2 : 1;
        storage.problem = { since: 1, reason: log };
        storage.closed = { missing: log };
      }
      const fresh = {
        general: new CollectorStorage(all, "general"),
        slow: new CollectorStorage(all, "slow"),
      };
      return {
        keys: [...all.kv.list()].map(([key]) => key),
        series: [fresh.general.series().read(), fresh.slow.series().read()],
        statements: [fresh.general.load(), fresh.slow.load()].map((kept) => kept?.digests.total),
        again: [fresh.general, fresh.slow].map(({ caughtUpAt, problem, closed }) => [
          caughtUpAt,
          problem?.reason,
          closed?.missing,
        ]),
      };
    });
    expect(keys).toEqual([
      "caughtUpAt",
      "closed",
      "problem",
      "recording/digests/0000",
      "recording/follower/0000",
      "recording/slow/digests/0000",
      "recording/slow/follower/0000",
      "slow/caughtUpAt",
      "slow/closed",
      "slow/problem",
    ]);
    // The last record is open: the next would complete it.
    expect(statements).toEqual([2, 2]);
    expect(series.map((one) => one?.starts)).toEqual([[AT / 1000], [AT / 1000]]);
    expect(again).toEqual([
      [1, "general", "general"],
      [2, "slow", "slow"],
    ]);
  });

  it("count each record once, although two alarms run at once", async () => {
    const kept = await withStorages(async ({ slow: storage }, all) => {
      storage.begin(initialState(emptyManifest(1, "secrets", "slow")));
      const other = new CollectorStorage(all, "slow");
      const [first, second] = [await stepped(storage, slow), await stepped(other, slow)];
      expect(storage.keep(first.taken, first.state)).toBe(true);
      expect(other.keep(second.taken, second.state)).toBe(false);
      return {
        total: other.load()?.digests.total,
        series: other.series().read(),
        begun: storage.begin(first.state),
      };
    });
    expect(kept.total).toBe(2);
    expect(kept.series?.figures.length).toBe(1);
  });

  it("have no series left when one begins again", async () => {
    const series = await withStorages(async ({ slow: storage }) => {
      storage.begin(initialState(emptyManifest(1, "secrets", "slow")));
      const { taken, state } = await stepped(storage, slow);
      storage.keep(taken, state);
      storage.begin(initialState(emptyManifest(1, "secrets", "slow")));
      return storage.series().read();
    });
    expect(series).toBeNull();
  });
});
