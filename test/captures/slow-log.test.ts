import { describe, expect, it } from "vitest";
import type { Capture } from "../../src/captures/replies.ts";
import { redactSecrets } from "../../src/sql-text/redact/redact.ts";
import type { Workload, WorkloadDigest, WorkloadSeries } from "../../src/workload/replies.ts";
import type { StoredRecord } from "../../src/workload/stored/fragment-line.ts";
import { parseTime } from "../../src/workload/stored/time.ts";
import { type GeneratedEntry, generatedEntries } from "../local-aws/logs/slow-workload.ts";
import { createClusterAccount, type LocalAccount } from "../local-aws/test/client.ts";
import { createCapture, createEnvironment, readCapture } from "../support/api.ts";
import { environmentForEachTest } from "../support/each-test.ts";
import { downloadLog, downloadRecords } from "../support/stored-workload.ts";
import { runAlarm, travel, until } from "../support/time.ts";

/*
 * Captures of the slow log from the request to what is shown, of the local AWS's generated workload: its truth is known.
 */

const SECOND = 1000;
const ROUNDS = 12;

const own = environmentForEachTest();

/** A capture that has ended, of an instance whose clients work all the time. */
interface Ended {
  capture: Capture;
  /** What the server wrote of its window to the slow log, but for its first and its last second. */
  entries: GeneratedEntry[];
  workload: Workload;
}

type Engine = "mysql" | "mariadb" | "aurora-mysql";

/** The instance of an engine that is captured: of Aurora, a reader. */
async function instanceOf(engine: Engine): Promise<LocalAccount> {
  if (engine !== "aurora-mysql") return { ...own.aws, instance: `demo-${engine}` };
  return { ...(await createClusterAccount("demo")), instance: "demo-2" };
}

/** Makes a capture of an engine's instance, and lets it run for a while. */
async function captured(engine: Engine, fields: Record<string, unknown>): Promise<Ended> {
  const { admin } = own;
  const aws = await instanceOf(engine);
  const { instance } = aws;
  const generated = await aws.setWorkload(instance, { seed: 5, rate: 20 });
  const { environment } = await createEnvironment(admin, { aws, name: engine });
  const capture = await createCapture(admin, { envId: environment.id, ...fields });
  await until(admin, capture, "RUNNING");
  for (let round = 0; round < ROUNDS; round++) {
    await travel(aws, 2 * SECOND);
    await runAlarm(capture);
  }
  await admin.post(`/api/captures/${capture.id}/stop`);
  await travel(aws, 2 * SECOND);
  await until(admin, capture, "DONE");
  const { start, end } = await readCapture(admin, capture);
  const [from, to] = [Date.parse(start as string), Date.parse(end as string)];
  const entries = generatedEntries({ ...generated, from, to: to + SECOND }).filter(
    ({ user, timeMicros }) =>
      user !== "rdsadmin" && timeMicros >= (from + SECOND) * 1000 && timeMicros < (to - SECOND) * 1000,
  );
  return { capture, entries, workload: await get<Workload>(capture, "") };
}

const get = async <T>({ id }: Capture, path: string) =>
  (await own.admin.get<T>(`/api/captures/${id}/workload${path}`)).body;

/** The records of a download, but for those of the first and the last second. */
async function linesOf(capture: Capture, query = ""): Promise<StoredRecord[]> {
  const { start, end } = await readCapture(own.admin, capture);
  const from = Date.parse(start as string) + SECOND;
  const to = Date.parse(end as string) - SECOND;
  const records = await downloadRecords(own.admin, capture.id, query);
  return records.filter(({ time }) => parseTime(time) >= from * 1000 && parseTime(time) < to * 1000);
}

/** What is compared of a record. */
const shapeOf = (record: {
  timeMicros: number;
  threadId: number;
  command: string;
  statement: string;
  durationMicros?: number;
}) =>
  `${record.timeMicros} ${record.threadId} ${record.command} ${record.durationMicros} ${record.statement}`;

const shapesOfLines = (lines: readonly StoredRecord[]) =>
  lines.map((line) => shapeOf({ ...line, timeMicros: parseTime(line.time) })).sort();
