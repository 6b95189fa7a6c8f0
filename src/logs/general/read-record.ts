import type { LogRecord } from "../record.ts";
import type { BlockText } from "./block-text.ts";
import type { Command } from "./commands.ts";

/** A record that a parser reads, and then the next one: its statement becomes a string only if somebody asks for it. */
export class ReadRecord implements LogRecord {
  timeMicros = 0;
  threadId = 0;
  command: Command = "Query";
  truncated = false;
  start = 0;
  end = 0;
  bytes: Uint8Array | null = null;
  from = 0;
  to = 0;
  #text: string | null = null;
  readonly #texts: BlockText;

  /** @param texts of the bytes in which statements stand */
  constructor(texts: BlockText) {
    this.#texts = texts;
  }

  get statement(): string {
    this.#text ??= this.#texts.slice(this.from, this.to);
    return this.#text;
  }

  /** Gives the record another statement. Its bytes are still those of the one in the log. */
  set statement(text: string) {
    this.#text = text;
  }

  /** The statement stands in the texts' bytes. @param bytes these, if they are UTF-8 there; null where they are not */
  standsIn(bytes: Uint8Array | null, from: number, to: number): void {
    this.bytes = bytes;
    this.from = from;
    this.to = to;
    this.#text = null;
  }

  /** The statement is only known as a text. */
  isText(text: string): void {
    this.bytes = null;
    this.from = this.to = 0;
    this.#text = text;
  }

  /** The record as an object of its own. */
  copy(): LogRecord {
    const { timeMicros, threadId, command, statement, truncated, start, end } = this;
    return { timeMicros, threadId, command, statement, truncated, start, end };
  }
}
