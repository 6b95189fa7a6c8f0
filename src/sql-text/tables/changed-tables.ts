/*
 * The tables of an UPDATE or a DELETE, which may have several: `UPDATE a JOIN b … SET a.x = …`, `DELETE a FROM a JOIN b …`. What they
 * name as changed may be an alias.
 */

/** A table that was named. */
interface Named {
  name: string;
  /** In lower case; null without one. */
  alias: string | null;
  isChanged: boolean;
}

/** Those of one statement. */
export class ChangedTables {
  #tables: Named[] = [];
  #changed: string[] = [];
  #last: Named | null = null;

  clear(): void {
    this.#tables = [];
    this.#changed = [];
    this.#last = null;
  }

  /** Whether nothing was named as changed. */
  get isUnknown(): boolean {
    return this.#changed.length === 0;
  }

  /** A table that is read or changed. @param isChanged it is changed in any case */
  table(name: string, isChanged: boolean): void {
    this.#last = { name, alias: null, isChanged };
    this.#tables.push(this.#last);
  }

  /** The alias of the table before. */
  alias(alias: string): void {
    if (this.#last !== null && this.#last.alias === null) this.#last.alias = alias.toLowerCase();
  }

  /** What comes next is no alias of the table before. */
  endTable(): void {
    this.#last = null;
  }

  /** A table, or the alias of one, is changed. */
  change(name: string): void {
    this.#changed.push(name);
  }

  /** `DELETE FROM a, b USING …`: what was named until now is what is changed, and what follows are the tables. */
  changeAll(): void {
    this.#changed = this.#tables.map(({ name }) => name);
    this.#tables = [];
    this.#last = null;
  }

  /**
   * The tables, and which of them are changed.
   * @param isUpdate of an UPDATE something is changed, whatever it says; what a DELETE names is, also if it is no table of its list
   */
  *all(isUpdate: boolean): Generator<{ name: string; isChanged: boolean }> {
    const tables = this.#tables;
    for (const changed of this.#changed) {
      const looked = changed.toLowerCase();
      const found = tables.find((table) => isCalled(table, looked));
      if (found !== undefined) found.isChanged = true;
      // MariaDB's `DELETE HISTORY FROM t`.
      else if (looked === "history" && tables[0] !== undefined) tables[0].isChanged = true;
      else if (!isUpdate) yield { name: changed, isChanged: true };
    }
    const [first] = tables;
    if (isUpdate && first !== undefined && !tables.some(({ isChanged }) => isChanged)) first.isChanged = true;
    yield* tables;
  }
}

/** Whether a table is what this name stands for: its alias if it has one, else its name, with or without its schema's. */
function isCalled({ name, alias }: Named, looked: string): boolean {
  if (alias !== null) return alias === looked;
  const lower = name.toLowerCase();
  return lower === looked || lower.slice(lower.lastIndexOf(".") + 1) === looked;
}
