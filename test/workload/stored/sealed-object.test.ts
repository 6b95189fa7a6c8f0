import { describe, expect, it } from "vitest";
import { joinBytes } from "../../../src/lib/bytes.ts";
import {
  newSeal,
  objectKey,
  openedSize,
  openSegments,
  partOf,
  readSeal,
  SEGMENT_BYTES,
  SealBroken,
  sealObject,
  sealText,
} from "../../../src/workload/stored/sealed-object.ts";

const NAME = "captures/1/workload/00000003.ndjson.deflate";
const SEALED = SEGMENT_BYTES + 16;

const environmentKey = () =>
  crypto.subtle.importKey("raw", crypto.getRandomValues(new Uint8Array(32)), "HKDF", false, ["deriveKey"]);

const keyOf = async (name = NAME) => objectKey(await environmentKey(), newSeal(1), name);

function textOf(length: number): Uint8Array<ArrayBuffer> {
  const text = new Uint8Array(length);
  for (let at = 0; at < length; at++) text[at] = (at * 31 + (at >> 8)) & 255;
  return text;
}

/** Bytes in the chunks in which R2 gives them. */
async function* chunked(bytes: Uint8Array, size = 4096) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const open = async (key: CryptoKey, sealed: Uint8Array, size = sealed.length, first = 0) =>
  joinBytes(await Array.fromAsync(openSegments(key, chunked(sealed), size, first)));

describe("a sealed object", () => {
  it.each([0, 1, SEGMENT_BYTES - 1, SEGMENT_BYTES, SEGMENT_BYTES + 1, 3 * SEGMENT_BYTES + 17])(
    "opens to its text of %i bytes, and is larger by a tag for each segment",
    async (length) => {
      const key = await keyOf();
      const sealed = await sealObject(key, textOf(length));
      expect(await open(key, sealed)).toEqual(textOf(length));
      expect(openedSize(sealed.length)).toBe(length);
      expect(sealed.length - length).toBe(16 * Math.max(1, Math.ceil(length / SEGMENT_BYTES)));
    },
  );

  it.each([
    [0, 10],
    [SEGMENT_BYTES - 5, 10],
    [SEGMENT_BYTES, 3 * SEGMENT_BYTES],
    [3 * SEGMENT_BYTES + 1, 16],
  ])("opens from byte %i on, %i bytes, by the segments that have them", async (offset, length) => {
    const key = await keyOf();
    const text = textOf(3 * SEGMENT_BYTES + 17);
    const sealed = await sealObject(key, text);
    const { range, first, skip } = partOf(offset, length);
    const part = sealed.subarray(range.offset, range.offset + range.length);
    const opened = await open(key, part, sealed.length, first);
    expect(opened.subarray(skip, skip + length)).toEqual(text.subarray(offset, offset + length));
  });

  it("does not open when it was changed, cut off, extended, or its segments were put into another order", async () => {
    const key = await keyOf();
    const sealed = await sealObject(key, textOf(3 * SEGMENT_BYTES));
    const changed = sealed.slice();
    changed[SEALED + 5] = (changed[SEALED + 5] ?? 0) ^ 1;
    const [one, two, three] = [0, 1, 2].map((at) => sealed.subarray(at * SEALED, (at + 1) * SEALED)) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    const broken = {
      changed,
      "cut within a segment": sealed.subarray(0, -1),
      "cut between segments": joinBytes([one, two]),
      "without a segment": joinBytes([one, three]),
      "in another order": joinBytes([two, one, three]),
      "with a segment twice": joinBytes([one, two, two]),
      extended: joinBytes([sealed, one]),
      empty: new Uint8Array(0),
    };
    for (const [how, bytes] of Object.entries(broken)) {
      await expect(open(key, bytes), how).rejects.toThrow(SealBroken);
    }
  });

  it("opens by its own key only: not by another salt, name or environment's key", async () => {
    const environment = await environmentKey();
    const seal = newSeal(1);
    const sealed = await sealObject(await objectKey(environment, seal, NAME), textOf(100));
    const others = [
      objectKey(environment, newSeal(1), NAME),
      objectKey(environment, seal, NAME.replace("3", "4")),
      objectKey(environment, seal, NAME.replace("captures/1", "captures/2")),
      objectKey(await environmentKey(), seal, NAME),
    ];
    for (const other of others) await expect(open(await other, sealed)).rejects.toThrow(SealBroken);
    const again = await objectKey(environment, readSeal(sealText(seal)), NAME);
    expect(await open(again, sealed)).toEqual(textOf(100));
  });

  it("has a fresh salt each time, and refuses a seal that is none", () => {
    expect(sealText(newSeal(7))).toMatch(/^1\.7\.[\w-]{22}$/);
    expect(newSeal(7).salt).not.toEqual(newSeal(7).salt);
    for (const text of [
      undefined,
      "",
      "2.1.AAAAAAAAAAAAAAAAAAAAAA",
      "1.1.short",
      "1.x.AAAAAAAAAAAAAAAAAAAAAA",
    ]) {
      expect(() => readSeal(text)).toThrow(SealBroken);
    }
  });
});
