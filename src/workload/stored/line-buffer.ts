const encoder = new TextEncoder();

/** Lines are encoded together up to this length: few calls, and yet an emoji makes a two-byte string of few others. */
const BATCH = 16 * 1024;

/** Collects lines as UTF-8 in one growing buffer. */
export class LineBuffer {
  #bytes: Uint8Array<ArrayBuffer>;
  #encoded = 0;
  #text = "";

  /** @param bytes how much it has room for to begin with; it grows */
  constructor(bytes = 64 * 1024) {
    this.#bytes = new Uint8Array(Math.max(1, bytes));
  }

  /** Adds a line, which brings its own newline. */
  add(line: string): void {
    this.#text += line;
    if (this.#text.length >= BATCH) this.#encode();
  }

  /** How many bytes there are. */
  get length(): number {
    this.#encode();
    return this.#encoded;
  }

  /** Takes all of it out, as a copy that is the caller's. */
  take(): Uint8Array<ArrayBuffer> {
    this.#encode();
    const bytes = this.#bytes.slice(0, this.#encoded);
    this.#encoded = 0;
    return bytes;
  }

  #encode(): void {
    const text = this.#text;
    if (text === "") return;
    this.#text = "";
    const needed = this.#encoded + 3 * text.length;
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, this.#encoded));
      this.#bytes = larger;
    }
    this.#encoded += encoder.encodeInto(text, this.#bytes.subarray(this.#encoded)).written;
  }
}
