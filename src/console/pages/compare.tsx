import { useMemo } from "preact/hooks";
import { api, readMetrics } from "../api/client.ts";
import type { Capture } from "../api/types.ts";
import { ComparedStatements } from "../components/compared-statements.tsx";
import { Heading } from "../components/heading.tsx";
import { Loaded } from "../components/loading.tsx";
import { MetricsSection } from "../components/metrics-section.tsx";
import { StatusBadge } from "../components/status.tsx";
import { Time } from "../components/time.tsx";
import { formatMinute, formatSpan } from "../lib/format.ts";
import { usePolling, useResource } from "../lib/hooks.ts";
import { isLive } from "../lib/list.ts";
import { navigate, type Place, usePlace, withQuery } from "../lib/router.ts";

/** How many captures are offered; older ones can be named in the address. */
const CHOICES = 200;
/** How many statements of each are compared. */
const STATEMENTS = 200;
const SLOW_POLL_MS = 60_000;

/** Two captures laid over each other, aligned at their starts. */
export function ComparePage() {
  const place = usePlace();
  const a = idOf(place.query.get("a"));
  const b = idOf(place.query.get("b"));
  const list = useResource("choices", (signal) => api.captures.page({ limit: CHOICES }, { signal }));
  const choices = (list.data?.captures ?? []).filter(({ start }) => start !== null);
  return (
    <>
      <Heading title="Compare two captures" />
      <div class="filters">
        <Pick label="First" name="a" place={place} chosen={a} choices={choices} />
        <Pick label="Second" name="b" place={place} chosen={b} choices={choices} />
        {a !== null && b !== null && (
          <a class="button" href={withQuery(place, { a: String(b), b: String(a) })}>
            Swap
          </a>
        )}
      </div>
      {a === null || b === null ? (
        <div class="empty">
          <p>
            Choose two captures: their metrics are laid over each other, aligned at their starts, and their
            statements are compared.
          </p>
          <p class="muted">
            The newest {CHOICES} can be chosen here. The page of any other has a Compare button.
          </p>
        </div>
      ) : (
        <Comparison key={`${a}/${b}`} a={a} b={b} />
      )}
    </>
  );
}

function idOf(text: string | null): number | null {
  return text !== null && /^[1-9]\d{0,14}$/.test(text) ? Number(text) : null;
}

function Pick({
  label,
  name,
  place,
  chosen,
  choices,
}: {
  label: string;
  name: string;
  place: Place;
  chosen: number | null;
  choices: Capture[];
}) {
  const isListed = chosen === null || choices.some(({ id }) => id === chosen);
  return (
    <label>
      <span>{label}</span>
      <select
        value={chosen === null ? "" : String(chosen)}
        onChange={({ currentTarget }) => navigate(withQuery(place, { [name]: currentTarget.value }))}
      >
        <option value="">Choose…</option>
        {!isListed && <option value={String(chosen)}>Capture {chosen}</option>}
        {choices.map((capture) => (
          <option key={capture.id} value={String(capture.id)}>
            {capture.name}
            {capture.start !== null && ` (${formatMinute(capture.start)})`}
          </option>
        ))}
      </select>
    </label>
  );
}

function Comparison({ a, b }: { a: number; b: number }) {
  const read = async (id: number, signal: AbortSignal) => {
    const [capture, metrics] = await Promise.all([api.captures.get(id, { signal }), readMetrics(id, signal)]);
    return { capture, read: metrics };
  };
  const both = useResource(`comparison/${a}/${b}`, (signal) =>
    Promise.all([read(a, signal), read(b, signal)]),
  );
  const readStatements = async (id: number, signal: AbortSignal) => {
    const [digests, { digestVersion }] = await Promise.all([
      api.captures.digest(id, { limit: STATEMENTS }, { signal }),
      api.captures.workload(id, { signal }),
    ]);
    return { digests, digestVersion };
  };
  const statements = useResource(`digests/${a}/${b}`, (signal) =>
    Promise.all([readStatements(a, signal), readStatements(b, signal)]),
  );
  const someLive = both.data?.some(({ capture }) => isLive(capture.status)) ?? false;
  usePolling(
    () => {
      both.reload();
      statements.reload();
    },
    someLive ? SLOW_POLL_MS : null,
  );
  const captures = useMemo(
    () =>
      (both.data ?? []).map(({ capture: { id, name, start, end }, read }) => ({
        id,
        name,
        start,
        end,
        read,
      })),
    [both.data],
  );
  return (
    <Loaded resource={both} what="the two captures" lines={6}>
      {(pair) => (
        <>
          <div class="pair-cards">
            {pair.map(({ capture }, i) => (
              <div key={`${capture.id} ${i ? "b" : "a"}`} class={`card line-${i}`}>
                <h2>
                  <a href={`/captures/${capture.id}`}>{capture.name}</a>
                </h2>
                <p>
                  <StatusBadge status={capture.status} />
                </p>
                <p class="muted">
                  {capture.start === null ? (
                    "It has not started"
                  ) : (
                    <>
                      <Time at={capture.start} precise />
                      {capture.end !== null && `, ${formatSpan(capture.start, capture.end)}`}
                    </>
                  )}
                </p>
              </div>
            ))}
          </div>
          <section aria-labelledby="metrics-title">
            <h2 id="metrics-title">Metrics</h2>
            <MetricsSection captures={captures} axis="offset" />
          </section>
          <section aria-labelledby="statements-title">
            <h2 id="statements-title">Top statements</h2>
            <Loaded resource={statements} what="the statements" lines={5}>
              {([first, second]) => (
                <ComparedStatements
                  names={[pair[0].capture.name, pair[1].capture.name]}
                  digests={[first.digests, second.digests]}
                  isOfOneVersion={first.digestVersion === second.digestVersion}
                />
              )}
            </Loaded>
          </section>
        </>
      )}
    </Loaded>
  );
}
