import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redactLiterals, redactSecrets } from "../../src/sql-text/redact/redact.ts";
import { tagsObject, tagsOf, tagValue } from "../../src/sql-text/tags.ts";

const tags = (sql: string) => tagsObject(tagsOf(sql));

describe("tags of sqlcommenter", () => {
  it("are read behind a statement", () => {
    expect(tags("SELECT a FROM t /*action='checkout',controller='orders'*/")).toEqual({
      action: "checkout",
      controller: "orders",
    });
  });

  it("are read as the specification's example has them", () => {
    const sql =
      "SELECT * from FOO /*action='%2Fparam*d',controller='index,'framework='spring'," +
      "traceparent='00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01',tracestate='congo%3Dt61rcWkgMzE%2Crojo%3D00f067aa0ba902b7'*/";
    // That example lacks a comma: all of it is no list of tags.
    expect(tags(sql)).toBeNull();
    expect(tags(sql.replace("'index,'", "'index',"))).toEqual({
      action: "/param*d",
      controller: "index",
      framework: "spring",
      traceparent: "00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01",
      tracestate: "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7",
    });
  });

  it.each([
    ["before a statement", "/*a='b'*/ SELECT 1"],
    ["behind blanks", " \n /* a = 'b' */\n"],
    ["before a semicolon", "SELECT 1 /*a='b'*/ ;\n"],
    ["behind another comment", "SELECT 1 /* hint */ /*a='b'*/"],
    ["before a statement with another comment behind it", "/*a='b'*/ SELECT 1 /* c */"],
  ])("are read %s", (_, sql) => {
    expect(tags(sql)).toEqual({ a: "b" });
  });

  it("have their quotes and their encoding removed", () => {
    expect(tags(String.raw`SELECT 1 /*name='DROP%20TABLE%20x',route='/it\'s',k%20y='%C3%BC'*/`)).toEqual({
      name: "DROP TABLE x",
      route: "/it's",
      "k y": "ü",
    });
  });

  it("stay as they are where they are not encoded as in a URL", () => {
    expect(tags("SELECT 1 /*a='100%',b='%zz',c='x+y'*/")).toEqual({ a: "100%", b: "%zz", c: "x+y" });
  });

  it("count once, and may have any name", () => {
    expect(tagsOf("SELECT 1 /*a='1',a='2',__proto__='x'*/")).toEqual([
      ["a", "1"],
      ["__proto__", "x"],
    ]);
    expect(Object.entries(tags("SELECT 1 /*__proto__='x'*/") ?? {})).toEqual([["__proto__", "x"]]);
  });

  it("are bounded", () => {
    const many = Array.from({ length: 40 }, (_, at) => `k${at}='v'`).join();
    expect(tagsOf(`SELECT 1 /*${many}*/`)).toHaveLength(32);
    expect(tags(`SELECT 1 /*a='${"x".repeat(2000)}',b='c'*/`)).toEqual({ b: "c" });
    expect(tags(`SELECT 1 /*${"a".repeat(200)}='x',b='c'*/`)).toEqual({ b: "c" });
    expect(tags(`SELECT 1 /*a='${"x".repeat(9000)}'*/`)).toBeNull();
  });

  it("are found again by their key", () => {
    const found = tagsOf("SELECT 1 /*a='1',b='2'*/");
    expect(tagValue(found, "b")).toBe("2");
    expect(tagValue(found, "c")).toBeUndefined();
    expect(tagValue(found, "constructor")).toBeUndefined();
  });
});

describe("no tags", () => {
  it.each([
    "",
    " ",
    ";",
    "/",
    "*/",
    "/*/",
    "/**/",
    "SELECT 1",
    "SELECT 1 /* a comment */",
    "SELECT 1 /* a = b */",
    "SELECT 1 /* it's a='b' */",
    "SELECT 1 /*a='b' c='d'*/",
    "SELECT 1 /*a='b',*/",
    "SELECT 1 /*!50000 a='b'*/",
    "SELECT /*+ MAX_EXECUTION_TIME(1) */ 1",
    "SELECT /*a='b'*/ 1",
    "SELECT '/*a=1*/'",
    "SELECT 1 /*a='b'",
    "/*a='b' SELECT 1",
  ])("are in %j", (sql) => {
    expect(tagsOf(sql)).toEqual([]);
    expect(tags(sql)).toBeNull();
  });

  it("are left of a statement without its literals, and all where only secrets are removed", () => {
    const sql = "SELECT a FROM t WHERE b = 'c' /*action='checkout'*/";
    expect(tags(redactLiterals(sql))).toBeNull();
    expect(tags(redactSecrets(sql))).toEqual({ action: "checkout" });
  });
});

it("reads what an application that follows the specification writes", () => {
  const text = fc
    .string({ unit: "grapheme", minLength: 1, maxLength: 40 })
    .filter((one) => one.isWellFormed());
  const encode = (value: string) => encodeURIComponent(value).replaceAll("'", "\\'");
  fc.assert(
    fc.property(fc.dictionary(text, text, { minKeys: 1, maxKeys: 8 }), (written) => {
      const keys = Object.keys(written).filter((key) => /^[\w.~%-]+$/.test(encodeURIComponent(key)));
      fc.pre(keys.length > 0);
      const comment = keys
        .map((key) => `${encodeURIComponent(key)}='${encode(written[key] as string)}'`)
        .join();
      const expected = keys.map((key) => [key, written[key]]);
      expect(tagsOf(`SELECT 1 /*${comment}*/`)).toEqual(expected);
      expect(tagsOf(`/*${comment}*/ SELECT 1`)).toEqual(expected);
    }),
  );
});

it("never throws, whatever the text, and says the same a second time", () => {
  const part = fc.constantFrom("/*", "*/", "a='b'", ",", "'", "\\", "%", "=", ";", " ", "SELECT 1");
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 12 }).map((all) => all.join("")),
      (sql) => {
        const first = tagsOf(sql);
        tagsOf("SELECT 1 /*x='y'*/");
        expect(tagsOf(sql)).toEqual(first);
      },
    ),
  );
});
