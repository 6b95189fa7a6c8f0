import { ConnectionSlots } from "./connection-slots.ts";
import type { Driver, ServerError } from "./driver.ts";
import type { ReplayEnd, ReplayListener } from "./outcome.ts";
import { type Clock, Pace } from "./pace.ts";
import { RecordedSessions } from "./recorded-sessions.ts";
import { Session, type Shared } from "./session.ts";
import { type BrokenSource, type ReplayOptions, type Source, untilBroken } from "./source.ts";
import { inStartOrder } from "./start-order.ts";
import type { RecordedSession, SessionStep } from "./step.ts";
import type { Spill } from "./step-queue.ts";
import { spreadOverSeconds } from "./whole-seconds.ts";

/*
 * Replays a workload. Its records are read in the order in which they began; each goes to the queue of its session, and sessions run
 * beside each other.
 *
 * What is read ahead is bounded. A session may be blocked by a lock whose holder's COMMIT was not read yet, so the reading goes on when
 * nothing moves, and whenever there is a pace to keep: what then waits longest is written to the disk.
 */

/** What is read ahead: so many statements, and so much of them. */
const MAX_STEPS = 4000;
const MAX_BYTES = 12 * 1024 * 1024;
/** With a pace, so much before it is due. */
const READ_AHEAD_MICROS = 1_000_000;
/** For how long nothing has to move until that is taken for a lock. */
const STALL_MS = 1000;
/** How often it is looked whether sessions wait for a connection, and how long they do at most. */
const WATCH_MS = 1000;
const MAX_LOOKS = 2;
/** How long statements that run may take to end after an interruption, and then after they were killed. */
const GRACE_MS = 5000;
const KILL_MS = 2000;

/** Why a wait is over: a reason of its own costs less than the error that is made of none. */
const AWAKE = "awake";

/** The target could not be reached any more: the replay ended early. */
export class TargetLost extends Error {
  override readonly name = "TargetLost";
  /** The replay up to there. */
  readonly end: ReplayEnd;
  /** Why it can't be reached. */
  readonly error: ServerError;

  constructor(error: ServerError, end: ReplayEnd) {
    super(`The target can't be reached any more: ${error.message}`);
    this.error = error;
    this.end = end;
  }
}

/** The recording broke off, or has what is no record: the replay is of what came before. */
export class SourceLost extends Error {
  override readonly name = "SourceLost";
  /** The replay up to there. */
  readonly end: ReplayEnd;

  constructor(message: string, end: ReplayEnd) {
    super(message);
    this.end = end;
  }
}

/** What a replay is given of its surroundings; tests have their own. */
export interface ReplayContext {
  /** Ends it in order: no statement begins any more, and those that run are killed after a grace. */
  signal: AbortSignal;
  clock: Clock;
  /** Where steps wait that are too many for memory. It is closed at the end. */
  spill: Spill;
}

/**
 * Replays a workload.
 * @param listener told of every statement, as it is done
 * @throws TargetLost; SourceLost where the source throws BrokenSource; what else it throws
 */
export async function replay(
  source: Source,
  options: ReplayOptions,
  driver: Driver,
  listener: ReplayListener,
  context: ReplayContext,
): Promise<ReplayEnd> {
  return new Replay(options, driver, listener, context).run(source);
}

class Replay {
  readonly #options: ReplayOptions;
  readonly #listener: ReplayListener;
  readonly #clock: Clock;
  readonly #driver: Driver;
  readonly #pace: Pace;
  readonly #slots: ConnectionSlots<Session>;
  readonly #spill: Spill;
  readonly #held = { steps: 0, bytes: 0 };
  /** Ends everything: the caller's signal, or a failure. */
  readonly #over = new AbortController();
  readonly #sessions = new Map<string, Session>();
  #running = 0;
  #done = 0;
  #wake: AbortController | null = null;
  #failure: ServerError | null = null;
  #crash: { error: unknown } | null = null;
  readonly #shared: Shared;
  readonly #counts = { sessions: 0, partialSessions: 0 };
  readonly #signal: AbortSignal;

