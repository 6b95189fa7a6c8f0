import type { StoredWorkloadRecord } from "../../../src/client/index.ts";

/*
 * Records of the logs, as a download has them, for tests of the replay.
 */

const START = Date.UTC(2026, 10, 28, 10);

/** A record of the general log. @param micros since 10 o'clock */
export function general(
  micros: number,
  threadId: number,
  command: string,
  statement = "",
  more: Partial<StoredWorkloadRecord> = {},
): StoredWorkloadRecord {
  return {
    time: timeOf(micros),
    threadId,
    user: "app",
    host: "web",
    command,
    statement,
    ...more,
  } as StoredWorkloadRecord;
}

/** A log-in in the general log. */
export const connect = (micros: number, threadId: number, db = "shop"): StoredWorkloadRecord =>
  general(micros, threadId, "Connect", `app@web on ${db} using TCP/IP`);

/** A query in the general log. @param db the default database that the record says, if it says one */
export const query = (micros: number, threadId: number, sql: string, db?: string): StoredWorkloadRecord =>
  general(micros, threadId, "Query", sql, db === undefined ? {} : { db });

/** A record of the slow log. @param endMicros when it ended, since 10 o'clock */
export function slow(
  endMicros: number,
  threadId: number,
  durationMicros: number,
  statement: string,
  more: object = {},
): StoredWorkloadRecord {
  return {
    time: timeOf(endMicros),
    threadId,
    user: "app",
    host: "web",
    command: "Query",
    statement,
    log: "slow",
    timeIs: "end",
    precisionMicros: 1,
    server: "mysql",
    db: null,
    durationMicros,
    ...more,
  } as unknown as StoredWorkloadRecord;
}

function timeOf(micros: number): string {
  const millis = Math.floor(micros / 1000);
  return `${new Date(START + millis).toISOString().slice(0, 23)}${String(micros - millis * 1000).padStart(3, "0")}Z`;
}
