import { useId, useState } from "preact/hooks";
import type { WorkloadRecord } from "../api/types.ts";
import { formatCount, formatMicros, formatPrecise } from "../lib/format.ts";
import { type Place, usePlace } from "../lib/router.ts";
import { type Roving, useRoving } from "../lib/roving.ts";
import { studyPath } from "../lib/study.ts";
import { FactRows } from "./fact-rows.tsx";
import { Sql } from "./sql.tsx";

/**
 * Records in their order; each opens to all that the log says of it.
 * @param isOfSession whether all are of one session, which then is not said of each
 */
export function RecordTable({
  captureId,
  records,
  isOfSession = false,
}: {
  captureId: number;
  records: WorkloadRecord[];
  isOfSession?: boolean;
}) {
  const isTimed = records.some(({ durationMicros }) => durationMicros !== undefined);
  const keys = records.map((_, i) => String(i));
  const hintId = useId();
  const roving = useRoving(keys[0] === undefined ? null : [keys[0], "more"], keys);
  const columns = 2 + (isOfSession ? 0 : 1) + Number(isTimed);
  return (
    <div class="table-wrap">
      <table class="statements records" aria-describedby={hintId}>
        <thead>
          <tr>
            <th scope="col">Time</th>
            {!isOfSession && <th scope="col">Session</th>}
            {isTimed && (
              <th scope="col" class="number">
                Took
              </th>
            )}
            <th scope="col" class="middle">
              Statement
            </th>
          </tr>
        </thead>
        <tbody {...roving.body}>
          {records.map((record, i) => (
            <Row
              // A record has no id: the same one may be there twice.
              key={`${record.time} ${record.threadId} ${i}`}
              captureId={captureId}
              record={record}
              isOfSession={isOfSession}
              isTimed={isTimed}
              columns={columns}
              stop={(control) => roving.stop(String(i), control)}
            />
          ))}
        </tbody>
      </table>
      <p class="visually-hidden" id={hintId}>
        Arrow keys go from record to record.
      </p>
    </div>
  );
}

function Row({
  captureId,
  record,
  isOfSession,
  isTimed,
  columns,
  stop,
}: {
  captureId: number;
  record: WorkloadRecord;
  isOfSession: boolean;
  isTimed: boolean;
  columns: number;
  stop: (control: string) => ReturnType<Roving["stop"]>;
}) {
  const place = usePlace();
  const [isOpen, setOpen] = useState(false);
  const { time, threadId, user, host, command, statement, durationMicros, errno } = record;
  const isQuery = command === "Query" || command === "Execute";
  const ran = (
    <>
      {!isQuery && <span class="muted">{command} </span>}
      {statement === "" ? <span class="muted">nothing</span> : <code class="clamped">{statement}</code>}
      {errno !== undefined && errno !== 0 && <span class="field-error">Error {errno}</span>}
    </>
  );
  return (
    <>
      <tr>
        <th scope="row">
          <button
            type="button"
            class="fold"
            aria-expanded={isOpen}
            onClick={() => setOpen(!isOpen)}
            {...stop("more")}
          >
            <time dateTime={time} title={time}>
              {formatPrecise(time)}
            </time>
          </button>
          <span class="row-statement">{ran}</span>
        </th>
        {!isOfSession && (
          <td>
            <a href={sessionPath(captureId, place, record)} {...stop("session")}>
              {formatWho(user, host)}
            </a>
            <span class="muted count-below">thread {threadId}</span>
          </td>
        )}
        {isTimed && (
          <td class="number">{durationMicros === undefined ? "" : formatMicros(durationMicros)}</td>
        )}
        <td class="middle">{ran}</td>
      </tr>
      {isOpen && (
        <tr class="opened">
          <td colSpan={columns}>
            {statement !== "" && <Sql text={statement} what="The statement" />}
            {record.truncated && <p class="hint">The log has only the beginning of this statement.</p>}
            <Facts record={record} />
            <p class="actions">
              {record.fingerprint !== undefined && (
                <a href={studyPath(captureId, "statements", place, { item: record.fingerprint })}>
                  All of this statement
                </a>
              )}
              {!isOfSession && <a href={sessionPath(captureId, place, record)}>All of this session</a>}
            </p>
          </td>
        </tr>
      )}
    </>
  );
}

const sessionPath = (captureId: number, place: Place, { threadId, log }: WorkloadRecord): string =>
  studyPath(
    captureId,
    "sessions",
    { query: new URLSearchParams() },
    {
      item: String(threadId),
      log: place.query.get("log") ?? log,
    },
  );

/** Whose a session is and from where, as far as it is known. */
export const formatWho = (user: string | null, host: string | null): string =>
  user === null && host === null ? "not known" : `${user ?? "?"}@${host ?? "?"}`;

function Facts({ record }: { record: WorkloadRecord }) {
  const { db, command, lockMicros, rowsSent, rowsExamined, rowsAffected, errno, tags, routine } = record;
  const amount = (value: number | undefined) => (value === undefined ? null : formatCount(value));
  const facts: [string, string | null][] = [
    ["Command", command],
    ["Database", db ?? null],
    ["Lock time", lockMicros === undefined ? null : formatMicros(lockMicros)],
    ["Rows sent", amount(rowsSent)],
    ["Rows examined", amount(rowsExamined)],
    ["Rows changed", amount(rowsAffected)],
    ["Error", errno ? String(errno) : null],
    ["In", routine ?? null],
    ["Notes", notesOf(record).join(", ") || null],
    ...Object.entries(tags ?? {}).map(([key, value]): [string, string] => [`Tag ${key}`, value]),
  ];
  return (
    <dl class="facts">
      <FactRows facts={facts} />
    </dl>
  );
}

/** What a slow log says of how a statement ran, in words. */
function notesOf(record: WorkloadRecord): string[] {
  const { fullScan, fullJoin, filesort, tmpTables, tmpDiskTables, queryCacheHit, killed } = record;
  const notes: [unknown, string][] = [
    [fullScan, "read a whole table"],
    [fullJoin, "joined without an index"],
    [filesort, "sorted without an index"],
    [tmpDiskTables, "made temporary tables on disk"],
    [tmpTables && !tmpDiskTables, "made temporary tables"],
    [queryCacheHit, "answered by the query cache"],
    [killed, "was killed"],
  ];
  return notes.filter(([holds]) => holds).map(([, words]) => words);
}
