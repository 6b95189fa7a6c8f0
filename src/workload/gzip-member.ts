import { combineCrc32, crc32 } from "./stored/crc32.ts";
import { LAST_BLOCK } from "./stored/deflate.ts";

/** A gzip member's header without a name or a time, of an unknown system (RFC 1952, section 2.3). */
const HEADER: readonly number[] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/**
 * What stands around pieces of deflate to make one gzip member of them (RFC 1952). The header comes first, then the pieces, of each of
 * which this is told in their order, then the trailer.
 */
export class GzipMember {
  #crc = 0;
  #bytes = 0;

  /** What the member begins with. */
  readonly header = new Uint8Array(HEADER);
  /** The next piece holds these bytes. */
  add(plain: Uint8Array): void {
    this.#crc = crc32(plain, this.#crc);
    this.#bytes += plain.length;
  }

  /** The next piece holds so many bytes with this CRC-32. */
  addKnown(crc: number, bytes: number): void {
    this.#crc = combineCrc32(this.#crc, crc, bytes);
    this.#bytes += bytes;
  }

  /** What the member ends with: an empty last block, the CRC-32, and the length modulo 2^32. */
  trailer(): Uint8Array {
    const trailer = new Uint8Array(LAST_BLOCK.length + 8);
    trailer.set(LAST_BLOCK);
    const view = new DataView(trailer.buffer, LAST_BLOCK.length);
    view.setUint32(0, this.#crc, true);
    view.setUint32(4, this.#bytes % 2 ** 32, true);
    return trailer;
  }
}
