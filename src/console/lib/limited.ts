import type { WorkloadDigest, WorkloadSpan } from "../api/types.ts";

/** The statements of a range of time. */
export interface Limited {
  statements: WorkloadDigest[];
  /** How many calls in that time are of statements that have no series, and so are not among these. */
  others: number;
}

/** The figures of a digest that need the slow log: of a range, others take their places, or none. */
const OF_TIME = new Set(
  `calls overcalls totalMicros overTotalMicros meanMicros minMicros maxMicros p50Micros p95Micros p99Micros timeShare lockMicros
  rowsExamined rowsSent rowsAffected errors timedShare`.split(/\s+/),
);

/**
 * Statements with their figures of a range of time, in the place of those of the whole capture. What is not known of a range (such as
 * the shortest time) is left out.
 */
export function limitedTo({ whole, statements }: WorkloadSpan, digests: WorkloadDigest[]): Limited {
  const known = new Map(digests.map((digest) => [digest.fingerprint, digest]));
  const limited = statements.flatMap(({ fingerprint, timed, ...figures }): WorkloadDigest[] => {
    const digest = known.get(fingerprint);
    if (digest === undefined) return [];
    const calls = figures.statements;
    const share = partOf(calls, whole.statements);
    const kept = Object.fromEntries(Object.entries(digest).filter(([name]) => !OF_TIME.has(name)));
    const counted = { ...(kept as unknown as WorkloadDigest), count: calls, overcount: 0, share };
    return [timed === null ? counted : { ...counted, ...timesOf(figures, calls, timed, whole) }];
  });
  const listed = limited.reduce((sum, { count }) => sum + count, 0);
  return { statements: limited, others: Math.max(0, whole.statements - listed) };
}

const partOf = (part: number, all: number): number => (all === 0 ? 0 : Math.min(1, part / all));

/** The figures of time; absent where no call was timed, as in a digest. */
function timesOf(
  figures: Omit<WorkloadSpan["statements"][number], "fingerprint" | "timed">,
  calls: number,
  timed: number,
  whole: WorkloadSpan["whole"],
): Partial<WorkloadDigest> {
  const { totalMicros, p50Micros, p95Micros, p99Micros, rowsExamined, errors } = figures;
  const timedShare = Math.min(1, partOf(timed, calls));
  if (totalMicros === null || p50Micros === null || p95Micros === null || p99Micros === null) {
    return { timedShare };
  }
  return {
    calls: timed,
    overcalls: 0,
    totalMicros,
    overTotalMicros: 0,
    meanMicros: totalMicros / Math.max(1, timed),
    p50Micros,
    p95Micros,
    p99Micros,
    timeShare: partOf(totalMicros, whole.totalMicros ?? 0),
    rowsExamined: rowsExamined ?? 0,
    ...(errors !== null && { errors }),
    timedShare,
  };
}
