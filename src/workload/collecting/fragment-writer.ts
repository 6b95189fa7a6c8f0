import { joinBytes } from "../../lib/bytes.ts";
import { crc32 } from "../stored/crc32.ts";
import { deflatePiece } from "../stored/deflate.ts";
import type { FragmentContent, FragmentStore } from "../stored/fragments.ts";
import { LineBuffer } from "../stored/line-buffer.ts";
import type { Manifest } from "../stored/manifest.ts";
import { SUMMARY_KINDS, Summary } from "../stored/summary.ts";
import { FragmentContents } from "./fragment-contents.ts";

/** A fragment is added to until it has so many bytes: small enough to be read back, large enough to be few. */
const FRAGMENT_BYTES = 1024 * 1024;
/**
 * ... or so much text: statements that are long and alike compress two hundred times, and a search decompresses whole fragments. What
 * one step adds is not divided.
 */
const FRAGMENT_PLAIN_BYTES = 32 * 1024 * 1024;

/** The last fragment, which is added to until it is large enough: how many of its bytes count, and what it holds. */
export interface Tail extends Omit<FragmentContent, "summary"> {
  bytes: number;
  /** At its full size, so that it can be added to. */
  summary: string;
}

/** Writes the records of one step to the last fragment, or to a new one. */
export class FragmentWriter {
  /** The last fragment as it is stored, and the same if it is added to. */
  readonly #last: Tail | null;
  readonly #tail: Tail | null;
  readonly #manifest: Manifest;
  /** What the records have that are added. */
  readonly contents: FragmentContents;
  /** The lines that are not compressed yet. */
  readonly lines = LineBuffer.ofSpare();
  readonly #pieces: Uint8Array[] = [];
  #pieceBytes = 0;
  #plainBytes: number;
  #crc32: number;
  #records = 0;
  #firstMicros = Number.POSITIVE_INFINITY;
  #lastMicros = Number.NEGATIVE_INFINITY;

  /**
   * @param tail the last fragment as it is stored; null when there is none that can be added to
   * @param manifest counts the bytes and the fragments
   */
  constructor(tail: Tail | null, manifest: Manifest) {
    this.#last = tail;
    this.#tail = tail === null || isLargeEnough(tail) ? null : tail;
    this.#manifest = manifest;
    this.#plainBytes = this.#tail?.plainBytes ?? 0;
    this.#crc32 = this.#tail?.crc32 ?? 0;
    this.contents = new FragmentContents(kindsOf(manifest));
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
    const plain = this.lines.empty();
    const piece = deflatePiece(plain);
    this.#plainBytes += length;
    this.#crc32 = crc32(plain, this.#crc32);
    this.#pieces.push(piece);
    this.#pieceBytes += piece.length;
  }

  /** Stores what was added. @returns the last fragment as it is stored then */
  async store(fragments: FragmentStore): Promise<Tail | null> {
    this.compress();
    this.lines.release();
    if (this.#records === 0) return this.#last;
    const manifest = this.#manifest;
    const { fragments: count, storedBytes } = manifest;
    // A capture that was begun by version 1: what it has is not added to.
    manifest.version1 ??= { fragments: count, storedBytes };
    const tail = this.#tail;
    const sequence = tail === null ? count : count - 1;
    const earlier = tail === null ? [] : [await fragments.read(sequence, tail.bytes)];
    const bytes = joinBytes([...earlier, ...this.#pieces]);
    const { summary, ...content } = this.#contentWith(tail);
    await fragments.write(sequence, bytes, { ...content, summary: summary.toText() });
    manifest.fragments = sequence + 1;
    manifest.storedBytes += this.#pieceBytes;
    const { plainBytes, crc32: crc } = content;
    manifest.lastFragment = { bytes: bytes.length, plainBytes, crc32: crc };
    return { bytes: bytes.length, ...content, summary: summary.toText(true) };
  }

  #contentWith(tail: Tail | null) {
    const { summary, longestMicros, errors } = this.contents;
    if (tail !== null) summary.merge(Summary.parse(tail.summary));
    return {
      firstMicros: Math.min(tail?.firstMicros ?? Number.POSITIVE_INFINITY, this.#firstMicros),
      lastMicros: Math.max(tail?.lastMicros ?? Number.NEGATIVE_INFINITY, this.#lastMicros),
      records: (tail?.records ?? 0) + this.#records,
      plainBytes: this.#plainBytes,
      crc32: this.#crc32,
      longestMicros: together(Math.max, tail?.longestMicros, longestMicros),
      errors: together((a, b) => a + b, tail?.errors, errors),
      summary,
    };
  }
}

const isLargeEnough = ({ bytes, plainBytes }: Tail): boolean =>
  bytes >= FRAGMENT_BYTES || plainBytes >= FRAGMENT_PLAIN_BYTES;

/**
 * What a summary is made of. A capture that was begun by version 1 may have digests whose tables were not read from a whole
 * statement.
 */
const kindsOf = ({ version1 }: Manifest) =>
  SUMMARY_KINDS.filter((kind) => kind !== "table" || version1?.fragments === 0);

/** What two parts of a fragment have together; null where neither says it. */
function together(
  of: (one: number, other: number) => number,
  one: number | null | undefined,
  other: number | null,
): number | null {
  if (one === null || one === undefined) return other;
  return other === null ? one : of(one, other);
}
