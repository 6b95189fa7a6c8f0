import { useMemo } from "preact/hooks";
import { api, readMetrics, readSeries, reportPath } from "../api/client.ts";
import type { Capture, Comparison } from "../api/types.ts";
import { CapturePicker } from "../components/capture-picker.tsx";
import { type ComparedList, ComparedStatements } from "../components/compared-statements.tsx";
import { Heading } from "../components/heading.tsx";
import { Failure, Loaded } from "../components/loading.tsx";
import { MetricsSection, NOT_READ } from "../components/metrics-section.tsx";
import { StatusBadge } from "../components/status.tsx";
import { Time } from "../components/time.tsx";
import { loadOf, pairedCharts } from "../lib/comparison.ts";
import { formatSpan } from "../lib/format.ts";
import { usePolling, useResource } from "../lib/hooks.ts";
import { isLive } from "../lib/list.ts";
import { navigate, type Place, usePlace, withQuery } from "../lib/router.ts";

const SLOW_POLL_MS = 60_000;

/** From where on something is a change: what the API takes, and what the page says. */
const CHANGES = [
  ["0.1", "a tenth"],
  ["0.2", "a fifth"],
  ["0.5", "half"],
  ["1", "twice as much"],
  ["0", "anything: show all"],
] as const;
const USUAL_CHANGE = "0.2";

