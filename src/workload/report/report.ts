import { withoutPrincipalsOrNull } from "../../aws/principals.ts";
import { hasEnded } from "../../db/states.ts";
import { logsOf } from "../../logs/names.ts";
import type { ComparedSide, Comparison, ShownStatement } from "../compare/replies.ts";
import { basisOf, type ComparedCapture, type Recording, sideOf } from "../compare/side.ts";
import { toComparison, toSide } from "../compare/to-reply.ts";
import type { DigestsState } from "../digests-state.ts";
import type { Workload, WorkloadDigest } from "../replies.ts";
import { toDigests, toWorkload } from "../to-reply.ts";
import type { Block, Report, StatementsBlock } from "./blocks.ts";
import { metricCharts, type ReportMetrics, seriesCharts } from "./charts.ts";
import {
  amountText,
  countText,
  microsText,
  minutesText,
  momentText,
  orDash,
  ratioText,
  shareText,
} from "./format.ts";

/** How many statements of each kind a report has. */
const STATEMENTS = 20;
/** How many gaps. */
const GAPS = 50;
/** From where on something has changed, for what a report shows of a baseline. All of it: each of its lists is then cut by itself. */
const CHANGED = { minCalls: 1, minChange: 0.2, limit: Number.POSITIVE_INFINITY };

/** A capture with what a report says of it besides its workload. */
export interface ReportedCapture extends ComparedCapture {
  environment: string;
  region: string;
  instance: string;
  reason: string | null;
}

/** What a report is made of. */
export interface ReportParts {
  capture: ReportedCapture;
  recording: Recording & { known: NonNullable<Recording["known"]> };
  /** What it is compared with; null where it is not. */
  base: Recording | null;
  metrics: ReportMetrics;
}

/**
 * What a person would send round of a capture: what, when, load, top statements, what is new against a baseline, gaps, metrics.
 * @param now in milliseconds since the epoch
 */
export function makeReport({ capture, recording, base, metrics }: ReportParts, now: number): Report {
  const workload = toWorkload(capture, recording.known, now);
  const compared = base === null ? null : toComparison(base, recording, CHANGED);
  const basis = basisOf(capture, capture);
  const own = compared?.this ?? toSide(sideOf(recording, basis.calls[1], basis.isTimed));
  const digests = logsOf(capture.log).flatMap((log) => recording.digests[log] ?? []) as DigestsState[];
  const isTimed = capture.log !== "general";
  const top =
    digests.length === 0 ? [] : toDigests(digests as [DigestsState], isTimed ? "time" : "calls", STATEMENTS);
  return {
    title: capture.name,
    blocks: [
      { kind: "facts", facts: factsOf(capture, workload, compared) },
      ...notes(notesOf(workload, own, compared, metrics)),
      ...under("Load", [
        loadOf(own, compared?.base ?? null),
        ...seriesCharts(recording.series, capture, workload.gaps),
      ]),
      ...under(
        isTimed ? "Statements that took most time" : "Statements that ran most",
        statements(topOf(top, isTimed)),
      ),
      ...(compared === null ? [] : changesOf(compared)),
      ...under("Gaps: what could not be read", gapsOf(workload)),
      ...under("Metrics of the instance", metricCharts(metrics)),
      {
        kind: "text",
        text: `Made by Captures on ${momentText(now)}, of capture ${capture.id}. All times are in UTC.`,
      },
    ],
  };
}

/** Blocks below a heading; nothing where there are none. */
const under = (text: string, blocks: readonly Block[]): Block[] =>
  blocks.length === 0 ? [] : [{ kind: "heading", text }, ...blocks];

const notes = (all: string[]): Block[] => (all.length === 0 ? [] : [{ kind: "notes", notes: all }]);

const statements = (block: StatementsBlock): Block[] => (block.statements.length === 0 ? [] : [block]);

const LOGS = { general: "general log", slow: "slow log", both: "general log and slow log" };

