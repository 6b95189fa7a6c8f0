import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { Unreadable } from "../../../src/lib/stored.ts";
import { LogParser } from "../../../src/logs/general/parser.ts";
import { Sessions } from "../../../src/logs/general/sessions.ts";
import { Threads } from "../../../src/logs/general/threads.ts";
import { initialState } from "../../../src/workload/collecting/collected-log.ts";
import {
  type CollectorState,
  keepCollectorState,
  loadCollectorState,
} from "../../../src/workload/collecting/collector-state.ts";
import type { GeneralFollowerState } from "../../../src/workload/collecting/follower-state.ts";
import { MAX_THREADS_KEPT } from "../../../src/workload/collecting/general-records.ts";
import { Digests } from "../../../src/workload/digest.ts";
import { emptyManifest } from "../../../src/workload/stored/manifest.ts";
import { RUNNER } from "../../fixtures/stored-unversioned.ts";
import { fitsProduction, PRODUCTION_LIMIT } from "../../support/stored-size.ts";

/** Runs in a Durable Object of its own. */
const inStorage = <T>(run: (kv: SyncKvStorage) => T): Promise<T> =>
  runInDurableObject(env.CAPTURE_RUNNER.getByName(crypto.randomUUID()), (_, { storage }) =>
    run(storage.kv),
  ) as Promise<T>;

const small: CollectorState = {
  follower: initialState(emptyManifest(1, "secrets", "general")),
  digests: { capacity: 1, total: 0, entries: [] },
};

