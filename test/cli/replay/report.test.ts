import { expect, test } from "vitest";
import type { Outcome } from "../../../src/cli/replay/outcome.ts";
import { makeReplayReport } from "../../../src/cli/replay/report.ts";
import { ReplayTally } from "../../../src/cli/replay/tally.ts";
import { toText } from "../../../src/cli/terminal/report-text.ts";
import { widthOf } from "../../../src/cli/terminal/text.ts";
import { toHtml } from "../../../src/workload/report/html.ts";
import { end, outcome, plan, resultOf } from "./outcomes.ts";

const many = (count: number, fields: (at: number) => Partial<Outcome>) =>
  Array.from({ length: count }, (_, at) => outcome(fields(at)));
const textOf = (...args: Parameters<typeof makeReplayReport>) => toText(makeReplayReport(...args));

test("a report says where to, how fast, how much ran, and what it could not compare", () => {
  const text = textOf(resultOf(many(100, (at) => ({ micros: 1000 + at }))));
  expect(text).toMatch(/^Replay of nightly\n\nTo +mysql:\/\/localhost:3306\/shop\n/);
  expect(text).toMatch(/^Speed +as recorded$/m);
  expect(text).toMatch(/^Statements +100, 10 a second$/m);
  expect(text).toMatch(/^Errors +none$/m);
  expect(text).toMatch(/^Writes +were left out$/m);
  expect(text).toContain("! The general log does not say how long statements took");
  expect(text).toMatch(/^1\. +100 +0 +100 % .*\n {3}SELECT \* FROM orders WHERE id = \?$/m);
});

test("beside the slow log's times, a statement that takes longer by more than chance is called slower", () => {
  const slower = many(200, (at) => ({ micros: 3000 + at, recordedMicros: 1000 + at }));
  const same = many(200, (at) => ({
    fingerprint: "aaaaaaaaaaaaaaaa",
    micros: 500 + at,
    recordedMicros: 500 + at,
  }));
  const { blocks } = makeReplayReport(resultOf([...slower, ...same]));
  const block = blocks.find((one) => one.kind === "statements");
  expect(block?.kind === "statements" && block.names.slice(-2)).toEqual(["Change of p95", "Verdict"]);
  expect(block?.kind === "statements" && block.statements.map(({ figures }) => figures.slice(-2))).toEqual([
    [expect.stringMatching(/^2\.\d+ times$/), "slower"],
    ["the same", ""],
  ]);
});

test("a statement whose every call failed has neither times nor a verdict", () => {
  const timed = many(20, () => ({ recordedMicros: 1000 }));
  const refused = outcome({
    fingerprint: "ab".repeat(8),
    error: { code: "E", message: "no" },
    recordedMicros: 1,
  });
  const { blocks } = makeReplayReport(resultOf([...timed, refused]));
  const shown = blocks.findLast((one) => one.kind === "statements");
  expect(shown?.kind === "statements" && shown.statements[1]?.figures).toEqual([
    "1",
    "1",
    "0 %",
    "–",
    "–",
    "–",
    "–",
    "–",
    "",
    "",
  ]);
});

test("a difference that chance explains, or of too few calls, has no verdict", () => {
  const few = many(5, () => ({ micros: 9000, recordedMicros: 1000 }));
  const little = many(500, (at) => ({
    fingerprint: "bbbbbbbbbbbbbbbb",
    micros: 1100 + at,
    recordedMicros: 1000 + at,
  }));
  const text = textOf(resultOf([...few, ...little]));
  expect(text).not.toMatch(/slower|faster/);
});

test("two replays are compared by fingerprints, with what is new, and what is gone", () => {
  const base = resultOf([
    ...many(200, (at) => ({ micros: 4000 + at })),
    outcome({ fingerprint: "cccccccccccccccc" }),
  ]);
  const result = resultOf([
    ...many(200, (at) => ({ micros: 1000 + at })),
    outcome({ fingerprint: "dddddddddddddddd", statement: "SELECT 2" }),
  ]);
  const text = textOf(result, { name: "before.json", result: base });
  expect(text).toMatch(/^Compared with +before\.json$/m);
  expect(text).toContain("BESIDE BEFORE.JSON");
  expect(text).toMatch(/ faster$/m);
  expect(text).toMatch(/ new$/m);
  expect(text).toContain("! 1 different statements ran in before.json and not in this replay.");
  expect(text).not.toContain("nothing to compare with");
});

test("a base of another speed, or with writes, is said to be one", () => {
  const text = textOf(resultOf([outcome()]), {
    name: "b",
    result: resultOf([outcome()], { speed: null, writes: true }),
  });
  expect(text).toContain("The two replays were not of the same speed");
  expect(text).toContain("One of the two replays ran writes");
});

test("an early end, lost connections and sessions from before the capture stand before all else", () => {
  const result = resultOf(
    [outcome({ isPartial: true })],
    {
      endedBy: "Ctrl-C",
      notes: ["One more."],
    },
    { partialSessions: 1 },
  );
  const text = textOf(result);
  expect(text).toMatch(/! It ended before the recording did: Ctrl-C\n! One more\.\n! 1 statements are of/);
  expect(text).toMatch(/^Sessions +1, 1 of which began before the capture$/m);
});

