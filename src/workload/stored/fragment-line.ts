import type { Command } from "../../logs/general/commands.ts";
import type { LogRecord } from "../../logs/record.ts";
import type { Identity } from "../../logs/threads.ts";

/*
 * How records are written: NDJSON, as fragments keep them, and the general log's own text.
 */

/** One line of a fragment. */
export interface WorkloadLine {
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

let second = -1;
let secondText = "";

/** `2026-11-23T05:36:15.123456Z`. */
export function formatTime(timeMicros: number): string {
  const seconds = Math.floor(timeMicros / 1_000_000);
  if (seconds !== second) {
    second = seconds;
    secondText = new Date(seconds * 1000).toISOString().slice(0, 20);
  }
  // The leading one keeps the zeros.
  return `${secondText}${String(1_000_000 + timeMicros - seconds * 1_000_000).slice(1)}Z`;
}

/**
 * Reads a time as formatTime writes it.
 * @returns microseconds since the epoch; NaN for any other text
 */
export function parseTime(time: string): number {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(time)) return Number.NaN;
  return Date.parse(`${time.slice(0, 19)}Z`) * 1000 + Number(time.slice(20, 26));
}

/** The part of a line that says who, made once for each object that Threads hands out. */
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

/** A record as one line of NDJSON. */
export function toNdjson(record: LogRecord, identity: Identity | null): string {
  const { timeMicros, threadId, command, statement, truncated } = record;
  const head = `{"time":"${formatTime(timeMicros)}","threadId":${threadId}${identityText(identity)}${command}","statement":`;
  return `${head}${JSON.stringify(statement)}${truncated ? ',"truncated":true' : ""}}\n`;
}

/** A line as general-log text in the form of MySQL 5.7 to 8.4, which pt-query-digest reads with `--type genlog`. */
export function toLogText(
  line: Pick<LogRecord, "timeMicros" | "threadId" | "command" | "statement">,
): string {
  const id = String(line.threadId).padStart(5);
  return `${formatTime(line.timeMicros)}\t${id} ${line.command}\t${line.statement}\n`;
}

const encoder = new TextEncoder();

/** Lines are encoded together up to this length: fewer calls, and one emoji makes a two-byte string of its neighbours only. */
const BATCH = 16 * 1024;

/** Collects lines as UTF-8. */
export class LineBuffer {
  #bytes: Uint8Array<ArrayBuffer>;
  #encoded = 0;
  #text = "";

  /** @param bytes how much it has room for to begin with; it grows */
  constructor(bytes = 64 * 1024) {
    this.#bytes = new Uint8Array(Math.max(1, bytes));
  }

  /** Adds a line, which brings its own newline. */
  add(line: string): void {
    this.#text += line;
    if (this.#text.length >= BATCH) this.#encode();
  }

  /** How many bytes there are. */
  get length(): number {
    this.#encode();
    return this.#encoded;
  }

  /** Takes all of it out, as a copy that is the caller's. */
  take(): Uint8Array<ArrayBuffer> {
    this.#encode();
    const bytes = this.#bytes.slice(0, this.#encoded);
    this.#encoded = 0;
    return bytes;
  }

  #encode(): void {
    const text = this.#text;
    if (text === "") return;
    this.#text = "";
    const needed = this.#encoded + 3 * text.length;
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, this.#encoded));
      this.#bytes = larger;
    }
    this.#encoded += encoder.encodeInto(text, this.#bytes.subarray(this.#encoded)).written;
  }
}
