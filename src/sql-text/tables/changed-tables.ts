/*
 * The tables of an UPDATE or a DELETE, which may have several: `UPDATE a JOIN b … SET a.x = …`, `DELETE a FROM a JOIN b …`. What they
 * name as changed may be an alias.
 */

/**
 * How many tables of a statement are told apart, and how many names of what it changes: those that come later are left out. The servers
 * join at most 61 tables, and what a client sends may name any number.
 */
export const MAX_CHANGED_TABLES = 256;

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
  #changed = new Set<string>();
  #last: Named | null = null;

  clear(): void {
    if (this.#tables.length > 0) this.#tables = [];
    if (this.#changed.size > 0) this.#changed = new Set();
    this.#last = null;
  }

  /** Whether nothing was named as changed. */
  get isUnknown(): boolean {
    return this.#changed.size === 0;
  }

  /** A table that is read or changed. @param isChanged it is changed in any case */
  table(name: string, isChanged: boolean): void {
    this.#last = null;
    if (this.#tables.length >= MAX_CHANGED_TABLES) return;
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
    if (this.#changed.size < MAX_CHANGED_TABLES) this.#changed.add(name);
  }

  /** `DELETE FROM a, b USING …`: what was named until now is what is changed, and what follows are the tables. */
  changeAll(): void {
    this.#changed = new Set(this.#tables.map(({ name }) => name));
    this.#tables = [];
    this.#last = null;
  }

  /**
   * The tables, and which of them are changed.
   * @param isUpdate of an UPDATE something is changed, whatever it says; what a DELETE names is, also if it is no table of its list
   */
  *all(isUpdate: boolean): Generator<{ name: string; isChanged: boolean }> {
    const tables = this.#tables;
    const byName = this.isUnknown ? NOTHING : tablesByName(tables);
    for (const changed of this.#changed) {
      const looked = changed.toLowerCase();
      const found = byName.get(looked);
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

const NOTHING: ReadonlyMap<string, Named> = new Map();

/**
 * The tables by what stands for each, in lower case: its alias if it has one, else its name, with or without its schema's. Of several
 * with one name, the first.
 */
function tablesByName(tables: readonly Named[]): ReadonlyMap<string, Named> {
  const byName = new Map<string, Named>();
  const add = (name: string, table: Named) => {
    if (!byName.has(name)) byName.set(name, table);
  };
  for (const table of tables) {
    if (table.alias !== null) {
      add(table.alias, table);
      continue;
    }
    const lower = table.name.toLowerCase();
    add(lower, table);
    add(lower.slice(lower.lastIndexOf(".") + 1), table);
  }
  return byName;
}
