import { type Command, InvalidArgumentError, Option } from "commander";
import type { Capture, Comparison, ShownStatement } from "../../client/index.ts";
import { COMPARED_ORDERS, type ComparedOrder } from "../../workload/compare/names.ts";
import { type Cli, serviceOf } from "../cli.ts";
import { type Condition, parseConditions } from "../compare/conditions.ts";
import type { Verdict } from "../compare/judging.ts";
import { loadOf } from "../compare/load.ts";
import { toSummary, toSummaryWithoutBase } from "../compare/markdown.ts";
import { type Judged, readComparison } from "../compare/reading.ts";
import { foundFirst, keyOf, sectionsOf } from "../compare/sections.ts";
import { EXIT, Failure } from "../failure.ts";
import { writeWhole } from "../files/target.ts";
import { STANDARD_OUTPUT } from "../files/write-failure.ts";
import { CAPTURE_WORDS, findBaseIfAny, findCapture, noBase } from "../finding.ts";
import { countOption } from "../options.ts";
import { formatAmount, formatCount, formatMicros, withLocalTimes } from "../terminal/format.ts";
import { print, printJson, printTable, say } from "../terminal/print.ts";
import type { Column } from "../terminal/table.ts";
import { clean } from "../terminal/text.ts";

interface Options {
  failOn?: Condition[];
  minCalls?: number;
  minChange?: number;
  order?: ComparedOrder;
  limit: number;
  markdown?: string;
  ifAny?: boolean;
}

/** `captures compare`: what has changed from one capture to another, and whether a pipeline has to stop for it. */
export function addCompare(program: Command, cli: Cli): void {
  program
    .command("compare")
    .description("Compare two captures: which statements are new, gone, slower or faster in the second one.")
    .argument("<base>", CAPTURE_WORDS)
    .argument("<capture>", "what to compare with it, named in the same ways")
    .option(
      "--fail-on <conditions>",
      "end with 3 when one of these is found, such as new,slower:1.5",
      parseConditions,
    )
    .option("--min-change <part>", "by what part something has to differ (0.2 by default)", partOption)
    .option("--min-calls <number>", "leave out what ran less in both (1 by default)", countOption(1e12, 0))
    .addOption(
      new Option("--order <figure>", "list those first that changed most in this").choices(COMPARED_ORDERS),
    )
    .option("-n, --limit <number>", "how many statements to list", countOption(10_000), 20)
    .option("--markdown <file>", "write a summary for a pull request, too; - prints nothing else")
    .option("--if-any", "when there is no such base, say so and end with 0")
    .addHelpText("after", HELP)
    .action(async (baseText: string, text: string, options: Options) => {
      const service = serviceOf(cli);
      const capture = await findCapture(service, text);
      const base = await findBaseIfAny(service, baseText, capture);
      const { baseUrl: address } = service;
      if (base === null) {
        const why = noBase(baseText, capture);
        if (!options.ifAny) throw new Failure(why);
        return writeWithoutBase(cli, options, capture, address, why);
      }
      const { failOn = [], minCalls, minChange, order } = options;
      const compared = { base: base.id, capture: capture.id, query: { minCalls, minChange, order } };
      const judged = await readComparison(service.client.captures, compared, failOn, cli.signal);
      const notJudged = judged.notJudged.map(
        ({ condition, why }) => `${condition.text} can't be judged: ${why}`,
      );
      if (options.markdown !== undefined)
        await writeWhole(cli, options.markdown, toSummary({ ...judged, notJudged, address }));
      if (cli.global.json) printJson(cli, toJson(judged));
      else if (options.markdown !== STANDARD_OUTPUT) printJudged(cli, judged, options.limit);
      end(cli, judged, notJudged);
    });
}

const HELP = `
The second capture is compared with the first, the base. A base by label is the newest finished capture with it of the same
environment, and another than the second one; several labels stand with commas between them.

Conditions of --fail-on, with commas between them; only what differs by more than chance counts:
  new, gone            a statement that only the second, or the first, has
  new:any, gone:any    also one that may be missing in the other by chance
  slower[:FACTOR]      a statement's median or 95th percentile of time is so many times as much
  rate[:FACTOR]        a statement's calls a minute
  time[:FACTOR]        a statement's time a minute
  rows[:FACTOR]        the rows that a call of a statement examines
  errors[:FACTOR]      the errors a minute of all statements
A FACTOR is a number above 1; without it, what --min-change says. When a condition can't be judged, as of times without a slow log,
it ends with 1.

With --json it prints the comparison as the API has it, with all pages, and beside it verdicts and notJudged.

Examples:
  captures compare 3 7 --fail-on new,slower:1.5,rate:2
  captures compare label:branch=main,repository=acme/shop last --if-any --markdown summary.md`;

/** A part of something: 0.2 for a fifth. */
function partOption(text: string): number {
  const part = /^\d{1,4}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  if (!(part <= 1000)) throw new InvalidArgumentError("It has to be a number from 0 to 1000, such as 0.2.");
  return part;
}

