import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonPattern, utf8Text } from "../../../src/workload/search/json-pattern.ts";
import { TextFinder } from "../../../src/workload/search/text-finder.ts";

/** The lines in which a text is found, as a matcher looks for them. */
function linesWith(finder: TextFinder, text: string): number[] {
  const found: number[] = [];
  const lines = text.split("\n");
  for (let at = 0; ; ) {
    const place = finder.find(text, at);
    if (place < 0) return found;
    found.push(text.slice(0, place).split("\n").length - 1);
    at = text.indexOf("\n", place) + 1;
    if (at === 0 || found.length > lines.length) return found;
  }
}

describe("a text in bytes", () => {
  const character = fc.constantFrom(
    "a",
    "B",
    "e",
    "é",
    "É",
    "ß",
    "😀",
    '"',
    "\\",
    "\n",
    "\u0001",
    "\ufffd",
    "1",
    "%",
    ".",
  );
  const words = fc.array(character, { minLength: 1, maxLength: 5 }).map((all) => all.join(""));

  it("is found in the same lines whether one of its characters is rare or all are frequent", () => {
    fc.assert(
      fc.property(
        words,
        fc.array(fc.array(words, { maxLength: 4 }), { maxLength: 8 }),
        fc.boolean(),
        (wanted, all, isRare) => {
          const lines = all.map((some) => utf8Text(JSON.stringify(some.join(" "))));
          const text = lines.join("\n");
          const finder = new TextFinder(wanted);
          // It is by the first text that it knows what is rare.
          finder.find((isRare ? "x" : text).repeat(5000), 0);
          const pattern = new RegExp(jsonPattern(wanted));
          const expected = lines.flatMap((line, index) => (pattern.test(line) ? [index] : []));
          expect(linesWith(finder, text)).toEqual(expected);
          expect(linesWith(finder, `${text}\n`)).toEqual(expected);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("is found again in a text that equals the one before", () => {
    const text = `${'{"statement":"x_y"}\n'.repeat(3)}${"z".repeat(5000)}\n`;
    const finder = new TextFinder("x_y");
    for (let piece = 0; piece < 3; piece++) {
      // Each is a string of its own, as pieces of a fragment are.
      expect(linesWith(finder, [...text].join(""))).toEqual([0, 1, 2]);
    }
  });

  it("is found in every JSON string that has it", () => {
    fc.assert(
      fc.property(words, words, words, (before, wanted, after) => {
        const pattern = new RegExp(jsonPattern(wanted));
        // The capital of ß is two letters.
        for (const written of [
          wanted,
          wanted.replaceAll("ß", "ẞ"),
          wanted.replace(/[^ß]/gu, (one) => one.toUpperCase()),
        ]) {
          expect(pattern.test(utf8Text(JSON.stringify(before + written + after)))).toBe(true);
        }
      }),
    );
  });
});
