import { DownloadDBLogFilePortionCommand } from "@aws-sdk/client-rds";
import { describe, expect, it } from "vitest";
import { callAws } from "../../../src/aws/client.ts";
import { queryRequest } from "../../../src/aws/query.ts";
import { localAwsUrl } from "./client.ts";
import { LIVE, loggingInstance, quietInstance } from "./logs.ts";

const MB = 1024 * 1024;
const NOTICE = " [Your log message was truncated]\n";
const bytes = (text: string) => new TextEncoder().encode(text).length;

/** An instance whose live file is empty. */
async function emptyLog() {
  const made = await loggingInstance();
  await made.account.truncateLog(made.instance);
  return made;
}

describe("DownloadDBLogFilePortion", () => {
  it("begins with the banner and goes on from marker to marker, each line once", async () => {
    const { account, instance, portion } = await loggingInstance();
    await account.appendLog(instance, "one\ntwo\nthree\n");
    const first = await portion({ NumberOfLines: 4 });
    expect(first.LogFileData.split("\n")[3]).toBe("one");
    expect(first.AdditionalDataPending).toBe(true);
    const rest = await portion({ Marker: first.Marker });
    expect(rest).toMatchObject({ LogFileData: "two\nthree\n", AdditionalDataPending: false });
    const nothing = await portion({ Marker: rest.Marker });
    expect(nothing).toMatchObject({ LogFileData: "", AdditionalDataPending: false });
    await account.appendLog(instance, "four\n");
    expect((await portion({ Marker: nothing.Marker })).LogFileData).toBe("four\n");
  });

  it("returns 10,000 lines at most, also when more are asked for", async () => {
    const { account, instance, portion } = await emptyLog();
    await account.appendLog(instance, "x\n".repeat(10_001));
    for (const input of [{}, { NumberOfLines: 20_000 }]) {
      const { LogFileData, AdditionalDataPending, Marker } = await portion(input);
      expect([LogFileData.length, AdditionalDataPending]).toEqual([20_000, true]);
      expect((await portion({ Marker })).LogFileData).toBe("x\n");
    }
  });

  it("returns exactly 1 MB of whole lines whole", async () => {
    const { appendLines, portion } = await emptyLog();
    await appendLines("a", MB / 2, MB / 2);
    await appendLines("b", 10);
    const { LogFileData, Marker, AdditionalDataPending } = await portion();
    expect([LogFileData.length, LogFileData.endsWith("a\n"), AdditionalDataPending]).toEqual([
      MB,
      true,
      true,
    ]);
    expect((await portion({ Marker })).LogFileData).toBe("bbbbbbbbb\n");
  });

  it("cuts the line that would pass 1 MB, says so, and skips the rest of it", async () => {
    const { appendLines, portion } = await emptyLog();
    await appendLines("a", MB - 100);
    await appendLines("b", 5_000);
    await appendLines("c", 10);
    const { LogFileData, Marker, AdditionalDataPending } = await portion();
    expect(LogFileData).toBe(`${"a".repeat(MB - 101)}\n${"b".repeat(100)}${NOTICE}`);
    expect(AdditionalDataPending).toBe(true);
    expect(await portion({ Marker })).toMatchObject({
      LogFileData: "ccccccccc\n",
      AdditionalDataPending: false,
    });
  });

  it("gives the cut line whole to those who ask again for the complete lines only", async () => {
    const { appendLines, portion } = await emptyLog();
    await appendLines("a", MB - 100);
    await appendLines("b", 5_000);
    const whole = await portion({ NumberOfLines: 1 });
    expect([whole.LogFileData.length, whole.AdditionalDataPending]).toEqual([MB - 100, true]);
    expect((await portion({ Marker: whole.Marker })).LogFileData.length).toBe(5_000);
  });

  it("cuts a line of more than 1 MB even if it is the only one", async () => {
    const { appendLines, portion } = await emptyLog();
    await appendLines("a", 3 * MB);
    await appendLines("b", 3);
    const { LogFileData, Marker } = await portion({ NumberOfLines: 1 });
    expect(LogFileData).toBe("a".repeat(MB) + NOTICE);
    expect((await portion({ Marker })).LogFileData).toBe("bb\n");
  });

  it("cuts at a byte: a character that lies across 1 MB is broken", async () => {
    const { account, instance, portion } = await emptyLog();
    await account.appendLog(instance, `x${"🍣".repeat(MB / 2)}\n`);
    const { LogFileData } = await portion();
    const kept = LogFileData.slice(0, -NOTICE.length);
    expect(kept).toBe(`x${"🍣".repeat(MB / 4 - 1)}\ufffd`);
    expect(bytes(kept)).toBe(MB);
  });

  it("counts its limit in bytes, not in characters", async () => {
    const { account, instance, portion } = await emptyLog();
    await account.appendLog(instance, `${"é".repeat(511)}x\n`.repeat(2_000));
    const { LogFileData } = await portion();
    expect([LogFileData.length, bytes(LogFileData)]).toEqual([513 * 1_024, MB]);
  });

  it("returns half a line that is half written, and the rest when it is there", async () => {
    const { account, instance, portion } = await emptyLog();
    await account.appendLog(instance, "whole\nhal");
    const half = await portion();
    expect(half).toMatchObject({ LogFileData: "whole\nhal", AdditionalDataPending: false });
    await account.appendLog(instance, "f\n");
    expect((await portion({ Marker: half.Marker })).LogFileData).toBe("f\n");
  });

  it("keeps every character that XML can carry, and replaces those it can't", async () => {
    const { account, instance, portion } = await emptyLog();
    const text = "\ufeff\tSELECT '<a href=\"x\">&amp;</a>' -- 🍣\r\n  \r\n\n";
    await account.appendLog(instance, `${text}\0\x1b\uffff\n`);
    expect((await portion()).LogFileData).toBe(`${text}\ufffd\ufffd\ufffd\n`);
  });

  it("says whether there is more as the control call has set it", async () => {
    const { account, instance, portion, rds } = await emptyLog();
    await account.appendLog(instance, "one\ntwo\n");
    await account.setPortionBehaviour(instance, { pending: "false" });
    expect(await portion({ NumberOfLines: 1 })).toMatchObject({
      LogFileData: "one\n",
      AdditionalDataPending: false,
    });
    await account.setPortionBehaviour(instance, { pending: "absent" });
    const command = new DownloadDBLogFilePortionCommand({
      DBInstanceIdentifier: instance,
      LogFileName: LIVE,
      Marker: "0",
    });
    expect(await rds.send(command)).not.toHaveProperty("AdditionalDataPending");
  });

  it("writes control characters as references if the control call says so", async () => {
    const { account, instance } = await emptyLog();
    await account.appendLog(instance, "\0\x1b\t\r\n");
    await account.setPortionBehaviour(instance, { controls: "referenced" });
    const target = { region: account.region, endpointUrl: localAwsUrl(), timeoutMs: 10_000 };
    const request = queryRequest("rds", "DownloadDBLogFilePortion", "2014-10-31", {
      DBInstanceIdentifier: instance,
      LogFileName: LIVE,
      Marker: "0",
    });
    const reply = await callAws(target, account.credentials, request);
    expect(reply.ok && reply.value).toContain("<LogFileData>&#x0;&#x1B;\t&#xD;\n</LogFileData>");
  });

  it("refuses portions with a NUL, and only those, if the control call says so", async () => {
    const { account, instance, portion } = await emptyLog();
    await account.appendLog(instance, "one\n\0\nthree\n");
    await account.setPortionBehaviour(instance, { refusesBinary: true });
    await expect(portion()).rejects.toMatchObject({
      name: "InvalidParameterValue",
      message: "This file contains binary data and should be downloaded instead of viewed.",
      $metadata: { httpStatusCode: 400 },
    });
    expect((await portion({ NumberOfLines: 1 })).LogFileData).toBe("one\n");
  });

  it("refuses a marker that is not its own, or another instance's, and less than one line", async () => {
    const [one, other] = [await emptyLog(), await emptyLog()];
    const { Marker } = await one.portion();
    const refusal = { name: "InvalidParameterValue", $metadata: { httpStatusCode: 400 } };
    for (const wrong of ["1", "x:9", `${Marker}A`]) {
      await expect(one.portion({ Marker: wrong })).rejects.toMatchObject(refusal);
    }
    await expect(other.portion({ Marker })).rejects.toMatchObject(refusal);
    await expect(one.portion({ NumberOfLines: 0 })).rejects.toMatchObject(refusal);
  });

  it("is not found for a file or instance that does not exist, nor where the host is down", async () => {
    const { account, instance, portion } = await quietInstance();
    await expect(portion()).rejects.toMatchObject({
      name: "DBLogFileNotFoundFault",
      $metadata: { httpStatusCode: 404 },
    });
    await expect(portion({ DBInstanceIdentifier: "nobody" })).rejects.toMatchObject({
      name: "DBInstanceNotFoundFault",
    });
    await account.patchInstance(instance, { status: "stopped" });
    await expect(portion()).rejects.toMatchObject({
      name: "DBInstanceNotReadyFault",
      $metadata: { httpStatusCode: 400 },
    });
  });
});

