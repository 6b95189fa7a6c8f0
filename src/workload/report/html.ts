import type { Block, ChartBlock, Report, StatementsBlock, TableBlock } from "./blocks.ts";
import { amountText, momentText } from "./format.ts";
import { plainText } from "./text.ts";

/*
 * A report as one file of HTML: no scripts, no other host. Its policy forbids all that its styles and figures do not need, so that
 * even what would slip through could do nothing. Every text is escaped: statements are somebody else's.
 */

const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

const ESCAPES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A text in an element or in a quoted attribute. */
export const escapeHtml = (text: string): string =>
  plainText(text).replace(/[&<>"']/g, (character) => ESCAPES[character] as string);

const STYLE = `:root{color-scheme:light dark;--text:light-dark(#1b2430,#e4e9f0);--muted:light-dark(#5a6675,#9aa7b8);--line:light-dark(#d9dfe7,#36404d);--sunken:light-dark(#f4f6f9,#1d242d);--line-a:light-dark(#1f5fbf,#7eb0ff);background:light-dark(#fff,#14191f);color:var(--text)}
body{max-width:64rem;margin:2rem auto;padding:0 1rem;font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.6rem}h2{margin:2rem 0 .6rem;font-size:1.2rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1.2rem}dt,figcaption span,.muted{color:var(--muted)}dd{margin:0;overflow-wrap:anywhere}
.notes{padding:.6rem 1rem .6rem 2rem;border-left:3px solid #b7791f;background:var(--sunken);overflow-wrap:anywhere}
.wide{overflow-x:auto}table{width:100%;border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.35rem .6rem;border-bottom:1px solid var(--line);text-align:right;vertical-align:top;white-space:nowrap}
th:first-child,td:first-child{text-align:left;white-space:normal;overflow-wrap:anywhere;font-weight:400}thead th:first-child{font-weight:600}
code{font:13px/1.45 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere}
td.text{min-width:16rem;text-align:left;white-space:normal;overflow-wrap:anywhere}
.statement{padding-top:.6rem;border-bottom:0}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,26rem),1fr));gap:1rem}
figure{margin:0;padding:.6rem .8rem;border:1px solid var(--line);border-radius:6px;break-inside:avoid}svg{display:block;width:100%;height:auto;margin:.4rem 0}
polyline{fill:none;stroke:var(--line-a);stroke-width:1.5;vector-effect:non-scaling-stroke}circle{fill:var(--line-a)}path{fill:none;stroke:var(--line)}
figcaption{font-weight:600}figcaption span{font-weight:400}figure p{display:flex;justify-content:space-between;margin:0;font-size:.8rem;color:var(--muted)}
@media print{:root{color-scheme:light}body{max-width:none;margin:0}tr,.notes{break-inside:avoid}h2{break-after:avoid}.statement{break-after:avoid}.wide{overflow:visible}}`;

/** The text of the file. */
export function toHtml({ title, blocks }: Report): string {
  const name = escapeHtml(title);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${name}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${name}</h1>
${grouped(blocks).join("\n")}
</main>
</body>
</html>
`;
}

/** Blocks as HTML; charts that follow each other stand side by side. */
function grouped(blocks: readonly Block[]): string[] {
  const parts: string[] = [];
  let charts: string[] = [];
  const closeCharts = () => {
    if (charts.length > 0) parts.push(`<div class="charts">${charts.join("\n")}</div>`);
    charts = [];
  };
  for (const block of blocks) {
    if (block.kind === "chart") {
      charts.push(chartOf(block));
      continue;
    }
    closeCharts();
    parts.push(partOf(block));
  }
  closeCharts();
  return parts;
}

function partOf(block: Exclude<Block, ChartBlock>): string {
  switch (block.kind) {
    case "heading":
      return `<h2>${escapeHtml(block.text)}</h2>`;
    case "text":
      return `<p class="muted">${escapeHtml(block.text)}</p>`;
    case "facts": {
      const facts = block.facts.map(
        ([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`,
      );
      return `<dl>${facts.join("\n")}</dl>`;
    }
    case "notes":
      return `<ul class="notes">${block.notes.map((note) => `<li>${escapeHtml(note)}</li>`).join("\n")}</ul>`;
    case "table":
      return tableOf(block);
    case "statements":
      return statementsOf(block);
  }
}

/** A table that scrolls by itself where there is no room for it, for who has keys only too. */
const wide = (table: string): string => `<div class="wide" tabindex="0">${table}</div>`;
/** @param texts the places of cells that are broken into lines: the others are figures, which never are */
function rowOf(cells: readonly string[], texts: readonly number[] = []): string {
  const written = cells.map((cell, at) => {
    if (at === 0) return `<th scope="row">${escapeHtml(cell)}</th>`;
    return `<td${texts.includes(at) ? ' class="text"' : ""}>${escapeHtml(cell)}</td>`;
  });
  return `<tr>${written.join("")}</tr>`;
}
const headOf = (names: readonly string[]): string =>
  `<thead><tr>${names.map((name) => `<th scope="col">${escapeHtml(name)}</th>`).join("")}</tr></thead>`;

function tableOf({ names, rows }: TableBlock): string {
  const body = rows.map((cells) => rowOf(cells)).join("\n");
  return wide(`<table>${headOf(names)}<tbody>${body}</tbody></table>`);
}

function statementsOf({ names, statements, texts = [] }: StatementsBlock): string {
  const body = statements.map(({ sql, figures }, at) => {
    const text = `<tr><td class="statement" colspan="${names.length + 1}"><code>${escapeHtml(sql)}</code></td></tr>`;
    return (
      text +
      rowOf(
        [String(at + 1), ...figures],
        // The number stands before them.
        texts.map((place) => place + 1),
      )
    );
  });
  return wide(`<table>${headOf(["#", ...names])}<tbody>${body.join("\n")}</tbody></table>`);
}

const [WIDTH, HEIGHT] = [480, 110];

function chartOf({ title, unit, from, to, values }: ChartBlock): string {
  const known = values.filter((value) => value !== null);
  const most = Math.max(0, ...known);
  const said = known.length === 0 ? "no values" : `up to ${amountText(most)} ${unit}`;
  const label = escapeHtml(`${title}: ${said}, from ${momentText(from)} to ${momentText(to)}`);
  return `<figure><figcaption>${escapeHtml(title)} <span>${escapeHtml(said)}</span></figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}"><path d="M0 ${HEIGHT - 0.5}H${WIDTH}M0 .5H${WIDTH}"/>${linesOf(values, most)}</svg>
<p><span>${momentText(from)}</span><span>${momentText(to)}</span></p></figure>`;
}

/** The line of values, broken where one is not known; a value that stands alone is a dot. */
function linesOf(values: readonly (number | null)[], most: number): string {
  const pieces: string[][] = [[]];
  for (const [at, value] of values.entries()) {
    if (value === null) {
      pieces.push([]);
      continue;
    }
    const x = values.length === 1 ? WIDTH / 2 : (at / (values.length - 1)) * WIDTH;
    const y = most === 0 ? HEIGHT - 1 : HEIGHT - 1 - (value / most) * (HEIGHT - 2);
    pieces.at(-1)?.push(`${x.toFixed(1)},${y.toFixed(1)}`);
  }
  return pieces
    .filter((points) => points.length > 0)
    .map((points) => {
      if (points.length > 1) return `<polyline points="${points.join(" ")}"/>`;
      const [x, y] = (points[0] as string).split(",");
      return `<circle cx="${x}" cy="${y}" r="2"/>`;
    })
    .join("");
}
