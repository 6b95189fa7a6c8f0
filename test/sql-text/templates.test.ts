import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { endOfQuoted } from "../../src/sql-text/lexer/quotes.ts";
import { digestCacheKey, NO_CACHE_KEY } from "../../src/sql-text/normalize/digest-cache-key.ts";
import { StatementBytes } from "../../src/sql-text/statement-bytes.ts";
import { HAS_SECRET_WORD, marksOf, StringMarks } from "../../src/sql-text/statement-marks.ts";
import { Templates } from "../../src/sql-text/templates.ts";

const encoder = new TextEncoder();

const PIECES =
  "SELECT a FROM t WHERE id = 1 12 3.5 7a 'x' 'y''z' 'é' \"q\" \"r\" `n 1` `n` , ( ) - . ; 0 5 größe 's\\'' IN AND b1 b2".split(
    " ",
  );
const statements = fc.array(fc.constantFrom(...PIECES, " ", "\n"), { minLength: 1, maxLength: 4 });

/** A statement amid others' bytes. */
function placed(statement: string) {
  const own = encoder.encode(statement);
  const bytes = new Uint8Array([...encoder.encode("1'\n"), ...own, ...encoder.encode("\n2026")]);
  return { bytes, view: new DataView(bytes.buffer), start: 3, end: 3 + own.length };
}

describe("the templates of statements", () => {
  it("match statements whose cache keys are equal, and no others, with the marks of each", () => {
    let matched = 0;
    fc.assert(
      fc.property(fc.array(statements, { minLength: 2, maxLength: 30 }), (all) => {
        const templates = new Templates();
        for (const pieces of all) {
          const { bytes, view, start, end } = placed(pieces.join(""));
          const marks = marksOf(bytes, start, end);
          const key = digestCacheKey(bytes, end, start);
          const template = templates.match(bytes, view, start, end);
          if (template !== null) {
            matched++;
            expect(template.cacheKey).toBe(key);
            expect(template.marks | templates.marks).toBe(marks);
          } else if (key !== NO_CACHE_KEY && (marks & HAS_SECRET_WORD) === 0) {
            const learned = templates.learn(bytes, start, end, key);
            expect(templates.match(bytes, view, start, end)).toBe(learned);
          }
        }
      }),
      { numRuns: 2000 },
    );
    expect(matched).toBeGreaterThan(100);
  });

  it("match a statement with other numbers and strings, but none with a secret in a string", () => {
    const templates = new Templates();
    const known = placed("SELECT a FROM t WHERE b = 1 AND c = 'x'");
    const template = templates.learn(known.bytes, known.start, known.end, 7);
    expect(template).not.toBeNull();
    const match = (statement: string) => {
      const { bytes, view, start, end } = placed(statement);
      return templates.match(bytes, view, start, end);
    };
    expect(match("SELECT a FROM t WHERE b = 12.5 AND c = 'it''s 日本'")).toBe(template);
    expect(match("SELECT a FROM t WHERE b = 1 AND c = 'my password'")).toBeNull();
    expect(match("SELECT a FROM t WHERE b = 1 AND c = 'open")).toBeNull();
    expect(match("SELECT a FROM t WHERE b = 1e5 AND c = 'x'")).toBeNull();
    expect(match("SELECT a FROM t WHERE b = 1 AND c = 'x' ")).toBeNull();
  });

  it("are learned of long lists too, and of statements without one only once", () => {
    const templates = new Templates();
    const rows = (values: number) =>
      `INSERT INTO t VALUES (${Array.from({ length: values }, (_, i) => i).join()})`;
    for (const [statement, isLearned] of [
      [rows(100), true],
      [rows(600), false],
      ['SELECT 1 FROM t ORDER BY "t"."x"', false],
    ] as const) {
      const { bytes, start, end } = placed(statement);
      const key = digestCacheKey(bytes, end, start);
      expect(templates.learn(bytes, start, end, key) !== null).toBe(isLearned);
      const again = placed(statement.replaceAll("0", "7"));
      expect(templates.learn(again.bytes, again.start, again.end, key) !== null).toBe(isLearned);
    }
  });

  it("are of no text that begins like a statement but for a string", () => {
    const statement = new StatementBytes();
    const look = (text: string) => {
      const { bytes, start, end } = placed(text);
      statement.look(bytes, start, end);
      return statement.learn(digestCacheKey(bytes, end, start));
    };
    expect(look("S'l' FROM t")).toBeNull();
    expect(statement.mayHoldSecret).toBe(true);
    expect(look("SeL 1 FROM t")).not.toBeNull();
    expect(statement.mayHoldSecret).toBe(false);
  });

  it("are bounded: of too many, all are forgotten", () => {
    const templates = new Templates();
    let last = null;
    for (let i = 0; i < 20_000; i++) {
      const { bytes, start, end } = placed(`SELECT a FROM t${i} WHERE b = ${i}`);
      last = templates.learn(bytes, start, end, i);
      expect(last?.id).toBeLessThan(8192);
    }
    const { bytes, view, start, end } = placed("SELECT a FROM t1 WHERE b = 1");
    expect(templates.match(bytes, view, start, end)).toBeNull();
  });

  it("have strings that end where the lexer's do", () => {
    const string = new StringMarks();
    const texts = fc.array(fc.constantFrom("'", '"', "\\", "a", "pas", ";", "é", " "), { maxLength: 8 });
    fc.assert(
      fc.property(texts, fc.constantFrom("'", '"'), (pieces, quote) => {
        const { bytes, start, end } = placed(`${quote}${pieces.join("")}`);
        const after = endOfQuoted(bytes, end, start, quote.charCodeAt(0));
        expect(string.pass(bytes, start, end, quote.charCodeAt(0))).toBe(after);
        if (after >= 0) expect(string.marks).toBe(marksOf(bytes, start, after));
      }),
      { numRuns: 3000 },
    );
  });
});
