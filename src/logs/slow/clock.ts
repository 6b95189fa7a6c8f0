import * as z from "zod";
import { lazy } from "../../lib/lazy.ts";
import { RecentMap } from "./recent-map.ts";
import type { SlowRecord } from "./record.ts";

/*
 * When MariaDB's statements ended, and how long they ran without those that are logged beside them. Its log has only the second in which
 * a statement began, by the session's own clock, which `SET timestamp` changes; and inside routines and events (and where an EXECUTE
 * IMMEDIATE is logged beside what it executed) Query_time counts from the beginning of the outermost statement, while `SET timestamp` is
 * the inner one's. All of this was seen on 10.11.19. Entries are in the order in which statements ended.
 */

const SECOND = 1_000_000;
/** A time may be this much earlier than the one before, as the beginnings are whole seconds. */
const TOLERANCE = 2 * SECOND;
/** A time that is so much later than the one before is doubted: it may be that of a session which has set its own. */
const DAY = 86_400 * SECOND;
/** How many sessions are kept at least, which are in a routine or have a clock of their own. */
const GENERATION = 2048;
/** How many are kept at least whose last statement might be followed by an EXECUTE IMMEDIATE, which is written right after it. */
const LAST_GENERATION = 128;
/** The deepest nesting of routines that is told apart: max_sp_recursion_depth is 255, and 0 unless it is set. */
const MAX_FRAMES = 32;

const frameSchema = lazy(() =>
  z.object({
    routine: z.string(),
    micros: z.number(),
    rowsSent: z.number(),
    rowsExamined: z.number(),
    rowsAffected: z.number(),
    bytesSent: z.number(),
  }),
);

/** What the statements in a row came to that ran in one routine. */
type Frame = z.output<ReturnType<typeof frameSchema>>;

const lastSchema = lazy(() =>
  z.object({
    /** Query_time as it was logged. */
    micros: z.number(),
    /** `SET timestamp`. */
    second: z.number(),
    endMicros: z.number(),
    /** The routines that the session is in, outermost first; empty outside of one. */
    frames: z.array(frameSchema()),
  }),
);

/** The last entry of a session. */
type Last = z.output<ReturnType<typeof lastSchema>>;

/** What the clock knows, as it is stored. */
export const clockSchema = lazy(() =>
  z.object({
    /** The time that the log has come to, in microseconds since the epoch. */
    now: z.number().nullable(),
    /** The last entry, if it was earlier than that, or more than a day later. The next may show that it is right. */
    earlier: z.object({ threadId: z.number(), micros: z.number() }).nullable(),
    inRoutines: z.array(z.tuple([z.number(), lastSchema()])),
    last: z.array(z.tuple([z.number(), lastSchema()])),
    /** The sessions that have set their timestamp. */
    ownClocks: z.array(z.tuple([z.number(), z.literal(true)])),
  }),
);

/** What the clock knows, as it is stored. */
export type ClockState = z.output<ReturnType<typeof clockSchema>>;

// What an entry may be logged beside.
const PLAIN = 0;
/** A CALL: beside the statements of the procedure. */
const CALLS = 1;
/** An EXECUTE IMMEDIATE: beside the statement that it executed. */
const EXECUTES = 2;
type Kind = typeof PLAIN | typeof CALLS | typeof EXECUTES;
/** The small initials of most statements, which are neither: SELECT, SET, INSERT, UPDATE, DELETE. */
const MAY_NOT_WRAP = new Set([115, 105, 117, 100]);

