import { describe, expect, it } from "vitest";
import { caseVariants, foldCase } from "../../../src/workload/search/letter-case.ts";

/** Every letter that has another case. */
const LETTERS = Array.from({ length: 0x1ffff }, (_, code) => code)
  .filter((code) => code < 0xd800 || code > 0xdfff)
  .map((code) => String.fromCodePoint(code))
  .filter((letter) => /\p{Changes_When_Casemapped}/u.test(letter));

const isAscii = (letter: string) => letter <= "\x7f";

describe("letters in any case", () => {
  it("are those that regular expressions take for one, but for letters of ASCII and others", () => {
    expect(LETTERS.length).toBeGreaterThan(2500);
    const wrong = LETTERS.filter((letter) => {
      const fold = foldCase(letter);
      if ([...fold].length !== 1 || isAscii(fold) !== isAscii(letter)) return true;
      return fold !== letter && !new RegExp(`^${letter}$`, "iu").test(fold);
    });
    expect(wrong).toEqual([]);
  });

  it("have variants that are compared as they are, each of them", () => {
    for (const letter of LETTERS) {
      const fold = foldCase(letter);
      expect(caseVariants(fold)).toContain(letter);
      expect(caseVariants(fold).map(foldCase)).toEqual(caseVariants(fold).map(() => fold));
    }
  });

  it.each([
    ["Straße", "STRAẞE"],
    ["ΟΔΟΣ", "οδος"],
    ["ὈΔΥΣΣΕΎΣ", "ὀδυσσεύς"],
    ["ПРИВЕТ", "привет"],
    ["ǆ Ǆ", "Ǆ ǅ"],
    ["𐐀", "𐐨"],
  ])("make %s and %s one text", (one, other) => {
    expect(foldCase(one)).toBe(foldCase(other));
  });

  it("are one for half a surrogate pair and what stands for it", () => {
    expect(foldCase("\ud83d")).toBe(foldCase("\ufffd"));
    expect(foldCase("é\ude00")).toBe(foldCase("É\ufffd"));
  });

  it.each([
    ["k", "\u212a"],
    ["s", "ſ"],
    ["i", "İ"],
    ["i", "ı"],
    ["e", "é"],
    ["ss", "ß"],
  ])("leave %s and %s two texts", (one, other) => {
    expect(foldCase(one)).not.toBe(foldCase(other));
  });

  it("don't look at what stands beside them", () => {
    // The whole text in small letters ends in another sigma.
    expect(foldCase("ΟΔΟΣ ΟΔΟΣΑ")).toContain(foldCase("ΟΔΟΣΑ"));
    expect(foldCase("ΟΔΟΣΑ")).toContain(foldCase("ΟΔΟΣ"));
  });
});
