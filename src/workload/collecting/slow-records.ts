import { isAmazonUser } from "../../logs/amazon-users.ts";
import { runsStatement, type SlowRecord } from "../../logs/slow/record.ts";
import { END_OF_TEXT } from "../../logs/slow/record-text.ts";
import { redactLiterals, redactSecrets } from "../../sql-text/redact/redact.ts";
import { isMysqlDatabase, type SessionSettings, UNKNOWN_SETTINGS } from "../../sql-text/session-settings.ts";
import { AmazonStatements } from "../amazon-statements.ts";
import type { LineBuffer } from "../stored/line-buffer.ts";
import type { Manifest } from "../stored/manifest.ts";
import { writeSlowLine } from "../stored/slow-line.ts";
import type { Counted } from "../timing/series.ts";
import type { FragmentContents } from "./fragment-contents.ts";
import { RecordBytes } from "./record-bytes.ts";
import type { Counts, Records } from "./records.ts";
import type { CaptureWindow } from "./window.ts";

const IN_MYSQL: SessionSettings = Object.freeze({ ...UNKNOWN_SETTINGS, inMysql: true });
const IN_OTHER_DATABASE: SessionSettings = Object.freeze({ ...UNKNOWN_SETTINGS, inMysql: false });

/** The records of the slow log, each of which says whose it is. */
export class SlowRecords implements Records<SlowRecord> {
  readonly bytes = new RecordBytes();
  readonly amazon: AmazonStatements | null;
  readonly #minDurationMicros: number;
  /** The digest of the record that was counted last; null when it ran no statement. */
  #counted: Counted | null = null;

  /** @param manifest statements that took less than it says are left out: another capture of the group may have them logged */
  constructor({ minDurationMicros = 0, amazon }: Pick<Manifest, "minDurationMicros" | "amazon">) {
    this.#minDurationMicros = minDurationMicros;
    this.amazon = amazon === undefined ? null : new AmazonStatements(amazon);
  }

  seeAgain(): void {}

  see(record: SlowRecord, window: CaptureWindow): boolean {
    const { user, durationMicros, innerMicros = 0 } = record;
    // The server compares long_query_time with all of it, also with what records of inner statements have.
    const isLong = durationMicros + innerMicros >= this.#minDurationMicros;
    if (!isLong || !endedInWindow(record, window)) return false;
    if (!isAmazonUser(user)) return true;
    if (runsStatement(record)) this.amazon?.add(user, record.statement, record.timeMicros);
    return false;
  }

  redact(record: SlowRecord, redact: Manifest["redact"]): void {
    const { bytes } = this;
    // The name of an administrator command is not what stands in the log.
    if (record.command === "Query") bytes.look(record, END_OF_TEXT, true);
    else bytes.forget();
    if (bytes.statement?.mayHoldSecret !== false) {
      const { statement } = record;
      record.statement = redactSecrets(statement, settingsOf(record));
      if (record.statement !== statement) bytes.forget();
    }
    if (redact !== "literals") return;
    bytes.forget();
    record.statement = redactLiterals(record.statement, settingsOf(record));
  }

  count(record: SlowRecord, { digests, series }: Counts, contents: FragmentContents): boolean {
    contents.addSession(record.threadId, record);
    contents.addTimed(record.durationMicros, record.errno);
    const ran = digests.addTimed(record, this.bytes.statement);
    const counted = ran ? digests.counted : null;
    this.#counted = counted;
    if (counted === null) {
      contents.addUncounted(record.statement);
      return ran;
    }
    series?.addTimed(record, counted);
    contents.addStatement(counted, digests.countedTags, digests.countedTables);
    return true;
  }

  writeLine(record: SlowRecord, lines: LineBuffer): void {
    writeSlowLine(lines, record, this.bytes.statement, this.#counted);
  }

  toJSON(): object {
    return {};
  }
}

/**
 * What is known of the session that a record's statement ran in. Not what it has set: a `SET` is logged only if it took long enough,
 * and a session may have hidden it. MySQL writes a session's database only when it differs from the last one written, so a database
 * other than `mysql` may be out of date.
 */
function settingsOf({ server, db }: SlowRecord): SessionSettings {
  if (isMysqlDatabase(db)) return IN_MYSQL;
  return server === "mariadb" ? IN_OTHER_DATABASE : UNKNOWN_SETTINGS;
}

/** Whether a statement ended in a capture's time. With whole seconds, all of the second in which the capture started counts. */
function endedInWindow({ timeMicros, precisionMicros }: SlowRecord, { start, end }: CaptureWindow): boolean {
  return timeMicros + precisionMicros > start * 1000 && (end === null || timeMicros < end * 1000);
}
