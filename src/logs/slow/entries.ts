import type { Dialect } from "../../sql-text/dialect.ts";
import type { LeftOut } from "../record.ts";
import type { Units } from "../units.ts";
import { Clock } from "./clock.ts";
import { Databases } from "./databases.ts";
import type { Header } from "./header.ts";
import { OpenLiteral } from "./open-literal.ts";
import type { OpenEntry, SlowPosition, SlowSnapshot } from "./parser-state.ts";
import type { SlowRecord } from "./record.ts";
import { beginRecord, END_OF_TEXT, endRecord, endWholeRecord, suppressedBy } from "./record-text.ts";

/*
 * Makes records of a log's entries, of which at most one is open, and knows what they say of each other.
 */

/** How far an entry's time may be before the one before it, and after, until it is doubted. */
const MAX_BACK_MICROS = 60_000_000;
const MAX_AHEAD_MICROS = 86_400_000_000;
const SECOND = 1_000_000;

/** The entries of a log, in its order. */
export class Entries {
  /** The server whose form the log has, as far as it was read. */
  server: Dialect | null = null;
  /** The entry whose end has not been seen. */
  open: OpenEntry | null = null;
  /** Bytes that belong to no entry, since takeLeftOut or an entry said so. */
  strayBytes = 0;

  readonly #maxStatement: number;
  readonly #databases: Databases;
  readonly #clock: Clock;
  /** What the open entry's statement is amid; null until somebody asks. */
  #literal: OpenLiteral | null = null;
  #records: SlowRecord[] = [];
  #suppressedStatements = 0;
  #isFileBegun = false;
  #isReopened = false;

  constructor(maxStatement: number, from: SlowPosition | SlowSnapshot | undefined) {
    this.#maxStatement = maxStatement;
    this.#databases = new Databases(from?.databases);
    this.#clock = new Clock(from?.clock);
    if (from === undefined) return;
    this.server = from.server;
    this.#isFileBegun = from.isFileBegun;
    this.#isReopened = from.isReopened;
    if (!("line" in from)) return;
    const { open, records } = from;
    this.open = open === null ? null : { ...open, record: { ...open.record } };
    this.strayBytes = from.strayBytes;
    this.#suppressedStatements = from.suppressedStatements ?? 0;
    this.#records = [...records];
  }

  /** What is known where the open entry begins. */
  position(): Omit<SlowPosition, "offset" | "isBoundary"> {
    return {
      server: this.server,
      isFileBegun: this.#isFileBegun,
      isReopened: this.open === null ? this.#isReopened : this.open.record.isAfterOpening === true,
      databases: this.#databases.toJSON(),
      clock: this.#clock.toJSON(),
    };
  }