test("what was left out is listed with its reasons, and lateness with its percentiles", () => {
  const tally = new ReplayTally(true, () => 0);
  tally.onLeftOut("write");
  tally.onLeftOut("account");
  for (let at = 0; at < 100; at++) tally.onOutcome(outcome({ lateMicros: 50_000 }));
  const text = textOf(tally.result(plan(), end()));
  expect(text).toMatch(
    /^LEFT OUT\n\n +Records\nChanges of data.*--writes +1\nStatements about accounts +1$/m,
  );
  expect(text).toMatch(/^Sent later than its time +(50|49\.\d) ms/m);
  expect(text).toContain("More than one statement in twenty was sent late");
});

test("a report of nothing is one, too", () => {
  const text = textOf(resultOf([]));
  expect(text).toMatch(/^Statements +0, 0 a second$/m);
  expect(text).not.toMatch(/NaN|undefined|Infinity/);
});

test("neither the text nor the HTML of a report can steer what shows it", () => {
  const hostile = "SELECT '\u001b[31m\u202e<script>alert(1)</script>'";
  const result = resultOf([
    outcome({ statement: hostile, error: { code: "<b>", message: "\u001b]0;x\u0007" } }),
  ]);
  const report = makeReplayReport(result);
  expect(toText(report)).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
  const html = toHtml(report);
  expect(html).not.toContain("<script>");
  expect(html).not.toContain("<b>");
  expect(html).toContain("&lt;script&gt;");
  expect(html).toContain("default-src 'none'");
});

test("charts show statements, errors and lateness over time", () => {
  let now = 0;
  const tally = new ReplayTally(true, () => now);
  for (let second = 0; second < 20; second++) {
    now = second * 1000;
    for (let at = 0; at <= second; at++)
      tally.onOutcome(outcome({ lateMicros: 2000, error: at === 0 ? { code: "E", message: "no" } : null }));
  }
  const report = makeReplayReport(tally.result(plan(), end()));
  const charts = report.blocks.filter((block) => block.kind === "chart");
  expect(charts.map(({ title }) => title)).toEqual([
    "Statements",
    "Errors",
    "Lateness, the most of each step",
  ]);
  expect(charts[0]).toMatchObject({ values: Array.from({ length: 20 }, (_, at) => at + 1) });
  expect(toText(report)).toMatch(/^Statements \(most: 20 a second\)\n▁.*█$/m);
});

test("a report fits the terminal: texts are at the left, long ones are cut, and a statement is below its figures", () => {
  const message = `Something is wrong with a value ${"寿司 of this statement ".repeat(20)}`;
  const long = `SELECT ${"a_column, ".repeat(50)}1`;
  const failed = [
    outcome({ session: "12345.6", statement: long, error: { code: "ER_NO_SUCH_TABLE", message } }),
    outcome({ session: "7.1", statement: "SELECT 2", error: { code: "ER_A", message: "short" } }),
  ];
  const timed = many(200, (at) => ({ micros: 3000 + at, recordedMicros: 1000 + at }));
  const result = resultOf([...timed, ...failed], {
    options: Array.from({ length: 12 }, (_, at) => `--tag name${at}=value`),
    notes: ["a note of many words ".repeat(12)],
  });
  for (const width of [80, 100, 140]) {
    const text = toText(makeReplayReport(result), width);
    for (const one of text.split("\n")) expect(widthOf(one)).toBeLessThanOrEqual(width);
    expect(text).toMatch(
      /^1\. ER_NO_SUCH_TABLE {2}Something is .*… {2}12345\.6 {2}2026.*\n {3}SELECT a_column, .*…$/m,
    );
    expect(text).toMatch(/^2\. ER_A {14}short +7\.1 {6}2026.*\n {3}SELECT 2$/m);
    expect(text).toMatch(/^1\. +202 .* slower\n {3}SELECT/m);
  }
});

test("lost connections, and executions that could not be prepared, are said", () => {
  const tally = new ReplayTally(true, () => 0);
  tally.onOutcome(outcome({ via: "prepared" }));
  tally.onOutcome(outcome({ via: "text for prepared" }));
  tally.onStateLost({ session: "7", by: "server", hadTransaction: true });
  const text = textOf(tally.result(plan(), end()));
  expect(text).toMatch(
    /^Prepared statements +1 executed as recorded, 1 as text, since they could not be prepared$/m,
  );
  expect(text).toContain("! 1 times a connection broke off");
  expect(text).toContain("! 1 transactions were lost");
});

test("in HTML a long message is broken into lines, and figures stay on theirs", () => {
  const message = "Illegal mix of collations for operation '<>'";
  const html = toHtml(makeReplayReport(resultOf([outcome({ error: { code: "E", message } })])));
  expect(html).toContain(
    `<td class="text">${message.replace("<>", "&lt;&gt;").replaceAll("'", "&#39;")}</td>`,
  );
  expect(html).toContain("<td>E</td>");
});
