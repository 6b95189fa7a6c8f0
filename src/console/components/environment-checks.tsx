import { useState } from "preact/hooks";
import { api } from "../api/client.ts";
import type { FullEnvironment } from "../api/types.ts";
import { useLate } from "../lib/hooks.ts";
import { describe } from "../lib/refusals.ts";
import { Checks, Readiness, SLOW_CHECKS_MS } from "./checks.tsx";
import { Time } from "./time.tsx";

/** Whether an environment can be captured: what was found when AWS was asked last, and a button that asks again. */
export function EnvironmentChecks({
  environment,
  onChange,
}: {
  environment: FullEnvironment;
  onChange: (environment: FullEnvironment) => void;
}) {
  const [said, setSaid] = useState<{ text: string; isBad: boolean } | null>(null);
  const [busy, setBusy] = useState(false);
  const isLate = useLate(busy, SLOW_CHECKS_MS);
  const { ready, checks, checkedAt } = environment;
  const check = async () => {
    setBusy(true);
    setSaid(null);
    try {
      const { status, ...checked } = await api.environments.check(environment.id);
      onChange(checked);
      const reaches =
        status === null
          ? `AWS does not say how ${checked.instance} is.`
          : `AWS reaches ${checked.instance}: it is ${status}.`;
      const isOwing = checked.owed.length > 0;
      setSaid({
        text: isOwing ? `${reaches} Not all could be given back.` : reaches,
        isBad: isOwing || !checked.ready,
      });
    } catch (error) {
      setSaid({ text: describe(error), isBad: true });
    }
    setBusy(false);
  };
  return (
    <section class="card" aria-labelledby="checks-title">
      <div class="checks-head">
        <h2 id="checks-title">Checks</h2>
        {checkedAt !== null && <Readiness ready={ready} />}
        <span class="muted">
          {checkedAt === null ? (
            "It was not checked yet."
          ) : (
            <>
              Checked <Time at={checkedAt} />
            </>
          )}
        </span>
      </div>
      <Checks checks={checks} />
      <div class="actions">
        {environment.role !== "viewer" && (
          <button type="button" aria-disabled={busy} onClick={busy ? undefined : check}>
            {busy ? "Asking AWS…" : "Check it with AWS"}
          </button>
        )}
        {isLate && <span class="muted">AWS takes long to answer.</span>}
      </div>
      <div role="status" class={said === null ? undefined : said.isBad ? "problem" : "good"}>
        {said?.text}
      </div>
    </section>
  );
}