async function writeWithoutBase(
  cli: Cli,
  { markdown }: Options,
  capture: Capture,
  address: string,
  why: string,
): Promise<void> {
  if (markdown !== undefined) await writeWhole(cli, markdown, toSummaryWithoutBase(capture, why, address));
  if (cli.global.json) printJson(cli, null);
  say(cli, `${why}: nothing was compared.`);
}

function toJson({ comparison, verdicts, notJudged }: Judged): object {
  return {
    ...comparison,
    verdicts: verdicts.map(({ condition, isFound, statements, left }) => ({
      condition: condition.text,
      isFound,
      fingerprints: statements.map(({ fingerprint }) => fingerprint),
      left,
    })),
    notJudged: notJudged.map(({ condition, why }) => ({ condition: condition.text, why })),
  };
}

/**
 * Sets the exit code when something was found.
 * @throws Failure when nothing was, and a condition could not be judged
 */
function end(cli: Cli, { verdicts }: Judged, notJudged: readonly string[]): void {
  const found = verdicts.filter(({ isFound }) => isFound).map(({ condition }) => condition.text);
  if (found.length === 0 && notJudged.length > 0) throw new Failure(notJudged.join("; "));
  for (const text of notJudged) say(cli, text);
  if (found.length === 0) return;
  say(cli, `Found: ${found.join(", ")}`);
  process.exitCode = EXIT.found;
}

function printJudged(cli: Cli, { comparison, verdicts }: Judged, limit: number): void {
  const { base, this: other, notes, unknown } = comparison;
  const called = ({ id, name }: Comparison["base"]) => `${name} (${id})`;
  printTable(
    cli,
    [
      { title: "FIGURE", of: ({ title }) => title },
      { title: called(base), of: ({ base: before }) => before, align: "right" },
      { title: called(other), of: ({ capture }) => capture, align: "right" },
      { title: "CHANGE", of: ({ change }) => change || "-", align: "right" },
    ],
    loadOf(comparison),
  );
  for (const note of notes) say(cli, `note: ${clean(withLocalTimes(note))}`);
  if (unknown.length > 0)
    say(
      cli,
      `note: Of ${formatCount(unknown.length)} statements of one it is not known whether the other had them.`,
    );
  const found = new Set(verdicts.flatMap(({ statements }) => statements.map(keyOf)));
  printStatements(cli, comparison, found, limit);
  if (verdicts.length === 0) return;
  print(cli, "");
  printTable(cli, VERDICT_COLUMNS, verdicts);
}

const VERDICT_COLUMNS: readonly Column<Verdict>[] = [
  { title: "CONDITION", of: ({ condition }) => condition.text },
  { title: "RESULT", of: ({ isFound }) => (isFound ? "found" : "not found") },
  {
    title: "STATEMENTS",
    of: ({ condition, statements }) => (condition.kind === "errors" ? "-" : formatCount(statements.length)),
    align: "right",
  },
  { title: "NOT COUNTED", of: ({ left }) => left ?? "-" },
];

function printStatements(cli: Cli, comparison: Comparison, found: ReadonlySet<string>, limit: number): void {
  const all = sectionsOf(comparison).flatMap(({ statements }) => statements);
  const ordered = foundFirst(all, found);
  if (ordered.length === 0) {
    say(cli, "No statement is new, gone, slower or faster.");
    return;
  }
  print(cli, "");
  printTable(cli, statementColumns(found), ordered.slice(0, limit));
  const more = ordered.length - limit;
  if (more > 0) say(cli, `There are ${formatCount(more)} more: --limit lists them.`);
}

function statementColumns(found: ReadonlySet<string>): readonly Column<ShownStatement>[] {
  const both =
    (
      name: "callsPerMinute" | "p50Micros" | "p95Micros" | "rowsExaminedPerCall",
      format: (value: number) => string,
    ) =>
    ({ base, this: other }: ShownStatement) =>
      [base?.[name], other?.[name]].map((value) => (value == null ? "-" : format(value))).join(" → ");
  return [
    { title: "WHAT", of: whatOf },
    { title: "FOUND", of: (one) => (found.has(keyOf(one)) ? "yes" : "-") },
    { title: "CALLS/MIN", of: both("callsPerMinute", formatAmount), align: "right" },
    { title: "MEDIAN", of: both("p50Micros", formatMicros), align: "right" },
    { title: "P95", of: both("p95Micros", formatMicros), align: "right" },
    { title: "ROWS/CALL", of: both("rowsExaminedPerCall", formatAmount), align: "right" },
    { title: "FINGERPRINT", of: ({ fingerprint }) => fingerprint },
    { title: "STATEMENT", of: ({ digest }) => digest, shrinks: true },
  ];
}

/** What became of a statement, in its words; with a ? where that may be chance. */
const whatOf = ({ part, changes, isSure }: ShownStatement): string =>
  part === "changed" ? changes.join(", ") || "same" : `${part}${isSure ? "" : "?"}`;
