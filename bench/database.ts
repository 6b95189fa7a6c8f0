/** A statement, and the values of its parameters. */
export interface Statement {
  sql: string;
  values?: (string | number | null)[];
}

/**
 * A local D1 database, reached over HTTP (bench/worker/sql.js). Miniflare's own access from Node stops this process until workerd
 * has answered, and workerd waits for this process when nobody reads what it logs: under load they wait for each other for ever.
 */
export class Database {
  readonly #address: string;
  readonly #name: string;

  constructor(address: string, name: string) {
    this.#address = address;
    this.#name = name;
  }

  /** Runs one statement. @returns its rows */
  async run<T>(sql: string, ...values: (string | number | null)[]): Promise<T[]> {
    const [rows] = await this.batch([{ sql, values }]);
    return rows as T[];
  }

  /** Runs statements in one transaction. @returns the rows of each */
  async batch(statements: readonly Statement[]): Promise<unknown[][]> {
    const reply = await fetch(this.#address, {
      method: "POST",
      // workerd closes connections that were idle for some minutes, which fetch notices too late for a request with a body.
      headers: { connection: "close" },
      body: JSON.stringify({
        database: this.#name,
        statements: statements.map(({ sql, values = [] }) => ({ sql, values })),
      }),
    });
    if (!reply.ok)
      throw new Error(`The database ${this.#name} answered ${reply.status} ${await reply.text()}`);
    return (await reply.json()) as unknown[][];
  }
}
