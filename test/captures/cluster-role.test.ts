import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Capture, FullCapture, LiveMessage } from "../../src/captures/replies.ts";
import type { Workload } from "../../src/workload/replies.ts";
import { createClusterAccount, type LocalAccount } from "../local-aws/test/client.ts";
import { createCapture, createEnvironment, linesOf, type Person, signUp } from "../support/api.ts";
import { castForEachTest } from "../support/each-test.ts";
import { runAlarm, travel, until } from "../support/time.ts";
import { storedLines } from "../workload/support.ts";

/* A capture of a cluster's instance says which role that has, and goes on with it after a failover. */

const MINUTE = 60_000;

afterEach(async () => {
  vi.restoreAllMocks();
  await env.DB.prepare("update captures set status = 'DONE', due_at = null").run();
});

let admin: Person | undefined;

/** A running capture of one instance of an Aurora cluster. */
async function running(
  instance: string,
  prepare: (aws: LocalAccount) => Promise<unknown> = async () => {},
): Promise<{ capture: Capture; aws: LocalAccount; person: Person; full: () => Promise<FullCapture> }> {
  const aws = await createClusterAccount("shop");
  admin ??= await signUp("Admin");
  const person = admin;
  const { environment } = await createEnvironment(person, { aws: { ...aws, instance } });
  await prepare(aws);
  const capture = await until(person, await createCapture(person, { envId: environment.id }), "RUNNING");
  const full = async () => (await person.get<FullCapture>(`/api/captures/${capture.id}?view=full`)).body;
  return { capture, aws, person, full };
}

async function pass(aws: LocalAccount, capture: Capture, minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute++) {
    await travel(aws, MINUTE);
    await runAlarm(capture);
  }
}

describe("a capture of an instance in a cluster", () => {
  it.each([
    ["shop-1", "writer"],
    ["shop-2", "reader"],
  ])("of %s says that it is the %s", async (instance, role) => {
    const { full, capture, person } = await running(instance);
    expect((await full()).clusterRole).toEqual({ atStart: role, now: role });
    const { body } = await person.get<LiveMessage>(`/api/captures/${capture.id}/live`);
    expect(body.clusterRole).toEqual({ atStart: role, now: role });
  });

  it("goes on with its instance after a failover, and says that this is a reader now", async () => {
    const { capture, aws, person, full } = await running("shop-1");
    const write = (statement: string) =>
      aws.appendLog("shop-1", [{ threadId: 7, command: "Query", statement }]);
    await write("SELECT 'as writer'");
    await runAlarm(capture);
    const tag = async () => (await person.get(`/api/captures/${capture.id}?view=full`)).headers.get("etag");
    const before = await tag();
    expect(await aws.failOver("shop")).toBe("shop-2");
    await pass(aws, capture, 3);
    expect((await full()).clusterRole).toEqual({ atStart: "writer", now: "reader" });
    expect(await tag()).not.toBe(before);
    await write("SELECT 'as reader'");
    await pass(aws, capture, 1);
    await person.post(`/api/captures/${capture.id}/stop`);
    await until(person, capture, "DONE");
    const { body } = await person.get<Workload>(`/api/captures/${capture.id}/workload`);
    const lines = await storedLines(capture.id, body.fragments);
    expect(lines.map(({ statement }) => statement)).toEqual(
      expect.arrayContaining(["SELECT 'as writer'", "SELECT 'as reader'"]),
    );
    expect((await full()).clusterRole).toEqual({ atStart: "writer", now: "reader" });
  });

  it("is asked about every other minute, and written only when it has changed", async () => {
    const { capture, aws } = await running("shop-1");
    await aws.clearRequests();
    const prepared = vi.spyOn(Object.getPrototypeOf(env.DB), "prepare");
    await pass(aws, capture, 6);
    const asked = (await aws.requests()).filter(({ action }) => action === "DescribeDBClusters");
    expect(asked.length).toBeGreaterThanOrEqual(2);
    expect(asked.length).toBeLessThanOrEqual(3);
    expect(prepared.mock.calls.filter(([sql]) => String(sql).includes("set cluster_role"))).toEqual([]);
  });

  it("runs where its credentials may not ask for clusters, and its role is unknown", async () => {
    const lines = await linesOf(async () => {
      const { capture, aws, full } = await running("shop-1", (aws) => aws.deny("rds:DescribeDBClusters"));
      await pass(aws, capture, 3);
      expect(await full()).toMatchObject({ status: "RUNNING", clusterRole: null });
      await aws.deny();
      await pass(aws, capture, 2);
      expect((await full()).clusterRole).toEqual({ atStart: null, now: "writer" });
    });
    expect(lines.find(({ event }) => event === "capture.role.unseen")).toMatchObject({ cluster: "shop" });
    expect(lines.find(({ event }) => event === "capture.role.changed")).toMatchObject({
      from: null,
      to: "writer",
    });
  });

  it("keeps what is known while AWS can't say", async () => {
    const { capture, aws, full } = await running("shop-2");
    await aws.fault({ kind: "unavailable", action: "DescribeDBClusters" });
    await pass(aws, capture, 3);
    expect((await full()).clusterRole).toEqual({ atStart: "reader", now: "reader" });
  });
});

describe("a capture of an instance alone", () => {
  const cast = castForEachTest();

  it("has no role, and asks for no cluster", async () => {
    await cast.aws.clearRequests();
    const made = await createCapture(cast.owner, { envId: cast.environment.id });
    const capture = await until(cast.owner, made, "RUNNING");
    await pass(cast.aws, capture, 3);
    const { body } = await cast.owner.get<FullCapture>(`/api/captures/${capture.id}?view=full`);
    expect(body.clusterRole).toBeNull();
    expect((await cast.aws.requests()).filter(({ action }) => action === "DescribeDBClusters")).toEqual([]);
  });
});
