import type { WorkloadDigest } from "../api/types.ts";
import { formatCount, formatShare } from "../lib/format.ts";
import { Time } from "./time.tsx";

/** The most frequent statements, with their shares. */
export function Statements({ statements }: { statements: WorkloadDigest[] }) {
  if (statements.length === 0) return <p class="muted">No statement was recorded.</p>;
  return (
    <div class="table-wrap">
      <table class="statements">
        <thead>
          <tr>
            <th scope="col">Statement</th>
            <th scope="col" class="number">
              Ran
            </th>
            <th scope="col">Share</th>
          </tr>
        </thead>
        <tbody>
          {statements.map((statement) => (
            <tr key={statement.fingerprint}>
              <td>
                <details>
                  <summary>
                    <code>{statement.digest}</code>
                  </summary>
                  <dl class="facts">
                    <div>
                      <dt>Such as</dt>
                      <dd>
                        <code>{statement.example}</code>
                      </dd>
                    </div>
                    <div>
                      <dt>First seen</dt>
                      <dd>
                        <Time at={statement.firstSeen} precise />
                      </dd>
                    </div>
                    <div>
                      <dt>Last seen</dt>
                      <dd>
                        <Time at={statement.lastSeen} precise />
                      </dd>
                    </div>
                  </dl>
                </details>
              </td>
              <td class="number">
                {formatCount(statement.count)}
                {statement.overcount > 0 && (
                  <span class="muted" title={`At most ${formatCount(statement.overcount)} too high`}>
                    {" "}
                    ≤
                  </span>
                )}
              </td>
              <td class="share">
                <div>
                  <meter min={0} max={1} value={statement.share} aria-label="Share of all statements" />
                  <span>{formatShare(statement.share)}</span>
                </div>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
