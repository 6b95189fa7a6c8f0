import { describe, expect, it } from "vitest";
import { generatedText } from "../logs/workload.ts";
import type { LocalAccount } from "./client.ts";
import {
  HOUR_MS,
  LIVE,
  type LoggingInstance,
  loggingInstance,
  MARIADB,
  MYSQL_BANNER,
  queryRecord,
  quietInstance,
  readOn,
  shifted,
} from "./logs.ts";

/** An instance whose clock is some time ago, and which can begin to log there: it does not log yet. */
async function instanceOfThePast(agoMs: number, options = {}): Promise<LoggingInstance> {
  const made = await quietInstance(options);
  await made.account.setParameterApplication({ delayMs: 0 });
  const past = await shifted(made, -agoMs);
  await past.modify(["log_output", "FILE"]);
  return past;
}

describe("the generated log", () => {
  /** What the log of a workload should hold of a stretch of whole seconds. */
  async function logged(account: LocalAccount, instance: string): Promise<string> {
    return (await account.logText(instance)).replaceAll(/^\/rdsdbbin.*\n.*\n.*\n/gm, "");
  }

  it.each(["mysql", "mariadb"])("is exactly the generator's over hours and names: %s", async (engine) => {
    const version = engine === "mysql" ? "8.0.40" : "10.11.9";
    const instances = [{ identifier: "busy", engine, engineVersion: version }];
    const past = await instanceOfThePast(2 * HOUR_MS, { instances });
    const { account, instance, modify } = past;
    const { from: _from, ...workload } = await account.setWorkload(instance, { rate: 5, seed: 3 });
    const startedBy = Date.now() - 2 * HOUR_MS;
    await modify(["general_log", "1"]);
    await account.setClock(0);
    expect((await account.logFiles(instance)).files).toHaveLength(3);
    const text = await logged(account, instance);
    const end = Math.floor(Date.now() / 1_000) * 1_000;
    const from = Math.ceil(startedBy / 1_000) * 1_000 + 1_000;
    const whole = generatedText({ ...workload, from, to: end - 2_000 });
    expect(whole.length).toBeGreaterThan(2_000_000);
    expect(text.includes(whole)).toBe(true);
  });

  it("reads the same in portions and whole", async () => {
    const past = await instanceOfThePast(1_800_000);
    await past.account.setWorkload(past.instance, { rate: 40 });
    await past.modify(["general_log", "1"]);
    const made = await shifted(past, 0);
    await made.account.setWorkload(made.instance, { rate: 0 });
    const { files } = await made.account.logFiles(made.instance);
    for (const { logFileName, size } of files) {
      const text = await made.account.logText(made.instance, logFileName);
      expect(new TextEncoder().encode(text)).toHaveLength(size);
      // Few enough lines never to be cut.
      const read = await readOn(made, logFileName, "0", 3_000);
      expect(read.text === text).toBe(true);
    }
  });

  it("grows by itself, second by second, while the instance logs", async () => {
    const { account, instance, files } = await loggingInstance();
    await account.setWorkload(instance, { rate: 50 });
    const size = async () => (await files({ FilenameContains: "general" }))[0]?.Size ?? 0;
    const before = await size();
    await expect.poll(size, { timeout: 3_000 }).toBeGreaterThan(before + 1_000);
    await account.setWorkload(instance, { rate: 0 });
    const after = await size();
    await scheduler.wait(1_100);
    expect(await size()).toBe(after);
  });

  it("has statements of more than 1 MB on demand, which a portion cuts and the whole file has", async () => {
    const { account, instance, portion } = await loggingInstance();
    await account.setWorkload(instance, { rate: 1, long: { bytes: 1_200_000, everySeconds: 1 } });
    const isCut = async () => (await portion()).LogFileData.endsWith(" [Your log message was truncated]\n");
    await expect.poll(isCut, { timeout: 3_000 }).toBe(true);
    const { instance: _instance, ...stopped } = await account.setWorkload(instance, { rate: 0, long: null });
    expect(stopped).not.toHaveProperty("long");
    expect(await account.logText(instance)).toMatch(/\tINSERT INTO documents .{500000,}'\)\n/);
  });

  it("has the last three hours after a longer jump of the clock, and no more", async () => {
    const past = await instanceOfThePast(300 * HOUR_MS);
    await past.account.setWorkload(past.instance, { rate: 0.1 });
    await past.modify(["general_log", "1"]);
    const made = await shifted(past, 0);
    expect((await made.names()).length).toBeOneOf([5, 6]);
  });
});

describe("a test's own records", () => {
  it("are logged in the form of the engine", async () => {
    const [mysql, mariadb] = [await loggingInstance(), await loggingInstance(MARIADB)];
    const timeMicros = Date.UTC(2026, 10, 23, 5, 36, 15) * 1_000 + 7;
    for (const { account, instance } of [mysql, mariadb]) {
      await account.appendLog(instance, [
        ...queryRecord("SELECT 'a\nb'", timeMicros),
        ...queryRecord("SELECT 2", timeMicros),
      ]);
    }
    expect((await mysql.portion()).LogFileData).toBe(
      `${MYSQL_BANNER}2026-11-23T05:36:15.000007Z\t    7 Query\tSELECT 'a\nb'\n` +
        "2026-11-23T05:36:15.000007Z\t    7 Query\tSELECT 2\n",
    );
    expect((await mariadb.portion()).LogFileData).toContain(
      "\n261123  5:36:15\t     7 Query\tSELECT 'a\nb'\n\t\t     7 Query\tSELECT 2\n",
    );
  });

  it("have the account's time unless they have one of their own", async () => {
    const made = await loggingInstance();
    const { account, instance } = await shifted(made, 5 * 86_400_000);
    await account.appendLog(instance, queryRecord("SELECT 1"));
    const stated = /^(\S+)Z\t {4}7 Query\tSELECT 1$/m.exec(await account.logText(instance, LIVE))?.[1] ?? "";
    expect(Math.abs(Date.parse(`${stated}Z`) - Date.now() - 5 * 86_400_000)).toBeLessThan(10_000);
  });
});
