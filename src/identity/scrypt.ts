/*
 * scrypt (RFC 7914) in pieces. The platform's own (`node:crypto`) is one piece of a tenth of a second, in which the isolate answers
 * nobody. Here everything but the mixing is the platform's, and between pieces of it others run. The pieces are counted, not timed:
 * in a Worker the clock stands still while it computes, so that what yields by the clock, as `@noble/hashes` does, never yields.
 */

/** What a key is derived by: `N` is the cost, `r` the size of a block in 128 bytes, `dkLen` the key's length in bytes. `p` is 1. */
export interface ScryptParameters {
  N: number;
  r: number;
  dkLen: number;
}

/** How many blocks are mixed in one piece: with `r` of 16 some 0.8 ms. */
const PIECE = 256;

/**
 * Derives a key of a password, as `scrypt` of `node:crypto` does with `p` of 1.
 * @param pause is waited for between any two pieces
 */
export async function scrypt(
  password: Uint8Array,
  salt: Uint8Array,
  { N, r, dkLen }: ScryptParameters,
  pause: () => Promise<void>,
): Promise<Uint8Array<ArrayBuffer>> {
  const block = new Uint32Array((await pbkdf2(password, salt, 128 * r)).buffer);
  const blocks = new Uint32Array(N * block.length);
  try {
    await mix(block, blocks, pause);
  } finally {
    // Frees its 32 MiB now, not when they are collected.
    blocks.buffer.transfer(0);
  }
  return pbkdf2(password, new Uint8Array(block.buffer), dkLen);
}

/** PBKDF2-HMAC-SHA256 with one iteration (RFC 7914, section 6). */
async function pbkdf2(
  password: Uint8Array,
  salt: Uint8Array,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
  const parameters = { name: "PBKDF2", hash: "SHA-256", salt, iterations: 1 };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, key, 8 * length));
}

/** scryptROMix (section 5) of a block of little-endian words, in place. @param blocks room for `N` blocks */
async function mix(block: Uint32Array, blocks: Uint32Array, pause: () => Promise<void>): Promise<void> {
  const words = block.length;
  const N = blocks.length / words;
  const scratch = new Uint32Array(words);
  for (let i = 0; i < N; i++) {
    if (i % PIECE === 0) await pause();
    blocks.set(block, i * words);
    mixBlock(block, scratch);
  }
  for (let i = 0; i < N; i++) {
    if (i % PIECE === 0) await pause();
    const from = ((block[words - 16] as number) & (N - 1)) * words;
    for (let k = 0; k < words; k++) block[k] = (block[k] as number) ^ (blocks[from + k] as number);
    mixBlock(block, scratch);
  }
}

/** scryptBlockMix (section 4) of a block, in place: even parts come first, then the odd ones. */
function mixBlock(block: Uint32Array, scratch: Uint32Array): void {
  const half = block.length / 2;
  let last = block.length - 16;
  let source = block;
  for (let part = 0; part < block.length; part += 16) {
    const target = part / 2 + (part % 32 === 0 ? 0 : half - 8);
    salsa(source, last, block, part, scratch, target);
    source = scratch;
    last = target;
  }
  block.set(scratch);
}

/** Salsa20/8 (section 3) of two blocks of 16 words that are combined by exclusive or. The words are variables: an array is three times slower. */
function salsa(a: Uint32Array, atA: number, b: Uint32Array, atB: number, to: Uint32Array, at: number): void {
  const y0 = (a[atA + 0] as number) ^ (b[atB + 0] as number);
  const y1 = (a[atA + 1] as number) ^ (b[atB + 1] as number);
  const y2 = (a[atA + 2] as number) ^ (b[atB + 2] as number);
  const y3 = (a[atA + 3] as number) ^ (b[atB + 3] as number);
  const y4 = (a[atA + 4] as number) ^ (b[atB + 4] as number);
  const y5 = (a[atA + 5] as number) ^ (b[atB + 5] as number);
  const y6 = (a[atA + 6] as number) ^ (b[atB + 6] as number);
  const y7 = (a[atA + 7] as number) ^ (b[atB + 7] as number);
  const y8 = (a[atA + 8] as number) ^ (b[atB + 8] as number);
  const y9 = (a[atA + 9] as number) ^ (b[atB + 9] as number);
  const y10 = (a[atA + 10] as number) ^ (b[atB + 10] as number);
  const y11 = (a[atA + 11] as number) ^ (b[atB + 11] as number);
  const y12 = (a[atA + 12] as number) ^ (b[atB + 12] as number);
  const y13 = (a[atA + 13] as number) ^ (b[atB + 13] as number);
  const y14 = (a[atA + 14] as number) ^ (b[atB + 14] as number);
  const y15 = (a[atA + 15] as number) ^ (b[atB + 15] as number);
  let x0 = y0;
  let x1 = y1;
  let x2 = y2;
  let x3 = y3;
  let x4 = y4;
  let x5 = y5;
  let x6 = y6;
  let x7 = y7;
  let x8 = y8;
  let x9 = y9;
  let x10 = y10;
  let x11 = y11;
  let x12 = y12;
  let x13 = y13;
  let x14 = y14;
  let x15 = y15;
  for (let round = 0; round < 4; round++) {
    x4 ^= turn(x0 + x12, 7);
    x8 ^= turn(x4 + x0, 9);
    x12 ^= turn(x8 + x4, 13);
    x0 ^= turn(x12 + x8, 18);
    x9 ^= turn(x5 + x1, 7);
    x13 ^= turn(x9 + x5, 9);
    x1 ^= turn(x13 + x9, 13);
    x5 ^= turn(x1 + x13, 18);
    x14 ^= turn(x10 + x6, 7);
    x2 ^= turn(x14 + x10, 9);
    x6 ^= turn(x2 + x14, 13);
    x10 ^= turn(x6 + x2, 18);
    x3 ^= turn(x15 + x11, 7);
    x7 ^= turn(x3 + x15, 9);
    x11 ^= turn(x7 + x3, 13);
    x15 ^= turn(x11 + x7, 18);
    x1 ^= turn(x0 + x3, 7);
    x2 ^= turn(x1 + x0, 9);
    x3 ^= turn(x2 + x1, 13);
    x0 ^= turn(x3 + x2, 18);
    x6 ^= turn(x5 + x4, 7);
    x7 ^= turn(x6 + x5, 9);
    x4 ^= turn(x7 + x6, 13);
    x5 ^= turn(x4 + x7, 18);
    x11 ^= turn(x10 + x9, 7);
    x8 ^= turn(x11 + x10, 9);
    x9 ^= turn(x8 + x11, 13);
    x10 ^= turn(x9 + x8, 18);
    x12 ^= turn(x15 + x14, 7);
    x13 ^= turn(x12 + x15, 9);
    x14 ^= turn(x13 + x12, 13);
    x15 ^= turn(x14 + x13, 18);
  }
  to[at + 0] = y0 + x0;
  to[at + 1] = y1 + x1;
  to[at + 2] = y2 + x2;
  to[at + 3] = y3 + x3;
  to[at + 4] = y4 + x4;
  to[at + 5] = y5 + x5;
  to[at + 6] = y6 + x6;
  to[at + 7] = y7 + x7;
  to[at + 8] = y8 + x8;
  to[at + 9] = y9 + x9;
  to[at + 10] = y10 + x10;
  to[at + 11] = y11 + x11;
  to[at + 12] = y12 + x12;
  to[at + 13] = y13 + x13;
  to[at + 14] = y14 + x14;
  to[at + 15] = y15 + x15;
}

/** Turns a word's bits to the left. */
const turn = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));
