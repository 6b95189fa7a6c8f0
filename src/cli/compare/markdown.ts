import type { Comparison, ShownStatement } from "../../client/index.ts";
import { escapeMarkdown, fenced } from "../../workload/report/markdown.ts";
import type { Verdict } from "./judging.ts";
import { loadOf } from "./load.ts";
import { figuresOf, foundFirst, keyOf, sectionsOf } from "./sections.ts";

/*
 * A comparison as Markdown for a pull request. Names and statements are somebody else's: they are escaped, or stand in fences that they
 * can't end (workload/report/markdown.ts).
 */

/** What a summary is made of. */
export interface Summary {
  comparison: Comparison;
  /** What was looked for; empty when nothing was. */
  verdicts: readonly Verdict[];
  /** What could not be judged, in words. */
  notJudged: readonly string[];
  /** The service's origin, for links to its console. */
  address: string;
  /** Its longest form, in bytes. A comment of GitHub has at most 65,536 characters, and a line of ours may come on top. */
  maxBytes?: number;
}

/** Less than a comment of GitHub may have, so that a marker has room. */
const MAX_BYTES = 60_000;
/** How much of a statement is shown, in UTF-16 units. */
const MAX_STATEMENT = 1000;
/** How many statements of a section are shown. */
const MAX_STATEMENTS = 10;
/** What is kept for the ends of sections. */
const RESERVED_BYTES = 2000;

/** The text of a summary, which ends with a newline. Statements without room are counted. */
export function toSummary(summary: Summary): string {
  const { comparison, address, maxBytes = MAX_BYTES } = summary;
  const parts = [...headOf(summary), ...notesOf(comparison)];
  let left = maxBytes - RESERVED_BYTES - bytesOf(parts.join("\n\n"));
  const found = new Set(summary.verdicts.flatMap(({ statements }) => statements.map(keyOf)));
  for (const { title, statements } of sectionsOf(comparison)) {
    const shown: string[] = [];
    for (const statement of foundFirst(statements, found).slice(0, MAX_STATEMENTS)) {
      const text = statementText(statement, found.has(keyOf(statement)), comparison, address);
      if (bytesOf(text) > left) break;
      left -= bytesOf(text) + 2;
      shown.push(text);
    }
    const more = statements.length - shown.length;
    if (more > 0) shown.push(more === statements.length ? "Too long to be shown here." : `And ${more} more.`);
    const isOpen = statements.some((one) => found.has(keyOf(one)));
    parts.push(foldedText(`${title}: ${statements.length}`, shown, isOpen));
  }
  return `${parts.join("\n\n")}\n`;
}

/** What a summary says of a capture that there is nothing to compare with. */
export const toSummaryWithoutBase = (
  { id, name }: { id: number; name: string },
  why: string,
  address: string,
): string =>
  `### Database workload: ${linkTo(address, { id, name })}\n\n${escapeMarkdown(why)}: nothing was compared.\n`;

const linkTo = (address: string, { id, name }: { id: number; name: string }): string =>
  `[${escapeMarkdown(name)}](${address}/captures/${id})`;

const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

function headOf({ comparison, verdicts, notJudged, address }: Summary): string[] {
  const { base, this: other } = comparison;
  const rows = loadOf(comparison).map(({ title, base: before, capture, change }) =>
    rowOf([title, before, capture, change]),
  );
  return [
    `### Database workload: ${linkTo(address, other)}, compared with ${linkTo(address, base)}`,
    ...(verdicts.length + notJudged.length > 0
      ? [[...verdicts.map(verdictText), ...notJudged.map((text) => `- ${escapeMarkdown(text)}`)].join("\n")]
      : []),
    [rowOf(["", "Base", "This", "Change"]), "| --- | ---: | ---: | ---: |", ...rows].join("\n"),
    ...(sectionsOf(comparison).length === 0 ? ["No statement is new, gone, slower or faster."] : []),
    `[The comparison in full](${address}/compare?a=${base.id}&b=${other.id})`,
  ];
}

function verdictText({ condition, isFound, statements, left }: Verdict): string {
  const count =
    statements.length === 0
      ? ""
      : `: ${statements.length} ${statements.length === 1 ? "statement" : "statements"}`;
  const text = isFound ? `**found**${count}` : "not found";
  return `- \`${condition.text}\` ${text}${left === null ? "" : `, beside ${escapeMarkdown(left)}`}`;
}

const notesOf = ({ notes, unknown }: Comparison): string[] => {
  const all = [
    ...notes,
    ...(unknown.length === 0
      ? []
      : [`Of ${unknown.length} statements of one capture it is not known whether the other had them.`]),
  ];
  return all.length === 0 ? [] : [all.map((note) => `- ${escapeMarkdown(note)}`).join("\n")];
};

const rowOf = (cells: readonly string[]): string => `| ${cells.map(escapeMarkdown).join(" | ")} |`;

function statementText(
  statement: ShownStatement,
  isFound: boolean,
  { base, this: other }: Comparison,
  address: string,
): string {
  const { id } = statement.this === null ? base : other;
  const { fingerprint, digest } = statement;
  const link = `[\`${fingerprint}\`](${address}/captures/${id}/statements/${fingerprint})`;
  const line = [link, ...figuresOf(statement).map(escapeMarkdown)].join(" · ");
  return `${isFound ? "**found** · " : ""}${line}\n\n${fenced(excerpt(digest))}`;
}

/** The beginning of a statement that is long. */
const excerpt = (text: string): string =>
  text.length <= MAX_STATEMENT ? text : `${text.slice(0, MAX_STATEMENT)}…`;

const foldedText = (title: string, parts: readonly string[], isOpen: boolean): string =>
  [`<details${isOpen ? " open" : ""}><summary>${title}</summary>`, ...parts, "</details>"].join("\n\n");
