import { useMemo } from "preact/hooks";
import { listCaptures, readCapture, readMetrics } from "../api/calls.ts";
import type { Capture } from "../api/types.ts";
import { Heading } from "../components/heading.tsx";
import { Loaded } from "../components/loading.tsx";
import { MetricsSection } from "../components/metrics-section.tsx";
import { StatusBadge } from "../components/status.tsx";
import { Time } from "../components/time.tsx";
import { formatDuration } from "../lib/format.ts";
import { useResource } from "../lib/hooks.ts";
import { navigate, type Place, usePlace, withQuery } from "../lib/router.ts";

/** How many captures can be picked from; those that are older have addresses of their own. */
const CHOICES = 200;

/** Two captures laid over each other, aligned at their starts. */
export function ComparePage() {
  const place = usePlace();
  const [a, b] = ["a", "b"].map((name) => idOf(place.query.get(name)));
  const list = useResource("choices", (signal) => listCaptures({ limit: CHOICES }, signal));
  const choices = (list.data?.captures ?? []).filter(({ start }) => start !== null);
  return (
    <>
      <Heading title="Compare two captures" />
      <div class="filters">
        <Pick label="First" name="a" place={place} chosen={a ?? null} choices={choices} />
        <Pick label="Second" name="b" place={place} chosen={b ?? null} choices={choices} />
        {a != null && b != null && (
          <a class="button" href={withQuery(place, { a: String(b), b: String(a) })}>
            Swap
          </a>
        )}
      </div>
      {a == null || b == null ? (
        <div class="empty">
          <p>Choose two captures: their metrics are laid over each other, aligned at their starts.</p>
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
          </option>
        ))}
      </select>
    </label>
  );
}

function Comparison({ a, b }: { a: number; b: number }) {
  const both = useResource(`comparison/${a}/${b}`, (signal) =>
    Promise.all(
      [a, b].map(async (id) => {
        const [capture, read] = await Promise.all([readCapture(id, signal), readMetrics(id, signal)]);
        return { capture, read };
      }),
    ),
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
                      {capture.end !== null &&
                        `, ${formatDuration(Date.parse(capture.end) - Date.parse(capture.start))}`}
                    </>
                  )}
                </p>
              </div>
            ))}
          </div>
          <h2>Metrics</h2>
          <MetricsSection captures={captures} axis="offset" />
        </>
      )}
    </Loaded>
  );
}
