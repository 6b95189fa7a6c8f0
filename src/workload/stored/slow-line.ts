import type { SlowCommand, SlowRecord } from "../../logs/slow/record.ts";
import { formatTime } from "./time.ts";

/*
 * One line of a fragment of the slow log: a record in JSON, with the members of the general log's lines first and in their order, so
 * that RecordLine reads both.
 */

/** What a line adds to the general log's where the server says it: in this order, after what each line has. */
const OPTIONAL = [
  "innerMicros",
  "rowsAffected",
  "bytesSent",
  "bytesReceived",
  "errno",
  "killed",
  "fullScan",
  "fullJoin",
  "tmpTables",
  "tmpDiskTables",
  "filesort",
  "queryCacheHit",
  "repeats",
] as const satisfies readonly (keyof SlowRecord)[];

/** A record of the slow log as it is stored. What the server does not say is absent. */
export interface StoredSlowRecord
  extends Pick<
    SlowRecord,
    | "threadId"
    | "user"
    | "host"
    | "precisionMicros"
    | "server"
    | "db"
    | "durationMicros"
    | "lockMicros"
    | "rowsSent"
    | "rowsExamined"
    | "routine"
    | (typeof OPTIONAL)[number]
  > {
  /** When the statement ended, in UTC with microseconds. */
  time: string;
  command: SlowCommand;
  statement: string;
  /** Only where the statement has lost its end. */
  truncated?: true;
  log: "slow";
  timeIs: "end";
}

/** Who the last record is of, and the text for that: the next one is mostly of the same session. */
let lastUser: string | null | undefined;
let lastHost: string | null | undefined;
let lastText = "";

function whoseText(user: string | null, host: string | null): string {
  if (user === lastUser && host === lastHost) return lastText;
  lastUser = user;
  lastHost = host;
  lastText = `,"user":${JSON.stringify(user)},"host":${JSON.stringify(host)},"command":"`;
  return lastText;
}

let lastPrecision = 0;
let lastServer = "";
let lastDb: string | null = null;
let lastSourceText = "";

/** What a session's records have in common between the statement and its duration; cached as well. */
function sourceText({ precisionMicros, server, db }: SlowRecord): string {
  if (db === lastDb && server === lastServer && precisionMicros === lastPrecision) return lastSourceText;
  lastPrecision = precisionMicros;
  lastServer = server;
  lastDb = db;
  lastSourceText = `,"log":"slow","timeIs":"end","precisionMicros":${precisionMicros},"server":"${server}","db":${JSON.stringify(db)},"durationMicros":`;
  return lastSourceText;
}

/** The members of OPTIONAL, each read by its name: to go through their names takes longer than all else of a line. */
function optionalText(record: SlowRecord): string {
  return (
    memberText("innerMicros", record.innerMicros) +
    memberText("rowsAffected", record.rowsAffected) +
    memberText("bytesSent", record.bytesSent) +
    memberText("bytesReceived", record.bytesReceived) +
    memberText("errno", record.errno) +
    memberText("killed", record.killed) +
    memberText("fullScan", record.fullScan) +
    memberText("fullJoin", record.fullJoin) +
    memberText("tmpTables", record.tmpTables) +
    memberText("tmpDiskTables", record.tmpDiskTables) +
    memberText("filesort", record.filesort) +
    memberText("queryCacheHit", record.queryCacheHit) +
    memberText("repeats", record.repeats)
  );
}

const memberText = (name: (typeof OPTIONAL)[number], value: number | boolean | undefined): string =>
  value === undefined ? "" : `,"${name}":${value}`;

/** A record of the slow log as one line of NDJSON. */
export function toSlowNdjson(record: SlowRecord): string {
  const { timeMicros, threadId, user, host, command, statement, truncated } = record;
  const { durationMicros, lockMicros, rowsSent, rowsExamined, routine } = record;
  const head = `{"time":"${formatTime(timeMicros)}","threadId":${threadId}${whoseText(user, host)}${command}","statement":`;
  let line = `${head}${JSON.stringify(statement)}${truncated ? ',"truncated":true' : ""}${sourceText(record)}${durationMicros},"lockMicros":${lockMicros},"rowsSent":${rowsSent},"rowsExamined":${rowsExamined}${optionalText(record)}`;
  if (routine !== undefined) line += `,"routine":${JSON.stringify(routine)}`;
  return `${line}}\n`;
}
