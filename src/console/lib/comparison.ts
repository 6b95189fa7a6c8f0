import type { WorkloadDigest } from "../api/types.ts";

/** A statement in two captures; zero where one does not have it, or not among the statements that were read. */
export interface ComparedStatement {
  fingerprint: string;
  digest: string;
  counts: [number, number];
  shares: [number, number];
  /** By how much its share differs in the second. */
  change: number;
}

/** The statements of two digests, those first whose shares differ most. */
export function compareDigests(first: WorkloadDigest[], second: WorkloadDigest[]): ComparedStatement[] {
  const others = new Map(second.map((statement) => [statement.fingerprint, statement]));
  const known = new Set(first.map(({ fingerprint }) => fingerprint));
  const compared = (statement: WorkloadDigest, a?: WorkloadDigest, b?: WorkloadDigest): ComparedStatement => {
    const shares: [number, number] = [a?.share ?? 0, b?.share ?? 0];
    const counts: [number, number] = [a?.count ?? 0, b?.count ?? 0];
    const { fingerprint, digest } = statement;
    return { fingerprint, digest, counts, shares, change: shares[1] - shares[0] };
  };
  return [
    ...first.map((statement) => compared(statement, statement, others.get(statement.fingerprint))),
    ...second
      .filter(({ fingerprint }) => !known.has(fingerprint))
      .map((statement) => compared(statement, undefined, statement)),
  ].sort((x, y) => Math.abs(y.change) - Math.abs(x.change) || y.counts[0] - x.counts[0]);
}
