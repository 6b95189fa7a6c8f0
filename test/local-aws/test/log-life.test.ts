import { describe, expect, it } from "vitest";
import {
  HOUR_MS,
  LIVE,
  type LoggingInstance,
  loggingInstance,
  MARIADB,
  MARIADB_BANNER,
  MYSQL_BANNER,
  queryRecord,
  shifted,
} from "./logs.ts";

/** The name of the file that is renamed at a time. */
function renamedAt(epochMs: number): string {
  const date = new Date(epochMs);
  return `${LIVE}.${date.toISOString().slice(0, 10)}.${date.getUTCHours()}`;
}

/** The next full hour. */
function nextHour(epochMs: number): number {
  return (Math.floor(epochMs / HOUR_MS) + 1) * HOUR_MS;
}

describe("the change of the hour", () => {
  it("renames the live file after the hour that begins, and a new one starts with the banner", async () => {
    const made = await loggingInstance();
    await made.account.appendLog(made.instance, "old\n");
    const boundary = nextHour(Date.now());
    const later = await shifted(made, boundary - Date.now() + 1_000);
    await later.account.appendLog(later.instance, "new\n");
    expect(await later.names()).toEqual([LIVE, renamedAt(boundary)]);
    // However idle the clients were: Amazon's own sessions write every five minutes.
    const withoutHeartbeats = (text: string) => text.replaceAll(/^.*rds_heartbeat2.*\n/gm, "");
    const { LogFileData } = await later.portion({ LogFileName: renamedAt(boundary) });
    expect(withoutHeartbeats(LogFileData)).toBe(`${MYSQL_BANNER}old\n`);
    expect(withoutHeartbeats((await later.portion()).LogFileData)).toBe(`${MYSQL_BANNER}new\n`);
    expect(withoutHeartbeats(await later.account.logText(later.instance))).toBe(
      `${MYSQL_BANNER}old\n${MYSQL_BANNER}new\n`,
    );
  });

  it("comes after a heartbeat of Amazon's at least every five minutes, also when the clients are idle", async () => {
    const made = await loggingInstance();
    const later = await shifted(made, 2 * HOUR_MS);
    const times = [
      ...(await later.account.logText(later.instance)).matchAll(/^(\S+Z)\t.*rds_heartbeat2/gm),
    ].map(([, time = ""]) => Date.parse(time));
    expect(times.length).toBeGreaterThanOrEqual(22);
    const pauses = times.slice(1).map((time, i) => time - (times[i] as number));
    expect(Math.max(...pauses)).toBeLessThanOrEqual(10 * 60_000);
  });

  it("leaves a file with nothing but its banner when nothing happened", async () => {
    const made = await loggingInstance();
    const name = await made.account.rotateLog(made.instance);
    expect((await made.portion({ LogFileName: name })).LogFileData).toBe(MYSQL_BANNER);
  });

  it("can be triggered by a test, each time with another file name", async () => {
    const { account, instance, names } = await loggingInstance();
    const [first, second] = [await account.rotateLog(instance), await account.rotateLog(instance)];
    expect(first).toBe(renamedAt(nextHour(Date.now())));
    expect(second).toBe(renamedAt(nextHour(Date.now()) + HOUR_MS));
    expect(new Set(await names())).toEqual(new Set([LIVE, first, second]));
  });

  it("can use the older form of names, in which a file is overwritten a day later", async () => {
    const { account, instance, names } = await loggingInstance();
    await account.appendLog(instance, "oldest\n");
    const first = await account.rotateLog(instance, { suffix: "hour" });
    expect(first).toMatch(/^general\/mysql-general\.log\.\d{1,2}$/);
    for (let hour = 0; hour < 24; hour++) await account.rotateLog(instance);
    expect(await names()).toHaveLength(25);
    expect(await account.logText(instance, first)).not.toContain("oldest");
  });

  it("leaves no live file behind while the server's log is closed", async () => {
    const { account, instance, modify, names } = await loggingInstance();
    await modify(["general_log", "0"]);
    const name = await account.rotateLog(instance);
    expect(await names()).toEqual([name]);
    await modify(["general_log", "1"]);
    expect(await names()).toEqual([LIVE, name]);
  });

  it("may leave no live file for a moment, in which the server writes to the renamed one", async () => {
    const { account, instance, portion, names } = await loggingInstance();
    const name = await account.rotateLog(instance, { gapMs: 400 });
    expect(await names()).toEqual([name]);
    await expect(portion()).rejects.toMatchObject({ name: "DBLogFileNotFoundFault" });
    await account.appendLog(instance, "late\n");
    await expect.poll(names).toContain(LIVE);
    expect((await portion({ LogFileName: name })).LogFileData).toBe(`${MYSQL_BANNER}late\n`);
    expect((await portion()).LogFileData).toBe(MYSQL_BANNER);
  });

  it("lets MariaDB's new file begin with a record whose time only the old one says", async () => {
    const { account, instance } = await loggingInstance(MARIADB);
    const timeMicros = Date.UTC(2026, 10, 23, 6, 59, 59) * 1_000;
    await account.appendLog(instance, queryRecord("one", timeMicros));
    const name = await account.rotateLog(instance);
    await account.appendLog(instance, queryRecord("two", timeMicros));
    expect(await account.logText(instance, name)).toBe(
      `${MARIADB_BANNER}261123  6:59:59\t     7 Query\tone\n`,
    );
    expect(await account.logText(instance, LIVE)).toBe(`${MARIADB_BANNER}\t\t     7 Query\ttwo\n`);
  });
});

