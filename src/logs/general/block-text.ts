import { Buffer, isAscii } from "node:buffer";

/** How many bytes become one text at once: a few hundred statements, since one by one they take several times as long. */
const BLOCK_BYTES = 32 * 1024;

const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/** Decodes bytes of a log. What is no UTF-8 becomes U+FFFD. */
export const decode = (bytes: Uint8Array): string => decoder.decode(bytes);

/**
 * Finds the lines of a log's bytes, from the first to the last, and the text of stretches of them. A block's bytes are made a text of as many
 * characters: a newline is found in that in a tenth of the time that it takes in bytes, and text of ASCII is a part of it.
 */
export class BlockText {
  #bytes = Buffer.from(new ArrayBuffer(0), 0, 0);
  /** The block, and each of its bytes as a character. */
  #from = 0;
  #to = 0;
  #text = "";
  /** Whether it is ASCII; null where nobody has asked. */
  #isAscii: boolean | null = null;

  /** Takes the bytes that follow. */
  begin(bytes: Uint8Array): void {
    this.#bytes = Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length);
    this.#load(0);
  }

  /** Where the line that `at` is in ends: its newline; -1 where it has none. */
  endOfLine(at: number): number {
    if (at < this.#from || at >= this.#to) this.#load(at);
    let found = this.#text.indexOf("\n", at - this.#from);
    while (found < 0 && this.#to < this.#bytes.length) {
      this.#load(this.#to);
      found = this.#text.indexOf("\n");
    }
    return found < 0 ? -1 : this.#from + found;
  }

  /**
   * The text from one byte to another. It shares memory with the text around it: where it is kept, up to 32 KB are.
   */
  slice(from: number, to: number): string {
    if (from < this.#from || to > this.#to) return decode(this.#bytes.subarray(from, to));
    this.#isAscii ??= isAscii(this.#bytes.subarray(this.#from, this.#to));
    if (this.#isAscii) return this.#text.slice(from - this.#from, to - this.#from);
    return decode(this.#bytes.subarray(from, to));
  }

  #load(from: number): void {
    this.#from = from;
    this.#to = Math.min(from + BLOCK_BYTES, this.#bytes.length);
    this.#text = this.#bytes.latin1Slice(from, this.#to);
    this.#isAscii = null;
  }
}
