import { env } from "cloudflare:workers";
import { intercept } from "./counting.ts";

/** How a statement or a batch fails, or what comes before it. */
export interface Fault {
  /** None for a round trip that something else comes before. */
  error?: Error;
  before?: () => Promise<unknown>;
  /** Whether it is run, and only its answer is lost. */
  isAnswerLost?: boolean;
}

/**
 * The tests' database, to which some round trips fail.
 * @param faultOf how a round trip fails, if it does; it is given the SQL, of a batch all of it
 */
export function faultyDatabase(faultOf: (sql: string) => Fault | undefined): D1Database {
  const statements = new WeakMap<object, { sql: string; original: D1PreparedStatement }>();
  const trip = async <T>(sql: string, run: () => Promise<T>): Promise<T> => {
    const fault = faultOf(sql);
    if (fault === undefined) return run();
    await fault.before?.();
    if (fault.error === undefined) return run();
    if (fault.isAnswerLost) await run();
    throw fault.error;
  };
  const statement = (sql: string, original: D1PreparedStatement): D1PreparedStatement => {
    const wrapped = intercept(original, {
      bind: (...values: unknown[]) => statement(sql, original.bind(...values)),
      first: (...column: [string]) => trip(sql, () => original.first(...column)),
      all: () => trip(sql, () => original.all()),
      run: () => trip(sql, () => original.run()),
      raw: () => trip(sql, () => original.raw()),
    });
    statements.set(wrapped, { sql, original });
    return wrapped;
  };
  const faulty = <D extends Pick<D1Database, "prepare" | "batch">>(inner: D, more: object = {}): D =>
    intercept(inner, {
      prepare: (sql: string) => statement(sql, inner.prepare(sql)),
      batch: (batch: D1PreparedStatement[]) => {
        const known = batch.map((one) => statements.get(one) ?? { sql: "", original: one });
        return trip(known.map(({ sql }) => sql).join(";\n"), () =>
          inner.batch(known.map(({ original }) => original)),
        );
      },
      ...more,
    });
  return faulty(env.DB, {
    withSession: (...args: Parameters<D1Database["withSession"]>) => faulty(env.DB.withSession(...args)),
  });
}

/** A database in which something happens just before a round trip that matches: once. */
export function interrupted(matching: RegExp, before: () => Promise<unknown>): D1Database {
  let isOver = false;
  return faultyDatabase((sql) => {
    if (isOver || !matching.test(sql)) return;
    isOver = true;
    return { before };
  });
}

/** A database to which the first round trips that match fail, as often as given; all that match are counted. */
export function failing(
  matching: RegExp,
  error: Error,
  { times = 1, isAnswerLost = false } = {},
): { DB: D1Database; trips: () => number } {
  let trips = 0;
  const DB = faultyDatabase((sql) =>
    matching.test(sql) && ++trips <= times ? { error, isAnswerLost } : undefined,
  );
  return { DB, trips: () => trips };
}
