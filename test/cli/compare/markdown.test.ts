import { expect, test } from "vitest";
import { parseConditions } from "../../../src/cli/compare/conditions.ts";
import { judge } from "../../../src/cli/compare/judging.ts";
import { type Summary, toSummary } from "../../../src/cli/compare/markdown.ts";
import type { Comparison } from "../../../src/client/index.ts";
import { added, comparison, run, side, statement } from "./support.ts";

const ADDRESS = "https://captures.example.com";

function summary(fields: Partial<Comparison>, failOn?: string, more: Partial<Summary> = {}): string {
  const compared = comparison(fields);
  const verdicts = failOn === undefined ? [] : parseConditions(failOn).map((one) => judge(one, compared));
  return toSummary({ comparison: compared, verdicts, notJudged: [], address: ADDRESS, ...more });
}

const bytes = (text: string) => new TextEncoder().encode(text).length;

test("a summary says what was found, the load of both, and each statement once", () => {
  const text = summary(
    {
      new: [added("SELECT * FROM new_table")],
      changed: [
        statement("SELECT 1", { changes: ["slower", "more-calls", "more-time"] }),
        statement("SELECT 2", { fingerprint: "00000000000000cc", changes: ["faster"], this: run(10, 1000) }),
      ],
    },
    "new,slower:1.5,gone",
  );
  expect(text).toContain(`### Database workload: [capture 2](${ADDRESS}/captures/2), compared with`);
  expect(text).toContain(
    "- `new` **found**: 1 statement\n- `slower:1.5` **found**: 1 statement\n- `gone` not found",
  );
  expect(text).toContain("| Statements a minute | 1,200 | 1,200 | the same |");
  expect(text).toContain("<details open><summary>New: 1</summary>");
  expect(text).toContain("<details open><summary>Slower: 1</summary>");
  expect(text).toContain("<details><summary>Faster: 1</summary>");
  expect(text).not.toContain("More calls");
  expect(text).toContain("p95 5 ms → 15 ms (3 times)");
  expect(text).toContain(`[\`00000000000000bb\`](${ADDRESS}/captures/2/statements/00000000000000bb)`);
  expect(text.match(/SELECT 1/g)).toHaveLength(1);
});

test("a statement that is gone is linked to where it ran", () => {
  const gone = statement("SELECT 9", { part: "gone", this: null, changes: [] });
  expect(summary({ gone: [gone] })).toContain(`${ADDRESS}/captures/1/statements/00000000000000aa`);
});

test("without any change it says so", () => {
  expect(summary({})).toContain("No statement is new, gone, slower or faster.");
});

test("statements can't end their fence, and names can't be Markdown, HTML or a mention", () => {
  const evil = "SELECT '```\n</details><script>alert(1)</script>\n# heading @team\u0007'";
  const text = summary({
    this: side(2, { name: "](http://evil.example) @team <img src=x> | #1 `x`" }),
    notes: ["@everyone <b>x</b> ![](http://evil.example)"],
    new: [added(evil)],
  });
  expect(text).toContain("\n````sql\nSELECT '```\n</details>");
  expect(text).toContain("\n````\n");
  const outside = text.replace(/\n(`{3,})sql\n.*?\n\1\n/gs, "");
  expect(outside).not.toMatch(/<(?!details|\/details|summary|\/summary)/);
  expect(outside).not.toMatch(/[^\\]@/);
  expect(outside).not.toContain("](http://evil");
  expect(text).not.toContain("\u0007");
});

test("a summary keeps its length, and counts what has no room", () => {
  const many = Array.from({ length: 2000 }, (_, at) =>
    added(`SELECT '${"😀".repeat(2000)}' ${at}`, { fingerprint: at.toString(16).padStart(16, "0") }),
  );
  const slower = many.map((one) => ({
    ...one,
    part: "changed" as const,
    base: run(1),
    changes: ["slower" as const],
  }));
  const whole = summary({
    new: many,
    changed: slower,
    gone: many.map((one) => ({ ...one, part: "gone" as const })),
  });
  expect(bytes(whole)).toBeLessThan(60_000);
  expect(whole).toContain("<summary>New: 2000</summary>");
  expect(whole).toContain("And 1990 more.");
  const short = summary({ new: many, changed: slower }, "new,slower", { maxBytes: 9000 });
  expect(bytes(short)).toBeLessThan(9000);
  expect(short).toContain("<summary>Slower: 2000</summary>");
  expect(short).toContain("Too long to be shown here.");
  expect(short.match(/<details/g)).toHaveLength(short.match(/<\/details>/g)?.length ?? 0);
});

test("a long statement is cut, and not in the middle of a character", () => {
  const text = summary({ new: [added(`${"x".repeat(999)}😀 and more`)] });
  expect(text).toMatch(/x{999}.…\n```/u);
  expect(text).not.toContain("and more");
  expect(text.isWellFormed()).toBe(true);
});

test("what was looked for stands first, and is marked", () => {
  const [chance, sure] = [
    added("SELECT 'chance'", { isSure: false }),
    added("SELECT 'sure'", { fingerprint: "00000000000000dd" }),
  ];
  const text = summary({ new: [chance, sure] }, "new");
  expect(text.indexOf("'sure'")).toBeLessThan(text.indexOf("'chance'"));
  expect(text).toContain("**found** · [`00000000000000dd`]");
  expect(text).toContain("perhaps by chance");
});

test("what could not be judged is said", () => {
  const text = summary({}, undefined, { notJudged: ["slower:2 can't be judged: times are not compared"] });
  expect(text).toContain("- slower:2 can't be judged");
});