/** Two captures compared: what has changed from the one before to the one after. */
export function ComparePage() {
  const place = usePlace();
  const a = idOf(place.query.get("a"));
  const b = idOf(place.query.get("b"));
  return (
    <>
      <Heading title="Compare two captures" />
      <div class="filters">
        <Pick label="Before" name="a" place={place} chosen={a} />
        <Pick label="After" name="b" place={place} chosen={b} />
        {a !== null && b !== null && (
          <a class="button" href={withQuery(place, { a: String(b), b: String(a) })}>
            Swap
          </a>
        )}
      </div>
      {a === null || b === null ? (
        <div class="empty">
          <p>
            Choose the capture from before, and the one from after: their load is laid over each other,
            aligned at their starts, and you see which statements are new, gone, slower or faster.
          </p>
        </div>
      ) : a === b ? (
        <div class="empty">
          <p>This is one capture twice. Choose another one for one of them.</p>
        </div>
      ) : (
        <ComparedPair key={`${a}/${b}`} a={a} b={b} place={place} />
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
}: {
  label: string;
  name: string;
  place: Place;
  chosen: number | null;
}) {
  const capture = useResource(chosen === null ? null : `picked/${chosen}`, (signal) =>
    api.captures.get(chosen ?? 0, { signal }),
  );
  return (
    <CapturePicker
      label={label}
      chosen={chosen === null ? "" : (capture.data?.name ?? `Capture ${chosen}`)}
      onChoose={({ id }) => navigate(withQuery(place, { [name]: String(id) }))}
    />
  );
}

function ComparedPair({ a, b, place }: { a: number; b: number; place: Place }) {
  const asked = place.query.get("change") ?? USUAL_CHANGE;
  const minChange = Number(CHANGES.find(([value]) => value === asked)?.[0] ?? USUAL_CHANGE);
  const captures = useResource(`pair/${a}/${b}`, (signal) =>
    Promise.all([api.captures.get(a, { signal }), api.captures.get(b, { signal })]),
  );
  // Of the lists only how long they are: each reads what it shows.
  const comparison = useResource(`comparison/${a}/${b}/${minChange}`, (signal) =>
    api.captures.compare(b, a, { minChange, limit: 1 }, { signal }),
  );
  const someLive = captures.data?.some(({ status }) => isLive(status)) ?? false;
  usePolling(
    () => {
      captures.reload();
      comparison.reload();
    },
    someLive ? SLOW_POLL_MS : null,
  );
  return (
    <Loaded resource={captures} what="the two captures" lines={6}>
      {(pair) => (
        <>
          <div class="pair-cards">
            {pair.map((capture, i) => (
              <CaptureCard key={capture.id} capture={capture} line={i} />
            ))}
          </div>
          <section aria-labelledby="load-title">
            <h2 id="load-title">Load</h2>
            <Loaded resource={comparison} what="the comparison" lines={5}>
              {(compared) => <Load comparison={compared} />}
            </Loaded>
            <Charts pair={pair} version={JSON.stringify(comparison.data?.this.statements ?? 0)} />
          </section>
          {comparison.data !== undefined && (
            <Statements a={a} b={b} place={place} comparison={comparison.data} minChange={minChange} />
          )}
        </>
      )}
    </Loaded>
  );
}

function CaptureCard({ capture, line }: { capture: Capture; line: number }) {
  return (
    <div class={`card line-${line}`}>
      <h2>
        <span class="visually-hidden">{line === 0 ? "Before: " : "After: "}</span>
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
  );
}

/** The totals and rates of both, and what can't be compared. */
function Load({ comparison }: { comparison: Comparison }) {
  const { notes } = comparison;
  return (
    <>
      {notes.length > 0 && (
        <ul class="notes">
          {notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
      <div class="table-wrap">
        <table class="load">
          <thead>
            <tr>
              <th scope="col">
                <span class="visually-hidden">Figure</span>
              </th>
              <th scope="col" class="number line-0">
                Before
              </th>
              <th scope="col" class="number line-1">
                After
              </th>
              <th scope="col" class="number">
                Change
              </th>
            </tr>
          </thead>
          <tbody>
            {loadOf(comparison).map(({ title, before, after, change }) => (
              <tr key={title}>
                <th scope="row">{title}</th>
                <td class="number">{before ?? "not known"}</td>
                <td class="number">{after ?? "not known"}</td>
                <td class="number">{change}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

/** The series and the metrics of both, aligned at their starts. */
function Charts({ pair, version }: { pair: readonly Capture[]; version: string }) {
  const ids = pair.map(({ id }) => id);
  const workloads = useResource(
    `pair-series/${ids}`,
    (signal) =>
      Promise.all(
        ids.map(async (id) => {
          const [series, { gaps }] = await Promise.all([
            readSeries(id, {}, signal),
            api.captures.workload(id, { signal }),
          ]);
          return { series, gaps };
        }),
      ),
    version,
  );
  const metrics = useResource(
    `pair-metrics/${ids}`,
    (signal) => Promise.all(ids.map((id) => readMetrics(id, signal))),
    version,
  );
  const charts = useMemo(
    () =>
      pairedCharts(
        pair.map((capture, i) => ({
          capture,
          series: workloads.data?.[i]?.series ?? null,
          gaps: workloads.data?.[i]?.gaps ?? [],
          isLive: isLive(capture.status),
        })),
      ),
    [pair, workloads.data],
  );
  const captures = useMemo(
    () =>
      pair.map(({ id, name, start, end }, i) => ({
        id,
        name,
        start,
        end,
        read: metrics.data?.[i] ?? NOT_READ,
      })),
    [pair, metrics.data],
  );
  return (
    <>
      {[workloads, metrics].map(
        ({ error, reload, loading }, i) =>
          error !== undefined && (
            <Failure key={i ? "metrics" : "series"} error={error} retry={reload} busy={loading} />
          ),
      )}
      <MetricsSection captures={captures} workload={charts} axis="offset" />
    </>
  );
}

function Statements({
  a,
  b,
  place,
  comparison,
  minChange,
}: {
  a: number;
  b: number;
  place: Place;
  comparison: Comparison;
  minChange: number;
}) {
  const { counts, isTimed } = comparison;
  const version = `${comparison.base.statements} ${comparison.this.statements}`;
  return (
    <section aria-labelledby="statements-title">
      <h2 id="statements-title">Statements</h2>
      <div class="filters">
        <label>
          <span>Changed by at least</span>
          <select
            value={String(minChange)}
            onChange={({ currentTarget }) =>
              navigate(withQuery(place, { change: currentTarget.value }), { replace: true })
            }
          >
            {CHANGES.map(([value, words]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </select>
        </label>
        <a
          class="button"
          download
          href={`/api/captures/${b}/workload/compare?with=${a}&minChange=${minChange}&format=csv`}
        >
          CSV
        </a>
        <a class="button" download href={reportPath(b, a)}>
          Report
        </a>
      </div>
      {listsOf(counts, isTimed, minChange).map((list) => (
        <ComparedStatements
          key={list.title}
          pair={{ a, b }}
          query={{ minChange }}
          list={list}
          version={version}
        />
      ))}
      <p class="hint">
        A change is shown if it is more than chance: by a test that errs once in a thousand times. Statements
        come in bursts, so look at the series too. In none of these lists: {counts.below}, with too little of
        a change.
      </p>
    </section>
  );
}

/** The lists of a page, in their order: those without anything only where that says something. */
function listsOf(
  { changes, ...counts }: Comparison["counts"],
  isTimed: boolean,
  minChange: number,
): ComparedList[] {
  const changed = (
    title: string,
    hint: string,
    change: NonNullable<ComparedList["change"]>,
  ): ComparedList => ({
    title,
    hint,
    part: "changed",
    change,
    count: changes[change],
  });
  const optional = [
    changed("More rows", "A call examines more rows than before.", "more-rows"),
    changed("Fewer rows", "A call examines fewer rows than before.", "fewer-rows"),
    {
      title: "Not known",
      hint: "One capture has them, and it is not known whether the other had.",
      part: "unknown" as const,
      count: counts.unknown,
    },
  ].filter(({ count }) => count > 0);
  const slow = [
    changed("Slower", "Their median or their 95th percentile is higher than before.", "slower"),
    changed("Faster", "Their median or their 95th percentile is lower than before.", "faster"),
  ];
  return [
    { title: "New", hint: "They ran after, and not before.", part: "new", count: counts.new },
    { title: "Gone", hint: "They ran before, and not after.", part: "gone", count: counts.gone },
    ...(isTimed ? slow : []),
    changed("More often", "They ran more often in a minute than before.", "more-calls"),
    changed("More seldom", "They ran less often in a minute than before.", "fewer-calls"),
    ...optional,
    ...(minChange === 0
      ? [
          {
            title: "In both",
            hint: "All that both have, changed or not.",
            part: "changed" as const,
            count: counts.changed,
          },
        ]
      : []),
  ];
}
