import type { Check } from "../api/types.ts";

/** After how long it is said that AWS is slow to answer the checks. */
export const SLOW_CHECKS_MS = 8000;

/** How a check came out, in a word: a failed one that only warns is told apart. */
type Outcome = "failed" | "warning" | "unknown" | "passed";

const WORDS: Record<Outcome, string> = {
  failed: "Failed",
  warning: "Warning",
  unknown: "Not known",
  passed: "Passed",
};

const outcomeOf = ({ status, severity }: Check): Outcome =>
  status === "failed" && severity === "warning" ? "warning" : status;

/** What was found when AWS was asked: what is to be done first, and what is in order folded away. */
export function Checks({ checks }: { checks: readonly Check[] }) {
  const passed = checks.filter(({ status }) => status === "passed");
  const open = (["failed", "warning", "unknown"] as const).flatMap((outcome) =>
    checks.filter((check) => outcomeOf(check) === outcome),
  );
  return (
    <>
      {open.length > 0 && <CheckList checks={open} />}
      {passed.length > 0 && (
        <details>
          <summary>
            {open.length === 0 ? `All ${passed.length} checks passed` : `${passed.length} checks passed`}
          </summary>
          <CheckList checks={passed} />
        </details>
      )}
    </>
  );
}

function CheckList({ checks }: { checks: readonly Check[] }) {
  return (
    <ul class="checks">
      {checks.map((check) => {
        const outcome = outcomeOf(check);
        return (
          <li key={check.id}>
            <span class={`status status-${outcome}`}>{WORDS[outcome]}</span>
            <div>
              <h3>{check.title}</h3>
              <p>{check.detail}</p>
              {check.action !== null && <p>{check.action}</p>}
            </div>
          </li>
        );
      })}
    </ul>
  );
}

/** Whether an environment can be captured, as far as was seen when it was checked last. */
export function Readiness({ ready }: { ready: boolean }) {
  return (
    <span class={`status ${ready ? "status-ready" : "status-not-ready"}`}>
      {ready ? "Ready" : "Not ready"}
    </span>
  );
}
