import type { WorkloadDigest } from "../api/types.ts";
import { compareDigests } from "../lib/comparison.ts";
import { formatChange, formatCount, formatShare } from "../lib/format.ts";

const ROWS = 25;

/** The statements of two captures side by side, those first whose shares differ most. */
export function ComparedStatements({
  names,
  digests: [first, second],
  isOfOneVersion,
}: {
  names: [string, string];
  digests: [WorkloadDigest[], WorkloadDigest[]];
  /** Whether both were normalised by the same rules. */
  isOfOneVersion: boolean;
}) {
  const compared = compareDigests(first, second);
  if (compared.length === 0) return <p class="muted">Neither has recorded a statement.</p>;
  return (
    <>
      {!isOfOneVersion && (
        <p class="hint">
          One of these captures was counted by older rules for what is the same statement: what seems to be in
          one of them only may be in both.
        </p>
      )}
      <div class="table-wrap">
        <table class="statements">
          <thead>
            <tr>
              <th scope="col">Statement</th>
              {names.map((name, i) => (
                <th key={name + i} scope="col" class={`number line-${i}`}>
                  {name}
                </th>
              ))}
              <th scope="col" class="number">
                Change
              </th>
            </tr>
          </thead>
          <tbody>
            {compared.slice(0, ROWS).map(({ fingerprint, digest, counts, shares, change }) => (
              <tr key={fingerprint}>
                <td>
                  <code>{digest}</code>
                </td>
                {counts.map((count, i) => (
                  <td key={i ? "b" : "a"} class="number">
                    {formatShare(shares[i] ?? 0)}
                    <span class="muted count-below">{formatCount(count)}</span>
                  </td>
                ))}
                <td class="number">{formatChange(change)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="hint">
        The part of all statements of its capture, and how often it ran; the change is in percentage points.
        {compared.length > ROWS &&
          ` Shown are the ${ROWS} of ${formatCount(compared.length)} that differ most.`}
      </p>
    </>
  );
}
