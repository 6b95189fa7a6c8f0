const INITIAL_BYTES = 256;
/** A buffer that has grown beyond this is not kept for the next line. */
const MAX_KEPT_BUFFER = 32 * 1024;

/** A line whose end has not been read yet: its first bytes, and how many it has. */
export class PartialLine {
  readonly #maxKept: number;
  #buffer = new Uint8Array(INITIAL_BYTES);
  #kept = 0;
  /** How many bytes were read of the line, kept or not. */
  length = 0;

  /** @param maxKept how many of its bytes are kept at most */
  constructor(maxKept: number) {
    this.#maxKept = maxKept;
  }

  /** Begins the line, or goes on with it. */
  add(bytes: Uint8Array): void {
    const room = this.#maxKept - this.#kept;
    const added = bytes.length > room ? bytes.subarray(0, Math.max(0, room)) : bytes;
    const needed = this.#kept + added.length;
    if (needed > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#buffer.length));
      larger.set(this.kept);
      this.#buffer = larger;
    }
    this.#buffer.set(added, this.#kept);
    this.#kept = needed;
    this.length += bytes.length;
  }

  /** The first bytes of the line. Valid until the next call. */
  get kept(): Uint8Array {
    return this.#buffer.subarray(0, this.#kept);
  }

  /** The line is complete. */
  clear(): void {
    this.#kept = 0;
    this.length = 0;
    if (this.#buffer.length > MAX_KEPT_BUFFER) this.#buffer = new Uint8Array(INITIAL_BYTES);
  }
}
