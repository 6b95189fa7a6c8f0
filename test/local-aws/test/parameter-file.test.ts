import {
  DescribeDBInstancesCommand,
  DescribeDBLogFilesCommand,
  DescribeDBParametersCommand,
  ModifyDBParameterGroupCommand,
  RDSClient,
  ResetDBParameterGroupCommand,
} from "@aws-sdk/client-rds";
import { beforeEach, expect, inject, it } from "vitest";
import { LIVE } from "./logs.ts";

declare module "vitest" {
  interface ProvidedContext {
    scratchState: { awsUrl: string; restartUrl: string };
  }
}

const { awsUrl, restartUrl } = inject("scratchState");
const credentials = { accessKeyId: "AKIALOCALDEV00000000", secretAccessKey: "local-dev-secret" };
const rds = new RDSClient({ endpoint: awsUrl, region: "us-east-1", credentials, maxAttempts: 1 });
const DBParameterGroupName = "demo-mysql-params";

/** Ends the local AWS and starts it again. @returns what it had to say of its file since the last time */
async function restart(method: "POST" | "PUT" | "MKCOL" | "DELETE", file?: string): Promise<string[]> {
  const reply = await fetch(restartUrl, { method, ...(file === undefined ? {} : { body: file }) });
  return reply.json();
}

const modify = (...parameters: [name: string, value: string, applyMethod?: "pending-reboot"][]) =>
  rds.send(
    new ModifyDBParameterGroupCommand({
      DBParameterGroupName,
      Parameters: parameters.map(([ParameterName, ParameterValue, ApplyMethod]) => ({
        ParameterName,
        ParameterValue,
        ApplyMethod: ApplyMethod ?? "immediate",
      })),
    }),
  );

/** What people have set in the group. */
async function settings(): Promise<Record<string, string | undefined>> {
  const { Parameters = [] } = await rds.send(
    new DescribeDBParametersCommand({ DBParameterGroupName, Source: "user" }),
  );
  return Object.fromEntries(
    Parameters.map(({ ParameterName, ParameterValue }) => [ParameterName, ParameterValue]),
  );
}

async function generalLogs(): Promise<(string | undefined)[]> {
  const command = new DescribeDBLogFilesCommand({
    DBInstanceIdentifier: "demo-mysql",
    FilenameContains: "general",
  });
  return ((await rds.send(command)).DescribeDBLogFiles ?? []).map(({ LogFileName }) => LogFileName);
}

// As at first.
beforeEach(() => restart("DELETE"));

it("has nothing set where there is no file, and no notice", async () => {
  expect(await restart("DELETE")).toEqual([]);
  expect(await settings()).toEqual({});
  expect(await generalLogs()).toEqual([]);
});

it("has after a restart what was set before, and its servers run with it", async () => {
  await modify(["general_log", "1"], ["log_output", "FILE"]);
  // Killed before the servers have it.
  expect(await restart("POST")).toEqual([]);
  expect(await settings()).toEqual({ general_log: "1", log_output: "FILE" });
  expect(await generalLogs()).toEqual([LIVE]);
  await restart("POST");
  expect(await settings()).toEqual({ general_log: "1", log_output: "FILE" });
});

it("does not have after a restart what was reset before", async () => {
  await modify(["general_log", "1"], ["log_output", "FILE"]);
  await rds.send(
    new ResetDBParameterGroupCommand({
      DBParameterGroupName,
      ResetAllParameters: false,
      Parameters: [{ ParameterName: "general_log", ApplyMethod: "immediate" }],
    }),
  );
  await restart("POST");
  expect(await settings()).toEqual({ log_output: "FILE" });
  expect(await generalLogs()).toEqual([]);
});

it("still waits after a restart for the reboot that a change needs", async () => {
  await modify(["general_log", "1", "pending-reboot"], ["log_output", "FILE"]);
  await restart("POST");
  expect(await settings()).toEqual({ general_log: "1", log_output: "FILE" });
  expect(await generalLogs()).toEqual([]);
  const { DBInstances } = await rds.send(
    new DescribeDBInstancesCommand({ DBInstanceIdentifier: "demo-mysql" }),
  );
  expect(DBInstances?.[0]?.DBParameterGroups?.[0]?.ParameterApplyStatus).toBe("pending-reboot");
});

it.each([
  ["is empty", ""],
  ["was cut off", '{"demo-mysql-params":{"general_log":{"value":"1","app'],
  ["is no object", "[]"],
  ["has what is no setting", '{"demo-mysql-params":{"general_log":1}}'],
])("begins with nothing set where the file %s, says so, and writes a whole one", async (_, file) => {
  expect(await restart("PUT", file)).toEqual([
    expect.stringMatching(/^nothing is set in the parameter groups, since .* can't be read$/),
  ]);
  expect(await settings()).toEqual({});
  await modify(["general_log", "1"]);
  expect(await restart("POST")).toEqual([]);
  expect(await settings()).toEqual({ general_log: "1" });
});

it("works also where the file can't be written, with a notice", async () => {
  expect(await restart("MKCOL")).toEqual([expect.stringMatching(/can't be read$/)]);
  await modify(["general_log", "1"]);
  expect(await settings()).toEqual({ general_log: "1" });
  expect(await restart("POST")).toEqual([
    expect.stringMatching(/^what was set in the parameter groups is not kept: E/),
    expect.stringMatching(/can't be read$/),
  ]);
  expect(await settings()).toEqual({});
});

it("ignores groups that do not exist any more", async () => {
  const setting = { general_log: { value: "1", applyMethod: "immediate" } };
  const file = JSON.stringify({ gone: setting, [DBParameterGroupName]: setting });
  expect(await restart("PUT", file)).toEqual([]);
  expect(await settings()).toEqual({ general_log: "1" });
});
