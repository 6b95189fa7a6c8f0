import type { BoundValue } from "../../../src/cli/replay/bound-values.ts";
import {
  type Answer,
  type Connection,
  type Driver,
  lostBy,
  type Prepared,
  type ServerError,
} from "../../../src/cli/replay/driver.ts";
import type { LeftOutReason, LostState, Outcome, ReplayEnd } from "../../../src/cli/replay/outcome.ts";
import type { Clock } from "../../../src/cli/replay/pace.ts";
import { replay } from "../../../src/cli/replay/replay.ts";
import type { ReplayOptions } from "../../../src/cli/replay/source.ts";
import type { Step } from "../../../src/cli/replay/step.ts";
import type { Spill, SpilledSteps } from "../../../src/cli/replay/step-queue.ts";
import type { StoredWorkloadRecord } from "../../../src/client/index.ts";

/*
 * A server, a clock and a disk for tests of the replay: nothing takes any real time.
 */

/** A clock that goes on when everything waits for it. */
export class FakeClock implements Clock {
  #now = 1_000_000_000;
  readonly #sleepers: { at: number; wake: () => void }[] = [];
  #isTicking = false;

  now(): number {
    return this.#now;
  }

  sleep(millis: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const sleeper = { at: this.#now + millis * 1000, wake: resolve };
      this.#sleepers.push(sleeper);
      signal.addEventListener(
        "abort",
        () => {
          const at = this.#sleepers.indexOf(sleeper);
          if (at >= 0) this.#sleepers.splice(at, 1);
          resolve();
        },
        { once: true },
      );
      void this.#tick();
    });
  }

  /** Wakes who sleeps the least, once nothing else goes on. */
  async #tick(): Promise<void> {
    if (this.#isTicking) return;
    this.#isTicking = true;
    while (this.#sleepers.length > 0) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      const at = Math.min(...this.#sleepers.map((sleeper) => sleeper.at));
      if (!Number.isFinite(at)) break;
      this.#now = Math.max(this.#now, at);
      const due = this.#sleepers.filter((sleeper) => sleeper.at <= at);
      for (const sleeper of due) this.#sleepers.splice(this.#sleepers.indexOf(sleeper), 1);
      for (const { wake } of due) wake();
    }
    this.#isTicking = false;
  }
}

/** Steps on a disk that is none. */
export class FakeSpill implements Spill {
  readonly #written: string[] = [];
  peakBytes = 0;
  isClosed = false;

