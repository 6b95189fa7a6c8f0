import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { joinBytes } from "../../src/lib/bytes.ts";
import { GzipMember } from "../../src/workload/gzip-member.ts";
import { combineCrc32, crc32 } from "../../src/workload/stored/crc32.ts";
import { deflatePiece } from "../../src/workload/stored/deflate.ts";
import { unzip } from "../support/stored-workload.ts";

const bytesArbitrary = fc.uint8Array({ maxLength: 300 });

describe("the CRC-32 of two texts", () => {
  it("is that of the one after the other, whatever they are", () => {
    fc.assert(
      fc.property(bytesArbitrary, bytesArbitrary, (first, second) => {
        const together = crc32(joinBytes([first, second]));
        expect(combineCrc32(crc32(first), crc32(second), second.length)).toBe(together);
        expect(crc32(second, crc32(first))).toBe(together);
      }),
    );
  });

  it("is known from theirs for a text of more than 4 GB", () => {
    // Of 2^power zeros, each of two halves: no test could hold so many.
    const zeros = (power: number): number => {
      if (power === 0) return crc32(new Uint8Array(1));
      const half = zeros(power - 1);
      return combineCrc32(half, half, 2 ** (power - 1));
    };
    expect(zeros(20)).toBe(crc32(new Uint8Array(2 ** 20)));
    const first = crc32(new TextEncoder().encode("first"));
    const inHalves = combineCrc32(combineCrc32(first, zeros(32), 2 ** 32), zeros(32), 2 ** 32);
    expect(combineCrc32(first, zeros(33), 2 ** 33)).toBe(inHalves);
  });
});

describe("a gzip member", () => {
  it("has its pieces one after the other, whether they were read or only their CRC-32 is known", async () => {
    const pieceArbitrary = fc.tuple(fc.string({ unit: "grapheme", maxLength: 200 }), fc.boolean());
    await fc.assert(
      fc.asyncProperty(fc.array(pieceArbitrary, { maxLength: 12 }), async (pieces) => {
        const member = new GzipMember();
        const sent: Uint8Array[] = [member.header];
        for (const [text, isKnown] of pieces) {
          const plain = new TextEncoder().encode(text);
          if (isKnown) member.addKnown(crc32(plain), plain.length);
          else member.add(plain);
          sent.push(deflatePiece(plain));
        }
        const bytes = joinBytes([...sent, member.trailer()]);
        expect(unzip(bytes)).toBe(pieces.map(([text]) => text).join(""));
        const stream = new Response(bytes as Uint8Array<ArrayBuffer>).body?.pipeThrough(
          new DecompressionStream("gzip"),
        );
        expect(await new Response(stream).text()).toBe(pieces.map(([text]) => text).join(""));
      }),
      { numRuns: 50 },
    );
  });

  it("says the length of more than 4 GB modulo 2^32", () => {
    const member = new GzipMember();
    member.addKnown(0, 2 ** 32);
    member.addKnown(0, 7);
    expect(new DataView(member.trailer().buffer).getUint32(6, true)).toBe(7);
  });
});
