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
  ])("is read without a parser when it is %s", (_, written, meant) => {
    const element = `<LogFileData>${written}</LogFileData>`;
    expect(isFast(element)).toBe(true);
    expect(logOf(element)).toBe(meant);
  });

  it.each([
    ["a CDATA section", "<LogFileData><![CDATA[a < b &amp; c]]></LogFileData>", "a < b &amp; c"],
    ["a part in a CDATA section", "<LogFileData>a <![CDATA[< b]]></LogFileData>", "a < b"],
    ["a comment", "<LogFileData>a<!-- b -->c</LogFileData>", "ac"],
    ["an attribute", '<LogFileData xml:space="preserve"> a &lt;</LogFileData>', " a <"],
    ["a blank in the tag", "<LogFileData >a</LogFileData >", "a"],
    ["an element without content", "<LogFileData/>", ""],
    ["no element", "", ""],
    ["a reference beyond ASCII", "<LogFileData>&#x5bff;&#233;&#x1F363;</LogFileData>", "寿é🍣"],
    [
      "the name in a comment before it",
      "<!-- <LogFileData></LogFileData> --><LogFileData>a</LogFileData>",
      "a",
    ],
    ["carriage returns, which XML makes newlines", "<LogFileData>a\r\nb\rc</LogFileData>", "a\nb\nc"],
  ])("is left to the parser when it has %s", (_, element, meant) => {
    expect(logOf(element)).toBe(meant);
  });

  it.each([
    ["an ampersand alone", "<LogFileData>a & b</LogFileData>"],
    ["a reference without an end", "<LogFileData>a &lt b</LogFileData>"],
    ["an element that is not closed", "<LogFileData>a"],
    ["an element that is closed by another's name", "<LogFileData>a</LogFile>"],
    ["an element that is closed twice", "<LogFileData>a</LogFileData></LogFileData>"],
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

  it("is the same as the parser's, whatever it is", () => {
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
    );
    const odd = fc.constantFrom(
      "&",
      "&;",
      "&nbsp;",
      "&#0;",
      "&#x1F363;",
      "\r",
      "]]>",
      "<b/>",
      "<![CDATA[<]]>",
      "&quot",
    );
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
});
