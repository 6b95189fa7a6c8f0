import {
  addToFirst,
  addToSecond,
  FIRST_LANE,
  mix,
  SECOND_LANE,
} from "../../sql-text/normalize/fingerprint.ts";

/** How many bits a text sets. */
const HASHES = 4;
/** A filter is folded while at most so many of its bits would be set: with four hashes, one text in a hundred passes by chance. */
const MAX_FILL = 0.3;
/** No smaller, in bytes: a few texts would fill it. */
const MIN_BYTES = 16;

/**
 * A set of texts that may say of a text that it has it although it does not, but never the other way round (Bloom: "Space/Time
 * Trade-offs in Hash Coding with Allowable Errors", CACM 1970). Its bits are chosen by two hashes (Kirsch, Mitzenmacher: "Less
 * Hashing, Same Performance", ESA 2006).
 *
 * It is filled at its full size, and folded when it is stored: the upper half of the bits is laid over the lower one, which holds the
 * same texts, since a bit's number modulo the half is its number there.
 */
export class BloomFilter {
  readonly #bytes: Uint8Array;

  /** @param from its size in bytes, or what was stored of one: no bytes for one that has nothing */
  constructor(from: number | Uint8Array) {
    this.#bytes = typeof from === "number" ? new Uint8Array(from) : from;
  }

  /** Adds a text of a kind, which is a small number. */
  add(kind: number, text: string): void {
    const bytes = this.#bytes;
    const [low, high] = hashOf(kind, text);
    for (let i = 0; i < HASHES; i++) {
      const bit = (low + i * high) % (8 * bytes.length);
      bytes[bit >>> 3] = (bytes[bit >>> 3] as number) | (1 << (bit & 7));
    }
  }

  /** Adds what another one has, which is as large, or was folded from one that was. */
  merge(other: BloomFilter): void {
    const bytes = this.#bytes;
    const from = other.#bytes;
    if (from.length === 0) return;
    for (let at = 0; at < bytes.length; at++) {
      bytes[at] = (bytes[at] as number) | (from[at % from.length] as number);
    }
  }

  /** Whether it may have a text. False only if it was not added. */
  mayHave(kind: number, text: string): boolean {
    const bytes = this.#bytes;
    if (bytes.length === 0) return false;
    const [low, high] = hashOf(kind, text);
    for (let i = 0; i < HASHES; i++) {
      const bit = (low + i * high) % (8 * bytes.length);
      if (((bytes[bit >>> 3] as number) & (1 << (bit & 7))) === 0) return false;
    }
    return true;
  }

  /**
   * What is to be stored: the smallest that is good enough; no bytes where it has nothing.
   * @param isFull whether it keeps its size
   */
  toBytes(isFull = false): Uint8Array {
    let bytes = this.#bytes;
    if (bytes.every((byte) => byte === 0)) return new Uint8Array(0);
    if (isFull) return bytes;
    while (bytes.length % 2 === 0 && bytes.length / 2 >= MIN_BYTES) {
      const folded = bytes.slice(0, bytes.length / 2);
      for (let at = 0; at < folded.length; at++) {
        folded[at] = (folded[at] as number) | (bytes[folded.length + at] as number);
      }
      if (bitsIn(folded) > MAX_FILL * 8 * folded.length) break;
      bytes = folded;
    }
    return bytes;
  }
}

function hashOf(kind: number, text: string): [low: number, high: number] {
  let first = addToFirst(FIRST_LANE, kind);
  let second = addToSecond(SECOND_LANE, kind);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    first = addToFirst(first, code);
    second = addToSecond(second, code);
  }
  const low = mix(first, second);
  // Odd, so that the bits differ.
  return [low, (mix(second, low) | 1) >>> 0];
}

function bitsIn(bytes: Uint8Array): number {
  let bits = 0;
  for (const byte of bytes) for (let rest = byte; rest > 0; rest &= rest - 1) bits++;
  return bits;
}
