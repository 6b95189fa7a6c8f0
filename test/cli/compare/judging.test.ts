import { expect, test } from "vitest";
import { parseConditions } from "../../../src/cli/compare/conditions.ts";
import { judge, whyNotJudged } from "../../../src/cli/compare/judging.ts";
import type { Comparison } from "../../../src/client/index.ts";
import { added, comparison, side, statement } from "./support.ts";

const condition = (text: string) => {
  const [one] = parseConditions(text);
  if (one === undefined) throw new Error("No condition");
  return one;
};
const verdict = (text: string, fields: Partial<Comparison>) => judge(condition(text), comparison(fields));

test("a new statement is found if it is sure, and said if it may be chance", () => {
  const fields = { new: [added("SELECT a"), added("SELECT b", { isSure: false })] };
  const sure = verdict("new", fields);
  expect(sure).toMatchObject({ isFound: true, left: "1 new by chance perhaps (new:any counts them)" });
  expect(sure.statements.map(({ digest }) => digest)).toEqual(["SELECT a"]);
  expect(verdict("new:any", fields)).toMatchObject({ left: null, statements: { length: 2 } });
  expect(verdict("new", { new: [added("SELECT b", { isSure: false })] }).isFound).toBe(false);
});

test("statements of which it is not known whether they are new are said, each on its side", () => {
  const unknown = [
    added("SELECT a", { part: "unknown", isSure: false, unknown: "full-table" }),
    added("SELECT b", { part: "unknown", isSure: false, unknown: "full-table", base: null }),
    statement("SELECT c", { part: "unknown", this: null, isSure: false, unknown: "full-table" }),
  ];
  expect(verdict("new", { unknown })).toMatchObject({
    isFound: false,
    left: "2 of which it is not known whether they are new",
  });
  expect(verdict("gone", { unknown }).left).toBe("1 of which it is not known whether they are gone");
});

test.each([
  ["slower:1.5", "slower"],
  ["rate:2", "more-calls"],
  ["time:2", "more-time"],
  ["rows:2", "more-rows"],
] as const)("%s finds statements that the comparison calls %s, and no others", (text, change) => {
  const [hit, miss] = [statement("SELECT a", { changes: [change] }), statement("b", { changes: ["faster"] })];
  expect(verdict(text, { changed: [miss, hit] }).statements).toEqual([hit]);
  expect(verdict(text, { changed: [miss] }).isFound).toBe(false);
});

test("errors are found when their rate has grown by the factor, and by more than chance", () => {
  const errors = (before: number, after: number) => ({
    base: side(1, { errors: before }),
    this: side(2, { errors: after }),
  });
  expect(verdict("errors:2", errors(100, 300)).isFound).toBe(true);
  expect(verdict("errors:4", errors(100, 300)).isFound).toBe(false);
  expect(verdict("errors", errors(300, 100)).isFound).toBe(false);
  // Three times as many, but one and three may be chance.
  expect(verdict("errors:2", errors(1, 3)).isFound).toBe(false);
  expect(verdict("errors", errors(0, 20)).isFound).toBe(true);
  expect(verdict("errors", errors(0, 0)).isFound).toBe(false);
});

test("errors of captures of different lengths are compared by the minute", () => {
  const fields = { base: side(1, { errors: 100 }), this: side(2, { errors: 300, timedMinutes: 30 }) };
  expect(verdict("errors", fields).isFound).toBe(false);
});

test.each([
  ["new", { base: side(1, { minutes: 0 }) }, "capture 1 (capture 1) has recorded nothing"],
  ["rate:2", { this: side(2, { minutes: 0 }) }, "capture 2 (capture 2) has recorded nothing"],
  ["slower:2", { isTimed: false }, "times are not compared"],
  ["rows", { isTimed: false }, "times are not compared"],
  ["errors", { base: side(1, { errors: null }) }, "it is not known of both captures how many"],
  [
    "new",
    { unknown: [added("SELECT a", { part: "unknown", unknown: "other-rules" })] },
    "counted by different rules",
  ],
] as [string, Partial<Comparison>, string][])(
  "%s is not judged where nothing can be said: %#",
  (text, fields, why) => {
    expect(whyNotJudged(condition(text), comparison(fields))).toContain(why);
  },
);

test("calls can be judged without times", () => {
  expect(whyNotJudged(condition("rate:2"), comparison({ isTimed: false }))).toBeNull();
  expect(whyNotJudged(condition("new"), comparison({ isTimed: false }))).toBeNull();
});
