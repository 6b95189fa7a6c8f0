import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { GENERAL } from "../../../src/logs/general/kind.ts";
import type { LogSource } from "../../../src/logs/reader.ts";
import { keepCollectorState, loadCollectorState } from "../../../src/workload/collecting/collector-state.ts";
import type { GeneralFollowerState } from "../../../src/workload/collecting/follower-state.ts";
import { MAX_THREADS_KEPT } from "../../../src/workload/collecting/general-records.ts";
import { fitsProduction } from "../../support/stored-size.ts";
import { TestFollower } from "../support.ts";

const TIME = "2026-11-27T20:27:30.000000Z";
const START = Date.parse("2026-11-27T20:00:00Z");

/** A log of one file, read in one portion from its beginning. */
function logOf(text: string): LogSource {
  const data = new TextEncoder().encode(text);
  return {
    kind: GENERAL,
    list: async () => ({
      ok: true,
      value: [{ name: GENERAL.liveFile, lastWritten: START, size: data.length }],
    }),
    portion: async (_, marker) => {
      const isFirst = marker === "0";
      return {
        ok: true,
        value: { data: isFirst ? data : new Uint8Array(0), marker: isFirst ? "end" : "0", pending: false },
      };
    },
  };
}

describe("a log that is written to fill the memory of its reader", () => {
  it("leaves a state of a bounded size, which forgets what was seen longest ago", async () => {
    const heartbeats = Array.from(
      { length: MAX_THREADS_KEPT + 1000 },
      (_, i) => `${TIME}\t${String(i + 1).padStart(5)} Query\tSELECT 1 FROM mysql.rds_heartbeat2\n`,
    );
    const forged = Array.from(
      { length: 2000 },
      (_, i) => `${TIME}\t${100_000 + i} Connect\t${"ж".repeat(900)}@h on d using TCP/IP\n`,
    );
    const lines = [
      ...heartbeats,
      `${TIME}\t   99 Query\tINSERT INTO log VALUES ('\n`,
      ...forged,
      `${TIME}\t200000 Connect\tapp@h on d using TCP/IP\n`,
      `${TIME}\t200000 Init DB\t${"я".repeat(200_000)}\n`,
      `${TIME}\t200000 Query\t${"ю".repeat(400_000)}\n${"э".repeat(400_000)}`,
    ];
    const follower = await new TestFollower(logOf(lines.join("")), { start: START, end: null }).begin();
    await follower.step();
    const { amazons, threads } = follower.state as GeneralFollowerState;
    expect([amazons.length, amazons[0], amazons.at(-1)]).toEqual([
      MAX_THREADS_KEPT,
      1001,
      MAX_THREADS_KEPT + 1000,
    ]);
    // Nobody rather than a name that no server takes.
    expect(threads.map(([threadId, user, , db]) => [threadId, user, db])).toEqual([[200_000, "app", null]]);
    const stub = env.CAPTURE_RUNNER.getByName(crypto.randomUUID());
    const [fits, loaded] = await runInDurableObject(stub, (_, { storage: { kv } }) => {
      keepCollectorState(kv, { follower: follower.state, digests: follower.digests.toJSON() });
      return [
        [...kv.list()].map(([, value]) => fitsProduction(kv, value)),
        loadCollectorState(kv, "general"),
      ] as const;
    });
    expect(fits).toEqual(fits.map(() => true));
    expect(loaded?.follower).toEqual(follower.state);
  });
});
