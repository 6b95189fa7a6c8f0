import type { WorkloadDigest } from "../api/types.ts";
import { formatCount, formatMicros, formatPrecise } from "../lib/format.ts";
import { usePlace } from "../lib/router.ts";
import { studyPath } from "../lib/study.ts";
import { formatWho } from "./record-table.tsx";
import { Sql } from "./sql.tsx";

/** Some of a statement's calls, each with when it ran, whose it was and how long it took. */
export function StatementExamples({ statement }: { statement: WorkloadDigest }) {
  const { examples, example } = statement;
  if (examples.length === 0) {
    return example === null ? (
      <p class="hint">Viewers of the environment see no statements with their values.</p>
    ) : (
      <Sql text={example} what="The example" />
    );
  }
  return (
    <ul class="examples">
      {examples.map(({ time, user, host, db, durationMicros, statement: text }, i) => (
        <li key={`${time} ${i}`}>
          <p class="hint">
            <time dateTime={time} title={time}>
              {formatPrecise(time)}
            </time>
            {durationMicros !== null && `, ${formatMicros(durationMicros)}`}
            {(user !== null || host !== null) && `, ${formatWho(user, host)}`}
            {db !== null && `, in ${db}`}
          </p>
          <Sql text={text} what="The example" />
        </li>
      ))}
    </ul>
  );
}

/** Who runs a statement from where, and with which tags; nothing where that was not kept. */
export function StatementSources({ captureId, statement }: { captureId: number; statement: WorkloadDigest }) {
  const place = usePlace();
  const { fingerprint, sources, moreSources, tags, moreTags } = statement;
  if (sources.length === 0) return null;
  return (
    <section aria-labelledby="sources-title">
      <h2 id="sources-title">Who runs it</h2>
      <div class="table-wrap">
        <table>
          <thead>
            <tr>
              <th scope="col">User and host</th>
              <th scope="col">Database</th>
              <th scope="col" class="number">
                Calls
              </th>
            </tr>
          </thead>
          <tbody>
            {sources.map(({ user, host, db, count }) => (
              <tr key={`${user} ${host} ${db}`}>
                <th scope="row">
                  <a
                    href={studyPath(captureId, "records", place, {
                      fingerprint,
                      user: user ?? "",
                      host: host ?? "",
                    })}
                  >
                    {formatWho(user, host)}
                  </a>
                </th>
                <td>{db ?? <span class="muted">none, or not known</span>}</td>
                <td class="number">{formatCount(count)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {moreSources > 0 && <p class="hint">{formatCount(moreSources)} calls were of others.</p>}
      {tags.length > 0 && (
        <dl class="facts card">
          {tags.map(({ key, value, count }) => (
            <div key={`${key}:${value}`}>
              <dt>{key}</dt>
              <dd>
                <a href={studyPath(captureId, "statements", place, { tag: `${key}:${value}` })}>{value}</a>{" "}
                <span class="muted">{formatCount(count)}</span>
              </dd>
            </div>
          ))}
          {moreTags > 0 && (
            <div>
              <dt>Other tags</dt>
              <dd class="muted">{formatCount(moreTags)}</dd>
            </div>
          )}
        </dl>
      )}
    </section>
  );
}
