import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redactLiterals } from "../../../src/sql-text/redact/redact.ts";
import { UNKNOWN_SETTINGS } from "../../../src/sql-text/session-settings.ts";

describe("redacting the literals of a statement", () => {
  it.each([
    ["SELECT 1", "SELECT ?"],
    ["SELECT 'a''b', 'a\\'b', \"a\"\"b\"", "SELECT ?, ?, ?"],
    ["SELECT a1, t2.b3, `c 4`, `d``5` FROM t_6", "SELECT a1, t2.b3, `c 4`, `d``5` FROM t_6"],
    [
      "SELECT -1, +2.5, .5, 5., 1e10, 1.5E-3, 0xFF, 0b01, X'ff', b'1', N'x'",
      "SELECT -?, +?, ?, ?, ?, ?, ?, ?, ?, ?, ?",
    ],
    ["SELECT _utf8mb4'x', _latin1 'y' COLLATE z", "SELECT ?, ? COLLATE z"],
    [
      "SELECT DATE '2026-11-23', TIMESTAMP'2026-11-23 00:00:00', {d '2026-11-23'}",
      "SELECT DATE ?, TIMESTAMP?, {d ?}",
    ],
    ["SELECT NULL, TRUE, FALSE, @a, @@session.b, ?", "SELECT NULL, TRUE, FALSE, @a, @@session.b, ?"],
    ["SELECT a-1, a.1b, 2fa_codes FROM t1", "SELECT a-?, a.1b, 2fa_codes FROM t1"],
    ["SELECT a -- x is 'secret'\nFROM t # 3\n/* 4 */ WHERE b--1", "SELECT a  \nFROM t  \n  WHERE b--?"],
    ["SELECT 1 /*!50000 + 'x' */", "SELECT ?   + ?  "],
    ["SELECT 'cut off at", "SELECT ?"],
    ['SELECT "cut off \\', "SELECT ?"],
    ["SELECT `cut off", "SELECT ?"],
    ["SELECT a /* cut off", "SELECT a  "],
    ["SELECT ä, 'ö' FROM ü WHERE 名 = '前' AND x = 3", "SELECT ä, ? FROM ü WHERE 名 = ? AND x = ?"],
    ["CREATE USER a IDENTIFIED BY <secret>", "CREATE USER a IDENTIFIED BY ?"],
    ["", ""],
  ])("replaces those of %s", (sql, redacted) => {
    expect(redactLiterals(sql)).toBe(redacted);
  });

  it.each([
    // NO_BACKSLASH_ESCAPES, or a statement that was cut: nobody can tell.
    ["SELECT 1 FROM t WHERE path = 'C:\\' and name = 'top secret'", "SELECT ? FROM t WHERE path = ?"],
    // By the other rules quotes are not in pairs, or a name stands right behind one.
    ["INSERT INTO t VALUES ('it\\'s', 'b')", "INSERT INTO t VALUES (?, ?)"],
    ["INSERT INTO t VALUES ('\\'a\\' b', '# c')", "INSERT INTO t VALUES (?, ?)"],
    // In gbk or sjis the backslash is half of a character.
    ["SELECT '\ufffd\\', ' top secret'", "SELECT ?"],
    ["SELECT `名`, '前' FROM `表` WHERE a = 'ß\\'s'", "SELECT `名`, ? FROM `表` WHERE a = ?"],
  ])("replaces the rest of %s where the end of a string is ambiguous", (sql, redacted) => {
    expect(redactLiterals(sql)).toBe(redacted);
  });

  it("finds where strings end by the sql_mode that the session has set", () => {
    const sql = "SELECT 1 FROM t WHERE path = 'C:\\' and name = 'top secret'";
    const plain = { ...UNKNOWN_SETTINGS, escapes: false };
    expect(redactLiterals(sql, plain)).toBe("SELECT ? FROM t WHERE path = ? and name = ?");
    // The connection was reset meanwhile, which the log does not show.
    expect(redactLiterals("SELECT 'it\\'s secret', 2", plain)).toBe("SELECT ?");
  });

  it("replaces strings of any characters", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.constantFrom("'", '"'), (text, quote) => {
        const body = text.replaceAll("\\", "\\\\").replaceAll(quote, quote + quote);
        expect(redactLiterals(`SELECT ${quote}${body}${quote} FROM t`)).toBe("SELECT ? FROM t");
      }),
    );
  });
});
