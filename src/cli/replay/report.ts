import type { Block, Report } from "../../workload/report/blocks.ts";
import {
  amountText,
  countText,
  microsText,
  momentText,
  orDash,
  ratioText,
  shareText,
} from "../../workload/report/format.ts";
import { Figures } from "../../workload/timing/figures.ts";
import { changeOf } from "./change.ts";
import { LEFT_OUT, type ReplayResult } from "./result.ts";

/** How many statements a report shows, those that took most time first. */
const STATEMENTS = 25;
/** A statement that is sent later than that is not at its time. */
const LATE_MICROS = 10_000;

/** A replay that another one is compared with, and where its result is from. */
export interface BaseReplay {
  name: string;
  result: ReplayResult;
}

/**
 * A replay's report, to be written as text, HTML or Markdown.
 * @param base another replay to compare with; null to compare with the recording, if that has times
 */
export function makeReplayReport(result: ReplayResult, base: BaseReplay | null = null): Report {
  const compared = comparisonOf(result, base);
  return {
    title: `Replay of ${result.source.name}`,
    blocks: [
      { kind: "facts", facts: factsOf(result, base) },
      ...listOf(notesOf(result, base, compared)),
      ...under("Errors", errorsOf(result)),
      ...under("Left out", leftOutOf(result)),
      ...under("Lateness", latenessOf(result)),
      ...under("Over time", chartsOf(result)),
      ...under(headingOf(compared), statementsOf(compared)),
      { kind: "text", text: `Made by Captures on ${momentText(result.endedAt)}. All times are in UTC.` },
    ],
  };
}

/** A statement of the replay, beside what it is compared with. */
interface ComparedStatement {
  text: string;
  errors: number;
  replayed: Figures;
  /** Null where the base has none. */
  before: Figures | null;
  change: "slower" | "faster" | "new" | null;
}

interface ComparedStatements {
  /** What they are compared with; null when nothing is known of it. */
  with: string | null;
  statements: ComparedStatement[];
  /** How many statements the base has and this replay hasn't. */
  gone: number;
}

function comparisonOf(result: ReplayResult, base: BaseReplay | null): ComparedStatements {
  const others = new Map(base?.result.digest.map((one) => [one.fingerprint, new Figures(one.replayed)]));
  const statements = result.digest.map(({ fingerprint, text, errors, replayed, recorded }) => {
    const own = new Figures(replayed);
    const recording = new Figures(recorded);
    const before = base === null ? (recording.isTimed ? recording : null) : (others.get(fingerprint) ?? null);
    // A recording always has what was replayed of it.
    const missing = base === null ? null : ("new" as const);
    const change = before === null ? missing : changeOf(before, own);
    return { text, errors, replayed: own, before, change };
  });
  const isTimed = statements.some(({ before }) => before !== null);
  const ran = new Set(result.digest.map(({ fingerprint }) => fingerprint));
  return {
    with: base?.name ?? (isTimed ? "the recording" : null),
    statements,
    gone: [...others.keys()].filter((fingerprint) => !ran.has(fingerprint)).length,
  };
}

function factsOf(result: ReplayResult, base: BaseReplay | null): [string, string][] {
  const { speed, startedAt, endedAt, recorded, statements, failed, sessions, partialSessions } = result;
  const seconds = (endedAt - startedAt) / 1000;
  const facts: [string, string | null][] = [
    ["To", result.target],
    ["Began", momentText(startedAt)],
    ["Took", microsText(seconds * 1e6)],
    [
      "Recorded",
      recorded && `${momentText(recorded.from)}, ${microsText((recorded.to - recorded.from) * 1000)}`,
    ],
    [
      "Speed",
      speed === null ? "as fast as it can" : speed === 1 ? "as recorded" : `${amountText(speed)} times`,
    ],
    ["Writes", result.writes ? "were run" : "were left out"],
    ["Options", result.options.join("; ") || null],
    [
      "Statements",
      `${countText(statements)}${seconds > 0 ? `, ${amountText(statements / seconds)} a second` : ""}`,
    ],
    ["Errors", failed === 0 ? "none" : `${countText(failed)} (${shareText(failed / statements)})`],
    [
      "Sessions",
      `${countText(sessions)}${partialSessions > 0 ? `, ${countText(partialSessions)} of which began before the capture` : ""}`,
    ],
    ["Connections at once", countText(result.maxConnections)],
    ["Prepared statements", executionsText(result.executions)],
    ["Compared with", base?.name ?? null],
  ];
  return facts.filter((fact): fact is [string, string] => fact[1] !== null);
}

function executionsText({ prepared, asText }: ReplayResult["executions"]): string | null {
  if (prepared + asText === 0) return null;
  const text = asText === 0 ? "" : `, ${countText(asText)} as text, since they could not be prepared`;
  return `${countText(prepared)} executed as recorded${text}`;
}

function notesOf(result: ReplayResult, base: BaseReplay | null, compared: ComparedStatements): string[] {
  const notes = [...result.notes];
  if (result.endedBy !== null) notes.unshift(`It ended before the recording did: ${result.endedBy}`);
  const { byServer, byLimit, transactions } = result.stateLost;
  if (byServer > 0)
    notes.push(
      `${countText(byServer)} times a connection broke off, and its session went on with a new one.`,
    );
  if (byLimit > 0)
    notes.push(
      `${countText(byLimit)} times an idle session gave its connection up for another, and lost what it had set: allow more connections.`,
    );
  if (transactions > 0)
    notes.push(`${countText(transactions)} transactions were lost with their connections.`);
  if (result.partialStatements > 0)
    notes.push(
      `${countText(result.partialStatements)} statements are of sessions that began before the capture: what these had set or prepared before is not known.`,
    );
  if (result.notInDigest > 0)
    notes.push(
      `${countText(result.notInDigest)} statements are of too many different kinds, and have no figures of their own.`,
    );
  if (compared.with === null)
    notes.push("The general log does not say how long statements took: there is nothing to compare with.");
  if (base !== null && base.result.writes !== result.writes)
    notes.push("One of the two replays ran writes, and the other did not.");
  if (base !== null && base.result.speed !== result.speed)
    notes.push("The two replays were not of the same speed: that alone makes times differ.");
  if (compared.gone > 0)
    notes.push(
      `${countText(compared.gone)} different statements ran in ${base?.name} and not in this replay.`,
    );
  return notes;
}

