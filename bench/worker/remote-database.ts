import type { Db } from "../../src/db/types.ts";

/** A statement with its values, as bench/worker/sql.js takes it. */
class Statement {
  readonly #database: RemoteDatabase;
  readonly sql: string;
  readonly values: unknown[];

  constructor(database: RemoteDatabase, sql: string, values: unknown[] = []) {
    this.#database = database;
    this.sql = sql;
    this.values = values;
  }

  bind(...values: unknown[]): Statement {
    return new Statement(this.#database, this.sql, values);
  }

  async all<T>(): Promise<D1Result<T>> {
    const [result] = await this.#database.ask<T>([this]);
    return result as D1Result<T>;
  }

  run<T>(): Promise<D1Result<T>> {
    return this.all<T>();
  }

  async first<T>(column?: string): Promise<T | null> {
    const [row] = (await this.all<Record<string, unknown>>()).results;
    return (row === undefined ? null : column === undefined ? row : row[column]) as T | null;
  }
}

/**
 * How many requests of a process are on their way at a time. Each has a connection, and when thousands of objects ask at once, the
 * other process's queue of connections overflows and those that are turned away try again seconds later.
 */
const MAX_CONNECTIONS = 32;
/** workerd ends a handler that waits for nothing but another handler's promise: a timer keeps it. */
const KEEP_MS = 60_000;

let connections = 0;
const waiting: (() => void)[] = [];

/** Waits for one of the connections, in the order of those who ask. */
async function connection(): Promise<void> {
  if (connections < MAX_CONNECTIONS) {
    connections++;
    return;
  }
  const given = new Promise<boolean>((resolve) => waiting.push(() => resolve(true)));
  while (!(await Promise.race([given, scheduler.wait(KEEP_MS)])));
}

/** Gives the connection to the next who waits for one. */
function giveBack(): void {
  const next = waiting.shift();
  if (next === undefined) connections--;
  else next();
}

/** A local D1 of another process: as much of it as the runners use. A round trip is one request over a connection that stays open. */
class RemoteDatabase {
  readonly #url: string;
  readonly #name: string;

  constructor(url: string, name: string) {
    this.#url = url;
    this.#name = name;
  }

  prepare(sql: string): Statement {
    return new Statement(this, sql);
  }

  batch<T>(statements: Statement[]): Promise<D1Result<T>[]> {
    return this.ask<T>(statements);
  }

  async ask<T>(asked: Statement[]): Promise<D1Result<T>[]> {
    const statements = asked.map(({ sql, values }) => ({ sql, values }));
    const body = JSON.stringify({ database: this.#name, statements, whole: true });
    await connection();
    try {
      const reply = await fetch(this.#url, { method: "POST", body });
      // D1's own words, by which the service knows what passes.
      if (!reply.ok) throw new Error((await reply.text()).replace(/^Error: /, ""));
      return await reply.json();
    } finally {
      giveBack();
    }
  }
}

/**
 * A D1 database that another process has.
 * @param url where that process answers (bench/worker/sql.js)
 * @param name which of its databases
 */
export const remoteDatabase = (url: string, name: string): D1Database =>
  new RemoteDatabase(url, name) as unknown as Db as D1Database;
