import { type PreparedText, preparedText } from "./bound-values.ts";
import type { ConnectionSlots, Holder } from "./connection-slots.ts";
import type { Answer, Connection, Driver, Prepared, ServerError } from "./driver.ts";
import type { Outcome, ReplayListener } from "./outcome.ts";
import type { Clock, Pace } from "./pace.ts";
import { takeAlong } from "./pipelined-steps.ts";
import { SessionState } from "./session-state.ts";
import type { RecordedSession, StatementStep, Step } from "./step.ts";
import { type Held, type Spill, StepQueue } from "./step-queue.ts";

/** What the sessions of a replay share. */
export interface Shared {
  driver: Driver;
  listener: ReplayListener;
  clock: Clock;
  pace: Pace;
  slots: ConnectionSlots<Session>;
  held: Held;
  spill: Spill;
  /** Aborted when no statement may begin any more. */
  signal: AbortSignal;
  /** A step was taken from a queue and is done. */
  onStep(): void;
  /** A session has nothing to do for now, or has ended. */
  onIdle(session: Session, isEnded: boolean): void;
  /** The target can't be reached any more. */
  fail(error: ServerError): void;
  /** Something failed that must not: the disk where steps wait, a listener. */
  crash(error: unknown): void;
}

/** So many prepared statements of a session are known at a time; servers allow 16,382 of all. */
const MAX_PREPARED = 128;
/** For how long a connection is tried again, and with which pauses. */
const CONNECT_PATIENCE_MICROS = 10_000_000;
const RETRY_MS = 250;
/** A server that is full may have room later. */
const MAY_PASS = /^(?:ER_CON_COUNT_ERROR|ER_TOO_MANY_USER_CONNECTIONS|ER_USER_LIMIT_REACHED)$/;

interface KnownStatement {
  text: PreparedText;
  /** Null where the connection that it was prepared on is gone, or it was refused. */
  prepared: Prepared | null;
}

/** Replays one recorded session, a step after the other. */
export class Session implements Holder {
  readonly recorded: RecordedSession;
  readonly queue: StepQueue;
  readonly #shared: Shared;
  readonly #state = new SessionState();
  /** Those used last at the end. */
  #known: KnownStatement[] = [];
  #connection: Connection | null = null;
  /** The connection's default database; undefined when that is not known. */
  #db: string | null | undefined = null;
  /** The one that the recording has. */
  #wantedDb: string | null | undefined = null;
  #isRunning = false;
  #isEnded = false;
  /** Whether a statement of it was run. */
  hasRun = false;

