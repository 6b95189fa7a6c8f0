import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Report } from "../../../src/workload/report/blocks.ts";
import { escapeHtml, toHtml } from "../../../src/workload/report/html.ts";
import { escapeMarkdown, fenced, toMarkdown } from "../../../src/workload/report/markdown.ts";

/* Statements, names and causes are somebody else's text: in no report can they be anything but text. */

const HOSTILE = [
  "</code><script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  "a | b | c",
  "a \\| b \\",
  "```\n# not a heading\n```js",
  "`````` and ` and ```",
  "line one\r\n\r\n## heading\n| a | b |\n|---|---|",
  "[link](http://evil.example) http://evil.example <http://evil.example>",
  "*bold* _it_ ~~gone~~ <b>x</b> &lt; &#60;",
  "\u202etxet desrever\u0000\u0007\ud800",
  "1. item",
  "- item",
  "    indented",
];

/** A report in which every text is the same. */
const reportOf = (text: string): Report => ({
  title: text,
  blocks: [
    { kind: "heading", text },
    { kind: "text", text },
    { kind: "facts", facts: [[text, text]] },
    { kind: "notes", notes: [text] },
    { kind: "table", names: [text, text], rows: [[text, text]] },
    { kind: "statements", names: [text], statements: [{ sql: text, figures: [text] }] },
    { kind: "chart", title: text, unit: text, from: 0, to: 60_000, values: [1, null, 2] },
  ],
});

/** What of a report's markup is left when all of its texts are the letter x. */
const skeleton = (html: string) => html.replace(/<style>.*<\/style>/s, "").match(/<[^>]*>/g);

describe("a report in HTML", () => {
  it.each(HOSTILE)("has %j as text only", (text) => {
    const tags = skeleton(toHtml(reportOf(text)))?.map((tag) =>
      tag.replace(/aria-label="[^"]*"/, "aria-label"),
    );
    const plain = skeleton(toHtml(reportOf("x")))?.map((tag) =>
      tag.replace(/aria-label="[^"]*"/, "aria-label"),
    );
    expect(tags).toEqual(plain);
  });

  it("has no character that could begin markup in any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(escapeHtml(text)).not.toMatch(/[<>"']|&(?!(amp|lt|gt|quot|#39);)/);
        expect(escapeHtml(text).isWellFormed()).toBe(true);
      }),
    );
  });

  it("has no scripts, asks nobody, and says so in a policy before its styles", () => {
    const html = toHtml(reportOf("x"));
    expect(html).not.toMatch(/<script|<link|<iframe|<img|\bon\w+=|https?:|url\(|@import|javascript:/i);
    const policy = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(html);
    expect(policy?.[1]).toBe(
      "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'",
    );
    expect(policy?.index).toBeLessThan(html.indexOf("<style>"));
  });

  it("draws lines that are broken where a value is not known, and a dot where one stands alone", () => {
    const chart = (values: (number | null)[]) =>
      toHtml({ title: "x", blocks: [{ kind: "chart", title: "x", unit: "ms", from: 0, to: 1000, values }] });
    expect(chart([1, 2, null, 3, null])).toContain(
      '<polyline points="0.0,73.0 120.0,37.0"/><circle cx="360.0" cy="1.0" r="2"/>',
    );
    expect(chart([0, 0])).toContain('<polyline points="0.0,109.0 480.0,109.0"/>');
    expect(chart([5])).toContain('<circle cx="240.0"');
    expect(chart([null])).toContain("no values");
  });
});

describe("a report in Markdown", () => {
  it.each(HOSTILE)("keeps %j within its line", (text) => {
    const escaped = escapeMarkdown(text);
    // What is left of Markdown's characters stands behind a backslash, or is an entity.
    const left = escaped.replace(/&(#\d+|amp|lt|gt);/g, "").replace(/\\[!-/:-@[-`{-~]/g, "");
    expect(left).not.toMatch(/[*_[\]~#$@\n|`<>\\&]|:\/\/|www\.|^ *(\d+[.)]|[-+=])(?=[\s=-]|$)/);
  });

  it.each(HOSTILE)("keeps %j within its block", (text) => {
    const lines = fenced(text).split("\n");
    const fence = lines[0]?.replace("sql", "") ?? "";
    expect(lines.at(-1)).toBe(fence);
    const isClosing = (line: string) => new RegExp(`^ {0,3}\`{${fence.length},}\\s*$`).test(line);
    expect(lines.slice(1, -1).filter(isClosing)).toEqual([]);
  });

  it("has as many lines and cells, whatever its texts are", () => {
    const outside = (text: string) => {
      let fence: string | null = null;
      const left: string[] = [];
      for (const line of toMarkdown(reportOf(text)).split("\n")) {
        if (fence !== null) {
          if (line === fence) fence = null;
          continue;
        }
        const opened = /^(`{3,})sql$/.exec(line)?.[1];
        if (opened === undefined) left.push(String(line.split(/(?<!\\)\|/).length));
        else fence = opened;
      }
      return left;
    };
    for (const text of HOSTILE) expect(outside(text)).toEqual(outside("x"));
  });

  it("has charts in figures", () => {
    expect(toMarkdown(reportOf("x"))).toContain("| x | x | 1 | 1.5 | 2 |");
  });
});
