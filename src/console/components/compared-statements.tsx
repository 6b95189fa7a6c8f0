import { useState } from "preact/hooks";
import { api } from "../api/client.ts";
import type { CompareQuery, Comparison, ShownStatement } from "../api/types.ts";
import { figuresOf, WHY_UNKNOWN } from "../lib/comparison.ts";
import { formatCount } from "../lib/format.ts";
import { useResource } from "../lib/hooks.ts";
import { Loaded } from "./loading.tsx";

/** How many statements of a list are shown at first. */
const FEW = 10;
/** By how many times more are shown when more are asked for. */
const MORE = 5;
/** The most statements of one page of the API. */
const MAX_PAGE = 1000;

/** One list of compared statements. */
export interface ComparedList {
  title: string;
  /** What is in it, in words. */
  hint: string;
  part: "new" | "gone" | "changed" | "unknown";
  change?: NonNullable<CompareQuery["change"]>;
  /** How many statements it has. */
  count: number;
}

/** The captures that are compared: what is new in `b` since `a`. */
interface Pair {
  a: number;
  b: number;
}

/** A list of compared statements, read as far as it is shown. */
export function ComparedStatements({
  pair,
  query,
  list,
  version,
}: {
  pair: Pair;
  query: CompareQuery;
  list: ComparedList;
  /** Read again with another one. */
  version: string;
}) {
  const [wanted, setWanted] = useState(FEW);
  const { title, hint, part, change, count } = list;
  const key = ["compared", pair.a, pair.b, part, change, JSON.stringify(query)].join("/");
  const statements = useResource(
    count === 0 ? null : key,
    (signal) => readList(pair, { ...query, ...(change && { change }) }, part, wanted, signal),
    `${version} ${wanted}`,
  );
  return (
    <section>
      <h3>
        {title} <span class="count">{formatCount(count)}</span>
      </h3>
      {count > 0 && (
        <>
          <p class="hint">{hint}</p>
          <Loaded resource={statements} what={`the statements: ${title}`} lines={4}>
            {(shown) => (
              <>
                <ol class="compared">
                  {shown.map((statement) => (
                    <Statement key={statement.fingerprint} statement={statement} pair={pair} />
                  ))}
                </ol>
                {shown.length < count && (
                  <button type="button" onClick={() => setWanted(wanted * MORE)}>
                    Show up to {formatCount(Math.min(count, wanted * MORE))} of {formatCount(count)}
                  </button>
                )}
              </>
            )}
          </Loaded>
        </>
      )}
    </section>
  );
}

async function readList(
  { a, b }: Pair,
  query: CompareQuery,
  part: ComparedList["part"],
  wanted: number,
  signal: AbortSignal,
): Promise<ShownStatement[]> {
  const read: ShownStatement[] = [];
  let cursor: string | null | undefined;
  do {
    const limit = Math.min(MAX_PAGE, wanted - read.length);
    const page: Comparison = await api.captures.compare(
      b,
      a,
      { ...query, limit, ...(cursor && { cursor }) },
      { signal },
    );
    read.push(...page[part]);
    cursor = page.next[part];
  } while (cursor !== null && read.length < wanted);
  return read;
}

function Statement({ statement, pair }: { statement: ShownStatement; pair: Pair }) {
  const { digest, fingerprint, part, isSure, unknown } = statement;
  // Where it ran.
  const id = statement.this === null ? pair.a : pair.b;
  return (
    <li>
      <a href={`/captures/${id}/statements/${fingerprint}`}>
        <code class="clamped">{digest}</code>
      </a>
      <dl class="changes">
        {figuresOf(statement).map(({ title, before, after, change }) => (
          <div key={title}>
            <dt>{title}</dt>
            <dd>
              {before !== null && after !== null ? (
                <>
                  <span class="muted">{before} → </span>
                  {after}
                </>
              ) : (
                (before ?? after)
              )}
              {change !== null && <span class="muted count-below">{change}</span>}
            </dd>
          </div>
        ))}
      </dl>
      {(part === "new" || part === "gone") && !isSure && (
        <p class="hint">It may be missing in the other capture by chance: it ran too seldom to tell.</p>
      )}
      {unknown !== null && <p class="hint">Not known, since {WHY_UNKNOWN[unknown]}.</p>}
    </li>
  );
}