  /** All that is known. */
  snapshot(): Omit<SlowSnapshot, "offset" | "isBoundary" | "held" | "line" | "lineBytes" | "lineLast"> {
    const { open } = this;
    return {
      ...this.position(),
      isReopened: this.#isReopened,
      open: open === null ? null : { ...open, record: { ...open.record }, text: detach(open.text) },
      strayBytes: this.strayBytes,
      undatedRecords: 0,
      suppressedStatements: this.#suppressedStatements,
      records: [...this.#records],
    };
  }

  /** What follows is the beginning of a file: a banner there is the file's own. */
  beginFile(): void {
    this.#isFileBegun = true;
  }

  /** The server has opened its log. */
  reopen(): void {
    this.#isReopened = !this.#isFileBegun;
    this.#databases.beginFile();
  }

  /** The records that are complete. */
  take(): SlowRecord[] {
    const records = this.#records;
    this.#records = [];
    return records;
  }

  /** What was left out since this was last asked, or since an entry that says so. */
  takeLeftOut(): LeftOut | null {
    if (this.strayBytes === 0 && this.#suppressedStatements === 0) return null;
    const leftOut: LeftOut = { strayBytes: this.strayBytes, undatedRecords: 0 };
    if (this.#suppressedStatements > 0) leftOut.suppressedStatements = this.#suppressedStatements;
    this.strayBytes = 0;
    this.#suppressedStatements = 0;
    return leftOut;
  }

  /** Whether a header that was read at `at` is one. It is not if its time can't be, and the statement has not ended where it stands. */
  isCredible(header: Header, text: string, from: number, at: number): boolean {
    const { server, endMicros, startSecond, durationMicros } = header;
    if (this.open === null) return true;
    const before = server === "mysql" ? this.open.record.timeMicros : this.#clock.nowMicros;
    const end = endMicros ?? startSecond * SECOND + durationMicros;
    // The server that writes the log does not change between two banners.
    if (server !== this.server || (endMicros === null) !== (this.open.record.precisionMicros !== 1))
      return false;
    const isOfTime = before !== null && end >= before - MAX_BACK_MICROS && end <= before + MAX_AHEAD_MICROS;
    // MySQL's agree, but for a CALL, and where the session has set its timestamp.
    const agrees = endMicros === null || Math.floor((endMicros - durationMicros) / SECOND) === startSecond;
    return (isOfTime && agrees) || !this.isAmidLiteral(text, from, at);
  }

  /** Whether the open entry's statement is amid a literal at `at`. Not where that can't be told, since it is too long. */
  isAmidLiteral(text: string, from: number, at: number): boolean {
    const { open } = this;
    if (open === null || open.length + at - from > this.#maxStatement + END_OF_TEXT) return false;
    this.#literal ??= new OpenLiteral();
    // A statement may hold thousands of headers: each call goes on where the one before ended.
    const read = this.#literal.length;
    const kept = read < open.length ? open.text.slice(read) : "";
    this.#literal.read(kept + text.slice(from + Math.max(0, read - open.length), at));
    return this.#literal.isOpen;
  }

  /** Begins an entry. @param start its first byte in the log */
  begin(header: Header, start: number): void {
    const record = beginRecord(header, start);
    this.server = header.server;
    this.open = { record, second: header.startSecond, text: "", length: 0 };
    this.#literal = null;
    const leftOut = this.takeLeftOut();
    if (leftOut !== null) record.leftOut = leftOut;
    this.#isFileBegun = false;
    if (this.#isReopened) {
      record.isAfterOpening = true;
      this.#isReopened = false;
    }
  }

  /** Adds a part of the text to the open entry's. */
  append(text: string, from: number, to: number): void {
    const open = this.open;
    if (open === null || to === from) return;
    const room = this.#maxStatement + END_OF_TEXT - open.length;
    open.length += to - from;
    if (room <= 0) return;
    const piece = text.slice(from, Math.min(to, from + room));
    open.text = open.text === "" ? piece : open.text + piece;
  }

  /** Ends the open entry's text here, as if what follows was beyond the longest that is kept: whether it is amid a literal is unknown. */
  cut(): void {
    const { open } = this;
    if (open === null) return;
    open.length = Math.max(open.length, this.#maxStatement + END_OF_TEXT + 1);
    if (open.text.endsWith("\n")) open.text = open.text.slice(0, -1);
  }

  /**
   * Ends the open entry, if there is one.
   * @param end the first byte that is not its own
   * @param isWhole whether its text ends as the server ends it
   */
  close(end: number, isWhole: boolean): void {
    const open = this.open;
    if (open === null) return;
    this.open = null;
    this.#add(endRecord(open, isWhole, this.#maxStatement, end), open);
  }

  /**
   * As `append` and `close`, for the rest of an entry whose text ends as the server ends it. Of most entries that is all of it, of which
   * no part has to be kept then.
   * @param units of which the rest is from one place to another
   */
  closeWith(units: Units, from: number, to: number, end: number): void {
    const open = this.open;
    if (open === null) return;
    const isShort = to - from - END_OF_TEXT <= this.#maxStatement;
    if (open.length > 0 || to - from < END_OF_TEXT || !isShort) {
      this.append(units.text, from, to);
      this.close(end, true);
      return;
    }
    this.open = null;
    this.#add(endWholeRecord(open.record, units, from, to, end), open);
  }

  #add(record: SlowRecord, open: OpenEntry): void {
    if (record.server === "mysql") {
      const suppressed = suppressedBy(record);
      if (suppressed > 0) {
        this.#suppressedStatements += suppressed;
        return;
      }
      this.#databases.complete(record);
    } else {
      this.#clock.complete(record, open.second);
    }
    this.#records.push(record);
  }
}

/** A copy that keeps no other text in memory. */
function detach(text: string): string {
  return new TextDecoder("utf-8", { fatal: false, ignoreBOM: true }).decode(new TextEncoder().encode(text));
}
