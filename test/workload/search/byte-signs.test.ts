import { Buffer } from "node:buffer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteSigns } from "../../../src/workload/search/byte-signs.ts";
import { jsonPattern, utf8Text, writtenCharacters } from "../../../src/workload/search/json-pattern.ts";

const signsOf = (wanted: string) => new ByteSigns(writtenCharacters(wanted).map(({ texts }) => texts));
const bytesOf = (text: string) => Buffer.from(text, "utf8");

const LINES = `${JSON.stringify({ statement: "select id, name from products where price < 17.5" })}\n`.repeat(
  400,
);

describe("the signs of a text", () => {
  const character = fc.constantFrom(
    "a",
    "Z",
    "e",
    "É",
    "ß",
    "😀",
    '"',
    "\\",
    "\n",
    "\u0001",
    "\ufffd",
    "7",
    "%",
  );
  const words = fc.array(character, { maxLength: 6 }).map((all) => all.join(""));

  it("are in all bytes in which it is written, in any case of letters, whatever is rare", () => {
    fc.assert(
      fc.property(
        words,
        words,
        words,
        fc.boolean(),
        fc.array(fc.constantFrom(LINES, "zz", "\\u0001", "É7%"), { maxLength: 3 }),
        (wanted, before, after, isUpper, first) => {
          const signs = signsOf(wanted);
          // By the first bytes it knows what is rare.
          signs.mayBeIn(bytesOf(first.join("")));
          const written = JSON.stringify(before + (isUpper ? wanted.toUpperCase() : wanted) + after);
          if (!new RegExp(jsonPattern(wanted)).test(utf8Text(written))) return;
          expect(signs.mayBeIn(bytesOf(LINES + written))).toBe(true);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it.each(["Zebra crossing", "8273645123", "überfällig", "payments_archive", "7f3a-91c0-55"])(
    "of %s are not in bytes that have nothing of the kind",
    (wanted) => {
      const signs = signsOf(wanted);
      expect(signs.mayBeIn(bytesOf(LINES))).toBe(false);
      expect(signs.mayBeIn(bytesOf(LINES.replace("products", wanted)))).toBe(true);
      expect(signs.mayBeIn(bytesOf(LINES.replace("products", wanted.toUpperCase())))).toBe(true);
    },
  );

  it("are taken to be everywhere where each of them is in the first bytes", () => {
    const signs = signsOf("price");
    expect(signs.mayBeIn(bytesOf(LINES))).toBe(true);
    expect(signs.mayBeIn(bytesOf("nothing of it"))).toBe(true);
  });

  it("are taken to be everywhere where there are none: half a surrogate pair has too many ways to be written", () => {
    expect(signsOf("\ud800").mayBeIn(bytesOf(LINES))).toBe(true);
    expect(new ByteSigns([]).mayBeIn(bytesOf(LINES))).toBe(true);
  });
});
