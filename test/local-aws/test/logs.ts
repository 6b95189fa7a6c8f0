/** What the tests of the local RDS's logs share: an instance that logs, and AWS's own client to read it with. */
import {
  DescribeDBInstancesCommand,
  DescribeDBLogFilesCommand,
  type DescribeDBLogFilesCommandInput,
  type DescribeDBLogFilesDetails,
  DownloadDBLogFilePortionCommand,
  type DownloadDBLogFilePortionCommandInput,
  ModifyDBParameterGroupCommand,
  type Parameter,
  type RDSClient,
} from "@aws-sdk/client-rds";
import { logBanner } from "../logs/log-format.ts";
import { createAccount, type LocalAccount } from "./client.ts";
import type { AccountOptions, WrittenRecord } from "./control-shapes.ts";
import { rdsClient } from "./sdk.ts";

export const LIVE = "general/mysql-general.log";
export const LIVE_SLOW = "slowquery/mysql-slowquery.log";
export const HOUR_MS = 3_600_000;

/** What the servers of these tests write when they open a log: an instance is this MySQL unless told otherwise. */
export const MYSQL_BANNER = logBanner("mysql", "8.0.40");
export const AURORA_BANNER = logBanner("mysql", "8.0.mysql_aurora.3.10.0");
export const MARIADB_BANNER = logBanner("mariadb", "10.11.9");
/** The options of an account with that MariaDB. */
export const MARIADB = { instances: [{ identifier: "mdb", engine: "mariadb", engineVersion: "10.11.9" }] };

/** Longer than a test file takes. */
const CLEARANCE_MS = 30_000;

// A full hour that comes while tests run would rename their live files: then they wait for it first.
const untilHourMs = HOUR_MS - (Date.now() % HOUR_MS);
if (untilHourMs < CLEARANCE_MS) await scheduler.wait(untilHourMs + 100);

/** An account, an instance of it, and RDS's calls about the instance's logs. */
export interface LoggingInstance {
  account: LocalAccount;
  rds: RDSClient;
  instance: string;
  /** Sets parameters of the instance's own group at once. */
  modify(...parameters: [name: string, value: string][]): Promise<void>;
  /** ParameterApplyStatus. */
  applyStatus(): Promise<string | undefined>;
  files(input?: Partial<DescribeDBLogFilesCommandInput>): Promise<DescribeDBLogFilesDetails[]>;
  names(): Promise<string[]>;
  /** A portion of the live file from its beginning, unless told otherwise. */
  portion(input?: Partial<DownloadDBLogFilePortionCommandInput>): Promise<Required<ReadPortion>>;
  /** Writes lines of an exact length, newline included, that hold nothing but a letter. */
  appendLines(letter: string, ...lengths: number[]): Promise<void>;
}

/** What a portion holds. */
export interface ReadPortion {
  LogFileData: string;
  Marker: string;
  AdditionalDataPending: boolean;
}

const GENERAL_LOG_ON: readonly [name: string, value: string][] = [
  ["general_log", "1"],
  ["log_output", "FILE"],
];

/**
 * An instance that has just begun to log to a file; nothing is in its log but the banner and what a test adds.
 * @param parameters what switches the log on: the general one, unless told otherwise
 */
export async function loggingInstance(
  options: AccountOptions = {},
  parameters = GENERAL_LOG_ON,
): Promise<LoggingInstance> {
  const made = await quietInstance(options);
  await made.account.setParameterApplication({ delayMs: 0 });
  await made.modify(...parameters);
  return made;
}

/** An instance that does not log, and whose clients do nothing. */
export async function quietInstance(options: AccountOptions = {}): Promise<LoggingInstance> {
  const account = await createAccount(options);
  const { instance } = account;
  await account.setWorkload(instance, { rate: 0 });
  return instanceOf(account, instance);
}

/** RDS's calls about the logs of an instance. */
export function instanceOf(
  account: LocalAccount,
  instance: string,
  rds: RDSClient = rdsClient(account),
): LoggingInstance {
  const DBInstanceIdentifier = instance;
  const files = async (input: Partial<DescribeDBLogFilesCommandInput> = {}) => {
    const command = new DescribeDBLogFilesCommand({ DBInstanceIdentifier, ...input });
    return (await rds.send(command)).DescribeDBLogFiles ?? [];
  };
  return {
    account,
    rds,
    instance,
    modify: async (...parameters) => {
      const Parameters = parameters.map(
        ([ParameterName, ParameterValue]): Parameter => ({
          ParameterName,
          ParameterValue,
          ApplyMethod: "immediate",
        }),
      );
      const DBParameterGroupName = `${instance}-params`;
      await rds.send(new ModifyDBParameterGroupCommand({ DBParameterGroupName, Parameters }));
    },
    applyStatus: async () => {
      const { DBInstances } = await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier }));
      return DBInstances?.[0]?.DBParameterGroups?.[0]?.ParameterApplyStatus;
    },
    files,
    names: async () =>
      (await files({ FilenameContains: "general/" })).map(({ LogFileName = "" }) => LogFileName),
    portion: async (input = {}) => {
      const { LogFileData, Marker, AdditionalDataPending } = await rds.send(
        new DownloadDBLogFilePortionCommand({
          DBInstanceIdentifier,
          LogFileName: LIVE,
          Marker: "0",
          ...input,
        }),
      );
      if (LogFileData === undefined || Marker === undefined || AdditionalDataPending === undefined) {
        throw new Error("The reply lacks a member");
      }
      return { LogFileData, Marker, AdditionalDataPending };
    },
    appendLines: (letter, ...lengths) =>
      account.appendLog(instance, lengths.map((length) => `${letter.repeat(length - 1)}\n`).join("")),
  };
}

/** Reads a file in portions from a marker to its end. */
export async function readOn(
  { portion }: LoggingInstance,
  LogFileName: string,
  Marker: string,
  NumberOfLines?: number,
): Promise<{ text: string; Marker: string }> {
  let text = "";
  for (;;) {
    const read = await portion({ LogFileName, Marker, NumberOfLines });
    text += read.LogFileData;
    Marker = read.Marker;
    if (!read.AdditionalDataPending) return { text, Marker };
  }
}

/** The same instance, seen with a clock that goes with the account's. */
export async function shifted(
  { account, instance }: LoggingInstance,
  offsetMs: number,
): Promise<LoggingInstance> {
  await account.setClock(offsetMs);
  return instanceOf(account, instance, rdsClient(account, { systemClockOffset: offsetMs }));
}

/** A Query record; its time is now, by the account's clock, if none is said. */
export function queryRecord(statement: string, timeMicros?: number): WrittenRecord[] {
  return [{ threadId: 7, command: "Query", statement, ...(timeMicros === undefined ? {} : { timeMicros }) }];
}
