import { LogFile } from "./log-file.ts";
import { formatRecords, type LogForm, type LogRecord, logBanner } from "./log-format.ts";
import { LIVE_FILES, type LogName, type LogSource } from "./log-source.ts";
import { EVERYTHING, type SlowSettings } from "./slow-settings.ts";
import { heartbeat } from "./statements.ts";
import { generalSource, NOTHING_WRITTEN, slowSource, type TextSource, type Written } from "./text-source.ts";
import type { Workload } from "./workload.ts";

const HOUR_MS = 3_600_000;
/** What the local AWS keeps in memory for one instance at most: beyond it the oldest files are deleted, as when the storage is full. */
const MAX_HELD_BYTES = 256 * 1024 * 1024;
/** However idle the clients are, a session of Amazon's writes at least so often. */
const HEARTBEAT_MS = 5 * 60_000;
const HEARTBEAT_THREAD = 5;
/** After a pause, or a jump of the clock, no more than this of the workload is generated: a request waits for it. */
export const MAX_CATCH_UP_MS = 3 * HOUR_MS;

/** How RDS names a renamed file: `….log.2026-10-10.7`, or `….log.7`, of which there is one for each hour of a day. */
export type SuffixStyle = "date" | "hour";

/** What an instance's log needs to know of its instance; read anew whenever it matters. */
export interface LogOwner {
  readonly form: LogForm;
  readonly engineVersion: string;
  /** How old its files become, and how many bytes they may take altogether: the oldest are lost first. */
  readonly retention: { readonly maxAgeMs: number; readonly maxBytes: number };
  /** What the instance's other logs take: bytes of storage, and of memory. */
  readonly others: { readonly size: number; readonly held: number };
}

/**
 * One log of an instance, the general or the slow one: the file that its server writes to, and those that RDS has renamed. It changes
 * only when it is asked for: `advance` then does what should have happened since. Times are epoch milliseconds; after a clock was
 * set back, nothing happens until the time is reached again.
 */
export class InstanceLog {
  suffixStyle: SuffixStyle = "date";
  /** How long the live file is missing when it is renamed; the server goes on to write to the renamed one. */
  rotationGapMs = 0;
  /** How the slow log is written; the general log has no settings. */
  #settings: SlowSettings = EVERYTHING;
  #workload: Workload;
  #source: TextSource;
  readonly #log: LogName;
  readonly #owner: () => LogOwner;
  #isLogging = false;
  #openedAt = 0;
  #rotated: LogFile[] = [];
  #live: LogFile | undefined;
  /** What the server has open: the live file but in a gap. */
  #open: LogFile | undefined;
  #renameAt = Infinity;
  #reopenAt = Infinity;
  /** Until when the workload is in the log. */
  #generatedTo = 0;
  /** When somebody's statement was written last: Amazon's sessions write regardless of files. */
  #spokenAt = 0;
  #written: Written = NOTHING_WRITTEN;

  constructor(log: LogName, owner: () => LogOwner, workload: Workload) {
    this.#log = log;
    this.#owner = owner;
    this.#workload = workload;
    this.#source = this.#makeSource();
  }

  /** Whether the server writes this log to a file. */
  get isLogging(): boolean {
    return this.#isLogging;
  }

  /** What the instance's clients do; see `changeWorkload`. */
  get workload(): Workload {
    return this.#workload;
  }

  /** How the slow log is written; see `changeSettings`. */
  get settings(): SlowSettings {
    return this.#settings;
  }

  /** When it was switched on last, in epoch milliseconds; 0 for never. */
  get openedAt(): number {
    return this.#openedAt;
  }

  /** Bytes of storage, and of memory, that all files take. */
  get taken(): { size: number; held: number } {
    const files = this.files();
    return {
      size: files.reduce((sum, { size }) => sum + size, 0),
      held: files.reduce((sum, { held }) => sum + held, 0),
    };
  }

  /** All files there are, those that were renamed first, from the oldest on. */
  files(): LogFile[] {
    return this.#live === undefined ? [...this.#rotated] : [...this.#rotated, this.#live];
  }

