import { digestOf } from "../../sql-text/normalize/normalize.ts";
import { Figures } from "../../workload/timing/figures.ts";
import { Histogram } from "../../workload/timing/histogram.ts";
import type { LeftOutReason, LostState, Outcome, ReplayEnd, ReplayListener } from "./outcome.ts";
import type { ReplayResult } from "./result.ts";
import { Steps } from "./steps.ts";

/** How many different statements have figures of their own: as many as a capture's digest has. */
const MAX_STATEMENTS = 2000;
/** How many kinds of errors, and examples of each, are kept. */
const MAX_KINDS = 100;
const MAX_EXAMPLES = 3;
/** How much of a statement or a message an example shows, in characters. */
const MAX_TEXT = 1000;
/** The kind of those errors that are of too many kinds. */
const OTHER_KINDS = "other";

type Errors = ReplayResult["errors"][number];

/** What of a result is known before a replay begins, and what else is to be said of it. */
export type ReplayPlan = Pick<
  ReplayResult,
  "source" | "target" | "speed" | "writes" | "options" | "endedBy" | "notes"
>;

interface Counted {
  text: string;
  errors: number;
  readonly replayed: Figures;
  readonly recorded: Figures;
}

/**
 * Counts what a replay tells. Its memory is bounded: 2,000 different statements, 100 kinds of errors, 240 steps of time. Errors are
 * not in the percentiles, since a statement that is refused takes another time than one that runs.
 */
export class ReplayTally implements ReplayListener {
  statements = 0;
  failed = 0;
  /** How many connections are open. */
  connections = 0;
  /** How late the newest statement was, in microseconds. */
  lateMicros = 0;
  /** When the newest statement stands in the recording, in microseconds since 1970; null before the first. */
  recordedAt: number | null = null;
  #partialStatements = 0;
  readonly #executions = { prepared: 0, asText: 0 };
  readonly #stateLost = { byServer: 0, byLimit: 0, transactions: 0 };
  #maxConnections = 0;
  #notInDigest = 0;
  #maxLate = 0;
  readonly #isPaced: boolean;
  readonly #late = new Histogram();
  readonly #digest = new Map<string, Counted>();
  readonly #errors = new Map<string, Errors>();
  readonly #leftOut: Partial<Record<LeftOutReason, number>> = {};
  readonly #steps = new Steps();
  readonly #now: () => number;
  readonly #startedAt: number;

  /**
   * @param isPaced whether lateness says something: not at speed max
   * @param now the time in milliseconds
   */
  constructor(isPaced: boolean, now: () => number = () => performance.now()) {
    this.#isPaced = isPaced;
    this.#now = now;
    this.#startedAt = now();
  }

  onOutcome(outcome: Outcome): void {
    const { error, lateMicros, recordedAt } = outcome;
    this.statements++;
    if (outcome.isPartial) this.#partialStatements++;
    this.lateMicros = lateMicros;
    this.recordedAt = recordedAt;
    if (outcome.via === "prepared") this.#executions.prepared++;
    if (outcome.via === "text for prepared") this.#executions.asText++;
    if (this.#isPaced) {
      this.#late.add(Math.max(0, Math.round(lateMicros)));
      this.#maxLate = Math.max(this.#maxLate, lateMicros);
    }
    this.#steps.add(Math.max(0, this.#now() - this.#startedAt), lateMicros, error !== null);
    const counted = this.#countedOf(outcome);
    if (error !== null) {
      this.failed++;
      this.#noteError(outcome, error);
      if (counted !== null) counted.errors++;
      else this.#notInDigest++;
    } else if (counted === null) this.#notInDigest++;
    else {
      counted.replayed.add(timing(outcome.micros));
      if (outcome.recordedMicros === null) counted.recorded.count();
      else counted.recorded.add(timing(outcome.recordedMicros));
    }
  }

  onLeftOut(reason: LeftOutReason): void {
    this.#leftOut[reason] = (this.#leftOut[reason] ?? 0) + 1;
  }

  onConnections(open: number): void {
    this.connections = open;
    this.#maxConnections = Math.max(this.#maxConnections, open);
  }

