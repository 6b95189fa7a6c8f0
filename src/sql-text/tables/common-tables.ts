/*
 * The common table expressions of a statement: `WITH a AS (…), b (x, y) AS (…) SELECT …`. They look like tables where they are read.
 */

/** What comes next in a list of them. */
type Next = "nothing" | "name" | "AS" | "body" | "comma";

/** Those of one statement, by the parentheses in which each is known. */
export class CommonTables {
  /** Those that are known now, with how many parentheses are open where they are. */
  #known: { name: string; depth: number }[] = [];
  /** How many of these have a name. */
  readonly #names = new Map<string, number>();
  /** Those whose parentheses are open. */
  #open: { name: string; depth: number; isRecursive: boolean }[] = [];
  #next: Next = "nothing";
  #depth = 0;
  #name = "";
  #isRecursive = false;

  /** Forgets all. */
  clear(): void {
    this.#known = [];
    this.#names.clear();
    this.#open = [];
    this.#next = "nothing";
  }

  /** WITH was read: a list may follow. */
  begin(depth: number): void {
    this.#next = "name";
    this.#depth = depth;
    this.#isRecursive = false;
  }

  /** RECURSIVE was read. @returns whether it is a part of the list */
  recursive(depth: number): boolean {
    if (!this.isNamed(depth)) return false;
    this.#isRecursive = true;
    return true;
  }

  /** Whether the name of one comes next. */
  isNamed(depth: number): boolean {
    return this.#next === "name" && depth === this.#depth;
  }

  /** That name was read. */
  name(name: string): void {
    this.#next = "AS";
    this.#name = name.toLowerCase();
  }

  /** A keyword was read: AS goes on with the list, any other ends it. */
  keyword(word: string, depth: number): void {
    if (depth !== this.#depth) return;
    this.#next = this.#next === "AS" && word === "AS" ? "body" : "nothing";
  }

  /** A comma was read. */
  comma(depth: number): void {
    if (depth === this.#depth) this.#next = this.#next === "comma" ? "name" : "nothing";
  }

  /** A parenthesis was opened, which so many were before it. */
  open(depth: number): void {
    if (depth !== this.#depth || this.#next !== "body") return;
    const isRecursive = this.#isRecursive;
    this.#open.push({ name: this.#name, depth, isRecursive });
    if (isRecursive) this.#know(this.#name, depth);
    this.#next = "nothing";
  }

  /** A parenthesis was closed: so many are left. */
  close(depth: number): void {
    while ((this.#known.at(-1)?.depth ?? 0) > depth) this.#forgetLast();
    const body = this.#open.at(-1);
    if (body === undefined || body.depth !== depth) return;
    this.#open.pop();
    if (!body.isRecursive) this.#know(body.name, depth);
    this.#next = "comma";
    this.#depth = depth;
    this.#isRecursive = body.isRecursive;
  }

  /** Whether what looks like a table of this name is one of them. */
  has(name: string): boolean {
    return this.#known.length > 0 && this.#names.has(name.toLowerCase());
  }

  #know(name: string, depth: number): void {
    this.#known.push({ name, depth });
    this.#names.set(name, (this.#names.get(name) ?? 0) + 1);
  }

  #forgetLast(): void {
    const last = this.#known.pop();
    if (last === undefined) return;
    const count = this.#names.get(last.name) ?? 0;
    if (count > 1) this.#names.set(last.name, count - 1);
    else this.#names.delete(last.name);
  }
}
