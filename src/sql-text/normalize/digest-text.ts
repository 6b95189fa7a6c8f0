import { MAX_DIGEST_BYTES, MAX_NORMALISED_BYTES } from "./digest-limits.ts";
import { addToFirst, addToSecond, FIRST_LANE, mix, SECOND_LANE } from "./fingerprint.ts";

/*
 * The text that the normaliser writes. All of it counts for the fingerprint; if it is long, only its beginning and its end are
 * shown.
 */

/** Where the middle of a long digest was. */
const ELLIPSIS = " … ";
const ELLIPSIS_BYTES = 5;
const HEAD_BYTES = 3 * (MAX_DIGEST_BYTES / 4);
const TAIL_BYTES = MAX_DIGEST_BYTES - HEAD_BYTES - ELLIPSIS_BYTES;

const decoder = new TextDecoder();

/** A text in UTF-8 that can be taken back to an earlier length. */
export class DigestText {
  bytes = new Uint8Array(MAX_DIGEST_BYTES);
  length = 0;
  /** It has reached MAX_NORMALISED_BYTES: what was added since is missing. */
  isFull = false;
  /** The fingerprint's halves, once `hash` has been called. */
  high = 0;
  low = 0;

  clear(): void {
    this.length = 0;
    this.isFull = false;
  }

  /** The last byte; undefined when there is none. */
  get last(): number | undefined {
    return this.bytes[this.length - 1];
  }

  put(code: number): void {
    if (this.length === this.bytes.length && !this.#grow(this.length + 1)) {
      this.isFull = true;
      return;
    }
    this.bytes[this.length++] = code;
  }

  /** Adds what stands between two places of another text. */
  putText(from: Uint8Array, start: number, end: number): void {
    let length = this.length;
    if (length + end - start > this.bytes.length) this.#grow(length + end - start);
    const { bytes } = this;
    const stop = Math.min(end, start + bytes.length - length);
    for (let at = start; at < stop; at++) bytes[length++] = from[at] as number;
    this.length = length;
    if (stop < end) this.#cut();
  }

  /** As putText, in capitals. For words of letters and underscores only: the mask does nothing else to those. */
  putCapitals(from: Uint8Array, start: number, end: number): void {
    const before = this.length;
    this.putText(from, start, end);
    const { bytes, length } = this;
    for (let at = before; at < length; at++) bytes[at] = (bytes[at] as number) & 0xdf;
  }

  /** Makes room for so many bytes in all; whether there is room for one more at least. */
  #grow(needed: number): boolean {
    const { bytes } = this;
    const room = Math.min(MAX_NORMALISED_BYTES, Math.max(needed, 2 * bytes.length));
    if (room <= bytes.length) return false;
    this.bytes = new Uint8Array(room);
    this.bytes.set(bytes);
    return true;
  }

  /** No more fits. Ends the text with a whole character. */
  #cut(): void {
    this.isFull = true;
    const lead = this.#characterAt(this.length - 1);
    if ((this.bytes[lead] as number) >= 0x80) this.length = lead;
  }

  /** Where the character begins that has the byte at `at`. */
  #characterAt(at: number): number {
    let lead = at;
    while (lead > 0 && ((this.bytes[lead] as number) & 0xc0) === 0x80) lead--;
    return lead;
  }

  /** Computes the fingerprint. */
  hash(): void {
    const { bytes, length } = this;
    let first = FIRST_LANE;
    let second = SECOND_LANE;
    for (let at = 0; at < length; at++) {
      const code = bytes[at] as number;
      first = addToFirst(first, code);
      second = addToSecond(second, code);
    }
    this.low = mix(first, second);
    this.high = mix(second, this.low);
  }

  /** The text as it is shown, at most MAX_DIGEST_BYTES bytes of UTF-8. */
  toString(): string {
    const { bytes, length } = this;
    if (length <= MAX_DIGEST_BYTES) return decoder.decode(bytes.subarray(0, length));
    let tail = length - TAIL_BYTES;
    while (((bytes[tail] as number) & 0xc0) === 0x80) tail++;
    const head = decoder.decode(bytes.subarray(0, this.#characterAt(HEAD_BYTES)));
    return `${head}${ELLIPSIS}${decoder.decode(bytes.subarray(tail, length))}`;
  }
}
