import {
  DescribeDBLogFilesCommand,
  DownloadDBLogFilePortionCommand,
  ModifyDBParameterGroupCommand,
  RDSClient,
} from "@aws-sdk/client-rds";
import { AwsClient } from "aws4fetch";
import { beforeEach, describe, expect, inject, it } from "vitest";
import { LIVE, LIVE_SLOW } from "./logs.ts";

declare module "vitest" {
  interface ProvidedContext {
    scratchLog: { awsUrl: string; fileUrl: string };
  }
}

const { awsUrl, fileUrl } = inject("scratchLog");
const credentials = { accessKeyId: "AKIALOCALDEV00000000", secretAccessKey: "local-dev-secret" };
const rds = new RDSClient({ endpoint: awsUrl, region: "us-east-1", credentials, maxAttempts: 1 });

const write = (method: "POST" | "PUT" | "DELETE" | "PURGE", body = "") =>
  fetch(fileUrl, { method, ...(body === "" ? {} : { body }) });

async function files(DBInstanceIdentifier = "demo-mariadb") {
  const command = new DescribeDBLogFilesCommand({ DBInstanceIdentifier, FilenameContains: "general" });
  return (await rds.send(command)).DescribeDBLogFiles;
}

function portion(Marker: string) {
  return rds.send(
    new DownloadDBLogFilePortionCommand({
      DBInstanceIdentifier: "demo-mariadb",
      LogFileName: LIVE,
      Marker,
    }),
  );
}

describe("a real server's log file", () => {
  beforeEach(() => write("PUT", "one\ntwo\n"));

  it("is the live log of the demonstration's MariaDB, and of no other instance", async () => {
    expect(await files()).toEqual([{ LogFileName: LIVE, Size: 8, LastWritten: expect.any(Number) }]);
    expect(Math.abs(((await files())?.[0]?.LastWritten ?? 0) - Date.now())).toBeLessThan(10_000);
    expect(await files("demo-mysql")).toEqual([]);
  });

  it("is read on as it grows, also by half lines", async () => {
    const first = await portion("0");
    expect(first).toMatchObject({ LogFileData: "one\ntwo\n", AdditionalDataPending: false });
    await write("POST", "thr");
    const second = await portion(first.Marker ?? "");
    expect(second.LogFileData).toBe("thr");
    await write("POST", "ee\n");
    expect((await portion(second.Marker ?? "")).LogFileData).toBe("ee\n");
    expect((await files())?.[0]?.Size).toBe(14);
  });

  it("comes in portions of 1 MB, however large it is", async () => {
    await write("POST", `${"x".repeat(1_023)}\n`.repeat(3_000));
    let [marker, bytes, calls] = ["0", 0, 0];
    for (let isPending: boolean | undefined = true; isPending; calls++) {
      const { LogFileData = "", Marker = "", AdditionalDataPending } = await portion(marker);
      expect(LogFileData.length).toBeLessThanOrEqual(1_048_576 + 34);
      [marker, bytes, isPending] = [Marker, bytes + LogFileData.length, AdditionalDataPending];
    }
    expect(calls).toBe(3);
    expect(bytes).toBeGreaterThan(3_000_000);
  });

  it("is streamed whole", async () => {
    await write("POST", "é".repeat(500_000));
    const client = new AwsClient({ ...credentials, service: "rds", region: "us-east-1", retries: 0 });
    const url = `${awsUrl}/v13/downloadCompleteLogFile/demo-mariadb/${LIVE}`;
    const text = await (await fetch(await client.sign(url))).text();
    expect(text).toBe(`one\ntwo\n${"é".repeat(500_000)}`);
  });

  it("keeps a marker beyond its end valid after it was truncated or replaced", async () => {
    const { Marker = "" } = await portion("0");
    await write("DELETE");
    expect(await portion(Marker)).toMatchObject({ LogFileData: "", AdditionalDataPending: false });
    await write("PUT", "three\nfour\n");
    expect((await portion(Marker)).LogFileData).toBe("ur\n");
  });

  it("is not found while there is none", async () => {
    await write("PURGE");
    expect(await files()).toEqual([]);
    await expect(portion("0")).rejects.toMatchObject({ name: "DBLogFileNotFoundFault" });
  });

  it("has its notices shown by the control API", async () => {
    await files();
    await write("DELETE");
    await files();
    const query = new URLSearchParams({ accessKeyId: credentials.accessKeyId, instance: "demo-mariadb" });
    const reply = await (await fetch(`${awsUrl}/_local/log-files?${query}`)).json<{ notices: string[] }>();
    expect(reply.notices.at(-1)).toMatch(/general\.log was truncated from 8 to 0 bytes$/);
  });

  it("is the slow log too, beside the general one", async () => {
    await fetch(`${fileUrl}slow`, { method: "PUT", body: "# Time: 261127 18:01:10\n" });
    const found = await rds.send(
      new DescribeDBLogFilesCommand({
        DBInstanceIdentifier: "demo-mariadb",
        FilenameContains: "slowquery/",
      }),
    );
    expect(found.DescribeDBLogFiles).toEqual([
      { LogFileName: LIVE_SLOW, Size: 24, LastWritten: expect.any(Number) },
    ]);
    const read = await rds.send(
      new DownloadDBLogFilePortionCommand({
        DBInstanceIdentifier: "demo-mariadb",
        LogFileName: LIVE_SLOW,
        Marker: "0",
      }),
    );
    expect(read).toMatchObject({ LogFileData: "# Time: 261127 18:01:10\n", AdditionalDataPending: false });
  });

  it("is listed as written when the log is switched on, also if the server writes nothing", async () => {
    const switchTo = (ParameterValue: string) =>
      rds.send(
        new ModifyDBParameterGroupCommand({
          DBParameterGroupName: "demo-mariadb-params",
          Parameters: [
            { ParameterName: "general_log", ParameterValue, ApplyMethod: "immediate" },
            { ParameterName: "log_output", ParameterValue: "FILE", ApplyMethod: "immediate" },
          ],
        }),
      );
    const before = (await files())?.[0];
    await scheduler.wait(20);
    const since = Date.now();
    await switchTo("1");
    const written = async () => (await files())?.[0]?.LastWritten ?? 0;
    await expect.poll(written, { timeout: 5_000 }).toBeGreaterThan(since);
    expect((await files())?.[0]?.Size).toBe(before?.Size);
    await switchTo("0");
  });

  it("can't be written by control calls", async () => {
    const body = { accessKeyId: credentials.accessKeyId, instance: "demo-mariadb", text: "x" };
    const reply = await fetch(`${awsUrl}/_local/log`, { method: "POST", body: JSON.stringify(body) });
    expect([reply.status, await reply.text()]).toEqual([
      409,
      expect.stringContaining("a real server's file"),
    ]);
  });
});
