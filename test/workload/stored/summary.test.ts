import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  MAX_SUMMARY,
  SUMMARY_KINDS,
  Summary,
  type SummaryKind,
} from "../../../src/workload/stored/summary.ts";

const valueArbitrary = fc.tuple(
  fc.constantFrom(...SUMMARY_KINDS),
  fc.oneof(fc.string({ unit: "grapheme" }), fc.string({ unit: "binary" }), fc.nat().map(String)),
);
const valuesArbitrary = fc.array(valueArbitrary, { maxLength: 300 });

/** A summary that has these values. */
function summaryOf(values: readonly [SummaryKind, string][]): Summary {
  const summary = new Summary();
  for (const [kind, value] of values) summary.add(kind, value);
  return summary;
}

/** Which of a number of values that it does not have a summary takes for its own. */
const wronglyHad = (summary: Summary, kind: SummaryKind, count: number): number =>
  Array.from({ length: count }, (_, i) => String(10_000_000 + 64 * i)).filter((value) =>
    summary.mayHave(kind, value),
  ).length;

const texts = (count: number, distance = 1): string[] =>
  Array.from({ length: count }, (_, i) => String(i * distance));

describe("a fragment's summary", () => {
  it("never says that a value is not there which is, as it was made, stored or continued", () => {
    fc.assert(
      fc.property(valuesArbitrary, valuesArbitrary, (first, second) => {
        const earlier = Summary.parse(summaryOf(first).toText());
        const continued = summaryOf(second);
        continued.merge(earlier);
        for (const [kind, value] of first) expect(earlier.mayHave(kind, value)).toBe(true);
        const stored = Summary.parse(continued.toText());
        for (const [kind, value] of [...first, ...second]) {
          expect(continued.mayHave(kind, value)).toBe(true);
          expect(stored.mayHave(kind, value)).toBe(true);
        }
      }),
    );
  });

  it.each(SUMMARY_KINDS)("tells apart what is there of a kind and what is not: %s", (kind) => {
    const stored = Summary.parse(summaryOf(texts(100, 7).map((value) => [kind, value])).toText());
    expect(wronglyHad(stored, kind, 2000)).toBeLessThan(2000 / 25);
  });

  it("does not take the value of one kind for that of another", () => {
    const summary = summaryOf([["user", "app"]]);
    expect(summary.mayHave("host", "app")).toBe(false);
    expect(summary.mayHave("db", "app")).toBe(false);
  });

  it("has nothing before anything is added, and then is short", () => {
    const summary = Summary.parse(new Summary().toText());
    for (const kind of SUMMARY_KINDS) expect(summary.mayHave(kind, "7")).toBe(false);
    expect(new Summary().toText().length).toBeLessThan(20);
    expect(summaryOf([["user", "app"]]).toText().length).toBeLessThan(60);
  });

  it("has a table with its schema, without it, and in any case", () => {
    const summary = summaryOf([["table", "Shop.Orders"]]);
    expect(summary.mayHave("table", "shop.orders")).toBe(true);
    expect(summary.mayHave("table", "ORDERS")).toBe(true);
    expect(summary.mayHave("table", "shop")).toBe(false);
  });

  it("excludes a thread although each record has another, as far as their ids are apart", () => {
    const stored = Summary.parse(summaryOf(texts(5000).map((value) => ["thread", value])).toText());
    expect(wronglyHad(stored, "thread", 2000)).toBeLessThan(2000 / 25);
  });

  it("fits into the metadata however much there is, and then excludes nothing by mistake", () => {
    const values = SUMMARY_KINDS.flatMap((kind) => texts(20_000, 97).map((value) => [kind, value] as const));
    const summary = summaryOf(values as [SummaryKind, string][]);
    expect(summary.toText().length).toBeLessThanOrEqual(MAX_SUMMARY);
    const stored = Summary.parse(summary.toText());
    for (const [kind, value] of values) expect(stored.mayHave(kind, value)).toBe(true);
  });

  it("may have everything of a kind that was given up, also once it is continued", () => {
    const earlier = summaryOf([["user", "app"]]);
    earlier.giveUp("table");
    const continued = new Summary();
    continued.merge(Summary.parse(earlier.toText()));
    const stored = Summary.parse(continued.toText());
    expect(stored.mayHave("table", "orders")).toBe(true);
    expect(stored.mayHave("user", "root")).toBe(false);
  });

  it.each([
    ["missing", undefined],
    ["empty", ""],
    ["of something else", "nonsense"],
    [
      "cut",
      summaryOf([["user", "app"]])
        .toText()
        .slice(0, 9),
    ],
    ["of a length that is none of a filter", "ftuhdgc.AAAA.AAAAAAA.AAAA.AAAAAAA.AAAAAAA"],
  ])("may have everything where its text is %s", (_, text) => {
    expect(Summary.parse(text).mayHave("user", "root")).toBe(true);
  });
});