function errorsOf({ errors }: ReplayResult): Block[] {
  if (errors.length === 0) return [];
  return [
    {
      kind: "table",
      names: ["Error", "Statements"],
      rows: errors.map(({ code, count }) => [code, countText(count)]),
    },
    {
      kind: "statements",
      names: ["Error", "Message", "Session", "Recorded"],
      texts: [1],
      statements: errors.flatMap(({ code, examples }) =>
        examples.map(({ statement, message, session, recordedAt }) => ({
          sql: statement,
          figures: [code, message, session, momentText(recordedAt)],
        })),
      ),
    },
  ];
}

function leftOutOf({ leftOut }: ReplayResult): Block[] {
  const rows = Object.entries(LEFT_OUT)
    .map(([reason, words]) => [words, leftOut[reason as keyof typeof LEFT_OUT] ?? 0] as const)
    .filter(([, count]) => count > 0)
    .map(([words, count]) => [words, countText(count)]);
  return rows.length === 0 ? [] : [{ kind: "table", names: ["", "Records"], rows }];
}

function latenessOf({ lateness }: ReplayResult): Block[] {
  if (lateness === null) return [];
  const { p50Micros, p95Micros, p99Micros, maxMicros } = lateness;
  const row = ["Sent later than its time", ...[p50Micros, p95Micros, p99Micros, maxMicros].map(microsText)];
  const table: Block = { kind: "table", names: ["", "p50", "p95", "p99", "Most"], rows: [row] };
  if (p95Micros <= LATE_MICROS) return [table];
  const text =
    "More than one statement in twenty was sent late: the target, or this machine, was slower than the recording. Times of statements that wait for each other say more than how fast each is.";
  return [table, { kind: "text", text }];
}

function chartsOf({ steps, startedAt, lateness }: ReplayResult): Block[] {
  const { seconds, statements, errors, maxLateMicros } = steps;
  if (statements.length < 2) return [];
  const time = { from: startedAt, to: startedAt + statements.length * seconds * 1000 };
  const chart = (title: string, unit: string, values: number[]): Block => ({
    kind: "chart",
    title,
    unit,
    ...time,
    values,
  });
  return [
    chart(
      "Statements",
      "a second",
      statements.map((count) => count / seconds),
    ),
    ...(errors.some((count) => count > 0)
      ? [
          chart(
            "Errors",
            "a second",
            errors.map((count) => count / seconds),
          ),
        ]
      : []),
    ...(lateness === null
      ? []
      : [
          chart(
            "Lateness, the most of each step",
            "ms",
            maxLateMicros.map((micros) => micros / 1000),
          ),
        ]),
  ];
}

const headingOf = (compared: ComparedStatements): string =>
  compared.with === null
    ? "Statements that took most time"
    : `Statements that took most time, beside ${compared.with}`;

function statementsOf(compared: ComparedStatements): Block[] {
  const { statements } = compared;
  if (statements.length === 0) return [];
  const isCompared = compared.with !== null;
  const all = statements.reduce((sum, { replayed }) => sum + replayed.totalMicros, 0);
  const names = ["Calls", "Errors", "Share", "p50", "p95", "p99"];
  const changes = ["p50 before", "p95 before", "Change of p95", "Verdict"];
  const shown = shownOf(statements);
  return [
    {
      kind: "statements",
      names: isCompared ? [...names, ...changes] : names,
      statements: shown.map((statement) => ({
        sql: statement.text,
        figures: [...figuresOf(statement, all), ...(isCompared ? changeFigures(statement) : [])],
      })),
    },
    ...(shown.length < statements.length
      ? [
          {
            kind: "text",
            text: `${countText(statements.length - shown.length)} more are in the JSON.`,
          } as const,
        ]
      : []),
  ];
}

/** Those that took most time, and all that became slower. */
function shownOf(statements: readonly ComparedStatement[]): ComparedStatement[] {
  return statements.filter(({ change }, at) => at < STATEMENTS || change === "slower");
}

function figuresOf({ replayed, errors }: ComparedStatement, all: number): string[] {
  const times = replayed.percentiles();
  return [
    countText(replayed.calls + errors),
    countText(errors),
    all === 0 ? "–" : shareText(replayed.totalMicros / all),
    orDash(times?.p50Micros, microsText),
    orDash(times?.p95Micros, microsText),
    orDash(times?.p99Micros, microsText),
  ];
}

function changeFigures({ replayed, before, change }: ComparedStatement): string[] {
  const [now, then] = [replayed.percentiles(), before?.percentiles() ?? null];
  const ratio = now && then && then.p95Micros > 0 ? now.p95Micros / then.p95Micros : null;
  return [
    orDash(then?.p50Micros, microsText),
    orDash(then?.p95Micros, microsText),
    ratioText(ratio),
    change ?? "",
  ];
}

/** Blocks below a heading; nothing where there are none. */
const under = (text: string, blocks: readonly Block[]): Block[] =>
  blocks.length === 0 ? [] : [{ kind: "heading", text }, ...blocks];

const listOf = (notes: string[]): Block[] => (notes.length === 0 ? [] : [{ kind: "notes", notes }]);
