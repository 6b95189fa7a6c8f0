import { DescribeDBParametersCommand, ResetDBParameterGroupCommand } from "@aws-sdk/client-rds";
import { describe, expect, it } from "vitest";
import { createAccount, type LocalAccount } from "./client.ts";
import { instanceOf, LIVE, loggingInstance, quietInstance } from "./logs.ts";
import { rdsClient } from "./sdk.ts";

const GROUP_OF_TWO = [
  { identifier: "first", parameterGroup: "first-params" },
  { identifier: "second", engine: "mariadb", engineVersion: "10.11.9", parameterGroup: "first-params" },
];

/** A client whose clock is the account's. */
function shiftedClient(account: LocalAccount, systemClockOffset: number) {
  return rdsClient(account, { systemClockOffset });
}

describe("a parameter change", () => {
  it("takes effect after a while, and until then the group is applying", async () => {
    const { account, instance, modify, applyStatus, names } = await quietInstance();
    await account.setParameterApplication({ delayMs: 60_000 });
    await modify(["general_log", "1"], ["log_output", "FILE"]);
    expect(await applyStatus()).toBe("applying");
    expect(await names()).toEqual([]);
    await expect(account.appendLog(instance, "too early")).rejects.toThrow("409");
    await account.setClock(60_000);
    const { applyStatus: later, names: files } = instanceOf(
      account,
      instance,
      shiftedClient(account, 60_000),
    );
    expect(await later()).toBe("in-sync");
    expect(await files()).toEqual([LIVE]);
  });

  it("takes about a second by default", async () => {
    const { modify, applyStatus, names } = await quietInstance();
    await modify(["general_log", "1"], ["log_output", "FILE"]);
    expect(await applyStatus()).toBe("applying");
    await expect.poll(applyStatus, { timeout: 3_000 }).toBe("in-sync");
    expect(await names()).toEqual([LIVE]);
  });

  it("may not show at first: the status is still the one from before", async () => {
    const { account, modify, applyStatus, names } = await quietInstance();
    await account.setParameterApplication({ delayMs: 600_000, staleMs: 300_000 });
    await modify(["general_log", "1"], ["log_output", "FILE"]);
    expect(await applyStatus()).toBe("in-sync");
    expect(await names()).toEqual([]);
    await account.setClock(300_000);
    const later = instanceOf(account, account.instance, shiftedClient(account, 300_000));
    expect(await later.applyStatus()).toBe("applying");
  });

  it("may fail, and the next one may not", async () => {
    const { account, modify, applyStatus, names } = await quietInstance();
    await account.setParameterApplication({ delayMs: 0, fails: true });
    await modify(["general_log", "1"], ["log_output", "FILE"]);
    expect(await applyStatus()).toBe("failed-to-apply");
    expect(await names()).toEqual([]);
    await account.setParameterApplication({ fails: false });
    await modify(["general_log", "1"], ["log_output", "FILE"]);
    expect(await applyStatus()).toBe("in-sync");
    expect(await names()).toEqual([LIVE]);
  });

  it("holds for all instances of the group", async () => {
    const account = await createAccount({ instances: GROUP_OF_TWO });
    await account.setParameterApplication({ delayMs: 0 });
    const [first, second] = [instanceOf(account, "first"), instanceOf(account, "second")];
    await first.modify(["general_log", "1"], ["log_output", "FILE"]);
    expect([await first.names(), await second.names()]).toEqual([[LIVE], [LIVE]]);
    await first.modify(["general_log", "0"]);
    expect((await account.logFiles("second")).isLogging).toBe(false);
  });

  it("leaves the instances of a default group without a log", async () => {
    const account = await createAccount();
    const instance = instanceOf(account, "demo-default-group");
    expect(await instance.names()).toEqual([]);
    await expect(account.appendLog("demo-default-group", "x")).rejects.toThrow("does not log to a file");
  });
});

describe("general logging", () => {
  it.each([
    ["general_log alone, since log_output is TABLE", [["general_log", "1"]]],
    ["log_output alone", [["log_output", "FILE"]]],
    [
      "NONE, whatever stands beside it",
      [
        ["general_log", "1"],
        ["log_output", "FILE,NONE"],
      ],
    ],
  ] as [string, [string, string][]][])("writes no file for %s", async (_title, parameters) => {
    const { account, modify, names } = await quietInstance();
    await account.setParameterApplication({ delayMs: 0 });
    await modify(...parameters);
    expect(await names()).toEqual([]);
  });

  it("writes a file for FILE beside TABLE", async () => {
    const { account, modify, names } = await quietInstance();
    await account.setParameterApplication({ delayMs: 0 });
    await modify(["general_log", "1"], ["log_output", "TABLE,FILE"]);
    expect(await names()).toEqual([LIVE]);
  });

  it("begins with a banner each time, and keeps the file when it ends", async () => {
    const { account, instance, modify, names } = await loggingInstance();
    await account.appendLog(instance, "one\n");
    await modify(["general_log", "0"]);
    await expect(account.appendLog(instance, "lost\n")).rejects.toThrow("409");
    expect(await names()).toEqual([LIVE]);
    await modify(["general_log", "1"]);
    await account.appendLog(instance, "two\n");
    const text = await account.logText(instance);
    expect(text.split("\n").map((line) => line.slice(0, 4))).toEqual([
      ...["/rds", "Tcp ", "Time", "one"],
      ...["/rds", "Tcp ", "Time", "two", ""],
    ]);
  });

  it("follows the instance into another group", async () => {
    const { account, instance } = await loggingInstance({ instances: GROUP_OF_TWO });
    await account.patchInstance(instance, { parameterGroup: "another" });
    expect((await account.logFiles(instance)).isLogging).toBe(false);
    await account.patchInstance(instance, { parameterGroup: "first-params" });
    expect((await account.logFiles(instance)).isLogging).toBe(true);
  });
});

describe("a parameter that is reset", () => {
  it("has no value of its own any more, and its server stops logging", async () => {
    const { account, instance, modify, names } = await quietInstance();
    await account.setParameterApplication({ delayMs: 0 });
    await modify(["general_log", "1"], ["log_output", "FILE"], ["max_connect_errors", "77"]);
    expect(await names()).toEqual([LIVE]);
    const rds = rdsClient(account);
    const DBParameterGroupName = `${instance}-params`;
    await rds.send(
      new ResetDBParameterGroupCommand({
        DBParameterGroupName,
        ResetAllParameters: false,
        Parameters: [{ ParameterName: "general_log", ApplyMethod: "immediate" }],
      }),
    );
    const own = async () =>
      (
        await rds.send(new DescribeDBParametersCommand({ DBParameterGroupName, Source: "user" }))
      ).Parameters?.map(({ ParameterName }) => ParameterName);
    expect(await own()).toEqual(["log_output", "max_connect_errors"]);
    expect(await account.logFiles(instance)).toMatchObject({ isLogging: false });
    // AWS's default, which nobody should forget.
    await rds.send(new ResetDBParameterGroupCommand({ DBParameterGroupName }));
    expect(await own()).toEqual([]);
  });
});
