import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { AMAZON_USERS } from "../../../src/logs/amazon-users.ts";
import { GENERAL } from "../../../src/logs/general/kind.ts";
import { keepCollectorState, loadCollectorState } from "../../../src/workload/collecting/collector-state.ts";
import { endFollowing } from "../../../src/workload/collecting/follower.ts";
import { fixedLog, TestFollower } from "../support.ts";

/* Sessions of Amazon's own users in a general log: nobody's workload, but counted. */

const START = Date.UTC(2026, 10, 27, 20);
const WINDOW = { start: START, end: START + 3_600_000 };

/** A line of MySQL's log, some seconds after the start. */
const line = (second: number, threadId: number, command: string, statement = "") =>
  `${new Date(START + second * 1000 + 1).toISOString().replace("Z", "000Z")}\t${String(threadId).padStart(5)} ${command}\t${statement}\n`;
const connect = (second: number, threadId: number, user: string) =>
  line(second, threadId, "Connect", `${user}@10.0.0.5 on  using TCP/IP`);

async function followed(lines: string[]): Promise<TestFollower> {
  const file = { name: GENERAL.liveFile, text: lines.join(""), lastWritten: START + 3_000_000 };
  const follower = await new TestFollower(fixedLog([file]), WINDOW).begin(true);
  await follower.catchUp();
  const { state } = await endFollowing(follower.state, follower, follower.store, WINDOW, null);
  follower.state = state;
  return follower;
}

describe("a session in a general log", () => {
  it.each([...AMAZON_USERS])("of %s is left out and counted", async (user) => {
    const follower = await followed([
      connect(1, 7, user),
      connect(1, 8, "app"),
      line(2, 7, "Query", "SELECT 1"),
      line(2, 8, "Query", "SELECT 'app'"),
      line(3, 7, "Execute", "SELECT 2"),
      line(4, 7, "Quit"),
      line(5, 8, "Quit"),
    ]);
    const { manifest } = follower.state;
    expect(await follower.statements()).toEqual(["app@10.0.0.5 on  using TCP/IP", "SELECT 'app'", ""]);
    expect(manifest).toMatchObject({
      records: 3,
      statements: 1,
      commands: { Connect: 1, Query: 1, Quit: 1 },
    });
    expect(manifest.amazon).toEqual({
      users: [{ user, statements: 2 }],
      statements: [expect.objectContaining({ user, digest: "SELECT ?", count: 2 })],
      others: 0,
    });
    expect(follower.digests.total).toBe(1);
  });

  it("that RDS Proxy uses for a customer is the customer's", async () => {
    const follower = await followed([
      connect(1, 7, "rdsproxyadmin"),
      line(1, 7, "Query", "SELECT 1"),
      line(2, 7, "Change user", "app@10.0.0.5 on shop using TCP/IP"),
      line(3, 7, "Query", "SELECT 'app'"),
    ]);
    expect(await follower.statements()).toEqual(["app@10.0.0.5 on shop using TCP/IP", "SELECT 'app'"]);
    expect(follower.state.manifest.amazon?.users).toEqual([{ user: "rdsproxyadmin", statements: 1 }]);
  });

  it("that began before the log is rdsadmin's from its first heartbeat on, until somebody else connects", async () => {
    const follower = await followed([
      line(1, 7, "Query", "SELECT 'not known yet'"),
      line(2, 7, "Query", "SELECT value FROM mysql.rds_heartbeat2"),
      line(3, 7, "Query", "SELECT 'Amazon''s'"),
      connect(4, 7, "app"),
      line(5, 7, "Query", "SELECT 'app'"),
    ]);
    expect(await follower.statements()).toEqual([
      "SELECT 'not known yet'",
      "app@10.0.0.5 on  using TCP/IP",
      "SELECT 'app'",
    ]);
    expect(follower.state.manifest.amazon?.users).toEqual([{ user: "rdsadmin", statements: 2 }]);
  });

  it("of Amazon's is counted in the capture's time only", async () => {
    const follower = await followed([
      connect(-20, 7, "rdsadmin"),
      line(-10, 7, "Query", "SELECT 'before'"),
      line(10, 7, "Query", "SELECT 'in'"),
      line(3600, 7, "Query", "SELECT 'after'"),
    ]);
    expect(await follower.statements()).toEqual([]);
    expect(follower.state.manifest.amazon?.users).toEqual([{ user: "rdsadmin", statements: 1 }]);
  });
});

describe("what is counted of Amazon's sessions", () => {
  const LINES = [connect(1, 7, "rdsadmin"), line(2, 7, "Query", "SELECT 1"), line(3, 7, "Quit")];

  it("is kept with the state, and goes on from it", async () => {
    const follower = await followed(LINES);
    const kept = await runInDurableObject(
      env.CAPTURE_RUNNER.getByName(crypto.randomUUID()),
      (_, { storage: { kv } }) => {
        keepCollectorState(kv, { follower: follower.state, digests: follower.digests.toJSON() });
        return loadCollectorState(kv, "general");
      },
    );
    expect(kept?.follower.manifest.amazon).toEqual(follower.state.manifest.amazon);
  });

  it("is not known of a capture that was begun before it was counted", async () => {
    const file = { name: GENERAL.liveFile, text: LINES.join(""), lastWritten: START + 3_000_000 };
    const follower = await new TestFollower(fixedLog([file]), WINDOW).begin(true);
    const { amazon: _, ...manifest } = follower.state.manifest;
    follower.state = { ...follower.state, manifest };
    await follower.catchUp();
    expect(follower.state.manifest).not.toHaveProperty("amazon");
    expect(await follower.statements()).toEqual([]);
  });
});