describe("DownloadDBLogFilePortion without a marker", () => {
  const newest = { Marker: undefined } as unknown as { Marker: string };

  it("returns the newest lines, and a marker for what comes after them", async () => {
    const { account, instance, portion } = await emptyLog();
    await account.appendLog(instance, "one\ntwo\nthree\n");
    const { LogFileData, Marker, AdditionalDataPending } = await portion({ ...newest, NumberOfLines: 2 });
    expect([LogFileData, AdditionalDataPending]).toEqual(["two\nthree\n", false]);
    await account.appendLog(instance, "four");
    expect((await portion({ Marker })).LogFileData).toBe("four");
    expect((await portion({ ...newest, NumberOfLines: 2 })).LogFileData).toBe("three\nfour");
  });

  it("returns the newest 10,000 unless told how many", async () => {
    const { account, instance, portion } = await emptyLog();
    await account.appendLog(instance, `first\n${"x\n".repeat(10_000)}`);
    expect((await portion(newest)).LogFileData).toBe("x\n".repeat(10_000));
  });

  it("returns as many whole lines as 1 MB holds, and of a line that is longer its beginning", async () => {
    const { appendLines, portion } = await emptyLog();
    await appendLines("a", MB, MB - 10, 10);
    expect((await portion(newest)).LogFileData.length).toBe(MB);
    await appendLines("b", 2 * MB);
    expect((await portion({ ...newest, LogFileName: LIVE })).LogFileData).toBe("b".repeat(MB) + NOTICE);
  });
});
