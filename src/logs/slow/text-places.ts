const LF = 10;

/** Where lines of a decoded text begin in its bytes. Asked from front to back. */
export class TextPlaces {
  #text = "";
  /** Null where each character is a byte. */
  #bytes: Uint8Array | null = null;
  #length = 0;
  #inText = 0;
  #inBytes = 0;

  /** @param length how many bytes the text has in the log: more than `bytes` where its last line was not kept whole */
  begin(text: string, bytes: Uint8Array, length: number): void {
    this.#text = text;
    this.#bytes = text.length === length ? null : bytes;
    this.#length = length;
    this.#inText = 0;
    this.#inBytes = 0;
  }

  /** The place in the bytes of the line that begins at `at` in the text, or of the text's end. */
  of(at: number): number {
    const bytes = this.#bytes;
    if (bytes === null) return at;
    if (at === this.#text.length) return this.#length;
    if (at < this.#inText) {
      this.#inText = 0;
      this.#inBytes = 0;
    }
    while (this.#inText < at) {
      this.#inText = this.#text.indexOf("\n", this.#inText) + 1;
      this.#inBytes = bytes.indexOf(LF, this.#inBytes) + 1;
    }
    return this.#inBytes;
  }
}
