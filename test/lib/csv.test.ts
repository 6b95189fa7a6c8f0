import { describe, expect, it } from "vitest";
import { fields, toCsv } from "../../src/lib/csv.ts";

const textsOf = (...texts: (string | number | null)[]) =>
  toCsv<string | number | null>([["text", (text) => text]], texts);

describe("CSV", () => {
  it("has a line of names, and then a line for each row, ended by CR LF", () => {
    const columns = fields<{ a: number; b: string; c?: boolean }>("a", "b", "c");
    expect(
      toCsv(columns, [
        { a: 1, b: "x", c: true },
        { a: 2.5, b: "" },
      ]),
    ).toBe("a,b,c\r\n1,x,true\r\n2.5,,\r\n");
    expect(toCsv(columns, [])).toBe("a,b,c\r\n");
  });

  it("quotes cells with a comma, a quote or a line break", () => {
    expect(textsOf("a,b", 'say "x"', "one\ntwo", "a\r", "plain; text'")).toBe(
      'text\r\n"a,b"\r\n"say ""x"""\r\n"one\ntwo"\r\n"a\r"\r\nplain; text\'\r\n',
    );
  });

  it.each(["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\uFF1D1+1", "\uFF0B1", "\uFF0D1", "\uFF20SUM(A1)"])(
    "defuses %j, which a spreadsheet would run",
    (text) => {
      expect(textsOf(text)).toBe(`text\r\n'${text}\r\n`);
    },
  );

  it("defuses within quotes, and a carriage return or a newline", () => {
    expect(textsOf('=HYPERLINK("http://a","b")', "\r=1", "\n=1")).toBe(
      'text\r\n"\'=HYPERLINK(""http://a"",""b"")"\r\n"\'\r=1"\r\n"\'\n=1"\r\n',
    );
  });

  it("leaves numbers below zero, and what is not there is empty", () => {
    expect(textsOf(-1.5, null, 0)).toBe("text\r\n-1.5\r\n\r\n0\r\n");
  });

  it("has U+FFFD in the place of a NUL, which no cell may have", () => {
    expect(textsOf("a\0b")).toBe("text\r\na\uFFFDb\r\n");
  });
});
