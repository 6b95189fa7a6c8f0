import { isDigit, isWordByte } from "./lexer/bytes.ts";
import { endOfQuoted } from "./lexer/quotes.ts";
import {
  endOfNumber,
  isNamePlace,
  KINDS,
  MAX_CACHED_BYTES,
  NAME,
  NUMBER,
  STRING,
  WORD,
} from "./normalize/digest-cache-key.ts";
import { mayChooseDatabaseIn } from "./session-settings.ts";
import { HAS_SECRET_WORD, HAS_SEMICOLON, marksOf, StringMarks } from "./statement-marks.ts";

/*
 * What statements have in common that differ only in their numbers and strings. An application's statements are few but for these: of one
 * like another, all that is known of that one need not be found out again, and only its strings are looked at.
 */

/** What statements have that are alike but for their numbers and strings. */
export interface Template {
  /** Which of the templates that are kept at a time it is, counted from 0. */
  readonly id: number;
  /** Their digestCacheKey. */
  readonly cacheKey: number;
  /** The marks of all that is neither a number nor a string (statement-marks.ts). */
  readonly marks: number;
}

/** How many nodes are kept, and bytes between literals: of a workload that has more, most do not come again. */
const MAX_NODES = 8192;
const MAX_BYTES = 512 * 1024;
/** A statement with more literals would take too many of these. */
const MAX_LITERALS = 512;
/** How many statements are remembered, by their cache keys, that have no template. */
const MAX_WITHOUT = 4096;

const QUOTE = 34;
const APOSTROPHE = 39;

/**
 * A node of the tree of templates. Each way from the root is the beginning of a statement: bytes that are the same in all, and between
 * them numbers and strings. So it is certain at each node whether a digit begins a number: it does where one has a number there.
 */
class Node {
  /** Its bytes, which stand before what follows: where they are among those of all, how many, and the first. */
  from: number;
  length: number;
  first: number;
  /** What may follow: one of several bytes, a number, or a string in quotes of either kind. */
  child: Node | null = null;
  sibling: Node | null = null;
  number: Node | null = null;
  single: Node | null = null;
  double: Node | null = null;
  /** That of the statements that end here. */
  template: Template | null = null;

  constructor(from = 0, length = 0, first = 0) {
    this.from = from;
    this.length = length;
    this.first = first;
  }
}

/** The templates of statements that were seen: a radix tree of them, in bounded memory. */
export class Templates {
  #root = new Node();
  #nodes = 0;
  #templates = 0;
  /** The bytes of all nodes. */
  #bytes = new Uint8Array(4096);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;
  readonly #without = new Set<number>();
  readonly #string = new StringMarks();
  /** Of the statement that was matched last: the marks of its strings, and whether one may choose a database, read as statements. */
  marks = 0;
  mayChooseDatabase = false;