describe("old log files", () => {
  async function loseAfter(made: LoggingInstance, ageMs: number): Promise<string[]> {
    const name = await made.account.rotateLog(made.instance);
    await made.modify(["general_log", "0"]);
    const before = await shifted(made, ageMs - 60_000);
    expect(await before.names()).toContain(name);
    return await (await shifted(made, ageMs + 60_000)).names();
  }

  it("are deleted after two weeks for MySQL", async () => {
    expect(await loseAfter(await loggingInstance(), 14 * 24 * HOUR_MS)).toEqual([LIVE]);
  });

  it("are deleted after a day for MariaDB", async () => {
    expect(await loseAfter(await loggingInstance(MARIADB), 24 * HOUR_MS)).toEqual([LIVE]);
  });

  it("are deleted, the oldest first, when they take 2% of the storage", async () => {
    const options = { instances: [{ identifier: "small", allocatedStorage: 5 }] };
    const made = await loggingInstance(options);
    const renamed: string[] = [];
    for (let hour = 0; hour < 4; hour++) {
      await made.account.appendLog(made.instance, "x".repeat(30_000_000));
      renamed.push(await made.account.rotateLog(made.instance));
    }
    // 2% of 5 GiB are 107,374,182 bytes.
    expect(new Set(await made.names())).toEqual(new Set([LIVE, ...renamed.slice(1)]));
    const [lost = ""] = renamed;
    await expect(made.portion({ LogFileName: lost })).rejects.toMatchObject({
      name: "DBLogFileNotFoundFault",
    });
  });

  it("are deleted after a day for Aurora", async () => {
    expect(
      await loseAfter(await loggingInstance({ clusters: [{ identifier: "shop" }] }), 24 * HOUR_MS),
    ).toEqual([LIVE]);
  });

  it("are deleted, the oldest first, when they take 15% of an Aurora instance's local storage", async () => {
    const members = [{ identifier: "small", localStorage: 1 }];
    const made = await loggingInstance({ clusters: [{ identifier: "shop", members }] });
    const renamed: string[] = [];
    for (let hour = 0; hour < 4; hour++) {
      await made.account.appendLog(made.instance, "x".repeat(45_000_000));
      renamed.push(await made.account.rotateLog(made.instance));
    }
    // 15% of 1 GiB are 161,061,273 bytes.
    expect(new Set(await made.names())).toEqual(new Set([LIVE, ...renamed.slice(1)]));
  });

  it("are deleted when a test says so, and only once", async () => {
    const { account, instance, names } = await loggingInstance();
    const name = await account.rotateLog(instance);
    await account.loseLog(instance, name);
    expect(await names()).toEqual([LIVE]);
    await expect(account.loseLog(instance, name)).rejects.toThrow("404");
  });

  it("are replaced by a new one when the live file is deleted", async () => {
    const { account, instance } = await loggingInstance();
    await account.appendLog(instance, "gone\n");
    await account.loseLog(instance, LIVE);
    await account.appendLog(instance, "here\n");
    expect(await account.logText(instance)).toBe(`${MYSQL_BANNER}here\n`);
  });
});
