import * as z from "zod";
import { lazy } from "../../lib/lazy.ts";
import type { Loss } from "../../logs/files.ts";
import type { LogKind, ParsedAs } from "../../logs/kind.ts";
import type { LeftOut, TimedRecord } from "../../logs/record.ts";
import type { Gap, Manifest } from "../stored/manifest.ts";
import type { CaptureWindow } from "./window.ts";

/*
 * What of a log is missing, and how it is noted in the manifest: a gap begins where the log has come to, and ends with the next
 * record.
 */

/** An open gap as it is stored. */
export const openGapSchema = lazy(() =>
  z.object({
    from: z.number(),
    cause: z.string(),
    /** Whether what follows may have been read before it, and has to be later to be new. */
    mayRepeat: z.literal(true).optional(),
    /** How many records were left out because nobody knows their time. */
    undatedRecords: z.number().optional(),
    /** How many statements the server left out, as it says itself. */
    suppressedStatements: z.number().optional(),
  }),
);

/** A gap whose end is not known yet. */
export type OpenGap = z.output<ReturnType<typeof openGapSchema>>;

/** How many gaps a manifest describes. The others are counted. */
const MAX_GAPS = 1000;

/** The gap of a back-dated capture until its first record. */
export const NO_LOG_OF_THAT_TIME = "The instance has no log of that time any more, or wrote none";
const UNKNOWN_FORM = "A part of the log is not of a form that can be read, or its beginning was not read";
const UNDATED = "The time of records is that of the one before them, which was not read";
const SUPPRESSED =
  "The server left statements out of its slow log: log_throttle_queries_not_using_indexes is not 0";
const CUT = "RDS cut a statement of more than 1 MB";

/** Where a log has come to, and what it lacks. */
export class GapTracker {
  /** The latest time that the log was seen to have come to. */
  reachedMicros: number | null;
  /** A gap that has begun, until the first record after it says where it ends. */
  openGap: OpenGap | null;
  readonly #manifest: Manifest;
  readonly #window: CaptureWindow;
  readonly #kind: LogKind<ParsedAs>;
  readonly #latestMicros: number;

  /**
   * @param manifest gets the gaps
   * @param latestMicros the latest time that a record can show the log to have come to: one that is later has a clock of its own
   */
  constructor(
    { reachedMicros, openGap }: { reachedMicros: number | null; openGap: OpenGap | null },
    manifest: Manifest,
    window: CaptureWindow,
    kind: LogKind<ParsedAs>,
    latestMicros: number,
  ) {
    this.reachedMicros = reachedMicros;
    this.openGap = openGap;
    this.#manifest = manifest;
    this.#window = window;
    this.#kind = kind;
    this.#latestMicros = latestMicros;
  }

