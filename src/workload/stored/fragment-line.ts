import type { Command } from "../../logs/general/commands.ts";
import type { Identity } from "../../logs/general/threads.ts";
import type { LogRecord } from "../../logs/record.ts";
import type { StoredSlowRecord } from "./slow-line.ts";
import { formatTime, parseTime } from "./time.ts";

/*
 * One line of a fragment: a record in JSON, as version 1 of the stored format has it. What is read of it without parsing the JSON
 * relies on the order of the members: the time comes first.
 */

/** A record of the general log as it is stored. */
export interface StoredRecord {
  /** UTC, with microseconds: `2026-11-23T05:36:15.123456Z`. */
  time: string;
  threadId: number;
  /** Null when the thread's Connect record was not seen. */
  user: string | null;
  host: string | null;
  command: Command;
  statement: string;
  /** Only where the statement has lost its end. */
  truncated?: true;
}

/** The part of a line that says who, cached by the object that Threads gives for it. */
const identityTexts = new WeakMap<Identity, string>();
const NOBODY = identityJson(null);

function identityJson(identity: Identity | null): string {
  const { user, host } = identity ?? { user: null, host: null };
  return `,"user":${JSON.stringify(user)},"host":${JSON.stringify(host)},"command":"`;
}

function identityText(identity: Identity | null): string {
  if (identity === null) return NOBODY;
  let text = identityTexts.get(identity);
  if (text === undefined) {
    text = identityJson(identity);
    identityTexts.set(identity, text);
  }
  return text;
}

/** A record of the general log as one line of NDJSON. */
export function toNdjson(record: LogRecord, identity: Identity | null): string {
  const { timeMicros, threadId, command, statement, truncated } = record;
  const head = `{"time":"${formatTime(timeMicros)}","threadId":${threadId}${identityText(identity)}${command}","statement":`;
  return `${head}${JSON.stringify(statement)}${truncated ? ',"truncated":true' : ""}}\n`;
}

/** One record of a fragment, of whichever log: its line, of which no more is parsed than somebody asks for. */
export class RecordLine {
  /** The record in JSON, without the newline. */
  readonly json: string;

  constructor(json: string) {
    this.json = json;
  }

  /** When it was, in microseconds since the epoch. */
  get timeMicros(): number {
    return parseTime(this.json.slice(9, 36));
  }

  /** All of it, of a fragment of the general log. */
  read(): StoredRecord {
    return JSON.parse(this.json) as StoredRecord;
  }

  /** All of it, of a fragment of the slow log. */
  readSlow(): StoredSlowRecord {
    return JSON.parse(this.json) as StoredSlowRecord;
  }
}
