import { deepStrictEqual, ok } from "node:assert";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { WorkloadDigest } from "../../src/client/index.ts";
import { digestOf } from "../../src/sql-text/normalize/normalize.ts";
import { check } from "./checks.ts";
import type { Database, SlowEntry } from "./database.ts";
import { type CapturedRecord, type DemoUser, readRecords } from "./demo-user.ts";
import { microsOf } from "./micros.ts";
import { ptQueryDigest } from "./pt-query-digest.ts";

/*
 * What a capture has of a server's slow query log, compared with the server's own log: entry by entry, and the total time of
 * each digest. pt-query-digest is a second judge of the capture's log: of the server's own it misreads some (a statement
 * `SET timestamp` or `SET insert_id` derails it).
 */

/** How far totals may be from the server's own: those of a digest, and of all. */
const TOLERANCE = 0.01;
/** Passwords, and what stands in their place in a capture, with all quotes around them. */
const SECRET = /'*(?:S3cret-[\w-]+|<secret>)'*/g;

/** A record of the slow log as it is downloaded. */
interface SlowRecord extends CapturedRecord {
  durationMicros: number;
  rowsSent: number;
  rowsExamined: number;
}

/**
 * Compares what a capture has with the server's slow log.
 * @param id a capture of both logs that is done
 * @param general what it has of the general log
 * @param mark what the statements hold that were executed during the capture, and no others
 * @param window when it started and ended, in milliseconds since the epoch
 * @param folder where pt-query-digest finds its file
 */
export async function proveSlowLog(
  user: DemoUser,
  id: number,
  database: Database,
  general: readonly CapturedRecord[],
  mark: string,
  window: { start: number; end: number },
  folder: string,
): Promise<void> {
  const records = (await readRecords(await user.api.captures.download(id, { log: "slow" }))) as SlowRecord[];
  const server = database.readSlowLog();
  const isInside = (entry: SlowEntry, marginMs: number) =>
    endMs(entry) >= window.start + marginMs && endMs(entry) < window.end - marginMs;
  const digests = await user.api.captures.digest(id, { limit: 100, order: "time" });

  await check(`${records.length} entries of the slow log are the server's own, one by one`, () => {
    const captured = countsOf(records.map(keyOfRecord));
    const own = countsOf(server.filter((entry) => isInside(entry, -1_000)).map(keyOfEntry));
    const foreign = [...captured].filter(([key, count]) => count > (own.get(key) ?? 0));
    deepStrictEqual(foreign.slice(0, 3), []);
    const sure = countsOf(server.filter((entry) => isInside(entry, 1_000)).map(keyOfEntry));
    const missing = [...sure].filter(([key, count]) => count > (captured.get(key) ?? 0));
    deepStrictEqual(missing.slice(0, 3), []);
    ok(sure.size > 100, "There is not enough in the slow log for a proof");
  });

  await check("the statements executed during the capture are in both logs", () => {
    const isMarked = ({ statement }: CapturedRecord) => statement.includes(mark);
    // EXECUTE by name is in the general log beside the statement that it executes.
    const ran = general.filter(({ command, statement }) =>
      command === "Query" ? !/^execute\b/i.test(statement) : command === "Execute",
    );
    deepStrictEqual(records.filter(isMarked).map(textOf).sort(), ran.filter(isMarked).map(textOf).sort());
  });

  await check("each digest's total time is within 1 % of the server's own log", () => {
    // The same second of start and end as above: those entries are counted that the capture has.
    const captured = new Set(records.map(keyOfRecord));
    const own = new Map<string, number>();
    for (const entry of server.filter((one) => captured.has(keyOfEntry(one)))) {
      const { text } = digestOf(withoutSecrets(entry.statement), database.dialect);
      add(own, text, entry.micros);
    }
    ok(digests.length >= 10, "There are not enough digests for a proof");
    for (const entry of digests) compareTotal(entry, own.get(entry.digest));
  });

  await check(
    "pt-query-digest finds the same statements and the same time in the capture's log",
    async () => {
      const file = join(folder, "slow.log");
      const download = await user.api.captures.download(id, { log: "slow", format: "log" });
      writeFileSync(file, await download.text());
      const found = await ptQueryDigest("slowlog", file);
      const foundMicros = Number(found.metrics.Query_time.sum) * 1e6;
      // It leaves out empty statements.
      const statements = records.filter(({ statement }) => statement !== "");
      const micros = statements.reduce((sum, { durationMicros }) => sum + durationMicros, 0);
      deepStrictEqual(found.query_count, statements.length);
      ok(isNear(foundMicros, micros), `It finds ${foundMicros} µs, and the capture has ${micros}`);
    },
  );

  await check(
    "the workload says of each log what was recorded, and how much of the statements was timed",
    async () => {
      const { logs, log } = await user.workload(id);
      deepStrictEqual([log, logs.map(({ log: name }) => name)], ["both", ["general", "slow"]]);
      deepStrictEqual(logs.find(({ log: name }) => name === "slow")?.records, records.length);
      ok(
        digests.some(({ timedShare }) => timedShare !== undefined && timedShare > 0.9),
        "No statement was timed",
      );
    },
  );
}

function compareTotal({ digest, totalMicros, calls }: WorkloadDigest, own: number | undefined): void {
  // Passwords are others in the capture: these statements are compared one by one above.
  if (totalMicros === undefined || digest.includes("secret")) return;
  ok(
    own !== undefined && isNear(totalMicros, own),
    `${digest.slice(0, 200)} took ${totalMicros} µs in ${calls} calls, and ${own} µs in the server's log`,
  );
}

/** The slow log has statements without the blanks around them. */
const textOf = ({ threadId, statement }: CapturedRecord) => `${threadId} ${statement.trim()}`;

const isNear = (a: number, b: number) => Math.abs(a - b) <= Math.max(a, b) * TOLERANCE;

function add(sums: Map<string, number>, key: string, amount: number): void {
  sums.set(key, (sums.get(key) ?? 0) + amount);
}

/** How often each key is there. */
function countsOf(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) add(counts, key, 1);
  return counts;
}

/** When an entry ended as far as the log says, in milliseconds since the epoch. */
const endMs = ({ endMicros }: SlowEntry) => endMicros / 1000;

function keyOfEntry(entry: SlowEntry): string {
  const { endMicros, threadId, micros, rowsSent, rowsExamined, statement } = entry;
  return JSON.stringify([endMicros, threadId, micros, rowsSent, rowsExamined, withoutSecrets(statement)]);
}

function keyOfRecord({
  time,
  threadId,
  durationMicros,
  rowsSent,
  rowsExamined,
  statement,
}: SlowRecord): string {
  return JSON.stringify([
    microsOf(time),
    threadId,
    durationMicros,
    rowsSent,
    rowsExamined,
    withoutSecrets(statement),
  ]);
}

const withoutSecrets = (statement: string) => statement.replaceAll(SECRET, "?");
