import { isTable, type StatementTables, tablesOf } from "../../sql-text/tables.ts";
import type { AnyRecord, Fingerprints } from "./fingerprints.ts";

/** Of how many statements it is remembered which tables they have, and how long those may be, in UTF-16 units. */
const MAX_REMEMBERED = 1000;
const MAX_STATEMENT = 512;

/**
 * Whether records are of a table. What ran no statement has none. Statements with one fingerprint may have different tables: of the
 * rows of VALUES a digest has the first only, and another one may read a table.
 */
export class TableFilter {
  readonly #wanted: string;
  readonly #fingerprints: Fingerprints;
  /** By statements. */
  readonly #tables = new Map<string, StatementTables>();
  #server: "mysql" | "mariadb" | null = null;

  /** @param wanted see `isTable` */
  constructor(wanted: string, fingerprints: Fingerprints) {
    this.#wanted = wanted;
    this.#fingerprints = fingerprints;
  }

  matches(record: AnyRecord): boolean {
    if (this.#fingerprints.of(record) === null) return false;
    const { reads, writes } = this.#tablesOf(record.statement, "server" in record ? record.server : null);
    const schema = record.db ?? null;
    const isWanted = (table: string) => isTable(table, this.#wanted, schema);
    return reads.some(isWanted) || writes.some(isWanted);
  }

  #tablesOf(statement: string, server: "mysql" | "mariadb" | null): StatementTables {
    if (statement.length > MAX_STATEMENT) return tablesOf(statement, server);
    if (server !== this.#server || this.#tables.size >= MAX_REMEMBERED) this.#tables.clear();
    this.#server = server;
    let tables = this.#tables.get(statement);
    if (tables === undefined) {
      tables = tablesOf(statement, server);
      this.#tables.set(statement, tables);
    }
    return tables;
  }
}
