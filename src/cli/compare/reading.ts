import type { Client, CompareQuery, Comparison } from "../../client/index.ts";
import { type Condition, minChangeOf } from "./conditions.ts";
import { judge, type Verdict, whyNotJudged } from "./judging.ts";

/** How many statements of each list a request asks for: the most that the API gives. */
const PAGE = 1000;
const PARTS = ["new", "gone", "changed", "unknown"] as const;
/** What the API calls a change where nothing else is asked for. */
const MIN_CHANGE = 0.2;

/** Which captures to compare, and how. */
export interface Compared {
  base: number;
  capture: number;
  /** What is said of the order and the thresholds; `minChange` is MIN_CHANGE unless given. */
  query: Omit<CompareQuery, "limit" | "cursor">;
}

/** A comparison, and what was found in it of what somebody looks for. */
export interface Judged {
  comparison: Comparison;
  verdicts: Verdict[];
  /** Why a condition can't be judged, with the condition; none when all were. */
  notJudged: { condition: Condition; why: string }[];
}

/** Compares two captures, with all statements, and judges each condition by its own threshold. */
export async function readComparison(
  captures: Client["captures"],
  compared: Compared,
  conditions: readonly Condition[],
  signal: AbortSignal,
): Promise<Judged> {
  const minChange = compared.query.minChange ?? MIN_CHANGE;
  const byThreshold = new Map<number, Comparison>();
  const read = async (threshold: number) => {
    const known = byThreshold.get(threshold);
    if (known !== undefined) return known;
    const query = { ...compared.query, minChange: threshold };
    const comparison = await readWhole(captures, { ...compared, query }, signal);
    byThreshold.set(threshold, comparison);
    return comparison;
  };
  const comparison = await read(minChange);
  const judged: Judged = { comparison, verdicts: [], notJudged: [] };
  for (const condition of conditions) {
    const why = whyNotJudged(condition, comparison);
    if (why !== null) judged.notJudged.push({ condition, why });
    else judged.verdicts.push(judge(condition, await read(minChangeOf(condition, minChange))));
  }
  return judged;
}

/** A comparison with all pages of its lists. */
async function readWhole(
  captures: Client["captures"],
  { base, capture, query }: Compared,
  signal: AbortSignal,
): Promise<Comparison> {
  const whole = await captures.compare(capture, base, { ...query, limit: PAGE }, { signal });
  for (const part of PARTS) {
    while (whole.next[part] !== null) {
      const more = { ...query, limit: PAGE, cursor: whole.next[part] };
      const page = await captures.compare(capture, base, more, { signal });
      whole[part].push(...page[part]);
      whole.next[part] = page.next[part];
    }
  }
  return whole;
}
