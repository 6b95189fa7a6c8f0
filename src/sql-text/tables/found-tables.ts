/** The longest name, with its schema's, in UTF-16 units: each may have 64 characters. */
const MAX_NAME = 260;

/** The tables that were found in a text, each once, and no more of them than fit. */
export class FoundTables {
  readonly #maxCharacters: number;
  #reads = new Set<string>();
  #writes = new Set<string>();
  #characters = 0;

  /** @param maxCharacters the most that the names have together */
  constructor(maxCharacters: number) {
    this.#maxCharacters = maxCharacters;
  }

  read(name: string): void {
    this.#add(this.#reads, name);
  }

  write(name: string): void {
    this.#add(this.#writes, name);
  }

  /** What was found. Nothing of it is kept. */
  take(): { reads: string[]; writes: string[] } {
    const found = { reads: [...this.#reads], writes: [...this.#writes] };
    this.#reads.clear();
    this.#writes.clear();
    this.#characters = 0;
    return found;
  }

  #add(tables: Set<string>, name: string): void {
    const { length } = name;
    if (length > MAX_NAME || tables.has(name) || this.#characters + length > this.#maxCharacters) return;
    this.#characters += length;
    tables.add(name);
  }
}
