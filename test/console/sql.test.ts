import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sqlLines, textOfLines } from "../../src/console/lib/sql.ts";
import { sqlTokens } from "../../src/console/lib/sql-tokens.ts";

const formatted = (sql: string) => textOfLines(sqlLines(sql));
const kinds = (sql: string) => sqlTokens(sql).map(({ kind, text }) => `${kind} ${text}`);

describe("a statement in lines", () => {
  it("stays on one line if it is short", () => {
    expect(formatted("SELECT *\n  FROM orders WHERE id = ?")).toBe("SELECT * FROM orders WHERE id = ?");
  });

  it("breaks before its clauses, its joins and their conditions, but not the AND of BETWEEN", () => {
    expect(
      formatted(
        "SELECT o.id, c.name FROM orders o LEFT JOIN customers AS c ON c.id = o.customer_id AND c.gone = ? WHERE o.at BETWEEN ? AND ? AND (o.a = ? OR o.b = ?) GROUP BY o.id ORDER BY c.name DESC LIMIT ?+ FOR UPDATE",
      ),
    ).toBe(
      [
        "SELECT o.id, c.name",
        "FROM orders o",
        "LEFT JOIN customers AS c ON c.id = o.customer_id",
        "  AND c.gone = ?",
        "WHERE o.at BETWEEN ? AND ?",
        "  AND (o.a = ? OR o.b = ?)",
        "GROUP BY o.id",
        "ORDER BY c.name DESC",
        "LIMIT ?+",
        "FOR UPDATE",
      ].join("\n"),
    );
  });

  it("has a line for each item of a long list, and indents what is in a subquery", () => {
    expect(
      formatted(
        "SELECT customers.id, customers.name, customers.email, COUNT(*) AS orders_of_them, MAX(o.at) FROM customers WHERE id IN (SELECT customer_id FROM orders WHERE state = ?) LIMIT ?",
      ),
    ).toBe(
      [
        "SELECT",
        "  customers.id,",
        "  customers.name,",
        "  customers.email,",
        "  COUNT(*) AS orders_of_them,",
        "  MAX(o.at)",
        "FROM customers",
        "WHERE id IN (",
        "  SELECT customer_id",
        "  FROM orders",
        "  WHERE state = ?",
        ")",
        "LIMIT ?",
      ].join("\n"),
    );
  });

  it("leaves functions that are named as clauses are where they stand", () => {
    expect(
      formatted(
        "INSERT INTO counters (id, hits, seen) VALUES (?+) ON DUPLICATE KEY UPDATE hits = hits + VALUES(hits), seen = LEFT(VALUES(seen), ?)",
      ),
    ).toBe(
      [
        "INSERT INTO counters (id, hits, seen)",
        "VALUES (?+)",
        "ON DUPLICATE KEY UPDATE",
        "  hits = hits + VALUES(hits),",
        "  seen = LEFT(VALUES(seen), ?)",
      ].join("\n"),
    );
    expect(formatted("SELECT EXTRACT(YEAR FROM created_at) AS y, TRIM(BOTH ? FROM name) AS n FROM t")).toBe(
      "SELECT EXTRACT(YEAR FROM created_at) AS y, TRIM(BOTH ? FROM name) AS n\nFROM t",
    );
  });

  it("ends a line after a comment that ends with its line", () => {
    expect(formatted("SELECT 1 -- why\nFROM t")).toBe("SELECT 1 -- why\nFROM t");
  });

  it("has all of its text, whatever that is, and the same tokens", () => {
    const piece = fc.constantFrom(
      ..."SELECT|FROM|(|)|,|'a''b|`x|AND|BETWEEN|/* c|*/|-- d\n|é|?|;|VALUES|ON DUPLICATE KEY UPDATE|\"|x.from|ORDER BY"
        .split("|")
        .flatMap((text) => [text, `${text} `]),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const sql = pieces.join("");
        const plain = (text: string) => text.replace(/\s+/g, "");
        expect(plain(formatted(sql))).toBe(plain(sql));
        expect(kinds(formatted(sql)).map(plain)).toEqual(kinds(sql).map(plain));
      }),
    );
  });
});

describe("the colours of a statement", () => {
  it("tell keywords, functions, names, literals and comments apart", () => {
    expect(kinds("select COUNT(*), `from`, x.end /* c */ FROM t WHERE a = 'b' AND n = 1 AND s = ?")).toEqual([
      "keyword select",
      "function COUNT",
      "symbol (",
      "symbol *",
      "symbol )",
      "symbol ,",
      "name `from`",
      "symbol ,",
      "name x",
      "symbol .",
      "name end",
      "comment /* c */",
      "keyword FROM",
      "name t",
      "keyword WHERE",
      "name a",
      "symbol =",
      "literal 'b'",
      "keyword AND",
      "name n",
      "symbol =",
      "literal 1",
      "keyword AND",
      "name s",
      "symbol =",
      "literal ?",
    ]);
  });
});