  /**
   * The template of a statement; null where none is known, or where one of its strings may hold a secret.
   * @param view of the bytes
   * @param start where the statement begins @param end where it ends; behind it stands a byte that belongs to no token
   */
  match(bytes: Uint8Array, view: DataView, start: number, end: number): Template | null {
    if (end - start > MAX_CACHED_BYTES) return null;
    this.marks = 0;
    this.mayChooseDatabase = false;
    let node = this.#root;
    let at = start;
    while (at < end) {
      const byte = bytes[at] as number;
      if (node.number !== null && isDigit(byte)) {
        at = endOfNumber(bytes, at);
        if (at < 0) return null;
        node = node.number;
        continue;
      }
      const string = byte === APOSTROPHE ? node.single : byte === QUOTE ? node.double : null;
      if (string !== null) {
        at = this.#passString(bytes, at, end, byte);
        if (at < 0) return null;
        node = string;
        continue;
      }
      let child = node.child;
      while (child !== null && child.first !== byte) child = child.sibling;
      if (child === null || at + child.length > end || !this.#isAt(child, view, at)) return null;
      at += child.length;
      node = child;
    }
    return node.template;
  }

  /**
   * Learns a template from a statement that holds no secret word and has a digestCacheKey.
   * @returns it; null where the statement has none: too many literals, or names in double quotes
   */
  learn(bytes: Uint8Array, start: number, end: number, cacheKey: number): Template | null {
    if (this.#without.has(cacheKey)) return null;
    if (this.#nodes >= MAX_NODES || this.#length >= MAX_BYTES) this.#clear();
    let node = this.#root;
    let marks = 0;
    let literals = 0;
    let from = start;
    for (let at = start; at < end; ) {
      const byte = bytes[at] as number;
      const kind = KINDS[byte];
      if (kind !== NUMBER && kind !== STRING) {
        at = endOfConstant(bytes, at, end);
        continue;
      }
      const isQuotedName =
        byte === QUOTE && isNamePlace(bytes, start, end, at, endOfQuoted(bytes, end, at, byte));
      if (literals++ === MAX_LITERALS || isQuotedName) return this.#forgo(cacheKey);
      marks |= marksOf(bytes, from, at);
      node = this.#literal(this.#constant(node, bytes, from, at), byte);
      at = kind === NUMBER ? endOfNumber(bytes, at) : endOfQuoted(bytes, end, at, byte);
      if (at < 0) return null;
      from = at;
    }
    marks |= marksOf(bytes, from, end);
    node = this.#constant(node, bytes, from, end);
    node.template ??= { id: this.#templates++, cacheKey, marks };
    return node.template;
  }

  /** Where a string ends; -1 where it is not closed, or may hold a secret. */
  #passString(bytes: Uint8Array, at: number, end: number, quote: number): number {
    const string = this.#string;
    const after = string.pass(bytes, at, end, quote);
    if (after < 0 || (string.marks & HAS_SECRET_WORD) !== 0) return -1;
    const hasSemicolon = (string.marks & HAS_SEMICOLON) !== 0;
    if (hasSemicolon && mayChooseDatabaseIn(bytes, at, after)) this.mayChooseDatabase = true;
    this.marks |= string.marks;
    return after;
  }

  /** Whether a node's bytes, of which the first is known to be, are at a place. */
  #isAt({ from, length }: Node, view: DataView, at: number): boolean {
    const own = this.#view;
    if (length < 4) {
      for (let i = 1; i < length; i++) if (view.getUint8(at + i) !== own.getUint8(from + i)) return false;
      return true;
    }
    // The last four may be compared twice.
    const last = length - 4;
    if (view.getInt32(at + last, true) !== own.getInt32(from + last, true)) return false;
    let i = 0;
    // Four words at a time: else most of the time is the loop's.
    for (; i + 16 <= last; i += 16) {
      const differing =
        (view.getInt32(at + i, true) ^ own.getInt32(from + i, true)) |
        (view.getInt32(at + i + 4, true) ^ own.getInt32(from + i + 4, true)) |
        (view.getInt32(at + i + 8, true) ^ own.getInt32(from + i + 8, true)) |
        (view.getInt32(at + i + 12, true) ^ own.getInt32(from + i + 12, true));
      if (differing !== 0) return false;
    }
    for (; i < last; i += 4) if (view.getInt32(at + i, true) !== own.getInt32(from + i, true)) return false;
    return true;
  }

  /** The node behind bytes that are the same in all statements, made if there is none. */
  #constant(before: Node, bytes: Uint8Array, from: number, to: number): Node {
    let node = before;
    let at = from;
    while (at < to) {
      let child = node.child;
      while (child !== null && child.first !== bytes[at]) child = child.sibling;
      if (child === null) return this.#add(node, bytes.subarray(at, to));
      let same = 1;
      while (same < child.length && at + same < to && this.#bytes[child.from + same] === bytes[at + same])
        same++;
      if (same < child.length) this.#split(child, same);
      node = child;
      at += same;
    }
    return node;
  }

  /** The node behind a literal that begins with a byte, made if there is none. */
  #literal(before: Node, byte: number): Node {
    const place = byte === APOSTROPHE ? "single" : byte === QUOTE ? "double" : "number";
    const known = before[place];
    if (known !== null) return known;
    this.#nodes++;
    const node = new Node();
    before[place] = node;
    return node;
  }

  #add(parent: Node, bytes: Uint8Array): Node {
    const from = this.#length;
    const needed = from + bytes.length;
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(2 * needed);
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    this.#bytes.set(bytes, from);
    this.#length = needed;
    this.#nodes++;
    const node = new Node(from, bytes.length, bytes[0] as number);
    node.sibling = parent.child;
    parent.child = node;
    return node;
  }

  /** Parts a node, so that others can branch off behind its first bytes. */
  #split(node: Node, length: number): void {
    const from = node.from + length;
    const rest = new Node(from, node.length - length, this.#bytes[from] as number);
    rest.child = node.child;
    rest.number = node.number;
    rest.single = node.single;
    rest.double = node.double;
    rest.template = node.template;
    node.length = length;
    node.child = rest;
    node.number = node.single = node.double = node.template = null;
    this.#nodes++;
  }

  /** Notes that a statement has no template, so that this is not found out with each like it. */
  #forgo(cacheKey: number): null {
    if (this.#without.size >= MAX_WITHOUT) this.#without.clear();
    this.#without.add(cacheKey);
    return null;
  }

  #clear(): void {
    this.#root = new Node();
    this.#nodes = this.#templates = this.#length = 0;
  }
}

/** Where what begins at a place and is neither a number nor a string ends: a word, a name in backticks, or a byte. */
function endOfConstant(bytes: Uint8Array, start: number, end: number): number {
  const byte = bytes[start] as number;
  const kind = KINDS[byte];
  if (kind === NAME) return endOfQuoted(bytes, end, start, byte);
  let at = start + 1;
  if (kind === WORD) while (isWordByte(bytes[at] as number)) at++;
  return at;
}
