import type { FilePosition, Loss } from "../../logs/files.ts";
import type { ParsedAs, Parser } from "../../logs/kind.ts";
import type { TimedRecord } from "../../logs/record.ts";
import type { FragmentStore } from "../stored/fragments.ts";
import type { Manifest } from "../stored/manifest.ts";
import { type CollectedLog, collectedLog, latestReachable, MAX_STATEMENT } from "./collected-log.ts";
import type { FollowerState } from "./follower-state.ts";
import { FragmentWriter } from "./fragment-writer.ts";
import { GapTracker } from "./gaps.ts";
import type { Counts, Records } from "./records.ts";
import type { CaptureWindow } from "./window.ts";

/** One step of a follower: turns text of the log into the records of the window, counted, redacted and written down. */
export class FollowerStep {
  position: FilePosition;
  linesAtOnce: number | undefined;
  readonly #log: CollectedLog;
  readonly #window: CaptureWindow;
  readonly #counts: Counts;
  readonly #records: Records;
  readonly #manifest: Manifest;
  readonly #gaps: GapTracker;
  readonly #writer: FragmentWriter;
  #parser: Parser<ParsedAs>;
  /** The command of the record before, and of how many in a row. */
  #command = "";
  #ofCommand = 0;

  /** @param before the state that it continues from */
  constructor(before: FollowerState, counts: Counts, window: CaptureWindow) {
    const { position, manifest, parser, tail, linesAtOnce } = before;
    const log = collectedLog(manifest.log);
    this.position = position;
    this.linesAtOnce = linesAtOnce;
    this.#log = log;
    this.#window = window;
    this.#counts = counts;
    this.#records = log.records(manifest, before);
    this.#manifest = { ...manifest, commands: { ...manifest.commands }, gaps: [...manifest.gaps] };
    this.#gaps = new GapTracker(before, this.#manifest, window, log.kind, latestReachable(log));
    this.#writer = new FragmentWriter(tail, this.#manifest);
    this.#parser = log.kind.parser({ maxStatement: MAX_STATEMENT, from: parser });
    // Left over in states from before it was taken after each portion: they may have begun in the middle of a record.
    this.#parser.takeLeftOut();
  }

  /** What comes next does not follow from what came before: a gap, until the next record. */
  lose(loss: Loss): void {
    this.#end();
    this.#gaps.begin(loss);
  }

  /** What is taken next is the beginning of a file. */
  beginFile(): void {
    this.#parser.beginFile();
  }

  /**
   * Takes the next portion of the log.
   * @param isCut whether a statement in it has lost its end
   */
  take(data: Uint8Array, isCut: boolean): void {
    const { bytes } = this.#records;
    bytes.begin(data, this.#parser.bytesRead);
    this.#parser.read(data, (record) => this.#see(record));
    bytes.end();
    this.#leaveOut();
    if (isCut) {
      this.#parser.loseEndOfLine();
      this.#gaps.noteCut();
    }
    this.#writer.compress();
  }

  /**
   * Nothing comes after what was read.
   * @param end of the window, in milliseconds since the epoch
   * @param cause why the rest of the log could not be read; null when it was
   * @returns why the end is missing; null when it is not
   */
  close(end: number, cause: string | null): string | null {
    this.#end();
    return this.#gaps.close(end, cause);
  }

  /** Stores the records and gives the state to continue from. */
  async store(fragments: FragmentStore): Promise<FollowerState> {
    this.#countCommands();
    const { amazon } = this.#records;
    if (amazon !== null) this.#manifest.amazon = amazon.toJSON();
    const tail = await this.#writer.store(fragments);
    return {
      position: this.position,
      linesAtOnce: this.linesAtOnce,
      parser: this.#parser.snapshot(),
      ...this.#records.toJSON(),
      manifest: this.#manifest,
      tail,
      reachedMicros: this.#gaps.reachedMicros,
      openGap: this.#gaps.openGap,
    };
  }

  /** The record that is open is complete, and what follows begins anew. */
  #end(): void {
    for (const record of this.#parser.end()) this.#see(record);
    this.#leaveOut();
    this.#parser = this.#log.kind.parser({ maxStatement: MAX_STATEMENT });
  }

  #leaveOut(): void {
    const leftOut = this.#parser.takeLeftOut();
    if (leftOut !== null) this.#gaps.leaveOut(leftOut);
  }

  /** Learns from a record what it says of its session, and writes it down if it is the capture's. */
  #see(record: TimedRecord): void {
    const records = this.#records;
    if (record.leftOut !== undefined) this.#gaps.leaveOut(record.leftOut);
    if (!this.#gaps.see(record)) {
      records.seeAgain(record);
      return;
    }
    if (!records.see(record, this.#window)) return;
    records.redact(record, this.#manifest.redact);
    const ran = records.count(record, this.#counts, this.#writer.contents, this.#parser.dialect);
    records.writeLine(record, this.#writer.lines);
    this.#writer.add(record.timeMicros);
    this.#count(record, ran);
  }

  #count({ timeMicros, command }: TimedRecord, ran: boolean): void {
    const manifest = this.#manifest;
    manifest.records++;
    if (ran) manifest.statements++;
    // Mostly the same as before: to find its count by its name takes much longer.
    if (command !== this.#command) {
      this.#countCommands();
      this.#command = command;
    }
    this.#ofCommand++;
    if (manifest.firstMicros === null || timeMicros < manifest.firstMicros) manifest.firstMicros = timeMicros;
    if (manifest.lastMicros === null || timeMicros > manifest.lastMicros) manifest.lastMicros = timeMicros;
  }

  /** Notes how many records in a row had the same command. */
  #countCommands(): void {
    if (this.#ofCommand === 0) return;
    const { commands } = this.#manifest;
    commands[this.#command] = (commands[this.#command] ?? 0) + this.#ofCommand;
    this.#ofCommand = 0;
  }
}
