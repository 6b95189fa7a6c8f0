import { describe, expect, test } from "vitest";
import { type BoundValue, PreparedText } from "../../../src/cli/replay/bound-values.ts";

const valuesOf = (prepared: string, executed: string, escapes = true) =>
  new PreparedText(prepared).valuesOf(executed, escapes);
const text = (value: string): BoundValue => ({ type: "text", text: value });

describe("the values of an execution are told from its text", () => {
  test.each<[string, string, BoundValue[]]>([
    ["SELECT 1", "SELECT 1", []],
    ["SELECT ?", "SELECT 1", [{ type: "integer", text: "1" }]],
    [
      "SELECT ?-?",
      "SELECT -1--2",
      [
        { type: "integer", text: "-1" },
        { type: "integer", text: "-2" },
      ],
    ],
    [
      "SELECT ? , '?' -- ?\n, `?`, ?",
      "SELECT 1 , '?' -- ?\n, `?`, 2",
      [
        { type: "integer", text: "1" },
        { type: "integer", text: "2" },
      ],
    ],
    ["SELECT ?", "SELECT 10.50", [{ type: "decimal", text: "10.50" }]],
    ["SELECT ?", "SELECT .5", [{ type: "decimal", text: ".5" }]],
    ["SELECT ?", "SELECT 18446744073709551615", [{ type: "decimal", text: "18446744073709551615" }]],
    ["SELECT ?", "SELECT -1.5e-300", [{ type: "double", value: -1.5e-300 }]],
    ["SELECT ?", "SELECT NULL", [{ type: "null" }]],
    ["a IN (?,?)", "a IN ('b','c')", [text("b"), text("c")]],
    ["SELECT ?", "SELECT 'Sean O\\'Brien'", [text("Sean O'Brien")]],
    ["SELECT ?", "SELECT 'a''b'''", [text("a'b'")]],
    ["SELECT ?", "SELECT ''", [text("")]],
    ["SELECT ?", "SELECT 'Back\\\\slash\\n\\t\\r\\0\\Z\\\"\\x'", [text('Back\\slash\n\t\r\0\x1a"x')]],
    ["SELECT ?", "SELECT 'Emoji 😀🎉 田中'", [text("Emoji 😀🎉 田中")]],
    ["SELECT ?", "SELECT TIMESTAMP'2026-05-28 20:26:40'", [text("2026-05-28 20:26:40")]],
    ["SELECT ?", "SELECT TIME'-26:03:04'", [text("-26:03:04")]],
    ["SELECT ?", "SELECT DATE'2026-05-28'", [text("2026-05-28")]],
    ["SELECT ?", "SELECT 0xA45C27", [{ type: "bytes", hex: "A45C27" }]],
    ["SELECT ?", "SELECT X'A45C27'", [{ type: "bytes", hex: "A45C27" }]],
    ["SELECT ?", "SELECT _binary'abc'", [text("abc")]],
    ["SELECT ?  ", "SELECT 'a' ", [text("a")]],
    [
      "(?, ?), (?, ?)",
      "('), (', '?'), (1, NULL)",
      [text("), ("), text("?"), { type: "integer", text: "1" }, { type: "null" }],
    ],
    ["é ? ü", "é 'ö' ü", [text("ö")]],
  ])("%s / %s", (prepared, executed, values) => expect(valuesOf(prepared, executed)).toEqual(values));
});

test("without escapes, a backslash is a character", () => {
  expect(valuesOf("SELECT ?, ?", "SELECT 'a\\', 'b'", false)).toEqual([text("a\\"), text("b")]);
  expect(valuesOf("SELECT ?, ?", "SELECT 'a\\', 'b'")).toBeNull();
});

describe("an execution that is not the statement's, or can't be understood, has no values", () => {
  test.each([
    ["SELECT ?", "SELECT ?"],
    ["SELECT ?", "SELECT 'open"],
    ["SELECT ?", "SELECT 'open\\"],
    ["SELECT ?", "SELECT 1, 2"],
    ["SELECT ?, ?", "SELECT 1"],
    ["SELECT ? FROM a", "SELECT 1 FROM b"],
    ["SELECT ?", "SELECT now()"],
    ["SELECT ?", "SELECT"],
    ["SELECT ?", "INSERT 1"],
    ["SELECT 1", "SELECT 2"],
  ])("%s / %s", (prepared, executed) => expect(valuesOf(prepared, executed)).toBeNull());
});

test("a text that begins otherwise is no execution", () => {
  const prepared = new PreparedText("SELECT a FROM t WHERE id = ?");
  expect([prepared.mayBe("SELECT a FROM t WHERE id = now()"), prepared.mayBe("SELECT b")]).toEqual([
    true,
    false,
  ]);
  expect(prepared.values).toBe(1);
});
