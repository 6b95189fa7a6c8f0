import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { awsTarget } from "../../src/aws/client.ts";
import { modifyParameters } from "../../src/aws/rds.ts";
import type { Capture } from "../../src/captures/replies.ts";
import type { Environment } from "../../src/environments/replies.ts";
import { type CapturedLog, logsOf } from "../../src/logs/names.ts";
import type { Workload } from "../../src/workload/replies.ts";
import { createClusterAccount, type LocalAccount } from "../local-aws/test/client.ts";
import { createCapture, createEnvironment, type Person, readCapture, signUp } from "../support/api.ts";
import { groupOf, settingsOf } from "../support/leases.ts";
import { slowEntry } from "../support/slow-entry.ts";
import { downloadRecords } from "../support/stored-workload.ts";
import { nextMoment, runAlarm, travel, until } from "../support/time.ts";

/* Captures of the writer and of a reader of an Aurora cluster, at the same time. */

const INSTANCES = ["shop-1", "shop-2"] as const;
type Instance = (typeof INSTANCES)[number];

let person: Person;
let aws: LocalAccount;
let environments: Record<Instance, Environment>;

beforeAll(async () => {
  person = await signUp();
});
beforeEach(async () => {
  aws = await createClusterAccount("shop");
  for (const instance of INSTANCES) await aws.setWorkload(instance, { rate: 0 });
  const [writer, reader] = await Promise.all(
    INSTANCES.map((instance) => createEnvironment(person, { aws: { ...aws, instance }, name: instance })),
  );
  environments = {
    "shop-1": (writer as { environment: Environment }).environment,
    "shop-2": (reader as { environment: Environment }).environment,
  };
});

/** Starts a capture of an instance, which runs when this returns. */
async function started(instance: Instance, log: CapturedLog): Promise<Capture> {
  const capture = await createCapture(person, { envId: environments[instance].id, log });
  return until(person, capture, "RUNNING");
}

/** Lets clients run statements on an instance, which writes them to the logs of a capture. */
async function run(instance: Instance, log: CapturedLog, ...statements: string[]) {
  if (log !== "slow") {
    const records = statements.map((statement) => ({ threadId: 8, command: "Query", statement }));
    await aws.appendLog(instance, records);
  }
  if (log === "general") return;
  const at = Date.now();
  const entries = statements.map((statement) => slowEntry(statement, { at, micros: 250 }));
  await aws.appendLog(instance, entries.join(""), { log: "slow" });
}

/** Ends a capture. */
async function finish(capture: Capture): Promise<Capture> {
  await nextMoment();
  await person.post(`/api/captures/${capture.id}/stop`);
  return until(person, capture, "DONE");
}

/** The statements that are stored of one of a capture's logs. */
async function statementsOf({ id }: Capture, log: string): Promise<string[]> {
  const records = await downloadRecords(person, id, `?log=${log}`);
  return records.map(({ statement }) => statement);
}

const ownSettings = (instance: Instance) => settingsOf(aws, groupOf(aws, instance));

