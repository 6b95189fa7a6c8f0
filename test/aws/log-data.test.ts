import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { largeQueryResult, queryResult, text } from "../../src/aws/query.ts";
import { cutOutText } from "../../src/aws/xml-text.ts";

const ACTION = "DownloadDBLogFilePortion";
const encoder = new TextEncoder();

/** A reply as RDS sends it, around an element that holds the log. */
function reply(element: string): string {
  const result = `${element}<Marker>1:2</Marker><AdditionalDataPending>false</AdditionalDataPending>`;
  return `<?xml version="1.0"?>
<${ACTION}Response xmlns="http://rds.amazonaws.com/doc/2014-10-31/">
  <${ACTION}Result>${result}</${ACTION}Result><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>
</${ACTION}Response>`;
}

function logOf(element: string): string | undefined {
  const portion = largeQueryResult(encoder.encode(reply(element)), ACTION, "LogFileData");
  if (portion === undefined) return undefined;
  expect(text(portion.result, "Marker")).toBe("1:2");
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(portion.text);
}

const isFast = (element: string) => cutOutText(encoder.encode(reply(element)), "LogFileData") !== undefined;

describe("the text of a log portion", () => {
  it.each([
    ["plain text", "SELECT 1\n", "SELECT 1\n"],
    ["nothing", "", ""],
    ["a newline alone", "\n", "\n"],
    ["XML's own references", "a &lt; b &amp;&amp; c &gt; &quot;d&quot; &apos;", 'a < b && c > "d" \''],
    ["references to characters by number", "a&#xD;\n&#13;&#10;&#x9;&#39;&#x27;", "a\r\n\r\n\t''"],
    ["an escaped reference", "&amp;lt; &#38;lt; &amp;#13;", "&lt; &lt; &#13;"],
    ["characters beyond ASCII", "寿司 🍣 é &lt;\ufffd", "寿司 🍣 é <\ufffd"],
    ["a sign that closes nothing", "a > b ]] >", "a > b ]] >"],
    ["references beyond ASCII", "&#x5bff;&#233;&#x1F363;&#0000233;", "寿é🍣é"],
    ["references to control characters", "&#x1;&#0;&#27;[0m&#x1f;", "\u0001\0\u001b[0m\u001f"],
    ["control characters as they are", "\u0001\0\u001b", "\u0001\0\u001b"],
    ["references to characters that are none", "&#xFFFE;&#xFFFF;", "\ufffe\uffff"],
    ["references to halves of characters", "&#xD83C;&#xDF63;&#55356;&#57187;", "🍣🍣"],
    ["references to one half only", "&#xD83C;a&#xDF63;&#xD83C;", "\ufffda\ufffd\ufffd"],
    ["references to no code", "&#x110000;&#99999999;", "\ufffd\ufffd"],
    ["carriage returns as they are", "a\r\nb\rc", "a\r\nb\rc"],
    ["the end of a CDATA section alone", "a]]>b", "a]]>b"],
    ["a CDATA section", "<![CDATA[a < b &amp; c ]] > \u0001]]>", "a < b &amp; c ]] > \u0001"],
    ["a part in a CDATA section", "a&lt;<![CDATA[< b]]><![CDATA[]]]]><![CDATA[>]]>&#1;", "a<< b]]>\u0001"],
    ["a comment", "a<!-- b -> -->c", "ac"],
  ])("is read without a parser when it is %s", (_, written, meant) => {
    const element = `<LogFileData>${written}</LogFileData>`;
    expect(isFast(element)).toBe(true);
    expect(logOf(element)).toBe(meant);
  });

  it.each([
    ["an attribute", '<LogFileData xml:space="preserve"> a &lt;&#1;</LogFileData>', " a <\u0001"],
    ["a blank in the tag", "<LogFileData >a&#1;</LogFileData >", "a\u0001"],
    ["a sign in an attribute", "<LogFileData a='x>y' b=\"/>'\">a&#1;</LogFileData>", "a\u0001"],
    ["a namespace", '<r:LogFileData xmlns:r="urn:r">a&#1;</r:LogFileData\n>', "a\u0001"],
    ["its name in a comment before it", "<!-- <LogFileData> --><LogFileData>a&#1;</LogFileData>", "a\u0001"],
    [
      "its name in a CDATA section before it",
      "<x><![CDATA[<LogFileData>]]></x><LogFileData>a</LogFileData>",
      "a",
    ],
    ["uppercase digits in a reference", "<LogFileData>&#x1F363;&#x1f363;&#xA;</LogFileData>", "🍣🍣\n"],
  ])("is read without a parser from an element with %s", (_, element, meant) => {
    expect(isFast(element)).toBe(true);
    expect(logOf(element)).toBe(meant);
  });

  it.each([
    ["an element without content", "<LogFileData/>", ""],
    ["no element", "", ""],
    [
      "the name in a comment before it",
      "<!-- <LogFileData></LogFileData> --><LogFileData>a</LogFileData>",
      "a",
    ],
    ["a longer name", "<LogFileDataOf>b</LogFileDataOf><LogFileData/>", ""],
    // Which XML does not know without a document type: it stays as it stands.
    ["a reference of HTML's", "<LogFileData>a&nbsp;b</LogFileData>", "a&nbsp;b"],
  ])("is left to the parser when it has %s", (_, element, meant) => {
    expect(logOf(element)).toBe(meant);
  });

  it.each([
    ["an ampersand alone", "<LogFileData>a & b</LogFileData>"],
    ["a reference without an end", "<LogFileData>a &lt b</LogFileData>"],
    ["a CDATA section without an end", "<LogFileData>a<![CDATA[ b</LogFileData>"],
    ["an element that is not closed", "<LogFileData>a"],
    ["an element that is closed by another's name", "<LogFileData>a</LogFile>"],
    ["an element that is closed twice", "<LogFileData>a</LogFileData></LogFileData>"],
    ["an element that is closed by another's prefix", "<a:LogFileData>a</b:LogFileData>"],
    ["a tag without an end", "<LogFileData a='>a</LogFileData>"],
  ])("makes a reply malformed with %s", (_, element) => {
    expect(logOf(element)).toBeUndefined();
  });

  it("is not found in somebody else's reply", () => {
    for (const body of [
      "",
      "<html><body>It works!</body>",
      "<LogFileData>a</LogFileData>",
      "<LogFileData>",
    ]) {
      expect(largeQueryResult(encoder.encode(body), ACTION, "LogFileData")).toBeUndefined();
    }
    const cutOff = reply("<LogFileData>a</LogFileData>").slice(0, -10);
    expect(largeQueryResult(encoder.encode(cutOff), ACTION, "LogFileData")).toBeUndefined();
  });

  it("is the same as the parser's, whatever XML has", () => {
    const pieces = fc.constantFrom(
      "a",
      "寿",
      "🍣",
      "\n",
      "\t",
      "&lt;",
      "&amp;",
      "&#13;",
      "&#xA;",
      "&#65;",
      " ",
      ";",
      "&#233;",
      "&#x1F363;",
      "<![CDATA[<]]>",
      "<!-- - -->",
    );
    // Not `]]>`, which XML forbids in a text: it is no reason to lose a portion.
    const odd = fc.constantFrom("&", "&;", "&nbsp;", "<b/>", "&quot", "<![CDATA[");
    const content = fc.array(fc.oneof({ weight: 9, arbitrary: pieces }, { weight: 1, arbitrary: odd }));
    fc.assert(
      fc.property(content, (parts) => {
        const element = `<LogFileData>x${parts.join("")}</LogFileData>`;
        const parsed = queryResult(reply(element), ACTION);
        expect(logOf(element)).toBe(parsed && (text(parsed, "LogFileData") ?? ""));
      }),
      { numRuns: 500 },
    );
  });

  it("has every character of the log that it was made of, however each was written", () => {
    const written = fc
      .tuple(fc.integer({ min: 0, max: 0x10ffff }), fc.constantFrom("decimal", "hexadecimal", "raw"))
      .filter(([code]) => (code & ~0x7ff) !== 0xd800)
      .map(([code, how]): [string, string] => {
        const character = String.fromCodePoint(code);
        const mustBeReference = character === "<" || character === "&" || character === ">";
        if (how === "raw" && !mustBeReference) return [character, character];
        return [character, how === "decimal" ? `&#${code};` : `&#x${code.toString(16)};`];
      });
    fc.assert(
      fc.property(fc.array(written), (characters) => {
        const element = `<LogFileData>${characters.map(([, as]) => as).join("")}</LogFileData>`;
        expect(logOf(element)).toBe(characters.map(([character]) => character).join(""));
      }),
      { numRuns: 500 },
    );
  });
});
