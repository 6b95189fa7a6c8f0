import { app } from "../../src/app.ts";
import type { Db } from "../../src/db/types.ts";
import type { Env } from "../../src/env.ts";

/*
 * Records the D1 statements that the API runs for a request, so that they can be run again without it. Their parameters are
 * recognised by value: the samples have ids and names that nothing else has.
 */

/** The ids and the name to ask for in a request that is recorded. */
export const SAMPLE = { id: 9_007_199_254_740_001, envId: 9_007_199_254_740_003, name: "recorded-name" };
/** A number this near to the present is a time, and moves with the clock. */
const NEAR_MS = 31 * 86_400_000;

/** What a request is about. */
export interface Subject {
  id?: number;
  envId?: number;
  name?: string;
}

interface Statement {
  sql: string;
  values: unknown[];
}

/** The statements of one request, which run as one round trip. */
export class Recorded {
  readonly #statements: readonly Statement[];
  readonly #isBatch: boolean;
  /** When they were recorded. */
  readonly #now: number;

  constructor(statements: readonly Statement[], isBatch: boolean, now: number) {
    this.#statements = statements;
    this.#isBatch = isBatch;
    this.#now = now;
  }

  /** Runs the statements about another subject, now: as a batch, or for all rows, as they were recorded. */
  async run(db: Db, now: number, subject: Subject): Promise<D1Result[]> {
    const bound = this.#statements.map((statement) => this.#bind(db, statement, now, subject));
    return this.#isBatch ? db.batch(bound) : [await (bound[0] as D1PreparedStatement).all()];
  }

  /** Runs the only statement, for its first row. */
  first(db: Db, now: number, subject: Subject): Promise<unknown> {
    return this.#bind(db, this.#statements[0] as Statement, now, subject).first();
  }

  #bind(db: Db, { sql, values }: Statement, now: number, subject: Subject): D1PreparedStatement {
    const moved = values.map((value) => {
      switch (value) {
        case SAMPLE.id:
          return subject.id;
        case SAMPLE.envId:
          return subject.envId;
        case SAMPLE.name:
          return subject.name;
        default:
          return typeof value === "number" && Math.abs(value - this.#now) < NEAR_MS
            ? value - this.#now + now
            : value;
      }
    });
    return db.prepare(sql).bind(...moved);
  }
}

/** Lets the API answer a request about the sample with a database that answers nothing, and gives what it was asked. */
export async function record(
  method: string,
  path: string,
  body: unknown,
  headers: Headers,
  env: Env,
  context: ExecutionContext,
): Promise<Recorded> {
  let recorded: Recorded | undefined;
  const now = Date.now();
  const stop = (statements: Statement[], isBatch: boolean): never => {
    recorded ??= new Recorded(statements, isBatch, now);
    throw new Error("What was to be recorded has been");
  };
  const database = {
    prepare: (sql: string) => ({
      bind: (...values: unknown[]) => {
        const statement = { sql, values };
        const run = () => stop([statement], false);
        return Object.assign(statement, { first: run, all: run, run });
      },
    }),
    batch: (statements: Statement[]) => stop(statements, true),
    withSession: () => database,
    getBookmark: () => null,
  };
  const init: RequestInit = {
    method,
    headers: { cookie: headers.get("cookie") as string, "content-type": "application/json" },
  };
  if (body !== undefined) init.body = JSON.stringify(body);
  const request = new Request(`http://bench.invalid${path}`, init);
  const reply = await app.fetch(request, { ...env, DB: database as unknown as D1Database }, context);
  if (recorded === undefined)
    throw new Error(`${method} ${path} asked nothing, and answered ${reply.status}`);
  return recorded;
}
