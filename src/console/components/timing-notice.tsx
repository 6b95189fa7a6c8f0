import { LOG_NAMES } from "../../logs/names.ts";
import type { Workload } from "../api/types.ts";
import { formatShare } from "../lib/format.ts";
import { Time } from "./time.tsx";

/** What a capture of the slow log may not have, and why: sessions that connected before keep the settings of that time. */
export function TimingNotice({ workload }: { workload: Workload }) {
  const { timing, log, logs, minDuration } = workload;
  if (timing === null) return null;
  const { completeSince, before, sessions } = timing;
  const timed = log === "both" ? timedPart(logs) : null;
  return (
    <div class={completeSince === null ? "card" : "note"}>
      <p>
        {completeSince === null ? (
          sessions
        ) : (
          <>
            Sessions that connected since <Time at={completeSince} precise /> are complete. Those that were
            connected before keep the settings that they began with: their statements may be missing until
            they reconnect.
          </>
        )}
      </p>
      {timed !== null && (
        <p>The times of {formatShare(timed)} of the statements are known: figures of time are of those.</p>
      )}
      {minDuration !== null && minDuration > 0 && (
        <p>Statements that took less than {minDuration} ms are not in it.</p>
      )}
      {Object.keys(before).length > 0 && (
        <details>
          <summary>What the parameters were before</summary>
          <dl class="facts">
            {Object.entries(before).map(([name, value]) => (
              <div key={name}>
                <dt>
                  <code>{name}</code>
                </dt>
                <dd>{value ?? "not set"}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
    </div>
  );
}

/** How many of the general log's statements the slow log has too, as a part; null where there are none. */
function timedPart(logs: Workload["logs"]): number | null {
  const [general, slow] = LOG_NAMES.map((log) => logs.find((numbers) => numbers.log === log));
  if (general === undefined || slow === undefined || general.statements === 0) return null;
  return Math.min(1, slow.statements / general.statements);
}
