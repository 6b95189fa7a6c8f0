import { api } from "../api/client.ts";
import type { Capture, WorkloadSession } from "../api/types.ts";
import { Loaded } from "../components/loading.tsx";
import { Missing } from "../components/missing.tsx";
import { Paging } from "../components/paging.tsx";
import { formatWho, RecordTable } from "../components/record-table.tsx";
import { StudyFrame } from "../components/study-frame.tsx";
import { Time } from "../components/time.tsx";
import { formatCount, formatMicros, formatPrecise } from "../lib/format.ts";
import { useResource } from "../lib/hooks.ts";
import { usePlace } from "../lib/router.ts";

/** How many records a page has. */
const ROWS = 100;

/** What one connection did, in order, and its transactions. */
export function SessionPage({ id, threadId }: { id: number; threadId: number }) {
  return (
    <StudyFrame id={id} page="records" title={`Session ${threadId}`}>
      {(capture) => <Session capture={capture} threadId={threadId} />}
    </StudyFrame>
  );
}

function Session({ capture: { id }, threadId }: { capture: Capture; threadId: number }) {
  const { query } = usePlace();
  const said = Object.fromEntries(
    ["log", "from", "to", "cursor"].flatMap((name) => {
      const value = query.get(name);
      return value ? [[name, value]] : [];
    }),
  );
  const session = useResource(`session/${id}/${threadId}/${JSON.stringify(said)}`, (signal) =>
    api.captures.session(id, threadId, { ...said, limit: ROWS }, { signal }),
  );
  const isFirst = !query.has("cursor");
  return (
    <Loaded resource={session} what="the session" lines={6}>
      {(known) => (
        <>
          <About session={known} isFirst={isFirst} />
          {known.transactions !== null && known.transactions.length > 0 && (
            <Transactions transactions={known.transactions} />
          )}
          <section aria-labelledby="records-title">
            <h2 id="records-title">Its records</h2>
            <Missing missing={known.missing} />
            {known.records.length > 0 && <RecordTable captureId={id} records={known.records} isOfSession />}
            <Paging next={known.next} isFirst={isFirst} />
          </section>
        </>
      )}
    </Loaded>
  );
}

function About({
  session: { user, host, first, last, log },
  isFirst,
}: {
  session: WorkloadSession;
  isFirst: boolean;
}) {
  return (
    <dl class="facts card">
      <div>
        <dt>Who</dt>
        <dd>{formatWho(user, host)}</dd>
      </div>
      {first !== null && (
        <div>
          <dt>First record</dt>
          <dd>
            <Time at={first} precise />
          </dd>
        </div>
      )}
      {last !== null && (
        <div>
          <dt>{isFirst ? "Last record" : "Last record of this page"}</dt>
          <dd>
            <Time at={last} precise />
          </dd>
        </div>
      )}
      <div>
        <dt>From</dt>
        <dd>the {log} log</dd>
      </div>
    </dl>
  );
}

type Transaction = NonNullable<WorkloadSession["transactions"]>[number];

const OUTCOMES: Record<Transaction["outcome"], string> = {
  commit: "committed",
  rollback: "rolled back",
  "implicit commit": "committed by the next statement",
  open: "still open",
  unknown: "not known: records are missing",
};

function Transactions({ transactions }: { transactions: Transaction[] }) {
  return (
    <section aria-labelledby="transactions-title">
      <h2 id="transactions-title">Its transactions</h2>
      <div class="table-wrap">
        <table class="transactions">
          <thead>
            <tr>
              <th scope="col">Began</th>
              <th scope="col" class="number">
                Statements
              </th>
              <th scope="col" class="number">
                Length
              </th>
              <th scope="col">Outcome</th>
            </tr>
          </thead>
          <tbody>
            {transactions.map(({ begin, statements, durationMicros, outcome }) => (
              <tr key={begin}>
                <th scope="row">
                  <time dateTime={begin} title={begin}>
                    {formatPrecise(begin)}
                  </time>
                </th>
                <td class="number">{formatCount(statements)}</td>
                <td class="number">{durationMicros === null ? "–" : formatMicros(durationMicros)}</td>
                <td class={outcome === "rollback" ? "field-error" : undefined}>{OUTCOMES[outcome]}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
