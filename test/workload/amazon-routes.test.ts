import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { AmazonStatements, NOTHING_OF_AMAZON } from "../../src/workload/amazon-statements.ts";
import type { Workload, WorkloadAmazon } from "../../src/workload/replies.ts";
import { manifestKey } from "../../src/workload/stored/keys.ts";
import { emptyManifest, type Manifest, manifestFormat } from "../../src/workload/stored/manifest.ts";
import { MANIFEST } from "../fixtures/stored-unversioned.ts";
import { type Cast, createCast, expectRefusal, linesOf, personWith, requestIn } from "../support/api.ts";
import { captureIn, storeFragments, withState } from "../support/stored-workload.ts";

let cast: Cast;
beforeAll(async () => {
  cast = await createCast();
});

const MICROS = Date.UTC(2026, 10, 23, 9) * 1000;

/** A manifest of a log of which Amazon's own were left out. */
function manifestOf(id: number, log: "general" | "slow" = "general"): Manifest {
  const amazon = new AmazonStatements(NOTHING_OF_AMAZON);
  amazon.add("rdsadmin", "SELECT 1 FROM mysql.rds_heartbeat2", MICROS);
  for (let i = 0; i < 3; i++) amazon.add("rdsproxyadmin", "SELECT 1", MICROS + i);
  return { ...emptyManifest(id, "secrets", log), amazon: amazon.toJSON() };
}

const LEFT_OUT = {
  total: 4,
  users: [
    { user: "rdsproxyadmin", statements: 3 },
    { user: "rdsadmin", statements: 1 },
  ],
};

async function storedCapture(status = "DONE"): Promise<number> {
  const id = await captureIn(cast, status);
  await env.BUCKET.put(manifestKey(id, "general"), manifestFormat.stringify(manifestOf(id)));
  return id;
}

const askAmazon = (id: number | string) =>
  cast.member.get<WorkloadAmazon>(`/api/captures/${id}/workload/amazon`);

describe("what was left out of a workload because it is Amazon's own", () => {
  it("is in the workload's numbers by user, and in detail by statement, those that ran most first", async () => {
    const id = await storedCapture();
    const { body } = await cast.member.get<Workload>(`/api/captures/${id}/workload`);
    expect([body.leftOut, body.statements]).toEqual([LEFT_OUT, 0]);
    expect((await askAmazon(id)).body).toEqual({
      ...LEFT_OUT,
      statements: [
        {
          user: "rdsproxyadmin",
          fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
          digest: "SELECT ?",
          count: 3,
          firstSeen: "2026-11-23T09:00:00.000000Z",
          lastSeen: "2026-11-23T09:00:00.000002Z",
        },
        expect.objectContaining({ user: "rdsadmin", count: 1 }),
      ],
      others: 0,
    });
  });

  it("is the runner's while the capture runs, and 503 when that does not answer", async () => {
    const id = await captureIn(cast, "RUNNING");
    const { digests } = await storeFragments(id, []);
    const ask = (state: Parameters<typeof withState>[0]) =>
      requestIn(withState(state), "GET", `/api/captures/${id}/workload/amazon`, {
        headers: cast.member.headers,
      });
    const state = { logs: [{ manifest: manifestOf(id), digests }], caughtUpAt: null, problem: null };
    expect((await ask(state)).body).toMatchObject(LEFT_OUT);
    expectRefusal(await ask(new Error("Network connection lost")), 503, /try again/);
  });

  it("is nothing before anything was recorded", async () => {
    const id = await captureIn(cast, "SCHEDULED");
    expect((await askAmazon(id)).body).toEqual({ total: 0, users: [], statements: [], others: 0 });
  });

  it("is not known of a capture of before it was counted", async () => {
    const id = await captureIn(cast, "DONE");
    await env.BUCKET.put(manifestKey(id, "general"), MANIFEST);
    expect((await cast.member.get<Workload>(`/api/captures/${id}/workload`)).body.leftOut).toBeNull();
    expectRefusal(await askAmazon(id), 404, /^This capture does not say what of Amazon's own was left out/);
  });

  it("is for members only", async () => {
    const id = await storedCapture();
    const path = `/api/captures/${id}/workload/amazon`;
    expectRefusal(await personWith("", "", {}).get(path), 401, "Login required");
    expectRefusal(await cast.stranger.get(path), 404, "Capture's environment not found");
    expectRefusal(await askAmazon(999_999), 404, "Capture's environment not found");
    expectRefusal(await askAmazon("none"), 400, /id/);
  });

  it("is a 500 while it can't be read, and the log has the cause", async () => {
    const id = await captureIn(cast, "DONE");
    await env.BUCKET.put(manifestKey(id, "general"), MANIFEST.slice(0, 90));
    const lines = await linesOf(async () => {
      expectRefusal(await askAmazon(id), 500, /^Something went wrong on our side/);
    });
    expect(lines.find(({ event }) => event === "request.failed")?.error).toMatch(/^Unreadable/);
  });
});