  constructor(recorded: RecordedSession, shared: Shared) {
    this.recorded = recorded;
    this.#shared = shared;
    this.queue = new StepQueue(shared.held, shared.spill);
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** The server's id of its connection; null without one. */
  get connectionId(): number | null {
    return this.#connection?.id ?? null;
  }

  get idleness(): "busy" | "lossy" | "free" {
    if (this.#isRunning) return "busy";
    return this.#state.wouldLose ? "lossy" : "free";
  }

  /** Adds a step, and begins if nothing is going on. */
  push(step: Step): void {
    this.queue.push(step);
    if (!this.#isRunning) this.#run().catch(this.#shared.crash);
  }

  giveUp(): void {
    this.#loseState("limit");
    this.#closeConnection();
  }

  /** Ends its connection in order, when the replay is over. */
  end(): void {
    this.#closeConnection();
  }

  /** Ends its connection at once, whatever it does. */
  destroy(): void {
    this.#connection?.destroy();
  }

  async #run(): Promise<void> {
    const { signal, pace, clock } = this.#shared;
    this.#isRunning = true;
    for (let step = this.queue.peek(); step !== undefined && !signal.aborted; step = this.queue.peek()) {
      const due = pace.dueIn(step.at);
      if (due > 0) {
        await clock.sleep(due / 1000, signal);
        // Woken too early by a clock of whole milliseconds, or since it is over.
        continue;
      }
      this.queue.shift();
      await this.#do(step);
      this.#shared.onStep();
    }
    this.#isRunning = false;
    if (this.#isEnded || signal.aborted) {
      this.#shared.slots.release(this);
      this.#closeConnection();
    } else this.#shared.slots.idle();
    this.#shared.onIdle(this, this.#isEnded);
  }

  async #do(step: Step): Promise<void> {
    switch (step.kind) {
      case "open":
        this.#wantedDb = step.db;
        // What stands in its way is told of the first statement.
        if (step.isWanted) await this.#connected();
        return;
      case "use":
        this.#wantedDb = step.db;
        return;
      case "reset":
        this.#state.reset();
        this.#known = [];
        this.#wantedDb = step.db;
        this.#shared.slots.release(this);
        this.#closeConnection();
        return;
      case "close":
        this.#isEnded = true;
        return;
      case "prepare":
        if (step.db !== undefined) this.#wantedDb = step.db;
        return this.#prepare(step.sql);
      default:
        return this.#statement(step);
    }
  }

  async #prepare(sql: string): Promise<void> {
    // Drivers prepare a text again and again, and the log does not say which of them is executed or closed.
    if (this.#known.some(({ text, prepared }) => text.sql === sql && prepared !== null)) return;
    this.#known = this.#known.filter(({ text }) => text.sql !== sql);
    const known: KnownStatement = { text: preparedText(sql), prepared: null };
    this.#known.push(known);
    if (this.#known.length > MAX_PREPARED) this.#known.shift()?.prepared?.close();
    // What it is refused with is told of its executions, each of which tries again.
    if (isConnection(await this.#connected())) await this.#preparedOf(known);
  }

  async #statement(step: StatementStep): Promise<void> {
    const { clock, pace } = this.#shared;
    if (step.db !== undefined) this.#wantedDb = step.db;
    const execution = step.kind === "execute" ? this.#executionOf(step) : null;
    const connected = await this.#connected();
    if (this.#shared.signal.aborted) return;
    if (isConnection(connected) && connected.pipeline !== undefined && !pace.isPaced) {
      const steps = takeAlong(step, this.queue, this.#db);
      if (steps.length > 1) return this.#pipelined(connected.pipeline, steps);
    }
    const late = pace.isPaced ? Math.max(0, -pace.dueIn(step.at)) : 0;
    const began = clock.now();
    let via: Outcome["via"] = step.kind === "query" ? "text" : "text for prepared";
    let error: ServerError | null;
    if (!isConnection(connected)) error = connected;
    else if (execution !== null) {
      via = "prepared";
      const prepared = await this.#preparedOf(execution.known);
      const answer = isAnswer(prepared) ? prepared : await prepared.execute(execution.values);
      error = this.#after(answer, null);
    } else error = await this.#query(connected, step);
    this.#tell(step, via, late, clock.now() - began, error);
  }

  #tell(
    step: StatementStep,
    via: Outcome["via"],
    late: number,
    micros: number,
    error: ServerError | null,
  ): void {
    this.hasRun = true;
    this.#shared.listener.onOutcome({
      session: this.recorded.key,
      isPartial: this.recorded.isPartial,
      fingerprint: step.fingerprint,
      statement: step.sql,
      via,
      recordedAt: step.at,
      recordedMicros: step.micros,
      lateMicros: Math.round(late),
      micros: Math.round(micros),
      error,
    });
  }

  /** Runs statements that are sent at once. Each takes from the end of the one before it to its own. */
  async #pipelined(
    send: NonNullable<Connection["pipeline"]>,
    steps: readonly StatementStep[],
  ): Promise<void> {
    const { clock, onStep } = this.#shared;
    let next = 0;
    let began = clock.now();
    await send(
      steps.map(({ sql }) => sql),
      (answers, withinMicros) => {
        const now = clock.now();
        const from = Math.max(began, now - withinMicros);
        // When each of them ended is not known: as if they had come one after another, in equal times.
        const each = (now - from) / answers.length;
        for (const [index, answer] of answers.entries()) {
          const ended = from + (index + 1) * each;
          const micros = ended - began;
          began = ended;
          const step = steps[next++] as StatementStep;
          if (step.db !== undefined) this.#wantedDb = step.db;
          this.#tell(step, "text", 0, micros, this.#after(answer, step.sql));
          // The first one is its caller's.
          if (next > 1) onStep();
        }
      },
    );
  }

  async #query(connection: Connection, { sql, parts }: StatementStep): Promise<ServerError | null> {
    if (parts === undefined) return this.#after(await connection.query(sql), sql);
    for (const part of parts) {
      const error = this.#after(await connection.query(part), part);
      if (error !== null) return error;
    }
    return null;
  }

