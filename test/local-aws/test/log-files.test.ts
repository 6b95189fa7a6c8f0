import { DescribeDBLogFilesCommand, paginateDescribeDBLogFiles } from "@aws-sdk/client-rds";
import { AwsClient } from "aws4fetch";
import { describe, expect, it } from "vitest";
import { localAwsUrl } from "./client.ts";
import { instanceOf, LIVE, type LoggingInstance, loggingInstance } from "./logs.ts";

describe("DescribeDBLogFiles", () => {
  it("lists the live file with its size and when it was written, beside other logs", async () => {
    const { account, instance, files } = await loggingInstance();
    await account.appendLog(instance, "é\n");
    const text = await account.logText(instance);
    expect(await files()).toEqual([
      { LogFileName: "error/mysql-error.log", LastWritten: Date.UTC(2024, 0, 1), Size: expect.any(Number) },
      {
        LogFileName: LIVE,
        LastWritten: expect.any(Number),
        Size: new TextEncoder().encode(text).length,
      },
    ]);
    const [, live] = await files();
    expect(Math.abs((live?.LastWritten ?? 0) - Date.now())).toBeLessThan(10_000);
  });

  it("filters by name, by what is larger, and by when it was written", async () => {
    const { account, instance, files } = await loggingInstance();
    await account.appendLog(instance, "x".repeat(1_000));
    const [live] = await files({ FilenameContains: "general" });
    expect(live?.LogFileName).toBe(LIVE);
    const { Size = 0, LastWritten = 0 } = live ?? {};
    expect(await files({ FileSize: Size })).toEqual([]);
    expect(await files({ FileSize: Size - 1 })).toEqual([live]);
    expect(await files({ FileLastWritten: LastWritten })).toEqual([live]);
    expect(await files({ FileLastWritten: LastWritten + 1 })).toEqual([]);
    expect(await files({ FilenameContains: "audit" })).toEqual([]);
  });

  it("pages through many files, by name and not by age, each exactly once", async () => {
    const { account, instance, rds } = await loggingInstance();
    const renamed: string[] = [];
    // In so many hours there is a day with an hour of one digit and one of two, whatever time it is now.
    for (let hour = 0; hour < 30; hour++) renamed.push(await account.rotateLog(instance));
    const pages: string[][] = [];
    const input = { DBInstanceIdentifier: instance, FilenameContains: "general" };
    for await (const page of paginateDescribeDBLogFiles({ client: rds, pageSize: 5 }, input)) {
      pages.push((page.DescribeDBLogFiles ?? []).map(({ LogFileName = "" }) => LogFileName));
    }
    expect(pages.map((page) => page.length)).toEqual([5, 5, 5, 5, 5, 5, 1]);
    expect(pages.flat()).toEqual([LIVE, ...renamed].sort());
    expect(pages.flat()).not.toEqual([LIVE, ...renamed]);
  });

  it("refuses a marker that is not its own, filters, and an instance that is not there", async () => {
    const { rds, files, instance: DBInstanceIdentifier } = await loggingInstance();
    const refusal = { name: "InvalidParameterValue" };
    await expect(files({ Marker: "x" })).rejects.toMatchObject(refusal);
    await expect(files({ MaxRecords: 0 })).rejects.toMatchObject(refusal);
    const Filters = [{ Name: "a", Values: ["b"] }];
    await expect(
      rds.send(new DescribeDBLogFilesCommand({ DBInstanceIdentifier, Filters })),
    ).rejects.toMatchObject(refusal);
    await expect(files({ DBInstanceIdentifier: "nobody" })).rejects.toMatchObject({
      name: "DBInstanceNotFoundFault",
    });
  });

  it("lists no general log for an engine that has none", async () => {
    const { account } = await loggingInstance();
    const postgres = instanceOf(account, "demo-postgres");
    expect((await postgres.files()).map(({ LogFileName }) => LogFileName)).toEqual(["error/postgres.log"]);
    await expect(account.logText("demo-postgres")).rejects.toThrow("postgres has no general log");
  });
});

