import { joinBytes } from "../../lib/bytes.ts";
import { derivedKey } from "../../lib/derived-key.ts";

/*
 * How an object is sealed: the construction STREAM (Hoang, Reyhanitabar, Rogaway and Vizár, "Online Authenticated-Encryption and its
 * Nonce-Reuse Misuse-Resistance", CRYPTO 2015), with a key for each object as in Tink's streaming AEAD "AES-GCM-HKDF": HKDF-SHA-256
 * (RFC 5869) of the environment's key, a fresh salt, and what the object is. The text is cut into segments, each sealed by AES-256-GCM
 * (NIST SP 800-38D) with its number and whether it is the last one as the nonce. So what was changed, put into another order, cut off,
 * or belongs to another object does not open, and a part can be opened without what stands before it.
 *
 * An object is written anew when it is added to, with another salt: no nonce is used twice with a key.
 */

/** How much text a segment has; the last one has less. */
export const SEGMENT_BYTES = 256 * 1024;
const TAG_BYTES = 16;
const SEALED_BYTES = SEGMENT_BYTES + TAG_BYTES;
const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const VERSION = 1;

/** An object is not what was sealed, or the key that opens it is not there. */
export class SealBroken extends Error {
  override readonly name = "SealBroken";
}

/** What an object says of its seal. */
export interface Seal {
  /** The number of the environment's key. */
  keyNumber: number;
  salt: Uint8Array<ArrayBuffer>;
}

/** A new seal, with the key of that number. */
export const newSeal = (keyNumber: number): Seal => ({
  keyNumber,
  salt: crypto.getRandomValues(new Uint8Array(SALT_BYTES)),
});

/** A seal as an object's metadata has it. */
export const sealText = ({ keyNumber, salt }: Seal): string =>
  `${VERSION}.${keyNumber}.${salt.toBase64({ alphabet: "base64url", omitPadding: true })}`;

/** Reads what `sealText` has written. @throws SealBroken */
export function readSeal(text: string | undefined): Seal {
  const [, keyNumber, salt] = /^1\.(\d{1,9})\.([\w-]{22})$/.exec(text ?? "") ?? [];
  if (keyNumber === undefined || salt === undefined) throw new SealBroken("it is not sealed as it should be");
  return { keyNumber: Number(keyNumber), salt: Uint8Array.fromBase64(salt, { alphabet: "base64url" }) };
}

/**
 * The key of one object.
 * @param key the environment's, for HKDF
 * @param name what the object is called in R2: which capture, log and fragment it is
 */
export function objectKey(key: CryptoKey, { salt }: Seal, name: string): Promise<CryptoKey> {
  return derivedKey(key, salt, `captures workload ${VERSION}\n${name}`);
}

/** How many bytes of text a sealed object of so many bytes has. */
export const openedSize = (sealedSize: number): number =>
  Math.max(0, sealedSize - TAG_BYTES * segmentsOf(sealedSize));

/** How many segments it has: one at least, which may be empty. */
const segmentsOf = (sealedSize: number): number => Math.max(1, Math.ceil(sealedSize / SEALED_BYTES));

/** Seals an object, with its own key. */
export async function sealObject(key: CryptoKey, text: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const segments: Uint8Array[] = [];
  let at = 0;
  do {
    const segment = text.subarray(at, at + SEGMENT_BYTES) as Uint8Array<ArrayBuffer>;
    at += SEGMENT_BYTES;
    const params = paramsOf(segments.length, at >= text.length);
    segments.push(new Uint8Array(await crypto.subtle.encrypt(params, key, segment)));
  } while (at < text.length);
  return joinBytes(segments);
}

/** A part of a sealed object that holds a part of its text. */
export interface SealedPart {
  /** Which bytes of the object to read. */
  range: { offset: number; length: number };
  /** The number of the first segment in it. */
  first: number;
  /** How much of what it opens to stands before the text. */
  skip: number;
}

/** Which part of a sealed object holds a part of its text. */
export function partOf(offset: number, length: number): SealedPart {
  const first = Math.floor(offset / SEGMENT_BYTES);
  const last = Math.max(first, Math.floor((offset + length - 1) / SEGMENT_BYTES));
  return {
    range: { offset: first * SEALED_BYTES, length: (last - first + 1) * SEALED_BYTES },
    first,
    skip: offset - first * SEGMENT_BYTES,
  };
}

/**
 * Opens a part of a sealed object, segment by segment.
 * @param sealed the part's bytes, in chunks
 * @param size how many bytes all of the object has
 * @throws SealBroken where it is not what was sealed
 */
export async function* openSegments(
  key: CryptoKey,
  sealed: AsyncIterable<Uint8Array>,
  size: number,
  first = 0,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const count = segmentsOf(size);
  let number = first;
  for await (const segment of segmentsIn(sealed)) {
    if (number >= count) throw new SealBroken("it has more than was sealed");
    const params = paramsOf(number, number === count - 1);
    try {
      yield new Uint8Array(await crypto.subtle.decrypt(params, key, segment));
    } catch (cause) {
      throw new SealBroken("it was changed, cut off or mistaken for another", { cause });
    }
    number++;
  }
  if (number === first) throw new SealBroken("it is empty");
}

/** The segments of a part, each in one piece. */
async function* segmentsIn(sealed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const segment = new Uint8Array(SEALED_BYTES);
  let filled = 0;
  for await (const chunk of sealed) {
    for (let at = 0; at < chunk.length; ) {
      const taken = chunk.subarray(at, at + SEALED_BYTES - filled);
      segment.set(taken, filled);
      filled += taken.length;
      at += taken.length;
      if (filled < SEALED_BYTES) continue;
      yield segment;
      filled = 0;
    }
  }
  if (filled > 0) yield segment.subarray(0, filled);
}

/** The nonce of a segment: seven zeros, since the key is the object's own, its number, and whether it is the last. */
function paramsOf(number: number, isLast: boolean): { name: "AES-GCM"; iv: Uint8Array<ArrayBuffer> } {
  const iv = new Uint8Array(NONCE_BYTES);
  new DataView(iv.buffer).setUint32(7, number);
  iv[NONCE_BYTES - 1] = isLast ? 1 : 0;
  return { name: "AES-GCM", iv };
}