  /** Learns of an answer what it says of the session. @param sql the statement; null for one that sets nothing up */
  #after({ error, inTransaction, isLost }: Answer, sql: string | null): ServerError | null {
    if (isLost) {
      this.#loseState("server");
      this.#closeConnection();
      this.#shared.slots.release(this);
      return error;
    }
    if (inTransaction !== null) this.#state.inTransaction = inTransaction;
    if (error === null && sql !== null && this.#state.ran(sql)) {
      this.#db = undefined;
      this.#wantedDb = undefined;
    }
    return error;
  }

  /** The prepared statement that a step executes, and its values; null where that can't be told. */
  #executionOf({ sql, escapes }: StatementStep) {
    for (let at = this.#known.length - 1; at >= 0; at--) {
      const known = this.#known[at] as KnownStatement;
      const values = known.text.mayBe(sql) ? known.text.valuesOf(sql, escapes ?? true) : null;
      if (values === null) continue;
      if (at < this.#known.length - 1) {
        this.#known.splice(at, 1);
        this.#known.push(known);
      }
      return { known, values };
    }
    return null;
  }

  async #preparedOf(known: KnownStatement): Promise<Prepared | Answer> {
    if (known.prepared !== null) return known.prepared;
    const prepared = await (this.#connection as Connection).prepare(known.text.sql);
    if (isAnswer(prepared)) {
      if (prepared.isLost) this.#after(prepared, null);
      return prepared.isLost ? { ...prepared, isLost: false } : prepared;
    }
    known.prepared = prepared;
    return prepared;
  }

  /** Its connection, with what the session has set, and its default database; or what stands in the way. */
  async #connected(): Promise<Connection | ServerError> {
    const { slots, signal } = this.#shared;
    const turn = slots.take(this);
    if (turn !== null) await turn;
    if (signal.aborted) return INTERRUPTED;
    if (this.#connection === null) {
      const refused = await this.#connect();
      if (refused !== null) {
        slots.release(this);
        return refused;
      }
    }
    const connection = this.#connection as unknown as Connection;
    const wanted = this.#wantedDb;
    if (typeof wanted === "string" && wanted !== this.#db) {
      const error = this.#after(await connection.query(`USE \`${wanted.replaceAll("`", "``")}\``), null);
      if (error !== null) return error;
      this.#db = wanted;
    }
    return connection;
  }

  async #connect(): Promise<ServerError | null> {
    const { driver, clock, signal, listener } = this.#shared;
    const began = clock.now();
    const db = this.#wantedDb ?? null;
    for (;;) {
      const connection = await driver.connect(db);
      if (isConnection(connection)) {
        this.#connection = connection;
        break;
      }
      const isServers = connection.code.startsWith("ER_");
      if (isServers && !MAY_PASS.test(connection.code)) return connection;
      if (clock.now() - began > CONNECT_PATIENCE_MICROS || signal.aborted) {
        if (!isServers) this.#shared.fail(connection);
        return connection;
      }
      await clock.sleep(RETRY_MS, signal);
    }
    this.#db = db;
    listener.onConnections(this.#shared.slots.used);
    for (const setting of this.#state.settings) {
      const { isLost, error } = await (this.#connection as Connection).query(setting);
      if (!isLost) continue;
      this.#closeConnection();
      return error;
    }
    return null;
  }

  #loseState(by: "server" | "limit"): void {
    const { inTransaction: hadTransaction, wouldLose } = this.#state;
    if (wouldLose) this.#shared.listener.onStateLost({ session: this.recorded.key, by, hadTransaction });
    this.#state.lose();
  }

  #closeConnection(): void {
    if (this.#connection === null) return;
    void this.#connection.close();
    this.#connection = null;
    for (const known of this.#known) known.prepared = null;
    this.#shared.listener.onConnections(this.#shared.slots.used);
  }
}

const INTERRUPTED: ServerError = { code: "INTERRUPTED", message: "The replay was interrupted" };

const isConnection = (value: Connection | ServerError): value is Connection => "query" in value;
const isAnswer = (value: Prepared | Answer): value is Answer => "error" in value;
