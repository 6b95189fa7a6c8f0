import type { LogSource } from "../../../src/logs/reader.ts";
import { type LoggingInstance, loggingInstance } from "../../local-aws/test/logs.ts";
import { logSource, TestFollower } from "../support.ts";

/* A log that a test writes, and a follower that reads it. */

const MINUTE = 60_000;

/** An instance of the local AWS, and a follower of its log. */
export type FollowedLog = LoggingInstance & { follower: TestFollower; source: LogSource };

/** An instance that logs what a test writes, and a follower of it from now on. */
export async function following(): Promise<FollowedLog> {
  const made = await loggingInstance();
  const source = logSource(made.account);
  const window = { start: Date.now() - MINUTE, end: null };
  return { ...made, source, follower: await new TestFollower(source, window).begin() };
}

let thread = 100;
/** A record of a thread of its own; its time is now, by the account's clock, if none is said. */
export const query = (statement: string, timeMicros?: number) => ({
  ...(timeMicros === undefined ? {} : { timeMicros }),
  threadId: thread++,
  command: "Query",
  statement,
});

/** Writes records to the live file. */
export const write = ({ account, instance }: LoggingInstance, ...statements: string[]) =>
  account.appendLog(
    instance,
    statements.map((statement) => query(statement)),
  );

/** Writes records of a second before a time: one of its own millisecond would belong to a capture that starts then. */
export const writeBefore = (
  start: number,
  { account, instance }: Pick<LoggingInstance, "account" | "instance">,
  ...statements: string[]
) =>
  account.appendLog(
    instance,
    statements.map((statement) => query(statement, (start - 1000) * 1000)),
  );

/** Statements that are told apart by a number. */
export const numbers = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `SELECT ${from + i}`);
