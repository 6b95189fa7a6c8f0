import type { Block, ChartBlock, Report, StatementsBlock, TableBlock } from "./blocks.ts";
import { amountText } from "./format.ts";
import { plainText } from "./text.ts";

/*
 * A report as Markdown (CommonMark with the tables of GitHub). Statements stand in fenced blocks, whose fence is longer than any run of
 * backticks in them; all other texts are on one line, with every character of Markdown's escaped. So no text can end what it is in.
 */

/** Characters that a backslash does not help with: a table would still end a cell there, or HTML begin. */
const ENTITIES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "|": "&#124;",
  "`": "&#96;",
  "\\": "&#92;",
};

/** A text within a line. */
export const escapeMarkdown = (text: string): string =>
  plainText(text)
    .replace(/\s+/g, " ")
    .replace(/[&<>|`\\]/g, (character) => ENTITIES[character] as string)
    // Emphasis, links, strike-through, and GitHub's issues, formulas and mentions.
    .replace(/(&#?\w+;)|[*_[\]~#$@]/g, (character, entity) => entity ?? `\\${character}`)
    // Bare addresses, which GitHub makes links of.
    .replace(/:\/\/|www\./gi, (address) => address.replace(/[/.]/g, "\\$&"))
    // Lists and headings.
    .replace(/^ *(\d*)([-+=.)])(?=[\s=-]|$)/, "$1\\$2");

/** A text in a block of its own, as it is. */
export function fenced(text: string): string {
  // Some take these for the end of a line, too.
  const plain = plainText(text).replace(/[\u2028\u2029]/g, "\ufffd");
  const longest = Math.max(0, ...(plain.match(/`+/g) ?? []).map(({ length }) => length));
  const fence = "`".repeat(Math.max(3, longest + 1));
  return `${fence}sql\n${plain}\n${fence}`;
}

/** The text of the file. */
export const toMarkdown = ({ title, blocks }: Report): string =>
  `${[`# ${escapeMarkdown(title)}`, ...parts(blocks)].join("\n\n")}\n`;

function parts(blocks: readonly Block[]): string[] {
  const written: string[] = [];
  let charts: ChartBlock[] = [];
  const closeCharts = () => {
    if (charts.length > 0) written.push(tableOf(summaryOf(charts)));
    charts = [];
  };
  for (const block of blocks) {
    if (block.kind === "chart") charts.push(block);
    else {
      closeCharts();
      written.push(partOf(block));
    }
  }
  closeCharts();
  return written;
}

function partOf(block: Exclude<Block, ChartBlock>): string {
  switch (block.kind) {
    case "heading":
      return `## ${escapeMarkdown(block.text)}`;
    case "text":
      return escapeMarkdown(block.text);
    case "facts":
      return tableOf({ kind: "table", names: ["", ""], rows: block.facts });
    case "notes":
      return block.notes.map((note) => `- ${escapeMarkdown(note)}`).join("\n");
    case "table":
      return tableOf(block);
    case "statements":
      return statementsOf(block);
  }
}

const lineOf = (cells: readonly string[]): string => `| ${cells.map(escapeMarkdown).join(" | ")} |`;

function tableOf({ names, rows }: TableBlock): string {
  const rule = `|${names.map((_, at) => (at === 0 ? " --- " : " ---: ")).join("|")}|`;
  return [lineOf(names), rule, ...rows.map(lineOf)].join("\n");
}

function statementsOf({ names, statements }: StatementsBlock): string {
  const rows = statements.map(({ figures }, at) => [String(at + 1), ...figures]);
  const texts = statements.map(({ sql }, at) => `**${at + 1}**\n\n${fenced(sql)}`);
  return [tableOf({ kind: "table", names: ["No.", ...names], rows }), ...texts].join("\n\n");
}

/** Charts in figures: Markdown has no pictures without another file. */
function summaryOf(charts: readonly ChartBlock[]): TableBlock {
  const rows = charts.map(({ title, unit, values }) => {
    const known = values.filter((value) => value !== null);
    if (known.length === 0) return [title, unit, "–", "–", "–"];
    const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
    return [title, unit, ...[Math.min(...known), mean, Math.max(...known)].map(amountText)];
  });
  return { kind: "table", names: ["", "Unit", "Least", "Mean", "Most"], rows };
}
