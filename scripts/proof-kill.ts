import { deepStrictEqual, ok } from "node:assert";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { isDeepStrictEqual, parseArgs } from "node:util";
import { type Left, violations } from "../bench/soak/history.ts";
import type { Capture, CaptureEvent, Workload } from "../src/client/index.ts";
import { Dice } from "../test/local-aws/random.ts";
import { PARAMETER_FILE } from "../test/local-aws/server.ts";
import { check, report, show } from "./lib/checks.ts";
import { control } from "./lib/control.ts";
import { DemoUser } from "./lib/demo-user.ts";
import { Captures, type Made } from "./lib/kill/captures.ts";
import { type GeneratedRecord, judgeRecording, type Verdict } from "./lib/kill/judge.ts";
import { workerdOf } from "./lib/kill/workerd.ts";
import { LOCAL_AWS } from "./lib/local.ts";
import { tryPort } from "./lib/ports.ts";
import { startProcess, stopGroup } from "./lib/service.ts";

/*
 * `npm run proof:kill`: the whole service is killed with -9 and started again, `--kills` times (50), while captures of a MySQL
 * and a MariaDB of the local AWS are made, start, run, end and are archived. The local AWS is a process of its own that lives on. When
 * comes from `--seed`, which is printed, and from the machine. Then every capture is judged: its history, and its records by what
 * the local AWS's clients did.
 */

/** Statements a second: enough that reading the log takes long enough to be killed in the middle. */
const RATE = 400;
/** A random kill comes within this time: sometimes before the first alarm of the restarted service, sometimes after. */
const RANDOM_WITHIN_MS = 12_000;
/** A kill during a start, after the capture was made. */
const START_WITHIN_MS = 1500;
/** A kill while the log is read, after the reading began. */
const READING_WITHIN_MS = 300;
/** How long requests are repeated: a killed service is back within seconds. */
const PATIENCE_MS = 120_000;
/** How long a lease may take to restore a parameter group once all captures have ended. */
const RESTORED_WITHIN_MS = 120_000;
/** Metrics are archived six minutes after a capture's last move; an attempt that was killed is made again five minutes later. */
const ARCHIVED_WITHIN_MS = 15 * 60_000;
const MAX_SHOWN = 5;

/** One group has values of its own, which are to be restored; in the other the parameters are to be reset. */
const PARAMETERS = {
  "demo-mariadb-params": {
    general_log: { value: "0", applyMethod: "immediate" },
    log_output: { value: "TABLE", applyMethod: "immediate" },
  },
};
const ENVIRONMENTS = { mysql: LOCAL_AWS.instance, mariadb: LOCAL_AWS.mariadb };
type Environment = keyof typeof ENVIRONMENTS;

const { kills, seed } = options();
console.log(`Killing the service ${kills} times with --seed ${seed}`);
const folder = mkdtempSync(join(tmpdir(), "captures-kill-"));
const parameterFile = join(folder, PARAMETER_FILE);
writeFileSync(parameterFile, JSON.stringify(PARAMETERS));
const [port, awsPort] = [await tryPort(0), await tryPort(0)];
const awsUrl = `http://127.0.0.1:${awsPort}`;
const { accessKeyId } = LOCAL_AWS.customer;

const aws = await startProcess(
  process.execPath,
  ["test/local-aws/main.ts", "--port", String(awsPort), "--persist-to", folder],
  `Local AWS on ${awsUrl}`,
);
let service = await start();
try {
  await prove(new DemoUser(`http://localhost:${port}`, PATIENCE_MS));
} finally {
  await stopGroup(service, "SIGKILL");
  await stopGroup(aws, "SIGTERM");
  rmSync(folder, { recursive: true, force: true });
}
report();

function options(): { kills: number; seed: number } {
  const { values } = parseArgs({ options: { kills: { type: "string" }, seed: { type: "string" } } });
  const kills = Number(values.kills ?? 50);
  const seed = Number(values.seed ?? Math.floor(Math.random() * 1e6));
  if (Number.isSafeInteger(kills) && kills > 0 && Number.isSafeInteger(seed)) return { kills, seed };
  console.error("--kills must be a whole number above 0, --seed a whole number");
  process.exit(1);
}

/** What the figures count. */
interface Figures {
  kills: number;
  captures: number;
  /** Captures that are not there, were made twice, failed, or whose history or end is not what was said. */
  lost: number;
  /** Captures that have not ended, or whose metrics are not archived although their time has long come. */
  stuck: number;
  /** Statements that clients ran in a capture's window, and that are neither stored nor in a gap that it reports. */
  "statements lost unreported": number;
  /** Parameter groups that are not as they were before. */
  "logs left on": number;
}

async function prove(user: DemoUser): Promise<void> {
  const dice = new Dice(seed);
  for (const instance of Object.values(ENVIRONMENTS)) {
    await control(awsUrl, "PUT", "workload", { accessKeyId, instance, rate: RATE, seed });
  }
  for (const [name, instance] of Object.entries(ENVIRONMENTS)) await user.createEnvironment(name, instance);
  const captures = new Captures(user, new Dice(seed + 1), Object.keys(ENVIRONMENTS) as [string, string]);
  await captures.makeAll();
  const killed = new AbortController();
  const making = captures.run(killed.signal);
  for (let n = 1; n <= kills; n++) await kill(n, dice, user, captures);
  killed.abort();
  await making;
  const left = await captures.drain();
  await judge(user, captures, left);
}