describe("the download of a complete file", () => {
  /** Asks for a file as a program does that signs for itself. */
  async function download({ account, instance }: LoggingInstance, file = LIVE, service = "rds") {
    const client = new AwsClient({ ...account.credentials, service, region: account.region, retries: 0 });
    const url = `${localAwsUrl()}/v13/downloadCompleteLogFile/${instance}/${file}`;
    return await fetch(await client.sign(url, { method: "GET" }));
  }

  it("streams the bytes as they are, however many", async () => {
    const made = await loggingInstance();
    await made.account.appendLog(made.instance, `\0\r\n🍣${"x".repeat(5 * 1024 * 1024)}\n`);
    const response = await download(made);
    expect([response.status, response.headers.has("content-length")]).toEqual([200, false]);
    expect(response.headers.get("x-amzn-requestid")).toMatch(/^[0-9a-f-]{36}$/);
    const text = await response.text();
    expect(text.length).toBeGreaterThan(5 * 1024 * 1024);
    expect(text === (await made.account.logText(made.instance))).toBe(true);
  });

  it("works for renamed files too, and is in the list of requests", async () => {
    const made = await loggingInstance();
    await made.account.appendLog(made.instance, "old\n");
    const LogFileName = await made.account.rotateLog(made.instance);
    expect(await (await download(made, LogFileName)).text()).toMatch(/old\n$/);
    expect((await made.account.requests()).at(-1)).toMatchObject({
      service: "rds",
      action: "DownloadCompleteDBLogFile",
      status: 200,
      parameters: { DBInstanceIdentifier: made.instance, LogFileName },
    });
  });

  it.each<[string, string, string, number, string]>([
    ["a file that is not there", "general/nothing.log", "rds", 404, "DBLogFileNotFoundFault"],
    ["another service's signature", LIVE, "monitoring", 403, "SignatureDoesNotMatch"],
    ["a path that says more", `${LIVE}?x=1`, "rds", 400, "InvalidAction"],
  ])("refuses %s", async (_title, file, service, status, code) => {
    const response = await download(await loggingInstance(), file, service);
    expect(response.status).toBe(status);
    expect(await response.text()).toContain(`<Code>${code}</Code>`);
  });

  it("refuses what a policy refuses", async () => {
    const made = await loggingInstance();
    await made.account.deny("rds:DownloadCompleteDBLogFile");
    const refused = await download(made);
    expect([refused.status, await refused.text()]).toEqual([
      403,
      expect.stringMatching(
        /not authorized to perform: rds:DownloadCompleteDBLogFile on resource: arn:aws:rds:.*:db:/,
      ),
    ]);
    await expect(made.portion()).resolves.toBeDefined();
    await made.account.deny("rds:DownloadDBLogFilePortion", "rds:DescribeDBLogFiles");
    expect((await download(made)).status).toBe(200);
    await expect(made.portion()).rejects.toMatchObject({ name: "AccessDenied" });
    await expect(made.files()).rejects.toMatchObject({ name: "AccessDenied" });
  });

  it.each(["throttle", "unavailable"] as const)("fails with the fault %s as other calls do", async (kind) => {
    const made = await loggingInstance();
    await made.account.fault({ kind, action: "DownloadCompleteDBLogFile", times: 1 });
    await expect(made.files()).resolves.toBeDefined();
    expect((await download(made)).ok).toBe(false);
    expect((await download(made)).ok).toBe(true);
  });

  it("can be cut off in its middle", async () => {
    const made = await loggingInstance();
    await made.account.appendLog(made.instance, "x".repeat(1_000_000));
    await made.account.fault({ kind: "reset", afterBytes: 600_000, times: 1 });
    const response = await download(made);
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow("Network connection lost");
  });

  it("can stall in its middle", async () => {
    const made = await loggingInstance();
    await made.account.fault({ kind: "hang", afterBytes: 20, times: 1 });
    const reader = (await download(made)).body?.getReader();
    expect((await reader?.read())?.value?.length).toBe(20);
    const next = reader?.read().then(() => "more");
    expect(await Promise.race([next, scheduler.wait(300).then(() => "nothing")])).toBe("nothing");
    await reader?.cancel();
  });

  it("continues to its end when the file is deleted meanwhile", async () => {
    const made = await loggingInstance();
    await made.account.appendLog(made.instance, `${"x".repeat(40 * 1024 * 1024)}end`);
    const response = await download(made);
    await made.account.loseLog(made.instance, LIVE);
    expect((await response.text()).endsWith("xend")).toBe(true);
  });
});

describe("a portion", () => {
  it("can be cut off in its middle too", async () => {
    const { account, portion } = await loggingInstance();
    await account.fault({ kind: "reset", afterBytes: 100, times: 1 });
    await expect(portion()).rejects.toThrow();
    await expect(portion()).resolves.toBeDefined();
  });
});
