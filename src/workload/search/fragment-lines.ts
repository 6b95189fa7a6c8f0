import { Buffer } from "node:buffer";
import { retryOnce } from "../../lib/transient.ts";
import { decompressor } from "../stored/deflate.ts";
import type { FragmentPart } from "../stored/fragments-in-range.ts";
import type { ObjectStore } from "../stored/object-store.ts";
import { SealBroken } from "../stored/sealed-object.ts";
import type { LineMatcher } from "./line-matcher.ts";

/*
 * The lines of a fragment that a matcher finds. Only these are decoded, and parsed where the matcher asks for it. What is read is
 * decompressed a piece at a time, so that it takes the memory of the stored fragment and of a few pieces.
 */

/** Text is decompressed in pieces of this size: larger ones are no faster, smaller ones are slower. */
const PIECE_BYTES = 256 * 1024;

/** A line that was found. */
export interface FoundLine {
  /** The record in JSON, without the newline. */
  json: string;
  /** Where the line begins and ends in the fragment's text, in bytes; the newline is its own. */
  start: number;
  end: number;
}

/** What was found in the next stretch of a fragment's text. */
export interface FoundStretch {
  lines: FoundLine[];
  /** Where it begins and ends in the fragment's text, in bytes. */
  start: number;
  end: number;
}

/** The text of a stretch, in bytes, and where it is in the fragment's. */
interface Block {
  bytes: Buffer;
  start: number;
}

/**
 * A fragment as it is stored, as many of its bytes as count; null when it is not there any more.
 * @throws DamagedFragment when it is sealed and can't be opened; what R2 throws, after a second try if that is transient
 */
export function readFragment(
  bucket: ObjectStore,
  { key, bytes }: Pick<FragmentPart, "key" | "bytes">,
): Promise<Uint8Array | null> {
  return retryOnce("workload.fragment.repeated", async () => {
    try {
      const object = await bucket.get(key, { range: { offset: 0, length: bytes } });
      return object === null ? null : new Uint8Array(await object.arrayBuffer());
    } catch (error) {
      if (!(error instanceof SealBroken)) throw error;
      throw new DamagedFragment(error.message, { cause: error });
    }
  });
}

/** A fragment can't be opened or decompressed: it is not what was stored. */
export class DamagedFragment extends Error {
  override readonly name = "DamagedFragment";
}

/**
 * The lines of a fragment that a matcher finds, in their order.
 * @param stored the fragment as it is stored
 * @param from where the first line begins that is looked at, in bytes of the text
 * @param to no line is looked at that begins here or later
 * @throws DamagedFragment when it can't be decompressed
 */
export async function* findLines(
  part: Pick<FragmentPart, "key" | "version" | "plainBytes">,
  stored: Uint8Array,
  matcher: LineMatcher,
  from = 0,
  to = Number.POSITIVE_INFINITY,
): AsyncGenerator<FoundStretch> {
  for await (const { bytes, start } of blocksOf(part, stored)) {
    if (start >= to) return;
    const end = start + bytes.length;
    if (end <= from) continue;
    const skipped = Math.max(0, from - start);
    const looked = bytes.subarray(skipped, Math.min(bytes.length, to - start));
    yield {
      lines: linesIn(looked, start + skipped, matcher),
      start: start + skipped,
      end: Math.min(end, to),
    };
  }
}

/** The text in blocks of whole lines. */
async function* blocksOf(part: Parameters<typeof findLines>[0], stored: Uint8Array): AsyncGenerator<Block> {
  let start = 0;
  /** The beginning of a line that is still open. */
  let open: Buffer[] = [];
  for await (const piece of piecesOf(part, stored)) {
    let rest = piece;
    if (open.length > 0) {
      const closed = piece.indexOf(LF) + 1;
      open.push(closed === 0 ? piece : piece.subarray(0, closed));
      if (closed === 0) continue;
      const bytes = Buffer.concat(open);
      yield { bytes, start };
      start += bytes.length;
      rest = piece.subarray(closed);
      open = [];
    }
    const whole = rest.lastIndexOf(LF) + 1;
    if (whole > 0) {
      yield { bytes: rest.subarray(0, whole), start };
      start += whole;
    }
    if (whole < rest.length) open.push(rest.subarray(whole));
  }
  if (open.length > 0) throw new DamagedFragment(`${part.key} ends amid a line`);
}

/** The text in pieces. */
async function* piecesOf(
  { key, version, plainBytes }: Parameters<typeof findLines>[0],
  stored: Uint8Array,
): AsyncGenerator<Buffer> {
  const plain = decompressor(version, PIECE_BYTES);
  plain.end(stored);
  let bytes = 0;
  // An error that the consumer throws at a yield does not come here.
  const pieces = plain[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await pieces.next().catch((cause: unknown) => {
        throw new DamagedFragment(`${key} can't be decompressed`, { cause });
      });
      if (next.done) break;
      const { buffer, byteOffset, length } = next.value;
      bytes += length;
      yield Buffer.from(buffer, byteOffset, length);
    }
  } finally {
    await pieces.return?.();
  }
  // Deflate that is cut is no error.
  if (plainBytes !== null && bytes !== plainBytes) throw new DamagedFragment(`${key} has lost its end`);
}

const LF = 10;
const STATEMENT = '"statement":"';
/** Text is searched in pieces of this size, or of one line: V8 makes longer ones at several times the cost. */
const SEARCHED_BYTES = 64 * 1024;

/** The lines of a block that match. */
function linesIn(block: Buffer, blockStart: number, matcher: LineMatcher): FoundLine[] {
  const lines: FoundLine[] = [];
  for (let start = 0; start < block.length; ) {
    let end = Math.min(block.length, start + SEARCHED_BYTES);
    if (end < block.length) {
      const whole = block.subarray(start, end).lastIndexOf(LF) + 1;
      end = whole > 0 ? start + whole : block.indexOf(LF, end) + 1;
    }
    addLines(lines, block.subarray(start, end), blockStart + start, matcher);
    start = end;
  }
  return lines;
}

/** Adds the lines of a part of a block that match. */
function addLines(lines: FoundLine[], part: Buffer, partStart: number, matcher: LineMatcher): void {
  if (!matcher.mayBeIn(part)) return;
  const text = part.latin1Slice(0, part.length);
  for (let at = 0; ; ) {
    const found = matcher.find(text, at);
    if (found < 0) return;
    const start = text.lastIndexOf("\n", found) + 1;
    if (matcher.isInStatement) {
      const statement = text.indexOf(STATEMENT, start) + STATEMENT.length;
      if (found < statement) {
        at = statement;
        continue;
      }
    }
    const end = text.indexOf("\n", found);
    at = end + 1;
    if (!matcher.test(text.slice(start, end))) continue;
    const json = part.utf8Slice(start, end);
    if (matcher.verify === null || matcher.verify(JSON.parse(json))) {
      lines.push({ json, start: partStart + start, end: partStart + at });
    }
  }
}
