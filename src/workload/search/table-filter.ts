import { isTable, type StatementTables, tablesOf } from "../../sql-text/tables.ts";
import type { AnyRecord, Fingerprints } from "./fingerprints.ts";

/** Of how many statements it is remembered which tables they have. */
const MAX_REMEMBERED = 4000;

/**
 * Whether records are of a table. A statement's tables are those of its digest: so it is in the table of statements, and in the
 * summaries of fragments. What ran no statement has none.
 */
export class TableFilter {
  readonly #wanted: string;
  readonly #fingerprints: Fingerprints;
  /** By fingerprints. */
  readonly #tables = new Map<string, StatementTables>();

  /** @param wanted see `isTable` */
  constructor(wanted: string, fingerprints: Fingerprints) {
    this.#wanted = wanted;
    this.#fingerprints = fingerprints;
  }

  matches(record: AnyRecord): boolean {
    const fingerprint = this.#fingerprints.of(record);
    if (fingerprint === null) return false;
    const { reads, writes } = this.#tablesOf(record, fingerprint);
    const schema = record.db ?? null;
    const isWanted = (table: string) => isTable(table, this.#wanted, schema);
    return reads.some(isWanted) || writes.some(isWanted);
  }

  #tablesOf(record: AnyRecord, fingerprint: string): StatementTables {
    let tables = this.#tables.get(fingerprint);
    if (tables === undefined) {
      tables = tablesOf(record.statement, "server" in record ? record.server : null);
      if (this.#tables.size >= MAX_REMEMBERED) this.#tables.clear();
      this.#tables.set(fingerprint, tables);
    }
    return tables;
  }
}