  write(steps: readonly Step[]): SpilledSteps {
    const text = JSON.stringify(steps);
    this.peakBytes += text.length;
    return { at: this.#written.push(text) - 1, bytes: text.length };
  }

  read({ at }: SpilledSteps): Step[] {
    return JSON.parse(this.#written[at] as string) as Step[];
  }

  close(): void {
    this.isClosed = true;
  }
}

/** What a fake server answers: how long it takes, in milliseconds, and what it refuses with. */
export interface FakeAnswer {
  millis?: number;
  error?: string;
  /** The connection is lost instead of an answer. */
  isLost?: boolean;
  /** Waits until somebody lets it go on. */
  until?: Promise<unknown>;
  inTransaction?: boolean;
  /** Of a text that was sent with others: its answer is read with the next one's. */
  withNext?: boolean;
}

const LOST = lostBy({ code: "PROTOCOL_CONNECTION_LOST", message: "lost" });

/** A server that notes what it is asked, as `connection id: statement`. */
export class FakeServer implements Driver {
  readonly log: string[] = [];
  readonly killed: number[] = [];
  /** When each statement came, in microseconds of the clock. */
  readonly times: number[] = [];
  open = 0;
  peak = 0;
  /** What connecting is refused with; null to let everybody in. */
  refusal: ServerError | null = null;
  /** Whether it takes several texts at once, and those that it was sent so. */
  takesPipelines = false;
  readonly pipelines: (readonly string[])[] = [];
  readonly #clock: Clock;
  readonly #answer: (sql: string, connection: number) => FakeAnswer;
  #ids = 0;
  readonly #kills = new Map<number, () => void>();

  constructor(clock: Clock, answer: (sql: string, connection: number) => FakeAnswer = () => ({})) {
    this.#clock = clock;
    this.#answer = answer;
  }

  async connect(db: string | null): Promise<Connection | ServerError> {
    if (this.refusal !== null) return this.refusal;
    const id = ++this.#ids;
    this.open++;
    this.peak = Math.max(this.peak, this.open);
    let isOpen = true;
    let inTransaction = false;
    this.log.push(`${id}+ ${db}`);
    const close = (how: string) => {
      if (!isOpen) return;
      isOpen = false;
      this.open--;
      this.log.push(`${id}${how}`);
    };
    const ask = async (text: string, sql: string): Promise<Answer> => {
      if (!isOpen) throw new Error(`Connection ${id} is closed`);
      this.log.push(`${id}: ${text}`);
      this.times.push(this.#clock.now());
      const { millis = 0, error, isLost, until, inTransaction: now } = this.#answer(sql, id);
      if (millis > 0) await this.#clock.sleep(millis, new AbortController().signal);
      if (until !== undefined)
        await Promise.race([until, new Promise<void>((resolve) => this.#kills.set(id, resolve))]);
      if (isLost) {
        close("!");
        return LOST;
      }
      if (error !== undefined)
        return { error: { code: error, message: error }, inTransaction: null, isLost: false };
      if (/^(?:begin|start)/i.test(sql)) inTransaction = true;
      if (/^(?:commit|rollback)/i.test(sql)) inTransaction = false;
      return { error: null, inTransaction: now ?? inTransaction, isLost: false };
    };
    const pipeline: NonNullable<Connection["pipeline"]> = async (texts, onAnswers) => {
      this.pipelines.push(texts);
      let together: Answer[] = [];
      for (const sql of texts) {
        // What is behind the loss was sent, and is not run.
        const answer = isOpen ? await ask(sql, sql) : LOST;
        together.push(answer);
        if (this.#answer(sql, id).withNext) continue;
        onAnswers(together, 0);
        together = [];
      }
      if (together.length > 0) onAnswers(together, 0);
    };
    return {
      id,
      query: (sql) => ask(sql, sql),
      ...(this.takesPipelines ? { pipeline } : {}),
      prepare: async (sql): Promise<Prepared | Answer> => {
        const answer = await ask(`PREPARE ${sql}`, sql);
        if (answer.error !== null) return answer;
        return {
          execute: (values: readonly BoundValue[]) =>
            ask(
              `EXECUTE ${sql} ${values.map((value) => ("text" in value ? value.text : value.type)).join(",")}`,
              sql,
            ),
          close: () => this.log.push(`${id}: CLOSE ${sql}`),
        };
      },
      close: async () => close("-"),
      destroy: () => {
        close("!");
        this.#kills.get(id)?.();
      },
    };
  }

  async kill(ids: readonly number[]): Promise<void> {
    for (const id of ids) {
      this.killed.push(id);
      this.#kills.get(id)?.();
    }
  }
}

/** A replay that was run, and what it told. */
export interface Ran {
  end: ReplayEnd;
  outcomes: Outcome[];
  leftOut: LeftOutReason[];
  lost: LostState[];
}

const OPTIONS: ReplayOptions = {
  speed: null,
  writes: true,
  maxConnections: 100,
  isRedacted: false,
  isWanted: () => true,
};

/** Replays records on a fake server. */
export async function run(
  records: Iterable<StoredWorkloadRecord> | AsyncIterable<readonly StoredWorkloadRecord[]>,
  server: FakeServer,
  clock: Clock,
  options: Partial<ReplayOptions> = {},
  { signal = new AbortController().signal, spill = new FakeSpill(), onOutcome = (_: Outcome) => {} } = {},
): Promise<Ran> {
  const outcomes: Outcome[] = [];
  const leftOut: LeftOutReason[] = [];
  const lost: LostState[] = [];
  const source = Symbol.asyncIterator in records ? records : oneByOne(records);
  const end = await replay(
    source,
    { ...OPTIONS, ...options },
    server,
    {
      onOutcome: (outcome) => {
        outcomes.push(outcome);
        onOutcome(outcome);
      },
      onLeftOut: (reason) => void leftOut.push(reason),
      onConnections: () => {},
      onStateLost: (state) => void lost.push(state),
    },
    { signal, clock, spill },
  );
  return { end, outcomes, leftOut, lost };
}

async function* oneByOne(records: Iterable<StoredWorkloadRecord>) {
  for (const record of records) yield [record];
}
