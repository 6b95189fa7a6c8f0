import { describe, expect, it } from "vitest";
import { formatEntries } from "../logs/slow-format.ts";
import type { SlowSettings } from "../logs/slow-settings.ts";
import { NOTHING_WRITTEN } from "../logs/text-source.ts";
import {
  HOUR_MS,
  instanceOf,
  LIVE,
  LIVE_SLOW,
  type LoggingInstance,
  loggingInstance,
  MARIADB,
  MARIADB_BANNER,
  MYSQL_BANNER,
  quietInstance,
  readOn,
  shifted,
} from "./logs.ts";

const OF = { log: "slow" } as const;

const ON: [name: string, value: string][] = [
  ["slow_query_log", "1"],
  ["log_output", "FILE"],
  ["long_query_time", "0"],
];

/** An instance that has just begun to write its slow log. */
const slowInstance = (options = {}) => loggingInstance(options, ON);

/** One whose log has been on for some time. */
async function slowSince(agoMs: number, rate: number, options = {}): Promise<LoggingInstance> {
  const made = await quietInstance(options);
  await made.account.setParameterApplication({ delayMs: 0 });
  const past = await shifted(made, -agoMs);
  await past.account.setWorkload(past.instance, { rate });
  await past.modify(...ON);
  return await shifted(past, 0);
}

const slowNames = async ({ files }: LoggingInstance) =>
  (await files({ FilenameContains: "slowquery/" })).map(({ LogFileName = "" }) => LogFileName);

