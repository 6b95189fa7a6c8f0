import type { ConnectionOptions } from "mysql2";
import type { MissingRecords } from "../../client/index.ts";
import type { ServerError } from "./driver.ts";
import type { LeftOutReason, LostState, Outcome, ReplayEnd } from "./outcome.ts";
import type { ReplayOptions } from "./source.ts";
import type { Wanted } from "./wanted-records.ts";

/*
 * What the main thread and those that replay tell each other. Outcomes go as numbers and few long texts: to copy an object for each
 * would take as long as the statement.
 */

/** What a thread is started with. */
export interface ThreadData {
  options: Omit<ReplayOptions, "isWanted">;
  wanted: Wanted;
  connection: ConnectionOptions;
  db: string | null;
  /** Whether several texts of a session may be sent at once; never with a pace. */
  mayPipeline: boolean;
}

/** To a thread: lines of NDJSON (null: there are no more), or that it is over. */
export type ToThread = { kind: "lines"; bytes: Uint8Array | null } | { kind: "abort" };

/** From a thread. */
export type FromThread =
  /** It has room for as many bytes of lines as it has taken. */
  | { kind: "taken" }
  | ({ kind: "outcomes"; leftOut: Partial<Record<LeftOutReason, number>> } & PackedOutcomes)
  | { kind: "connections"; open: number }
  | { kind: "lost"; state: LostState }
  | { kind: "missing"; missing: MissingRecords }
  | { kind: "end"; end: ReplayEnd }
  | { kind: "failed"; message: string; lost: Lost | null };

/** What ended a replay early: the target's error, or none where it is the recording's; and how it went up to there. */
export interface Lost {
  error: ServerError | null;
  end: ReplayEnd;
}

/** Outcomes, packed. */
export interface PackedOutcomes {
  /** NUMBERS of each. */
  numbers: Float64Array;
  /** The fingerprints with a line break between them, and the sessions' keys. */
  fingerprints: string;
  sessions: string;
  /** Of those that are the first of their fingerprint, or failed: which, the statement, the error. */
  texts: [index: number, statement: string, error: ServerError | null][];
}

const NUMBERS = 6;
const VIA: Outcome["via"][] = ["text", "prepared", "text for prepared"];
/** Of how many fingerprints it is remembered that their statement was told. */
const MAX_TOLD = 5000;

/** Packs outcomes. */
export class OutcomePacker {
  #outcomes: Outcome[] = [];
  readonly #told = new Set<string>();

  get size(): number {
    return this.#outcomes.length;
  }

  add(outcome: Outcome): void {
    this.#outcomes.push(outcome);
  }

  /** What was added since this was called last. */
  take(): PackedOutcomes {
    const outcomes = this.#outcomes;
    this.#outcomes = [];
    const numbers = new Float64Array(outcomes.length * NUMBERS);
    const texts: PackedOutcomes["texts"] = [];
    const fingerprints: string[] = [];
    const sessions: string[] = [];
    for (const [index, outcome] of outcomes.entries()) {
      const { fingerprint, error } = outcome;
      numbers.set(
        [
          outcome.isPartial ? 1 : 0,
          VIA.indexOf(outcome.via),
          outcome.recordedAt,
          outcome.recordedMicros ?? -1,
          outcome.lateMicros,
          outcome.micros,
        ],
        index * NUMBERS,
      );
      fingerprints.push(fingerprint ?? "");
      sessions.push(outcome.session);
      if (error !== null || fingerprint === null || this.#isNew(fingerprint))
        texts.push([index, outcome.statement, error]);
    }
    return { numbers, fingerprints: fingerprints.join("\n"), sessions: sessions.join("\n"), texts };
  }

  #isNew(fingerprint: string): boolean {
    if (this.#told.has(fingerprint)) return false;
    if (this.#told.size < MAX_TOLD) this.#told.add(fingerprint);
    return true;
  }
}

/** Unpacks outcomes. The statement is empty where it is neither the first of its fingerprint in its thread nor failed. */
export function* unpacked({ numbers, fingerprints, sessions, texts }: PackedOutcomes): Generator<Outcome> {
  const count = numbers.length / NUMBERS;
  if (count === 0) return;
  const [prints, keys] = [fingerprints.split("\n"), sessions.split("\n")];
  let next = 0;
  for (let index = 0; index < count; index++) {
    const at = index * NUMBERS;
    const recordedMicros = numbers[at + 3] as number;
    const text = texts[next]?.[0] === index ? texts[next++] : undefined;
    yield {
      session: keys[index] as string,
      isPartial: numbers[at] === 1,
      via: VIA[numbers[at + 1] as number] as Outcome["via"],
      fingerprint: prints[index] || null,
      statement: text?.[1] ?? "",
      recordedAt: numbers[at + 2] as number,
      recordedMicros: recordedMicros < 0 ? null : recordedMicros,
      lateMicros: numbers[at + 4] as number,
      micros: numbers[at + 5] as number,
      error: text?.[2] ?? null,
    };
  }
}