describe("a collector's state from before there were versions", () => {
  const opened = (change: Record<string, unknown> = {}) =>
    inStorage((kv) => {
      for (const [key, value] of Object.entries({ ...RUNNER, ...change })) {
        if (value !== null) kv.put(key, value);
      }
      const state = loadCollectorState(kv, "general") as CollectorState & { follower: GeneralFollowerState };
      keepCollectorState(kv, state);
      return { state, again: loadCollectorState(kv, "general"), keys: [...kv.list()].map(([key]) => key) };
    });

  it("is read in full, and is kept with a version from then on", async () => {
    const { state, again, keys } = await opened();
    const { linesAtOnce: _, ...rest } = RUNNER.follower as GeneralFollowerState;
    expect(state.follower).toEqual({
      ...rest,
      // A fragment of version 1 is not added to.
      tail: null,
      manifest: { ...rest.manifest, log: "general", digestVersion: 1 },
      parser: RUNNER["follower/parser"],
      threads: RUNNER["follower/threads"],
    });
    expect(state.digests).toEqual(JSON.parse(RUNNER["digests/000"] as string));
    expect(again).toEqual(state);
    expect(keys).toEqual([
      "attempts",
      "captureId",
      "caughtUpAt",
      "recording/digests/0000",
      "recording/follower/0000",
    ]);
  });

  it("continues the record that was open, in the middle of its line", async () => {
    const { state } = await opened();
    const parser = new LogParser({ from: state.follower.parser });
    const next = "2026-11-27T20:27:30.000000Z\t    7 Quit\t\n";
    const records = parser.push(new TextEncoder().encode(` end\n${next}`));
    expect(records.map(({ statement }) => statement)).toEqual(["SELECT 'open\nAND ü end"]);
    const threads = new Threads(10, state.follower.threads);
    expect(threads.see(records[0] as (typeof records)[number])).toEqual({
      user: "app",
      host: "10.0.0.7",
      db: "shop",
    });
  });

  it.each([
    ["a part of it is missing", { "follower/threads": null }],
    ["a part of it is damaged", { "follower/parser": { offset: "far" } }],
    ["its digests are cut", { "digests/000": '{"capacity":1000,"tot' }],
    ["its digests are missing", { "digests/000": null }],
  ])("is refused as damaged when %s", async (_, change) => {
    await expect(opened(change)).rejects.toThrow(/^The (follower's state|table of digests) is damaged/);
  });
});

describe("a collector's state", () => {
  it("is null before it was kept", async () => {
    expect(await inStorage((kv) => loadCollectorState(kv, "general"))).toBeNull();
  });

  it("leaves no pieces of a longer one behind", async () => {
    const longer = { ...small, digests: { ...small.digests, entries: [entry("x".repeat(2_500_000))] } };
    const keys = await inStorage((kv) => {
      keepCollectorState(kv, longer);
      const before = [...kv.list()].length;
      keepCollectorState(kv, small);
      expect(loadCollectorState(kv, "general")).toEqual(small);
      return [before, [...kv.list()].length];
    });
    expect(keys).toEqual([4, 2]);
  });

  it.each<[string, (kv: SyncKvStorage) => void, RegExp]>([
    [
      "of a newer version",
      (kv) => kv.put("recording/follower/0000", new TextEncoder().encode('{"version":3}')),
      /^The follower's state is of version 3/,
    ],
    [
      "that has lost a piece",
      (kv) => kv.delete("recording/digests/0000"),
      /^The collector's state has no digests/,
    ],
    [
      "that is cut within a character",
      (kv) => kv.put("recording/follower/0000", new Uint8Array([0x22, 0xc3])),
      /^The follower's state is damaged/,
    ],
    ["of another kind", (kv) => kv.put("recording/follower/0000", "{}"), /holds no bytes$/],
  ])("%s is not read", async (_, harm, message) => {
    const [error, isUnreadable] = await inStorage((kv) => {
      keepCollectorState(kv, small);
      harm(kv);
      try {
        return [loadCollectorState(kv, "general"), false];
      } catch (thrown) {
        return [String((thrown as Error).message), thrown instanceof Unreadable];
      }
    });
    expect(error).toMatch(message);
    expect(isUnreadable).toBe(true);
  });
});

const entry = (text: string, n = 0) => ({
  fingerprint: n.toString(16).padStart(16, "0"),
  digest: text,
  count: 1,
  overcount: 0,
  firstSeenMicros: 1795811249387000,
  lastSeenMicros: 1795811249387000,
  example: text.slice(0, 1024),
});

describe("the size of what is kept", () => {
  it("is counted as production counts it", async () => {
    const fits = (bytes: number) => inStorage((kv) => fitsProduction(kv, new Uint8Array(bytes)));
    expect([await fits(PRODUCTION_LIMIT - 100), await fits(PRODUCTION_LIMIT + 100)]).toEqual([true, false]);
    const twoBytes = (units: number) => inStorage((kv) => fitsProduction(kv, "ж".repeat(units)));
    expect([await twoBytes(990_000), await twoBytes(1_010_000)]).toEqual([true, false]);
  });

  const worst: [string, () => CollectorState][] = [
    [
      "threads with the longest names of each server, in another alphabet, whose sessions have all changed a setting",
      () => {
        const threads = new Threads(MAX_THREADS_KEPT);
        for (let threadId = 0; threadId < 5000; threadId++) {
          const statement = `${"ж".repeat(128)}${threadId}@${"h".repeat(255)} on ${"я".repeat(64)} using SSL/TLS`;
          threads.see(recordOf("Connect", statement, threadId));
        }
        expect(threads.toJSON().length).toBeGreaterThan(2048);
        const sessions = new Sessions();
        for (let n = 0; n < 5000; n++) {
          sessions.see(recordOf("Query", "SET NAMES gbk, sql_mode = ''", 4_000_000_000 + n), "mysql");
        }
        const tables = { threads: threads.toJSON(), sessions: sessions.toJSON() };
        return { ...small, follower: { ...small.follower, ...tables } };
      },
    ],
    [
      "a full table of digests of two bytes a character",
      () => {
        const digests = new Digests();
        for (let n = 0; n < 2000; n++) {
          const columns = Array.from({ length: 300 }, (_, i) => `столбец${n}х${i}`).join(", ");
          digests.add(recordOf("Query", `SELECT ${columns} FROM таблица WHERE имя = 'ж'`));
        }
        return { ...small, digests: digests.toJSON() };
      },
    ],
    [
      "as many users, hosts and tags as are told apart, with the longest names",
      () => {
        const digests = new Digests();
        for (let n = 0; n < 5000; n++) {
          const whose = {
            user: `${"ж".repeat(120)}${n}`,
            host: `${"h".repeat(250)}${n}`,
            db: "я".repeat(64),
          };
          const tags = Array.from({ length: 20 }, (_, key) => `k${key}='${"t".repeat(200)}${n}'`).join();
          const statement = `SELECT c${n % 300} FROM t${n % 300} /*${tags}*/`;
          digests.add(recordOf("Query", statement, n), null, null, whose);
        }
        return { ...small, digests: digests.toJSON() };
      },
    ],
    [
      "the longest statement and the longest line, both open",
      () => {
        const parser = new LogParser({ maxStatement: 256 * 1024 });
        parser.push(
          new TextEncoder().encode(
            `2026-11-27T20:27:30.000000Z\t    7 Query\t${"ж".repeat(400_000)}\n${"я".repeat(1_000_000)}`,
          ),
        );
        return { ...small, follower: { ...small.follower, parser: parser.snapshot() } };
      },
    ],
    [
      "hundreds of files, a thousand gaps, and as many of Amazon's threads as are remembered",
      () => {
        const names = Array.from({ length: 5000 }, (_, i) => `general/mysql-general.log.2026-10-10.${i}`);
        const cause = `AWS could not answer: ${"ü".repeat(300)} (${"X".repeat(100)}). Try again soon.`;
        const manifest = {
          ...emptyManifest(1, "secrets", "general"),
          gaps: Array.from({ length: 1000 }, (_, i) => ({ from: i, to: i + 1, cause })),
          gapCount: 1000,
        };
        const state = initialState(manifest);
        const known = Object.fromEntries(names.map((name, i) => [name, 1.7e12 + i]));
        const amazons = Array.from({ length: MAX_THREADS_KEPT }, (_, i) => 4_000_000_000 + i);
        return {
          ...small,
          follower: { ...state, amazons, position: { ...state.position, known, next: names } },
        };
      },
    ],
  ];

  it.each(worst)("is less than what production takes with %s", async (_, make) => {
    const state = make();
    const [sizes, loaded] = await inStorage((kv) => {
      keepCollectorState(kv, state);
      const values = [...kv.list()].map(([, value]) => value);
      return [values.map((value) => fitsProduction(kv, value)), loadCollectorState(kv, "general")] as const;
    });
    expect(sizes.length).toBeGreaterThanOrEqual(2);
    expect(sizes).toEqual(sizes.map(() => true));
    expect(loaded).toEqual(state);
  });
});

function recordOf(command: "Connect" | "Query", statement: string, threadId = 1) {
  return { timeMicros: 1, threadId, command, statement, truncated: false, start: 0, end: 0 };
}