const CALL = /call\b/iy;
const EXECUTE_IMMEDIATE = /execute\s+immediate\b/iy;
/** `SET timestamp=1`, `SET @@session.timestamp := DEFAULT`; not `SET @timestamp=1`, a user's variable. */
const SETS_CLOCK = /(?:@@|[\s,.`])timestamp`?\s*:?=\s*(default\b|0(?:\.0*)?(?=$|[\s,;]))?/i;
/** The longest SET that is searched for it. */
const MAX_SET = 4096;

/** The clock of a log of MariaDB's. */
export class Clock {
  #now: number | null;
  #doubted: ClockState["earlier"];
  readonly #inRoutines: RecentMap<Last>;
  readonly #last: RecentMap<Last>;
  readonly #ownClocks: RecentMap<true>;

  constructor(state?: ClockState) {
    this.#now = state?.now ?? null;
    this.#doubted = state?.earlier ?? null;
    this.#inRoutines = new RecentMap(GENERATION, state?.inRoutines);
    this.#last = new RecentMap(LAST_GENERATION, state?.last);
    this.#ownClocks = new RecentMap(GENERATION, state?.ownClocks);
  }

  /** The time that the log has come to, in microseconds since the epoch; null before the first entry. */
  get nowMicros(): number | null {
    return this.#now;
  }

  /** What is known, to go on from. */
  toJSON(): ClockState {
    return {
      now: this.#now,
      earlier: this.#doubted,
      inRoutines: this.#inRoutines.toJSON(),
      last: this.#last.toJSON(),
      ownClocks: this.#ownClocks.toJSON(),
    };
  }

  /**
   * Makes an entry's time that of its end, and its figures its own. Has to see every entry, in order.
   * @param record with the figures as they were logged
   * @param second `SET timestamp`
   */
  complete(record: SlowRecord, second: number): void {
    const { threadId, statement, durationMicros, routine } = record;
    const last = this.#lastOf(threadId);
    const initial = statement.charCodeAt(0) | 32;
    const kind = MAY_NOT_WRAP.has(initial) ? PLAIN : kindOf(statement);
    const inner = last !== undefined && continues(last, record, second, kind) ? last : null;
    const inFrames = routine === undefined ? null : framesWith(inner?.frames ?? [], routine, record, kind);
    if (inner !== null) takeInner(record, inner, kind);
    if (inFrames !== null) addMicros(inFrames, record);
    const end = this.#endOf(record, second, inner, kind);
    const isLater = last !== undefined && second > last.second;
    record.timeMicros = this.#believe(record, initial === 115, end, isLater);
    const seen = { micros: durationMicros, second, endMicros: end, frames: inFrames ?? [] };
    if (inFrames !== null) {
      this.#inRoutines.set(threadId, seen);
      return;
    }
    if (last !== undefined && last.frames.length > 0) this.#inRoutines.delete(threadId);
    this.#last.set(threadId, seen);
  }

  /** When an entry ended, if its session's clock is the server's. */
  #endOf({ durationMicros }: SlowRecord, second: number, inner: Last | null, kind: Kind): number {
    const begin = second * SECOND;
    // A CALL's second is that in which the last statement that it ran began.
    if (kind === CALLS) {
      if (inner !== null) return Math.max(begin, inner.endMicros + durationMicros);
      return Math.max(begin, Math.min(begin + durationMicros, this.#now ?? begin));
    }
    return Math.max(begin, inner?.endMicros ?? begin) + durationMicros;
  }

  #lastOf(threadId: number): Last | undefined {
    const inRoutine = this.#inRoutines.isEmpty ? undefined : this.#inRoutines.get(threadId);
    return inRoutine ?? this.#last.get(threadId);
  }

  /**
   * The time of an entry that seems to have ended at `end`: that, or the time that the log has come to where it can't have.
   * @param isLater whether its session's clock has gone on since the session's last entry
   */
  #believe(record: SlowRecord, maySet: boolean, end: number, isLater: boolean): number {
    const { threadId, statement } = record;
    const set =
      maySet && statement.length < MAX_SET && /^set\s/i.test(statement) ? SETS_CLOCK.exec(statement) : null;
    const hasOwnClock = set !== null || (!this.#ownClocks.isEmpty && this.#ownClocks.get(threadId) === true);
    if (set !== null && !/^set\s+statement\s/i.test(statement)) {
      if (set[1] === undefined) this.#ownClocks.set(threadId, true);
      else this.#ownClocks.delete(threadId);
    }
    const now = this.#now;
    if (now === null) {
      if (!hasOwnClock) this.#now = end;
      return end;
    }
    if (hasOwnClock) return Math.abs(end - now) <= TOLERANCE ? end : now;
    if (end > now + DAY && record.isAfterOpening !== true && !this.#isConfirmed(threadId, end, isLater)) {
      // It can be right, as nothing may have been slow for days. If it is not, the others keep their time.
      this.#doubted = { threadId, micros: end };
      return end;
    }
    if (end >= now - TOLERANCE) {
      this.#doubted = null;
      if (end > now) this.#now = end;
      return end;
    }
    // Two sessions do not have the same wrong time: the server's clock was put back.
    const doubted = this.#doubted;
    if (doubted !== null && doubted.threadId !== threadId && Math.abs(end - doubted.micros) <= TOLERANCE) {
      this.#doubted = null;
      this.#now = end;
      return end;
    }
    this.#doubted = { threadId, micros: end };
    return now;
  }

  /** Whether the entry before was as far ahead: another session's, or this one's, whose clock goes on. One that was set stands. */
  #isConfirmed(threadId: number, end: number, isLater: boolean): boolean {
    const doubted = this.#doubted;
    if (doubted === null || Math.abs(end - doubted.micros) > DAY) return false;
    return isLater || doubted.threadId !== threadId;
  }
}

/** Whether an entry's figures count from where those of the one before in its session do. */
function continues(last: Last, { durationMicros, routine }: SlowRecord, second: number, kind: Kind): boolean {
  if (durationMicros < last.micros) return false;
  // Both have the same second: that of the inner one.
  if (kind === EXECUTES) return second === last.second;
  if (last.frames.length === 0 || (routine === undefined && kind !== CALLS)) return false;
  // It began after the one before ended, and ended when its Query_time says.
  const latest = last.endMicros + (durationMicros - last.micros) + TOLERANCE;
  return second >= last.second && second * SECOND <= latest;
}

/** Takes out of an entry's figures what is in those of the entries inside it, or before it in the same routine. */
function takeInner(record: SlowRecord, inner: Last, kind: Kind): void {
  record.durationMicros -= inner.micros;
  // It is logged as the time from the same beginning to the last lock: before this entry's, where it had none.
  record.lockMicros = Math.max(0, record.lockMicros - inner.micros);
  if (kind === EXECUTES) {
    record.repeats = true;
    record.innerMicros = inner.micros;
  } else if (kind === CALLS) {
    takeCalled(record, inner.frames);
  }
}

/** Takes the statements of the routine that was called out of the CALL's rows. */
function takeCalled(record: SlowRecord, frames: readonly Frame[]): void {
  let micros = 0;
  for (const frame of frames.slice(frames.findLastIndex(({ routine }) => routine === record.routine) + 1)) {
    micros += frame.micros;
    record.rowsSent = Math.max(0, record.rowsSent - frame.rowsSent);
    record.rowsExamined = Math.max(0, record.rowsExamined - frame.rowsExamined);
    if (record.rowsAffected !== undefined) {
      record.rowsAffected = Math.max(0, record.rowsAffected - frame.rowsAffected);
    }
    if (record.bytesSent !== undefined) record.bytesSent = Math.max(0, record.bytesSent - frame.bytesSent);
  }
  if (micros > 0) record.innerMicros = micros;
}

/**
 * The routines that a session is in after an entry in one of them. The rows of a CALL are those of all that it ran.
 * @param record with the figures as they were logged
 */
function framesWith(before: readonly Frame[], routine: string, record: SlowRecord, kind: Kind): Frame[] {
  const own = before.findLastIndex((frame) => frame.routine === routine);
  const { rowsSent, rowsExamined, rowsAffected = 0, bytesSent = 0 } = record;
  const isRepeat = kind === EXECUTES;
  // A copy: a part of a string keeps the whole string in memory.
  const frame: Frame = before[own] ?? { ...NOTHING, routine: JSON.parse(JSON.stringify(routine)) };
  const outer = own < 0 ? before.slice(-MAX_FRAMES) : before.slice(0, own);
  if (isRepeat) return [...outer, { ...frame }];
  const now = {
    routine: frame.routine,
    micros: frame.micros,
    rowsSent: frame.rowsSent + rowsSent,
    rowsExamined: frame.rowsExamined + rowsExamined,
    rowsAffected: frame.rowsAffected + rowsAffected,
    bytesSent: frame.bytesSent + bytesSent,
  };
  return [...outer, now];
}

/** Adds an entry's own time, and that of what it called, to the routine that it ran in: the last one. */
function addMicros(frames: Frame[], { durationMicros, innerMicros = 0, repeats }: SlowRecord): void {
  const frame = frames.at(-1);
  if (frame !== undefined) frame.micros += durationMicros + (repeats ? 0 : innerMicros);
}

const NOTHING = { micros: 0, rowsSent: 0, rowsExamined: 0, rowsAffected: 0, bytesSent: 0 };

function kindOf(statement: string): Kind {
  const at = afterComments(statement);
  CALL.lastIndex = at;
  if (CALL.test(statement)) return CALLS;
  EXECUTE_IMMEDIATE.lastIndex = at;
  return EXECUTE_IMMEDIATE.test(statement) ? EXECUTES : PLAIN;
}

/** Where the statement begins behind white space and comments. */
function afterComments(text: string): number {
  let at = 0;
  for (;;) {
    while (text.charCodeAt(at) <= 32) at++;
    let end = -1;
    if (text.startsWith("/*", at) && text[at + 2] !== "!" && text[at + 2] !== "M")
      end = text.indexOf("*/", at) + 1;
    else if (text.startsWith("-- ", at) || text.startsWith("#", at)) end = text.indexOf("\n", at);
    if (end <= 0) return at;
    at = end + 1;
  }
}