  /** Lets happen what should have happened until now: the workload of whole seconds, hours, the loss of old files. */
  advance(now: number): void {
    if (this.#isLogging) {
      const wholeSecond = Math.floor(now / 1_000) * 1_000;
      this.#generatedTo = Math.max(this.#generatedTo, wholeSecond - MAX_CATCH_UP_MS);
      while (Math.min(this.#renameAt, this.#reopenAt) <= now) {
        const isReopening = this.#reopenAt <= this.#renameAt;
        // Not in a stretch that was left out: an hour in which nothing was written has no file.
        const at = Math.max(Math.min(this.#renameAt, this.#reopenAt), this.#generatedTo);
        this.#generate(at);
        if (isReopening) this.#openLive(at);
        else this.#rename(at);
      }
      this.#generate(wholeSecond);
    }
    this.#expire(now);
  }

  /** The server opens or closes its log. */
  setLogging(isLogging: boolean, now: number): void {
    if (isLogging === this.#isLogging) return;
    this.advance(now);
    if (!isLogging) this.#generate(now);
    this.#isLogging = isLogging;
    if (!isLogging) return;
    this.#openedAt = now;
    this.#generatedTo = Math.max(this.#generatedTo, now);
    this.#spokenAt = now;
    // An hour that ended while the log was closed: nobody renamed its file.
    if (this.#renameAt <= now) this.#rename(now);
    else if (this.#reopenAt === Infinity) this.#openLive(now);
  }

  /** The server is restarted: it opens its log again, with another banner. */
  restart(now: number): void {
    this.advance(now);
    if (this.#isLogging && this.#reopenAt === Infinity) this.#openLive(now);
  }

  /**
   * Fills the log as if it had been on for some time of the past, for a back-dated capture; at most MAX_CATCH_UP_MS.
   * @returns false if it has been on before: what was written can't be changed
   */
  recall(from: number, to: number, settings: SlowSettings): boolean {
    if (this.#openedAt > 0) return false;
    this.changeSettings({ ...settings, since: from }, from);
    this.setLogging(true, from);
    this.setLogging(false, to);
    return true;
  }

  /** Writes records or raw bytes to the log, as if the server had. @returns false if it holds as much as it may */
  append(content: Buffer | readonly LogRecord[], now: number): boolean {
    this.advance(now);
    const bytes = Buffer.isBuffer(content) ? content : Buffer.from(this.#format(content));
    const { held } = this.taken;
    if (this.#live !== undefined && this.#live.held + bytes.length > MAX_HELD_BYTES) return false;
    this.#open?.append(bytes, now);
    this.#spokenAt = now;
    if (held + bytes.length > MAX_HELD_BYTES) this.#expire(now);
    return true;
  }

  /** The hour changes now, whatever the clock says. @returns the file that was renamed, or undefined if there is none */
  rotate(now: number): LogSource | undefined {
    this.advance(now);
    if (this.#live === undefined) return undefined;
    this.#rename(now);
    return this.#rotated.at(-1);
  }

  /** Loses a file; the server opens a lost live file anew at once. @returns whether there was one */
  lose(name: string, now: number): boolean {
    this.advance(now);
    const file = this.files().find((candidate) => candidate.name === name);
    if (file === undefined) return false;
    if (file === this.#live) {
      this.#live = undefined;
      this.#renameAt = Infinity;
      if (this.#isLogging) this.#openLive(now);
    } else this.#rotated = this.#rotated.filter((candidate) => candidate !== file);
    return true;
  }

  /** Cuts the live file's end off. @returns whether there is one that is so long */
  truncate(size: number, now: number): boolean {
    this.advance(now);
    if (this.#live === undefined || this.#live.size < size) return false;
    this.#live.truncate(size, now);
    return true;
  }

  /** Another workload, from where the log has come to. @returns from when on */
  changeWorkload(workload: Workload, now: number): number {
    this.advance(now);
    this.#workload = workload;
    this.#source = this.#makeSource();
    return Math.max(this.#generatedTo, Math.floor(now / 1_000) * 1_000);
  }

  /** Other settings of the slow log, which hold from this moment on. */
  changeSettings(settings: SlowSettings, now: number): void {
    if (JSON.stringify(settings) === JSON.stringify(this.#settings)) return;
    this.advance(now);
    if (this.#isLogging) this.#generate(now);
    this.#settings = settings;
    this.#source = this.#makeSource();
  }

  #makeSource(): TextSource {
    if (this.#log === "general") return generalSource(this.#workload);
    return slowSource(this.#workload, this.#settings);
  }

  #generate(to: number): void {
    const from = this.#generatedTo;
    if (to <= from) return;
    this.#generatedTo = to;
    if (this.#open === undefined) return;
    if (this.#workload.rate <= 0) {
      if (this.#log === "general") this.#beat(this.#open, from, to);
      return;
    }
    this.#written = this.#open.generate(this.#source, from, to, this.#written);
    this.#spokenAt = to;
  }

  /** Writes what Amazon's sessions have written while nobody else did. */
  #beat(file: LogFile, from: number, to: number): void {
    for (;;) {
      const at = Math.max(this.#spokenAt, from - HEARTBEAT_MS) + HEARTBEAT_MS;
      if (at > to) return;
      this.#spokenAt = at;
      const statement = heartbeat(at);
      const record = { timeMicros: at * 1000, threadId: HEARTBEAT_THREAD, command: "Query", statement };
      file.append(Buffer.from(this.#format([record])), at);
    }
  }

  #rename(now: number): void {
    const file = this.#live;
    if (file === undefined) return;
    file.name = this.#renamed(file.hour);
    // The older form has a name for each hour of the day alone: yesterday's file is overwritten.
    this.#rotated = [...this.#rotated.filter(({ name }) => name !== file.name), file];
    this.#live = undefined;
    this.#renameAt = Infinity;
    if (this.rotationGapMs > 0) this.#reopenAt = now + this.rotationGapMs;
    else if (this.#isLogging) this.#openLive(now);
  }

  /** Opens the live file, a new one or the one of this hour, and writes the banner. */
  #openLive(now: number): void {
    this.#reopenAt = Infinity;
    if (this.#live === undefined) {
      const thisHour = Math.floor(now / HOUR_MS);
      // A file's name says when it was renamed; one that was renamed early has taken that of the hour's own end.
      const hour = Math.max(thisHour, this.#rotated.at(-1)?.hour ?? 0) + 1;
      this.#live = new LogFile(LIVE_FILES[this.#log], hour, now);
      this.#renameAt = (thisHour + 1) * HOUR_MS;
    }
    this.#open = this.#live;
    // The server states the database again in a file that it has opened, but not the time.
    this.#written = { ...this.#written, database: undefined };
    const { form, engineVersion } = this.#owner();
    this.#live.append(Buffer.from(logBanner(form, engineVersion)), now);
  }

  #renamed(hour: number): string {
    const date = new Date(hour * HOUR_MS);
    const day = this.suffixStyle === "date" ? `${date.toISOString().slice(0, 10)}.` : "";
    return `${LIVE_FILES[this.#log]}.${day}${date.getUTCHours()}`;
  }

  #format(records: readonly LogRecord[]): string {
    const text = formatRecords(this.#owner().form, records, this.#written.second);
    const last = records.at(-1);
    if (last !== undefined) this.#written = { ...this.#written, second: Math.floor(last.timeMicros / 1e6) };
    return text;
  }

  /** What is too old is lost, then the oldest until the rest has room. */
  #expire(now: number): void {
    const { retention, others } = this.#owner();
    this.#rotated = this.#rotated.filter(({ lastWritten }) => lastWritten > now - retention.maxAgeMs);
    let [size, held] = [others.size + (this.#live?.size ?? 0), others.held + (this.#live?.held ?? 0)];
    const kept: LogFile[] = [];
    for (const file of this.#rotated.toReversed()) {
      size += file.size;
      held += file.held;
      if (size > retention.maxBytes || held > MAX_HELD_BYTES) break;
      kept.unshift(file);
    }
    this.#rotated = kept;
  }
}
