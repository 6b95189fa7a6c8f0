import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteWords } from "../../../src/lib/byte-words.ts";
import { StatementBytes } from "../../../src/sql-text/statement-bytes.ts";
import { LineBuffer, lineOf } from "../../../src/workload/stored/line-buffer.ts";

const ascii = fc.string({ unit: fc.integer({ min: 0, max: 127 }).map((code) => String.fromCharCode(code)) });

describe("a line that is written in parts", () => {
  it("has each part as it is", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 4, unit: "grapheme" })), (parts) => {
        const lines = new LineBuffer(1);
        for (const part of parts) lines.part(new ByteWords(part));
        expect(new TextDecoder("utf-8", { fatal: false, ignoreBOM: true }).decode(lines.take())).toBe(
          parts.join(""),
        );
      }),
    );
  });

  it("has parts whose bytes are no numbers that a copy would keep, at whatever places", () => {
    // F0 and 7F are the first byte of an emoji and the character before it: together most of a NaN.
    const parts = fc.array(fc.constantFrom("\u007f", "😀", "\u{10ffff}", "é", "a", "\0"), { minLength: 4 });
    fc.assert(
      fc.property(parts, (characters) => {
        const text = characters.join("");
        expect(lineOf((lines) => lines.part(new ByteWords(text)))).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });

  it("has numbers as JSON has them", () => {
    const numbers = fc.oneof(
      fc.maxSafeInteger(),
      fc.integer({ min: 0, max: 1e6 }),
      fc.constantFrom(0, -0, 9, 10, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 0.5, 1e21),
    );
    fc.assert(
      fc.property(numbers, (number) => {
        expect(lineOf((lines) => lines.number(number))).toBe(JSON.stringify(number));
      }),
    );
  });

  it("has a string as JSON has it, by its bytes or without them", () => {
    fc.assert(
      fc.property(ascii, (text) => {
        const bytes = new StatementBytes();
        bytes.look(new TextEncoder().encode(`;${text};`), 1, text.length + 1);
        expect(lineOf((lines) => lines.string(text, bytes))).toBe(JSON.stringify(text));
        expect(lineOf((lines) => lines.string(text))).toBe(JSON.stringify(text));
      }),
      { numRuns: 1000 },
    );
  });

  it("comes after what was added before, and before what is added after it", () => {
    const lines = new LineBuffer(1);
    lines.add("one\n");
    lines.string("é");
    lines.end();
    lines.add("two\n");
    expect(lines.length).toBe(14);
    expect(new TextDecoder().decode(lines.take())).toBe('one\n"é"}\ntwo\n');
    expect(lines.length).toBe(0);
  });
});