  /** Begins a gap: what comes next does not follow from what came before. */
  begin({ cause, mayRepeat }: Loss): void {
    this.openGap ??= { from: this.#knownUntil(), cause };
    if (mayRepeat) this.openGap = { ...this.openGap, mayRepeat };
  }

  /** Counts what belongs to no record, and begins a gap there. */
  leaveOut({ strayBytes, undatedRecords, suppressedStatements = 0 }: LeftOut): void {
    this.#manifest.strayBytes = (this.#manifest.strayBytes ?? 0) + strayBytes;
    const others = suppressedStatements > 0 && undatedRecords === 0 ? SUPPRESSED : UNDATED;
    const gap = this.openGap ?? { from: this.#knownUntil(), cause: strayBytes > 0 ? UNKNOWN_FORM : others };
    this.openGap = { ...gap, undatedRecords: (gap.undatedRecords ?? 0) + undatedRecords };
    if (suppressedStatements === 0) return;
    this.openGap.suppressedStatements = (gap.suppressedStatements ?? 0) + suppressedStatements;
  }

  /** Notes that a statement has lost its end. */
  noteCut(): void {
    this.#note(this.#knownUntil(), this.#knownUntil(), CUT);
  }

  /**
   * Sees the next record: it ends a gap, or shows one by how late it comes. Has to see every record, in order.
   * @returns whether it is new; not where the log may be read again and this was read before
   */
  see(record: TimedRecord): boolean {
    const { timeMicros } = record;
    if (this.openGap !== null) {
      if (this.#wasReadBefore(timeMicros, this.openGap)) return false;
      this.#end(timeMicros, this.openGap);
    } else {
      const cause = this.#causeBefore(record);
      if (cause !== null) this.#note(this.#knownUntil(), Math.floor(timeMicros / 1000), cause);
    }
    const isLater = this.reachedMicros === null || timeMicros > this.reachedMicros;
    if (isLater && timeMicros <= this.#latestMicros) this.reachedMicros = timeMicros;
    return true;
  }

  /**
   * Ends the log. What is missing until the end is a gap.
   * @param end of the window, in milliseconds since the epoch
   * @param cause why the rest of the log could not be read; null when it was
   * @returns why the end is missing; null when it is not
   */
  close(end: number, cause: string | null): string | null {
    const open = this.openGap;
    this.openGap = null;
    const from = open?.from ?? this.#knownUntil();
    const isMissing = open !== null || cause !== null || end - from > this.#kind.maxSilenceMs;
    if (from >= end || !isMissing) return null;
    // Where nothing could be read, it is not known whether there was a log at the start.
    const isOpenKnown = open !== null && (cause === null || open.cause !== NO_LOG_OF_THAT_TIME);
    const causes = [isOpenKnown ? causeOf(open) : null, cause].filter((one) => one !== null);
    const missing = causes.length > 0 ? causes.join(". ") : this.#kind.silent;
    this.#note(from, end, missing);
    return missing;
  }

  #wasReadBefore(timeMicros: number, { from, mayRepeat }: OpenGap): boolean {
    return mayRepeat === true && timeMicros <= Math.max(this.reachedMicros ?? 0, from * 1000);
  }

  #end(timeMicros: number, gap: OpenGap): void {
    const { from } = gap;
    const to = Math.floor(timeMicros / 1000);
    // Before the first record, a gap that ends by the start is none of the capture's. After it, every gap counts, however short.
    if (to > from || this.reachedMicros !== null) this.#note(from, Math.max(from, to), causeOf(gap));
    this.openGap = null;
  }

  /** Why something is missing before a record that follows no open gap; null when nothing is. */
  #causeBefore({ timeMicros, isAfterOpening }: TimedRecord): string | null {
    const reached = this.reachedMicros ?? this.#window.start * 1000;
    if (timeMicros - reached > this.#kind.maxSilenceMs * 1000) return this.#kind.silent;
    return isAfterOpening === true ? this.#kind.reopened : null;
  }

  #knownUntil(): number {
    return Math.max(this.#window.start, Math.floor((this.reachedMicros ?? 0) / 1000));
  }

  /** Notes a gap in the manifest, as much of it as is in the window. */
  #note(from: number, to: number, cause: string): void {
    const { start, end } = this.#window;
    if (to < start || (end !== null && from >= end)) return;
    this.#manifest.gapCount++;
    if (this.#manifest.gaps.length >= MAX_GAPS) return;
    const gap: Gap = { from: Math.max(from, start), to: end === null ? to : Math.min(to, end), cause };
    this.#manifest.gaps.push(gap);
  }
}

/** Why there is a gap, with what is known of how much it is. */
function causeOf({ cause, undatedRecords = 0, suppressedStatements = 0 }: OpenGap): string {
  const counts: string[] = [];
  if (undatedRecords > 0) counts.push(`${plural(undatedRecords, "record")} without a time`);
  if (suppressedStatements > 0) counts.push(`${plural(suppressedStatements, "statement")} left out`);
  return counts.length === 0 ? cause : `${cause} (${counts.join(", ")})`;
}

const plural = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? "" : "s"}`;
