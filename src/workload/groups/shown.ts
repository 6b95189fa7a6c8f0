import { tablesOfDigest, timesOf } from "../digest-entry.ts";
import type { DigestsState } from "../digests-state.ts";
import type { WorkloadGroups, WorkloadTables } from "../replies.ts";
import { Figures } from "../timing/figures.ts";
import { part, type TimedDigest, timesShown } from "../timing/ranking.ts";
import { toTimed } from "../to-reply.ts";
import { type GroupsState, MAX_GROUPS } from "./groups.ts";
import type { TagGroupsState } from "./tags.ts";

/*
 * How groups are shown: from what is stored or kept of a capture's logs to the API's replies. With both logs, how many statements is of
 * the general log, and how long they took of the slow one.
 */

/** The tables of digests of a capture's logs, in the order in which they are shown. */
type States = readonly [DigestsState, ...DigestsState[]];

/** What is shown of some statements. */
interface Sum {
  statements: number;
  overcount: number;
  /** Null where no times are known. */
  timed: Figures | null;
  overcalls: number;
  overMicros: number;
}

const emptySum = (): Sum => ({ statements: 0, overcount: 0, timed: null, overcalls: 0, overMicros: 0 });

const microsOf = ({ timed, overMicros }: Sum): number => (timed?.totalMicros ?? 0) + overMicros;

function addTimes(sum: Sum, figures: Figures | null, overcalls = 0, overMicros = 0): void {
  if (figures === null || !figures.isTimed) return;
  sum.timed ??= new Figures();
  sum.timed.merge(figures);
  sum.overcalls += overcalls;
  sum.overMicros += overMicros;
}

/** Those with most time first, and of those whose time is not known with most statements. */
const byWeight = (a: Sum, b: Sum): number => microsOf(b) - microsOf(a) || b.statements - a.statements;

/** The figures of a sum, as a part of all. */
function shownOf(sum: Sum, total: number, totalMicros: number) {
  const { statements, overcount, timed, overcalls, overMicros } = sum;
  const times: TimedDigest | null =
    timed === null ? null : timesShown(timed, { overcalls, overMicros, ofMicros: totalMicros });
  return {
    statements,
    overcount,
    share: part(statements, total),
    ...(times !== null && toTimed(times)),
  };
}

/** How long all statements took, by the log that says it. */
const totalMicrosOf = (states: States): number => states.at(-1)?.totalMicros ?? 0;

/**
 * Shows the groups of one kind.
 * @param kind takes them from a table of digests; undefined where it has none
 */
export function toGroups(
  states: States,
  kind: (state: DigestsState) => GroupsState | undefined,
): WorkloadGroups {
  const [first, second] = states;
  const sums = new Map<string | null, Sum>();
  const others = emptySum();
  let counted = 0;
  const each = (state: DigestsState, add: (sum: Sum, figures: Figures) => void) => {
    const { groups = [], others: rest } = kind(state) ?? {};
    for (const [name, figures] of groups) {
      const sum = sums.get(name) ?? emptySum();
      sums.set(name, sum);
      add(sum, new Figures(figures));
    }
    if (rest !== undefined) add(others, new Figures(rest));
  };
  each(first, (sum, figures) => {
    sum.statements += figures.calls;
    counted += figures.calls;
    addTimes(sum, figures);
  });
  if (second !== undefined) each(second, addTimes);
  const { total } = first;
  const micros = totalMicrosOf(states);
  return {
    groups: [...sums]
      .sort(([, a], [, b]) => byWeight(a, b))
      .map(([name, sum]) => ({ name, ...shownOf(sum, total, micros) })),
    others:
      others.statements === 0 && others.timed === null
        ? null
        : { name: null, ...shownOf(others, total, micros) },
    total,
    uncounted: Math.max(0, total - counted),
  };
}

/** The figures by the keys of tags, instead of by the values of one. */
export const keysOf = (tagged: TagGroupsState = []): GroupsState => ({
  groups: tagged.map(([key, { groups, others }]) => {
    const sum = new Figures(others);
    for (const [, figures] of groups) sum.merge(new Figures(figures));
    return [key, sum.toJSON()];
  }),
});

/** What is shown of a table. */
interface TableSum extends Sum {
  digests: number;
  reads: number;
  writes: number;
}

const emptyTable = (): TableSum => ({ ...emptySum(), digests: 0, reads: 0, writes: 0 });

/** Shows a capture's statements by the tables that they name. */
export function toTables(states: States): WorkloadTables {
  const [general, slow] = states;
  const sums = new Map<string, TableSum>();
  const of = (name: string): TableSum => {
    const sum = sums.get(name) ?? emptyTable();
    sums.set(name, sum);
    return sum;
  };
  const known = new Set<string>();
  for (const [state, isCounted] of [
    [general, true],
    [slow, false],
  ] as const) {
    for (const entry of state?.entries ?? []) {
      const { reads, writes } = tablesOfDigest(entry);
      // A statement that only the slow log has is counted by that.
      const counts = isCounted || !known.has(entry.fingerprint);
      if (isCounted) known.add(entry.fingerprint);
      const { figures, overMicros } = timesOf(entry);
      for (const name of new Set([...reads, ...writes])) {
        const sum = of(name);
        if (counts) {
          sum.digests++;
          sum.statements += entry.count;
          sum.overcount += entry.overcount;
          if (reads.includes(name)) sum.reads += entry.count;
          if (writes.includes(name)) sum.writes += entry.count;
        }
        addTimes(sum, figures, entry.overcount, overMicros);
      }
    }
  }
  const micros = totalMicrosOf(states);
  const show = ({ digests, reads, writes, ...sum }: TableSum) => ({
    ...shownOf(sum, general.total, micros),
    digests,
    reads,
    writes,
  });
  const all = [...sums].sort(([, a], [, b]) => byWeight(a, b));
  const rest = all.slice(MAX_GROUPS).map(([, sum]) => sum);
  return {
    groups: all.slice(0, MAX_GROUPS).map(([name, sum]) => ({ name, ...show(sum) })),
    others: rest.length === 0 ? null : { name: null, ...show(rest.reduce(added, emptyTable())) },
    total: general.total,
  };
}

function added(sum: TableSum, more: TableSum): TableSum {
  sum.statements += more.statements;
  sum.overcount += more.overcount;
  sum.digests += more.digests;
  sum.reads += more.reads;
  sum.writes += more.writes;
  addTimes(sum, more.timed, more.overcalls, more.overMicros);
  return sum;
}