/** A moment to kill at, and what is killed. */
interface Blow {
  when: string;
  come(): Promise<unknown>;
  /** All processes of the service; otherwise only workerd, which Wrangler starts again at once. */
  isWhole?: true;
}

/** Waits for a moment of one of the kinds, by turns, then kills the service, which is started again. */
async function kill(n: number, dice: Dice, user: DemoUser, captures: Captures): Promise<void> {
  const blows: Blow[] = [
    { when: "at a random moment", come: () => pause(dice.below(RANDOM_WITHIN_MS)) },
    { when: "amid a reading of the log", come: () => nextReading(dice) },
    {
      when: "while a capture starts",
      come: () => captures.make().then(() => pause(dice.below(START_WITHIN_MS))),
    },
    { when: "at a random moment", come: () => pause(dice.below(RANDOM_WITHIN_MS)), isWhole: true },
    { when: "while a capture ends", come: () => captures.stopOne().then(() => nextReading(dice)) },
  ];
  const { when, come, isWhole } = blows[(n - 1) % blows.length] as Blow;
  await come();
  const before = Date.now();
  const workerd = isWhole ? undefined : workerdOf(folder);
  if (workerd === undefined) {
    await stopGroup(service, "SIGKILL");
    service = await start();
  } else process.kill(workerd, "SIGKILL");
  await user.captures(Object.keys(ENVIRONMENTS));
  const what = workerd === undefined ? "everything" : "workerd";
  console.log(
    `        kill ${n}: ${what}, ${when}; back after ${((Date.now() - before) / 1000).toFixed(1)} s`,
  );
}

/** `npm run dev` without its build, which npm run has made. */
function start(): ReturnType<typeof startProcess> {
  return startProcess(process.execPath, ["scripts/dev.ts"], `Captures runs on http://localhost:${port}`, {
    PORT: String(port),
    AWS_ENDPOINT_URL: awsUrl,
    PERSIST_TO: join(folder, "state"),
  });
}

/** Waits until the service asks for a stretch of the log: what it does with it is still to come. */
async function nextReading(dice: Dice): Promise<void> {
  await control(awsUrl, "DELETE", `requests?accessKeyId=${accessKeyId}`);
  for (let i = 0; i < 6000; i++) {
    const { requests } = await control<{ requests: { action: string }[] }>(
      awsUrl,
      "GET",
      `requests?accessKeyId=${accessKeyId}`,
    );
    if (requests.some(({ action }) => action === "DownloadDBLogFilePortion")) {
      return pause(dice.below(READING_WITHIN_MS));
    }
    await pause(10);
  }
  throw new Error("The log was not read for a minute");
}

async function judge(user: DemoUser, captures: Captures, left: readonly Capture[]): Promise<void> {
  const { made } = captures;
  const all = new Map(left.map((capture) => [capture.id, capture]));
  const lost = new Map<number, string>();
  for (const id of new Set(made.keys()).symmetricDifference(all)) {
    lost.set(id, all.has(id) ? "was made twice" : "is gone");
  }
  const verdicts = new Map<number, Verdict>();
  const gaps = new Map<number, Workload["gaps"]>();
  const stuck: string[] = [];
  let archived = 0;
  for (const mine of made.values()) {
    const capture = all.get(mine.id);
    if (capture === undefined) continue;
    if (capture.status !== "DONE" && capture.status !== "FAILED") {
      stuck.push(`capture ${mine.id} is ${capture.status}`);
      continue;
    }
    const events = await user.events(mine.id);
    if ((await user.metricsSource(mine.id)) === "archive") archived++;
    else if (Date.parse(events.at(-1)?.time ?? "") < Date.now() - ARCHIVED_WITHIN_MS)
      stuck.push(`capture ${mine.id}'s metrics are not archived`);
    const wrong = wrongHistory(events, mine, capture);
    if (capture.status === "FAILED") wrong.push(`failed: ${capture.reason}`);
    const moves = events.map(({ to, time }) => `${to} ${time}`).join(", ");
    if (wrong.length > 0) lost.set(mine.id, `${wrong.join("; ")}; its moves: ${moves}`);
    if (capture.start === null || capture.end === null) continue;
    gaps.set(mine.id, (await user.workload(mine.id)).gaps);
    verdicts.set(mine.id, await judgeRecords(user, mine, capture));
  }
  const count = (of: (verdict: Verdict) => number) =>
    verdicts.values().reduce((sum, verdict) => sum + of(verdict), 0);
  const shown = (of: (verdict: Verdict) => readonly object[]) =>
    [...verdicts].flatMap(([id, verdict]) => {
      const [first] = of(verdict);
      if (first === undefined) return [];
      const { start, end } = all.get(id) as Capture;
      const window = `capture ${id} of ${made.get(id)?.environment}, ${start} to ${end}`;
      const itsGaps = gaps.get(id)?.map(({ from, to, cause }) => `${from} to ${to} (${cause})`) ?? [];
      return `${window}: ${of(verdict).length}, such as ${show(first)}; its gaps: ${itsGaps.join(", ")}`;
    });
  const leftOn = await notRestored();

  await check(`${made.size} captures are there, each once, and none failed`, () =>
    none([...lost].map(([id, why]) => `capture ${id} ${why}`)),
  );
  await check(`all have ended, and the metrics of ${archived} are archived so far`, () => none(stuck));
  await check(
    `${count(({ stored }) => stored)} records were stored, ` +
      `${count(({ excused }) => excused)} are in gaps that are reported, none is missing otherwise`,
    () => none(shown((verdict) => verdict.lost)),
  );
  await check("nothing is stored twice, out of order or altered", () => none(shown(({ strays }) => strays)));
  await check("nothing is stored as another's", () => none(shown(({ misattributed }) => misattributed)));
  await check("no password is stored", () => none(shown(({ leaked }) => leaked)));
  await check("no gap is reported where nothing is missing", () => none(shown(({ needless }) => needless)));
  await check("the parameter groups are as they were", () => none(leftOn));
  const figures: Figures = {
    kills,
    captures: made.size,
    lost: lost.size,
    stuck: stuck.length,
    "statements lost unreported": count((verdict) => verdict.lost.length),
    "logs left on": leftOn.length,
  };
  console.log(
    Object.entries(figures)
      .map(([what, figure]) => `${what}: ${figure}`)
      .join(", "),
  );
}