  constructor(
    options: ReplayOptions,
    driver: Driver,
    listener: ReplayListener,
    { signal, clock, spill }: ReplayContext,
  ) {
    this.#options = options;
    this.#driver = driver;
    this.#listener = listener;
    this.#clock = clock;
    this.#signal = signal;
    this.#spill = spill;
    this.#pace = new Pace(clock, options.speed);
    this.#slots = new ConnectionSlots(options.maxConnections);
    this.#shared = this.#share();
  }

  async run(source: Source): Promise<ReplayEnd> {
    const onAbort = () => this.#stop();
    this.#signal.addEventListener("abort", onAbort);
    if (this.#signal.aborted) this.#stop();
    const startedAt = this.#clock.now();
    const recorded: Pick<ReplayEnd, "recordedFrom" | "recordedTo"> = { recordedFrom: null, recordedTo: null };
    const finished = new AbortController();
    const watching = this.#watch(finished.signal);
    let isWhole = false;
    let broken: BrokenSource | null = null;
    const untilThere = untilBroken(source, (error) => {
      broken = error;
    });
    try {
      isWhole = await this.#read(untilThere, recorded).catch((error) => {
        // A download that was ended since the replay was.
        if (this.#over.signal.aborted) return false;
        throw error;
      });
      // Who has no statements left would go on holding what others wait for.
      if (isWhole) {
        for (const { recorded: session } of this.#sessions.values())
          this.#give({ session, step: { kind: "close", at: 0 } });
      }
      await this.#settle();
    } catch (error) {
      this.#stop();
      await this.#settle();
      throw error;
    } finally {
      this.#signal.removeEventListener("abort", onAbort);
      finished.abort();
      await watching;
      this.#spill.close();
    }
    if (this.#crash !== null) throw this.#crash.error;
    const end: ReplayEnd = {
      isWhole: isWhole && broken === null && !this.#over.signal.aborted,
      startedAt: Math.round(startedAt),
      endedAt: Math.round(this.#clock.now()),
      ...recorded,
      ...this.#counts,
      spilledBytes: this.#spill.peakBytes,
    };
    if (this.#failure !== null) throw new TargetLost(this.#failure, end);
    // Of a download that was ended since the replay was, nothing is said.
    if (broken !== null && !this.#over.signal.aborted) throw new SourceLost((broken as Error).message, end);
    return end;
  }

  /** Reads everything into the sessions' queues. @returns whether it came to the end */
  async #read(source: Source, recorded: Pick<ReplayEnd, "recordedFrom" | "recordedTo">): Promise<boolean> {
    const reader = new RecordedSessions(this.#options);
    const begun = inStartOrder(source);
    for await (const batch of this.#pace.isPaced ? spreadOverSeconds(begun) : begun) {
      for (const { record, at } of batch) {
        if (this.#over.signal.aborted) return false;
        recorded.recordedFrom ??= at;
        recorded.recordedTo = at;
        const { steps, leftOut } = reader.read(record, at);
        if (leftOut !== null) this.#listener.onLeftOut(leftOut);
        for (const step of steps) {
          if (step.step.kind === "query" || step.step.kind === "execute") this.#pace.begin(at);
          const early = this.#pace.dueIn(at) - READ_AHEAD_MICROS;
          if (early > 0) await this.#clock.sleep(early / 1000, this.#over.signal);
          this.#give(step);
        }
        if (this.#isFull) await this.#makeRoom();
      }
    }
    return !this.#over.signal.aborted;
  }

  #give({ session: recorded, step }: SessionStep): void {
    let session = this.#sessions.get(recorded.key);
    if (session === undefined) {
      if (step.kind === "close") return;
      session = this.#begin(recorded);
    }
    if (!session.isRunning) this.#running++;
    session.push(step);
  }

  #begin(recorded: RecordedSession): Session {
    const session = new Session(recorded, this.#shared);
    this.#sessions.set(recorded.key, session);
    return session;
  }

  #share(): Shared {
    return {
      driver: this.#driver,
      listener: this.#listener,
      clock: this.#clock,
      pace: this.#pace,
      slots: this.#slots,
      held: this.#held,
      spill: this.#spill,
      signal: this.#over.signal,
      onStep: () => {
        this.#done++;
        if (this.#wake !== null && this.#hasRoom) this.#wake.abort(AWAKE);
      },
      onIdle: (session, isEnded) => this.#idle(session, isEnded),
      fail: (error) => {
        this.#failure ??= error;
        this.#stop();
      },
      crash: (error) => {
        this.#crash ??= { error };
        this.#running--;
        this.#stop();
      },
    };
  }

  #idle(session: Session, isEnded: boolean): void {
    this.#running--;
    if (isEnded || this.#over.signal.aborted) {
      this.#sessions.delete(session.recorded.key);
      if (session.hasRun) {
        this.#counts.sessions++;
        if (session.recorded.isPartial) this.#counts.partialSessions++;
      }
    }
    if (this.#running === 0) this.#wake?.abort(AWAKE);
  }

  get #isFull(): boolean {
    return this.#held.steps >= MAX_STEPS || this.#held.bytes >= MAX_BYTES;
  }

  /** Whether it is worth while to read on: not for each statement that is done. */
  get #hasRoom(): boolean {
    return this.#held.steps < MAX_STEPS / 2 && this.#held.bytes < MAX_BYTES / 2;
  }

  /** Waits until statements are done; where nothing moves, or there is a pace to keep, writes some to the disk. */
  async #makeRoom(): Promise<void> {
    while (this.#isFull && !this.#over.signal.aborted) {
      if (!this.#pace.isPaced) {
        const before = this.#done;
        await this.#sleep(STALL_MS);
        if (!this.#isFull || this.#done > before) continue;
      }
      const largest = [...this.#sessions.values()]
        .filter(({ queue }) => queue.spillable > 0)
        .sort((one, other) => other.queue.spillable - one.queue.spillable);
      for (const { queue } of largest) {
        if (this.#hasRoom) break;
        queue.spill();
      }
      // Of very many sessions each has a few: these have to be waited for, whatever the pace.
      if (this.#isFull) await this.#sleep(STALL_MS);
    }
  }

  /** Waits until there is room, or nothing runs, or some time has passed. */
  async #sleep(millis: number): Promise<void> {
    this.#wake = new AbortController();
    await this.#clock.sleep(millis, this.#wake.signal);
    this.#wake = null;
  }

  /** Gives connections that are idle amid a transaction to sessions that wait for one too long. */
  async #watch(finished: AbortSignal): Promise<void> {
    let looks = 0;
    let served = 0;
    while (!finished.aborted) {
      await this.#clock.sleep(WATCH_MS, finished);
      looks = this.#slots.waiting > 0 && this.#slots.served === served ? looks + 1 : 0;
      served = this.#slots.served;
      if (looks > MAX_LOOKS && this.#slots.force()) looks = 0;
    }
  }

  #stop(): void {
    this.#over.abort();
    this.#slots.cancel();
    this.#wake?.abort(AWAKE);
  }

  /** Waits until nothing runs any more; after an interruption only for some time. */
  async #settle(): Promise<void> {
    const { signal } = this.#over;
    while (this.#running > 0 && !signal.aborted) await this.#sleep(STALL_MS);
    const until = async (millis: number) => {
      const end = this.#clock.now() + millis * 1000;
      while (this.#running > 0 && this.#clock.now() < end)
        await this.#sleep(Math.max(1, (end - this.#clock.now()) / 1000));
    };
    if (signal.aborted) {
      await until(GRACE_MS);
      const running = [...this.#sessions.values()].filter(({ isRunning }) => isRunning);
      if (running.length > 0) {
        await this.#driver.kill(running.flatMap(({ connectionId: id }) => (id === null ? [] : [id])));
        await until(KILL_MS);
        for (const session of running) session.destroy();
        await until(KILL_MS);
      }
    }
    for (const session of [...this.#sessions.values()]) this.#close(session);
  }

  /** A session that was idle at an interruption. */
  #close(session: Session): void {
    session.end();
    this.#running++;
    this.#idle(session, true);
  }
}
