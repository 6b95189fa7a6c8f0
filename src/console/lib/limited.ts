import type { WorkloadDigest, WorkloadSpan } from "../api/types.ts";

/** The statements of a range of time. */
export interface Limited {
  statements: WorkloadDigest[];
  /** How many calls in that time are of statements that have no series, and so are not among these. */
  others: number;
}

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
    const { digest: text, example, firstSeen, lastSeen } = digest;
    const counted = {
      fingerprint,
      digest: text,
      example,
      firstSeen,
      lastSeen,
      count: calls,
      overcount: 0,
      share,
    };
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