describe.each(["general", "slow", "both"] as const)(
  "captures of %s of an Aurora writer and a reader",
  (log) => {
    it("have what each instance ran, and leave each parameter group as it was", async () => {
      const captures = { "shop-1": await started("shop-1", log), "shop-2": await started("shop-2", log) };
      for (const instance of INSTANCES) {
        expect(await ownSettings(instance)).toMatchObject(
          log === "general" ? { general_log: "1" } : { slow_query_log: "1" },
        );
      }
      await run("shop-1", log, "INSERT INTO orders VALUES (1)", "COMMIT");
      await run("shop-2", log, "SELECT * FROM orders", "SELECT 2");
      for (const capture of Object.values(captures)) await runAlarm(capture);
      // The end of the hour: RDS renames the files.
      for (const instance of INSTANCES)
        for (const kind of logsOf(log)) await aws.rotateLog(instance, { log: kind });
      await run("shop-1", log, "UPDATE orders SET id = 2");
      await run("shop-2", log, "SELECT 3");
      const ran = {
        "shop-1": ["INSERT INTO orders VALUES (1)", "COMMIT", "UPDATE orders SET id = 2"],
        "shop-2": ["SELECT * FROM orders", "SELECT 2", "SELECT 3"],
      };
      for (const instance of INSTANCES) {
        const capture = await finish(captures[instance]);
        expect(capture).toMatchObject({ status: "DONE", reason: null });
        for (const kind of logsOf(log)) expect(await statementsOf(capture, kind)).toEqual(ran[instance]);
        const { body } = await person.get<Workload>(`/api/captures/${capture.id}/workload`);
        expect(body).toMatchObject({ log, gapCount: 0 });
      }
      for (const instance of INSTANCES) {
        await travel(aws, 10 * 60_000);
        for (const capture of Object.values(captures)) await runAlarm(capture);
        expect(await ownSettings(instance)).toEqual({});
      }
    });
  },
);

describe("a capture of an Aurora instance", () => {
  it("goes on with its instance after a failover", async () => {
    const capture = await started("shop-1", "general");
    await run("shop-1", "general", "INSERT INTO orders VALUES (1)");
    await runAlarm(capture);
    expect(await aws.failOver("shop")).toBe("shop-2");
    await run("shop-1", "general", "SELECT 1");
    await run("shop-2", "general", "INSERT INTO orders VALUES (2)").catch(() => undefined);
    const done = await finish(capture);
    expect(await statementsOf(done, "general")).toEqual(["INSERT INTO orders VALUES (1)", "SELECT 1"]);
    expect(await readCapture(person, capture)).toMatchObject({ status: "DONE", reason: null });
  });

  it.each(["general", "slow", "both"] as const)(
    "leaves Aurora's defaults where it may not take values away, and no log that goes to a table: %s",
    async (log) => {
      await aws.deny("rds:ResetDBParameterGroup");
      const capture = await started("shop-1", log);
      await run("shop-1", log, "SELECT 1");
      await finish(capture);
      await travel(aws, 10 * 60_000);
      await runAlarm(capture);
      const settings = await ownSettings("shop-1");
      expect(settings).toMatchObject({ log_output: "FILE" });
      expect([settings.general_log ?? "0", settings.slow_query_log ?? "0"]).toEqual(["0", "0"]);
    },
  );

  it("says what was lost when Aurora removed a file before it was read", async () => {
    const capture = await started("shop-2", "general");
    const many = Array.from({ length: 50 }, (_, i) => `SELECT ${i}, 'of a busy hour'`);
    await run("shop-2", "general", ...many);
    await runAlarm(capture);
    await run("shop-2", "general", "SELECT 'never read'");
    const renamed = await aws.rotateLog("shop-2");
    await run("shop-2", "general", "SELECT 2");
    await aws.loseLog("shop-2", renamed);
    const done = await finish(capture);
    const { body } = await person.get<Workload>(`/api/captures/${done.id}/workload`);
    expect(body).toMatchObject({
      gapCount: 1,
      gaps: [{ cause: expect.stringContaining("The log file was cut off or replaced") }],
    });
    const recorded = await statementsOf(done, "general");
    expect(recorded).toContain("SELECT 2");
    expect(recorded).not.toContain("SELECT 'never read'");
  });
});

describe("a general log that people have on, which Aurora writes to files by its own default", () => {
  it("is captured with access that may not change the group, which stays as it is", async () => {
    const { credentials, region } = aws;
    await modifyParameters(awsTarget(env, region), credentials, "shop-1-params", { general_log: "1" });
    await aws.deny("rds:ModifyDBParameterGroup", "rds:ResetDBParameterGroup");
    const capture = await started("shop-1", "general");
    expect(await ownSettings("shop-1")).toEqual({ general_log: "1" });
    await finish(capture);
    expect(await ownSettings("shop-1")).toEqual({ general_log: "1" });
  });
});