function factsOf(
  capture: ReportedCapture,
  workload: Workload,
  compared: Comparison | null,
): [string, string][] {
  const { environment, instance, region, start, end, status, reason, log } = capture;
  const when = (time: number | null, otherwise: string) => (time === null ? otherwise : momentText(time));
  const facts: [string, string | null][] = [
    ["Environment", `${environment} (${instance}, ${region})`],
    ["From", when(start, "not started")],
    ["To", when(end, start === null || hasEnded(status) ? "–" : "still recording")],
    ["State", status.toLowerCase()],
    ["Reason", withoutPrincipalsOrNull(reason)],
    ["Recorded", LOGS[log]],
    ["Only statements of at least", workload.minDuration ? `${workload.minDuration} ms` : null],
    ["Literals", workload.redact === "literals" ? "removed before they were stored" : null],
    ["Records", countText(workload.records)],
    ["Compared with", compared && `${compared.base.name} (capture ${compared.base.id})`],
  ];
  return facts.filter((fact): fact is [string, string] => fact[1] !== null);
}

function notesOf(
  workload: Workload,
  own: ComparedSide,
  compared: Comparison | null,
  metrics: ReportMetrics,
): string[] {
  const said = [...(compared?.notes ?? [])];
  if (compared === null && workload.live !== null)
    said.push("The capture still records: this is what it has so far.");
  if (workload.live?.problem != null) said.push(`The log can't be read now: ${workload.live.problem.reason}`);
  if (workload.gapCount > 0) {
    const gaps = workload.gapCount === 1 ? "A part" : `${countText(workload.gapCount)} parts`;
    said.push(
      `${gaps} of the log could not be read: see the gaps. Rates are by the ${minutesText(own.minutes)} that were recorded.`,
    );
  }
  if (compared === null && workload.timing?.completeSince != null) said.push(workload.timing.sessions);
  if (metrics.incomplete !== null) said.push(`Metrics: ${metrics.incomplete}`);
  return said;
}

function loadOf(own: ComparedSide, base: ComparedSide | null): Block {
  type Figure = [title: string, of: (side: ComparedSide) => number | null, format: (value: number) => string];
  // Of captures that may be of different lengths.
  const WITHOUT_CHANGE = ["Statements", "Time in all", "Recorded"];
  const figures: Figure[] = [
    ["Statements", ({ statements }) => statements, countText],
    ["Statements a minute", ({ perMinute }) => perMinute.statements, amountText],
    ["Time in all", ({ totalMicros }) => totalMicros, microsText],
    ["Time a minute", ({ perMinute }) => perMinute.totalMicros, microsText],
    ["Median time of a statement", ({ p50Micros }) => p50Micros, microsText],
    ["95 of 100 took at most", ({ p95Micros }) => p95Micros, microsText],
    ["Rows examined a minute", ({ perMinute }) => perMinute.rowsExamined, amountText],
    ["Errors a minute", ({ perMinute }) => perMinute.errors, amountText],
    ["Recorded", ({ minutes }) => minutes, minutesText],
  ];
  const rows = figures.flatMap(([title, of, format]) => {
    const [now, before] = [of(own), base && of(base)];
    if (now === null && before === null) return [];
    if (base === null) return [[title, orDash(now, format)]];
    const isKnown = now !== null && before !== null && before > 0 && !WITHOUT_CHANGE.includes(title);
    const ratio = isKnown ? now / before : null;
    return [[title, orDash(before, format), orDash(now, format), ratioText(ratio)]];
  });
  return {
    kind: "table",
    names: base === null ? ["Figure", "This capture"] : ["Figure", "Before", "This capture", "Change"],
    rows,
  };
}