const shapesOfEntries = (entries: readonly GeneratedEntry[]) =>
  entries.map((entry) => shapeOf({ ...entry, statement: redactSecrets(entry.statement) })).sort();

const sumOf = (numbers: readonly (number | null | undefined)[]) =>
  numbers.reduce((sum: number, one) => sum + (one ?? 0), 0);

describe.each(["mysql", "mariadb", "aurora-mysql"] as const)("a capture of the slow log of %s", (engine) => {
  it("has every statement with how long it took, and shows where the time went", async () => {
    const { capture, entries, workload } = await captured(engine, { log: "slow" });
    expect(workload).toMatchObject({ log: "slow", minDuration: 0, gapCount: 0, logs: [{ log: "slow" }] });
    expect(workload.timing).toMatchObject({
      completeSince: expect.any(String),
      before: { slow_query_log: null },
      sessions: expect.stringContaining("reconnect"),
    });
    expect(entries.length).toBeGreaterThan(200);
    expect(shapesOfLines(await linesOf(capture))).toEqual(shapesOfEntries(entries));
    const digests = await get<WorkloadDigest[]>(capture, "/digest?limit=1000");
    const times = digests.map(({ totalMicros }) => totalMicros ?? 0);
    expect(times).toEqual(times.toSorted((a, b) => b - a));
    expect(sumOf(digests.map(({ calls }) => calls))).toBe(workload.statements);
    expect(sumOf(digests.map(({ timeShare }) => timeShare))).toBeCloseTo(1);
    const { step, points } = await get<WorkloadSeries>(capture, "/series");
    expect(step).toBe(10);
    expect(sumOf(points.map(({ statements }) => statements))).toBe(workload.statements);
    expect(sumOf(points.map(({ totalMicros }) => totalMicros))).toBe(sumOf(times));
    const first = digests[0] as WorkloadDigest;
    const ofFirst = await get<WorkloadSeries>(capture, `/series?fingerprint=${first.fingerprint}`);
    expect(sumOf(ofFirst.points.map(({ totalMicros }) => totalMicros))).toBe(first.totalMicros);
    expect(await downloadLog(own.admin, capture.id)).toContain("# Query_time: ");
  });

  it("has those statements only that took as long as it was told", async () => {
    const { capture, entries, workload } = await captured(engine, { log: "slow", minDuration: 2.5 });
    expect(workload).toMatchObject({ log: "slow", minDuration: 2.5 });
    const long = entries.filter(
      ({ command, durationMicros }) => command === "Query" && durationMicros > 2500,
    );
    expect(long.length).toBeGreaterThan(5);
    expect(long.length).toBeLessThan(entries.length);
    const lines = (await linesOf(capture)).filter(({ command }) => command === "Query");
    expect(shapesOfLines(lines)).toEqual(shapesOfEntries(long));
  });
});

describe.each(["mysql", "aurora-mysql"] as const)("a capture of both logs of %s", (engine) => {
  it("has statements from the one and times from the other, and says what part was timed", async () => {
    const { capture, entries, workload } = await captured(engine, { log: "both" });
    expect(workload.logs.map(({ log }) => log)).toEqual(["general", "slow"]);
    const [general, slow] = workload.logs;
    expect(workload).toMatchObject({
      log: "both",
      minDuration: 0,
      records: (general?.records ?? 0) + (slow?.records ?? 0),
      statements: general?.statements,
    });
    expect(shapesOfLines(await linesOf(capture, "?log=slow"))).toEqual(shapesOfEntries(entries));
    const lines = await linesOf(capture);
    expect(lines.every((line) => !("durationMicros" in line))).toBe(true);
    const [first] = await get<WorkloadDigest[]>(capture, "/digest?order=calls");
    expect(first?.timedShare).toBeGreaterThan(0.9);
    const { points } = await get<WorkloadSeries>(capture, "/series");
    expect(sumOf(points.map(({ statements }) => statements))).toBe(general?.statements);
    expect(sumOf(points.map(({ timed }) => timed))).toBe(slow?.statements);
  });
});
