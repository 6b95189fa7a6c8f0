import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Capture } from "../../src/captures/replies.ts";
import type { Environment } from "../../src/environments/replies.ts";
import type { Workload } from "../../src/workload/replies.ts";
import { createAccount, type LocalAccount } from "../local-aws/test/client.ts";
import type { Dress } from "../local-aws/test/control-shapes.ts";
import { createCapture, createEnvironment, type Person, signUp } from "../support/api.ts";
import { settingsOf } from "../support/leases.ts";
import { downloadRecords } from "../support/stored-workload.ts";
import { runAlarm, travel, until } from "../support/time.ts";

/* Whole captures, while AWS leaves out what it may leave out, and writes XML and JSON as it may. */

const MINUTE = 60_000;
const STATEMENTS = ["SELECT '<a> & b'", "SELECT 'ü 寿司'", "COMMIT"];

let person: Person;
let aws: LocalAccount;

beforeAll(async () => {
  person = await signUp();
});
beforeEach(async () => {
  aws = await createAccount();
  await aws.setWorkload(aws.instance, { rate: 0 });
});

const run = (...statements: string[]) =>
  aws.appendLog(
    aws.instance,
    statements.map((statement) => ({ threadId: 8, command: "Query", statement })),
  );

const groupOf = ({ parameterGroup }: Environment) =>
  settingsOf(aws, { region: aws.region, accountId: aws.accountId, parameterGroup });

async function statementsOf({ id }: Capture): Promise<string[]> {
  const records = await downloadRecords(person, id, "?log=general");
  return records.map(({ statement }) => statement);
}

/** Captures the general log, in which statements are written before and after its file is renamed. */
async function captured(environment: Environment): Promise<Capture> {
  const capture = await createCapture(person, { envId: environment.id, log: "general" });
  await runAlarm(capture);
  // Where nothing says when a file was written, the longest time that a change can take has to pass.
  await travel(aws, 2 * MINUTE);
  await until(person, capture, "RUNNING");
  await run(...STATEMENTS);
  await runAlarm(capture);
  await run("SELECT 1");
  await aws.rotateLog(aws.instance);
  await run("SELECT 2");
  // The clock of the Worker stands since it travelled, AWS's does not.
  await travel(aws, 1000);
  await person.post(`/api/captures/${capture.id}/stop`);
  return until(person, capture, "DONE");
}

const XML = ["declaration", "indent", "cdata", "references", "comments", "reverse", "extra"] as const;
const JSON_FORMS = ["integers", "indent", "escapes", "reverse", "extra"] as const;

describe("a capture is whole, and the group is as it was, where AWS", () => {
  it.each<[string, Dress]>([
    ["writes XML and JSON otherwise", { xml: [...XML], json: [...JSON_FORMS] }],
    [
      "has empty elements for what is not there",
      { noValue: "empty", lastMarker: "empty", lastToken: "empty" },
    ],
    ["gives no marker of a portion", { portionMarker: "absent" }],
    ["gives an empty marker of a portion", { portionMarker: "empty" }],
    ["gives no marker at a file's end", { portionMarker: "absent-at-end", lastToken: "null" }],
    ["says neither the time nor the size of a file", { withoutFileDetails: ["LastWritten", "Size"] }],
    [
      "says nothing of it that it may leave out",
      {
        withoutFileDetails: ["LastWritten", "Size"],
        portionMarker: "absent",
        noValue: "empty",
        lastMarker: "empty",
        lastToken: "empty",
        xml: [...XML],
      },
    ],
    [
      "shows other groups beside the one that the servers follow",
      {
        groupsBefore: [{ name: "next", status: "pending-reboot" }],
        groupsAfter: [{ name: "other", status: "applying" }],
      },
    ],
  ])("%s", async (_, dress) => {
    await aws.setDress(dress);
    const { environment } = await createEnvironment(person, { aws });
    const before = await groupOf(environment);
    const capture = await captured(environment);
    expect(capture).toMatchObject({ status: "DONE", reason: null });
    expect(await statementsOf(capture)).toEqual([...STATEMENTS, "SELECT 1", "SELECT 2"]);
    const { body } = await person.get<Workload>(`/api/captures/${capture.id}/workload`);
    expect(body).toMatchObject({ gapCount: 0, strayBytes: 0 });
    expect((await person.get(`/api/captures/${capture.id}/metrics`)).status).toBe(200);
    await travel(aws, 10 * MINUTE);
    await runAlarm(capture);
    expect(await groupOf(environment)).toEqual(before);
  });

  it("lists no instance for one that does not exist", async () => {
    const { environment } = await createEnvironment(person, { aws });
    await aws.setDress({ isListEmpty: true });
    const reply = await person.post(`/api/environments/${environment.id}/check`);
    expect(JSON.stringify(reply.body)).toContain(`There is no RDS instance ${aws.instance} in us-east-1`);
  });
});