describe("the slow log", () => {
  it("is there when slow_query_log is on and log_output has FILE, beside the general log and without it", async () => {
    const made = await slowInstance();
    const { account, instance, modify } = made;
    expect(await slowNames(made)).toEqual([LIVE_SLOW]);
    expect(await made.names()).toEqual([]);
    expect((await made.portion({ LogFileName: LIVE_SLOW })).LogFileData).toBe(MYSQL_BANNER);
    await modify(["general_log", "1"]);
    expect(await made.names()).toEqual([LIVE]);
    await modify(["log_output", "TABLE"]);
    expect((await account.logFiles(instance, OF)).isLogging).toBe(false);
    expect((await account.logFiles(instance)).isLogging).toBe(false);
  });

  it("is not there for a general log alone, nor for an engine that has none", async () => {
    const made = await loggingInstance();
    expect(await slowNames(made)).toEqual([]);
    const postgres = instanceOf(made.account, "demo-postgres");
    expect((await postgres.files()).map(({ LogFileName }) => LogFileName)).toEqual(["error/postgres.log"]);
  });

  it.each(["mysql", "mariadb"])(
    "is exactly the generator's over an hour's change, with a banner in each file: %s",
    async (engine) => {
      const options = engine === "mysql" ? {} : MARIADB;
      const { account, instance } = await slowSince(1.2 * HOUR_MS, 3, options);
      await account.setWorkload(instance, { rate: 0 });
      const { files, settings } = await account.logFiles(instance, OF);
      expect(files.length).toBeOneOf([2, 3]);
      expect(files.at(-1)?.logFileName).toBe(LIVE_SLOW);
      expect(files[0]?.logFileName).toMatch(/^slowquery\/mysql-slowquery\.log\.\d{4}-\d\d-\d\d\.\d{1,2}$/);
      const [first = { logFileName: "", lastWritten: 0 }] = files;
      const text = await account.logText(instance, first.logFileName, OF);
      const banner = engine === "mysql" ? MYSQL_BANNER : MARIADB_BANNER;
      expect(text.startsWith(banner)).toBe(true);
      // From the file's own beginning, which is in the second in which the log was switched on.
      const since = settings?.since as number;
      await account.setWorkload(instance, { rate: 3 });
      const entries = await account.slowEntries(instance, since, first.lastWritten);
      const written = formatEntries(engine as "mysql", entries, settings as SlowSettings, NOTHING_WRITTEN);
      expect(text === banner + written.text).toBe(true);
      expect(entries.length).toBeGreaterThan(30);
    },
  );

  it("follows its parameters from the moment when they reach the server", async () => {
    const made = await slowInstance();
    const { account, instance, modify } = made;
    expect((await account.logFiles(instance, OF)).settings).toMatchObject({ thresholdMicros: 0 });
    await modify(["long_query_time", "0.5"], ["min_examined_row_limit", "7"]);
    expect((await account.logFiles(instance, OF)).settings).toMatchObject({
      thresholdMicros: 500_000,
      minExaminedRows: 7,
    });
    expect(await account.logText(instance, LIVE_SLOW, OF)).toBe(MYSQL_BANNER);
  });

  it("lacks sessions that connected before it was switched on, if they are deaf", async () => {
    const { account, instance } = await slowInstance();
    const since = (await account.logFiles(instance, OF)).settings?.since as number;
    await account.setWorkload(instance, { rate: 20 });
    const [from, to] = [since, since + 60_000];
    const all = await account.slowEntries(instance, from, to);
    await account.setWorkload(instance, { deaf: true });
    const heard = await account.slowEntries(instance, from, to);
    expect(heard).toEqual(all.filter(({ connected }) => connected * 1_000 >= since));
    expect(heard.length).toBeLessThan(all.length);
  });

  it("reads the same in portions and whole", async () => {
    const made = await slowSince(600_000, 10);
    const { account, instance } = made;
    await account.setWorkload(instance, { rate: 0 });
    for (const { logFileName, size } of (await account.logFiles(instance, OF)).files) {
      const text = await account.logText(instance, logFileName, OF);
      expect(new TextEncoder().encode(text)).toHaveLength(size);
      expect((await readOn(made, logFileName, "0", 3_000)).text === text).toBe(true);
    }
  });

  it("is renamed, lost and cut off by itself, and its markers are valid for the renamed file", async () => {
    const made = await slowInstance();
    const { account, instance, portion, modify } = made;
    await modify(["general_log", "1"]);
    await account.appendLog(instance, "one\n", OF);
    const { Marker } = await portion({ LogFileName: LIVE_SLOW });
    await account.appendLog(instance, "tail\n", OF);
    const name = await account.rotateLog(instance, OF);
    expect(name).toMatch(/^slowquery\/mysql-slowquery\.log\./);
    expect(await made.names()).toEqual([LIVE]);
    await account.appendLog(instance, "head\n", OF);
    expect((await portion({ LogFileName: name, Marker })).LogFileData).toBe("tail\n");
    const old = await portion({ LogFileName: LIVE_SLOW, Marker });
    expect(old).toMatchObject({ LogFileData: "tail\n", AdditionalDataPending: true });
    expect(await portion({ LogFileName: LIVE_SLOW, Marker: old.Marker })).toMatchObject({
      LogFileData: `${MYSQL_BANNER}head\n`,
      AdditionalDataPending: false,
    });
    await account.truncateLog(instance, 5, OF);
    expect(await account.logText(instance, LIVE_SLOW, OF)).toBe(MYSQL_BANNER.slice(0, 5));
    await account.loseLog(instance, name);
    expect(await slowNames(made)).toEqual([LIVE_SLOW]);
    expect(await account.logText(instance)).toBe(MYSQL_BANNER);
  });

  it("can be filled for a time of the past, as the general log can, if the instance has not logged yet", async () => {
    const { account, instance, modify, names } = await quietInstance();
    await account.setWorkload(instance, { rate: 5 });
    await account.setParameterApplication({ delayMs: 0 });
    const to = Math.floor(Date.now() / 1_000) * 1_000 - 60_000;
    const from = to - 1_200_000;
    await account.recallLogs(instance, from, to);
    for (const of of [OF, {}]) expect((await account.logFiles(instance, of)).isLogging).toBe(false);
    const { files } = await account.logFiles(instance, OF);
    expect(files.length).toBeOneOf([1, 2]);
    expect(files.at(-1)?.lastWritten).toBe(to);
    const text = await account.logText(instance, undefined, OF);
    const times = [...text.matchAll(/^# Time: (.*)$/gm)].map(([, time = ""]) => Date.parse(time));
    expect(times.every((time) => time >= from && time < to)).toBe(true);
    expect(times.length).toBeGreaterThan(5_000);
    expect((await names()).length).toBe(files.length);
    await modify(...ON);
    expect((await account.logText(instance, undefined, OF)).startsWith(text)).toBe(true);
    await expect(account.recallLogs(instance, from, to)).rejects.toThrow("has logged before");
  });

  it("says nothing while the clients are idle: no heartbeat of Amazon's is in it", async () => {
    const made = await slowInstance();
    const later = await shifted(made, 20 * 60_000);
    const text = await later.account.logText(later.instance, undefined, OF);
    expect(text.replaceAll(MYSQL_BANNER, "")).toBe("");
  });

  it("shares the storage with the general log: the oldest files are deleted", async () => {
    const options = { instances: [{ identifier: "small", allocatedStorage: 5 }] };
    const made = await slowInstance(options);
    const { account, instance, modify } = made;
    await modify(["general_log", "1"]);
    // 2% of 5 GiB are 107,374,182 bytes.
    await account.appendLog(instance, "x".repeat(60_000_000));
    await account.appendLog(instance, "x".repeat(60_000_000), OF);
    const name = await account.rotateLog(instance, OF);
    expect(await slowNames(made)).not.toContain(name);
  });
});