/** What is wrong with a capture's transitions, and with its end. */
function wrongHistory(events: readonly CaptureEvent[], mine: Made, capture: Capture): string[] {
  const time = (text: string | null) => (text === null ? null : Date.parse(text));
  const row: Left = {
    status: capture.status,
    start: time(capture.start),
    end: time(capture.end),
    scheduledStart: time(capture.scheduledStart),
    scheduledEnd: time(capture.scheduledEnd),
    deletedAt: null,
    reason: capture.reason,
  };
  const moves = events.map(({ actor, ...move }) => ({
    ...move,
    time: Date.parse(move.time),
    actor: actor.type,
  }));
  const wrong = violations(row, moves, { stopped: mine.isStopped, deleted: false });
  const promised = mine.isStopped ? mine.stoppedAt : capture.scheduledEnd;
  if (promised !== null && capture.end !== promised)
    wrong.push(`it ended at ${capture.end}, not at ${promised}`);
  return wrong;
}

async function judgeRecords(user: DemoUser, mine: Made, capture: Capture): Promise<Verdict> {
  const [start, end] = [Date.parse(capture.start as string), Date.parse(capture.end as string)];
  const summary = await user.workload(mine.id);
  const records = await user.records(mine.id);
  await check(`capture ${mine.id}'s manifest counts what is stored`, () => {
    deepStrictEqual(summary.records, records.length);
    ok(summary.gaps.length === summary.gapCount, "It has more gaps than it names");
  });
  const generated = await generatedIn(mine.environment as Environment, start, end);
  return judgeRecording(generated, { start, end, gaps: summary.gaps, records });
}

/** What the clients of an instance did, from the beginning of a second on: MariaDB's times have no parts of one. */
async function generatedIn(environment: Environment, start: number, end: number): Promise<GeneratedRecord[]> {
  const from = environment === "mariadb" ? Math.floor(start / 1000) * 1000 : start;
  const window = { accessKeyId, instance: ENVIRONMENTS[environment], from: String(from), to: String(end) };
  const path = `workload?${new URLSearchParams(window)}`;
  const { records } = await control<{ records: GeneratedRecord[] }>(awsUrl, "GET", path);
  return records;
}

/** What is set in the parameter groups, as the local AWS keeps it on disk. */
function parameters(): object {
  return JSON.parse(readFileSync(parameterFile, "utf8"));
}

/** The instances whose log is still on, or whose parameter group has other values than at first. */
async function notRestored(): Promise<string[]> {
  const deadline = Date.now() + RESTORED_WITHIN_MS;
  for (;;) {
    const wrong = isDeepStrictEqual(parameters(), PARAMETERS)
      ? []
      : [`The groups have ${show(parameters())}`];
    for (const instance of Object.values(ENVIRONMENTS)) {
      const path = `log-files?${new URLSearchParams({ accessKeyId, instance })}`;
      const { isLogging } = await control<{ isLogging: boolean }>(awsUrl, "GET", path);
      if (isLogging) wrong.push(`${instance} still logs`);
    }
    if (wrong.length === 0 || Date.now() > deadline) return wrong;
    await pause(1000);
  }
}

function none(problems: readonly string[]): void {
  if (problems.length === 0) return;
  const more = problems.length > MAX_SHOWN ? [`and ${problems.length - MAX_SHOWN} more`] : [];
  throw new Error([...problems.slice(0, MAX_SHOWN), ...more].join("\n        "));
}