  onStateLost({ by, hadTransaction }: LostState): void {
    if (by === "server") this.#stateLost.byServer++;
    else this.#stateLost.byLimit++;
    if (hadTransaction) this.#stateLost.transactions++;
  }

  /** All that was counted, of a replay that has ended. */
  result(plan: ReplayPlan, end: ReplayEnd): ReplayResult {
    const [p50 = 0, p95 = 0, p99 = 0] = this.#late.percentiles([0.5, 0.95, 0.99]);
    // A histogram's buckets have bounds: what it reads may be a little above the most that there was.
    const late = (micros: number) => Math.round(Math.min(micros, this.#maxLate));
    const { all, width } = this.#steps;
    return {
      ...plan,
      startedAt: end.startedAt / 1000,
      endedAt: end.endedAt / 1000,
      sessions: end.sessions,
      partialSessions: end.partialSessions,
      spilledBytes: end.spilledBytes,
      statements: this.statements,
      failed: this.failed,
      partialStatements: this.#partialStatements,
      maxConnections: this.#maxConnections,
      executions: { ...this.#executions },
      stateLost: { ...this.#stateLost },
      recorded:
        end.recordedFrom === null || end.recordedTo === null
          ? null
          : { from: end.recordedFrom / 1000, to: end.recordedTo / 1000 },
      leftOut: { ...this.#leftOut },
      errors: [...this.#errors.values()].toSorted((one, other) => other.count - one.count),
      lateness: this.#isPaced
        ? { p50Micros: late(p50), p95Micros: late(p95), p99Micros: late(p99), maxMicros: this.#maxLate }
        : null,
      digest: this.#digestByTime(),
      notInDigest: this.#notInDigest,
      steps: {
        seconds: width / 1000,
        statements: all.map(({ statements }) => statements),
        errors: all.map(({ errors }) => errors),
        maxLateMicros: all.map(({ maxLateMicros }) => maxLateMicros),
      },
    };
  }

  #digestByTime(): ReplayResult["digest"] {
    return [...this.#digest]
      .toSorted(([, one], [, other]) => other.replayed.totalMicros - one.replayed.totalMicros)
      .map(([fingerprint, { text, errors, replayed, recorded }]) => ({
        fingerprint,
        text,
        errors,
        replayed: replayed.toJSON(),
        recorded: recorded.toJSON(),
      }));
  }

  /** The figures of a statement's kind; null where there are too many kinds. */
  #countedOf({ fingerprint, statement }: Outcome): Counted | null {
    const known = fingerprint === null ? undefined : this.#digest.get(fingerprint);
    if (known !== undefined) return known;
    const digest = digestOf(statement);
    // A capture of long ago has no fingerprints.
    const key = fingerprint ?? digest.fingerprint;
    const counted = this.#digest.get(key);
    if (counted !== undefined) return counted;
    if (this.#digest.size >= MAX_STATEMENTS) return null;
    const added = { text: digest.text, errors: 0, replayed: new Figures(), recorded: new Figures() };
    this.#digest.set(key, added);
    return added;
  }

  #noteError(
    { statement, session, recordedAt }: Outcome,
    { code, message }: { code: string; message: string },
  ) {
    const isKnown = this.#errors.has(code) || this.#errors.size < MAX_KINDS;
    const kind = isKnown ? code : OTHER_KINDS;
    const errors = this.#errors.get(kind) ?? { code: kind, count: 0, examples: [] };
    this.#errors.set(kind, errors);
    errors.count++;
    if (errors.examples.length >= MAX_EXAMPLES) return;
    errors.examples.push({
      message: shortened(message),
      statement: shortened(statement),
      session,
      recordedAt: recordedAt / 1000,
    });
  }
}

const timing = (durationMicros: number) => ({
  durationMicros: Math.max(0, Math.round(durationMicros)),
  lockMicros: 0,
  rowsSent: 0,
  rowsExamined: 0,
});

const shortened = (text: string): string =>
  text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT).toWellFormed()}…` : text;