function topOf(top: readonly WorkloadDigest[], isTimed: boolean): StatementsBlock {
  if (!isTimed) {
    return {
      kind: "statements",
      names: ["Calls", "Share of calls"],
      statements: top.map(({ digest, count, overcount, share }) => ({
        sql: digest,
        figures: [atMost(countText(count), overcount), shareText(share)],
      })),
    };
  }
  return {
    kind: "statements",
    names: ["Time", "Share of time", "Calls", "Mean", "p95", "Rows a call"],
    statements: top.map((one) => ({
      sql: one.digest,
      figures: [
        atMost(orDash(one.totalMicros, microsText), one.overTotalMicros ?? 0),
        orDash(one.timeShare, shareText),
        atMost(countText(one.count), one.overcount),
        orDash(one.meanMicros, microsText),
        orDash(one.p95Micros, microsText),
        orDash(rowsPerCall(one), amountText),
      ],
    })),
  };
}

/** Calls that were summed: not those before the statement got its place. */
function rowsPerCall({ rowsExamined, calls = 0, overcalls = 0 }: WorkloadDigest): number | null {
  return rowsExamined === undefined || calls - overcalls <= 0 ? null : rowsExamined / (calls - overcalls);
}

const atMost = (text: string, over: number): string => (over > 0 ? `at most ${text}` : text);

/** What is new, gone, slower and faster against the baseline. */
function changesOf(compared: Comparison): Block[] {
  const { counts, isTimed } = compared;
  const list = (title: string, statements: readonly ShownStatement[], count: number): Block[] => {
    if (count === 0) return [];
    const shown = statements.slice(0, STATEMENTS);
    const of = shown.length < count ? `${title} (${shown.length} of ${countText(count)})` : title;
    return under(of, [comparedOf(shown, isTimed)]);
  };
  const changed = (change: ShownStatement["changes"][number]) =>
    compared.changed.filter(({ changes }) => changes.includes(change));
  const blocks = [
    ...list("New statements", compared.new, counts.new),
    ...list("Statements that are gone", compared.gone, counts.gone),
    ...list("Slower", changed("slower"), counts.changes.slower),
    ...list("Faster", changed("faster"), counts.changes.faster),
    ...(isTimed ? [] : list("More often", changed("more-calls"), counts.changes["more-calls"])),
    ...list("Not known whether new or gone", compared.unknown, counts.unknown),
  ];
  const compares = isTimed ? "is new, gone, slower or faster" : "is new, gone or ran more often";
  const none = `Against the capture before, no statement ${compares} by more than chance.`;
  return blocks.length === 0 ? [{ kind: "text", text: none }] : blocks;
}

function comparedOf(shown: readonly ShownStatement[], isTimed: boolean): StatementsBlock {
  const both = (
    statement: ShownStatement,
    name: "callsPerMinute" | "microsPerMinute" | "p50Micros" | "p95Micros",
    format: (value: number) => string,
  ) => {
    const known = [statement.base, statement.this].filter((run) => run !== null);
    return known.map((run) => orDash(run[name], format)).join(" → ");
  };
  return {
    kind: "statements",
    names: ["Calls a minute", ...(isTimed ? ["Time a minute", "Median", "p95"] : [])],
    statements: shown.map((statement) => ({
      sql: statement.digest,
      figures: [
        both(statement, "callsPerMinute", amountText),
        ...(isTimed
          ? [
              both(statement, "microsPerMinute", microsText),
              both(statement, "p50Micros", microsText),
              both(statement, "p95Micros", microsText),
            ]
          : []),
      ],
    })),
  };
}

function gapsOf({ gaps, gapCount }: Workload): Block[] {
  if (gaps.length === 0) return [];
  const rows = gaps
    .slice(0, GAPS)
    .map(({ from, to, cause, log }) => [
      cause,
      log,
      momentText(Date.parse(from)),
      momentText(Date.parse(to)),
    ]);
  const table: Block = { kind: "table", names: ["Cause", "Log", "From", "To"], rows };
  const more = gapCount - rows.length;
  return more === 0 ? [table] : [table, { kind: "text", text: `And ${countText(more)} more.` }];
}
