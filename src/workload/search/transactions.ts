import * as z from "zod";
import { lazy } from "../../lib/lazy.ts";
import { type Command, runsStatement } from "../../logs/general/commands.ts";
import { formatTime, parseTime } from "../stored/time.ts";
import type { AnyRecord } from "./fingerprints.ts";
import type { Transaction } from "./replies.ts";
import { type Step, stepOf } from "./transaction-steps.ts";

/** What is known of a session between two of its records. Times in microseconds since the epoch. */
export const transactionsSchema = lazy(() =>
  z.object({
    /** Whether statements begin a transaction by themselves. */
    autocommit: z.boolean(),
    /** The transaction that is open: when it began, and how many statements it has. */
    open: z.nullable(z.object({ beginMicros: z.number(), statements: z.number() })),
  }),
);

/** What is known of a session between two of its records. */
export type TransactionsState = z.output<ReturnType<typeof transactionsSchema>>;

/** The error of a deadlock, for which the server rolls the whole transaction back: ER_LOCK_DEADLOCK. */
const DEADLOCK = 1213;

/** What ends or resets a session: in the general log commands, in the slow log what administrator commands are called. */
const SESSION_ENDS = new Set(["quit", "connect", "change user", "reset connection"]);

/** Finds the transactions of a session, whose records it has to see in their order. */
export class Transactions {
  #autocommit: boolean;
  #open: TransactionsState["open"];

  constructor({ autocommit, open }: TransactionsState = { autocommit: true, open: null }) {
    this.#autocommit = autocommit;
    this.#open = open;
  }

  /** Sees the next record. @returns the transaction that it ended, or null */
  see(record: AnyRecord): Transaction | null {
    const timeMicros = parseTime(record.time);
    const command = record.command === "Administrator command" ? record.statement : record.command;
    if (SESSION_ENDS.has(command.toLowerCase())) {
      this.#autocommit = true;
      // Of what was cut off without a Quit, it is not known when.
      return this.#end("rollback", command === "Connect" ? null : timeMicros);
    }
    if (!runs(record)) return null;
    const ended = this.#step(stepOf(record.statement), timeMicros);
    const isDeadlock = "errno" in record && record.errno === DEADLOCK;
    return isDeadlock ? this.#end("rollback", timeMicros) : ended;
  }

  /** Records are missing before the next one: what was open may have ended. @returns what was open, or null */
  lose(): Transaction | null {
    return this.#end("unknown", null);
  }

  /** The transaction that is open, or null. */
  get open(): Transaction | null {
    return this.#open === null ? null : shown(this.#open, "open", null);
  }

  toJSON(): TransactionsState {
    return { autocommit: this.#autocommit, open: this.#open };
  }

  #step(step: Step, timeMicros: number): Transaction | null {
    switch (step) {
      case "begin": {
        const ended = this.#end("implicit commit", timeMicros);
        this.#open = { beginMicros: timeMicros, statements: 0 };
        return ended;
      }
      case "commit":
      case "rollback":
      case "implicit commit":
        return this.#end(step, timeMicros);
      case "commit and chain":
      case "rollback and chain": {
        const ended = this.#end(step === "commit and chain" ? "commit" : "rollback", timeMicros);
        this.#open = { beginMicros: timeMicros, statements: 0 };
        return ended;
      }
      case "autocommit off":
        this.#autocommit = false;
        return null;
      case "autocommit on": {
        // It commits only where it changes something.
        const wasOff = !this.#autocommit;
        this.#autocommit = true;
        return wasOff ? this.#end("implicit commit", timeMicros) : null;
      }
      case "statement":
        if (!this.#autocommit) this.#open ??= { beginMicros: timeMicros, statements: 0 };
        this.#count();
        return null;
      default:
        this.#count();
        return null;
    }
  }

  #count(): void {
    if (this.#open !== null) this.#open.statements++;
  }

  #end(outcome: Transaction["outcome"], endMicros: number | null): Transaction | null {
    const open = this.#open;
    this.#open = null;
    return open === null ? null : shown(open, outcome, endMicros);
  }
}

/** Whether a record says that a statement ran. */
const runs = ({ command }: AnyRecord): boolean =>
  command !== "Administrator command" && runsStatement(command as Command);

const shown = (
  { beginMicros, statements }: NonNullable<TransactionsState["open"]>,
  outcome: Transaction["outcome"],
  endMicros: number | null,
): Transaction => ({
  begin: formatTime(beginMicros),
  end: endMicros === null ? null : formatTime(endMicros),
  statements,
  // A server's clock may have been set back meanwhile.
  durationMicros: endMicros === null ? null : Math.max(0, endMicros - beginMicros),
  outcome,
});
