import { gzipSync } from "node:zlib";
import { joinBytes } from "../../lib/bytes.ts";
import type { FragmentContent, FragmentStore } from "../stored/fragments.ts";
import { LineBuffer } from "../stored/line-buffer.ts";
import type { Manifest } from "../stored/manifest.ts";

/** A fragment is added to until it has so many bytes: small enough to be read back, large enough to be few. */
const FRAGMENT_BYTES = 1024 * 1024;
/** Of gzip's levels, the last before zlib searches in earnest: a third of the time of 6, for about a tenth more bytes. */
const COMPRESSION = 3;

/** The last fragment, which is added to until it is large enough: how many of its bytes count, and what it holds. */
export interface Tail extends FragmentContent {
  bytes: number;
}

/** Writes the records of one step to the last fragment, or to a new one. */
export class FragmentWriter {
  readonly #tail: Tail | null;
  readonly #manifest: Manifest;
  /** The lines that are not compressed yet. */
  readonly lines = new LineBuffer();
  readonly #members: Uint8Array[] = [];
  #memberBytes = 0;
  #records = 0;
  #firstMicros = Number.POSITIVE_INFINITY;
  #lastMicros = Number.NEGATIVE_INFINITY;

  /**
   * @param tail the last fragment as it is stored; null when there is none
   * @param manifest counts the bytes and the fragments
   */
  constructor(tail: Tail | null, manifest: Manifest) {
    this.#tail = tail;
    this.#manifest = manifest;
  }

  /** Adds the record whose line was written. */
  add(timeMicros: number): void {
    this.#records++;
    this.#firstMicros = Math.min(this.#firstMicros, timeMicros);
    this.#lastMicros = Math.max(this.#lastMicros, timeMicros);
  }

  /** Compresses the lines that there are: a portion at a time, so that no more than one is kept in clear. */
  compress(): void {
    const { length } = this.lines;
    if (length === 0) return;
    this.#manifest.bytes += length;
    const member = gzipSync(this.lines.take(), { level: COMPRESSION });
    this.#members.push(member);
    this.#memberBytes += member.length;
  }

  /** Stores what was added. @returns the last fragment as it is stored then */
  async store(fragments: FragmentStore): Promise<Tail | null> {
    this.compress();
    if (this.#records === 0) return this.#tail;
    const manifest = this.#manifest;
    const tail = this.#tail === null || this.#tail.bytes >= FRAGMENT_BYTES ? null : this.#tail;
    const sequence = tail === null ? manifest.fragments : manifest.fragments - 1;
    const earlier = tail === null ? [] : [await fragments.read(sequence, tail.bytes)];
    // Gzip members that stand one after the other are one gzip file (RFC 1952, section 2.2).
    const bytes = joinBytes([...earlier, ...this.#members]);
    const content = this.#contentWith(tail);
    await fragments.write(sequence, bytes, content);
    manifest.fragments = sequence + 1;
    manifest.storedBytes += this.#memberBytes;
    return { bytes: bytes.length, ...content };
  }

  #contentWith(tail: Tail | null): FragmentContent {
    return {
      firstMicros: Math.min(tail?.firstMicros ?? Number.POSITIVE_INFINITY, this.#firstMicros),
      lastMicros: Math.max(tail?.lastMicros ?? Number.NEGATIVE_INFINITY, this.#lastMicros),
      records: (tail?.records ?? 0) + this.#records,
    };
  }
}
