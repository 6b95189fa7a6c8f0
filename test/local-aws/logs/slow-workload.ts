/**
 * The built-in workload as the slow log has it: the same statements as in the general log, with what each of them cost. A
 * pure function too. Nothing here imports Node: the tests run in workerd.
 */
import { Dice, hashText, random } from "../random.ts";
import { type LogForm, logForm } from "./log-format.ts";
import { type Cost, costOf, costOfCommand } from "./slow-costs.ts";
import { EVERYTHING, type SlowSettings } from "./slow-settings.ts";
import { type Spoken, spokenIn, type Window, type Workload } from "./workload.ts";

/** One entry of a workload's slow log, with figures that not every server writes. */
export interface GeneratedEntry extends Cost {
  /** When it began and ended, in microseconds since the epoch. */
  startMicros: number;
  endMicros: number;
  /** When it ended as far as the log tells: for MariaDB the second in which it began, and its duration. */
  timeMicros: number;
  /** Which second the session connected in. */
  connected: number;
  threadId: number;
  user: string;
  host: string;
  database: string | null;
  command: "Query" | "Administrator command";
  /** The statement, or the name of the administrator command; empty for a Field List. */
  statement: string;
}

/** No statement takes longer, in seconds. One that ends in a window may have begun so long before it. */
const LONGEST_SECONDS = 4;
/** The most that a statement takes of the time until its session says something again. */
const SHARE_OF_PAUSE = 0.9;
/** MariaDB logs no commands but statements; MySQL logs these, and no Connect. */
const ADMINISTRATOR_COMMANDS: ReadonlySet<string> = new Set([
  ...["Prepare", "Close stmt", "Init DB", "Quit", "Ping", "Statistics"],
]);

/**
 * The entries that the slow log of a workload gets in a window, in the order of the log: that in which they end.
 * @param settings every statement is written, unless told otherwise
 */
export function generatedEntries(
  { from, to, ...workload }: Workload & Window,
  settings: SlowSettings = EVERYTHING,
): GeneratedEntry[] {
  const entries: GeneratedEntry[] = [];
  if (logForm(workload.engine) === undefined) return entries;
  for (let second = Math.floor(from / 1_000) - LONGEST_SECONDS; second * 1_000 < to; second++) {
    for (const entry of begun(workload, second)) {
      const isInside = entry.endMicros >= from * 1_000 && entry.endMicros < to * 1_000;
      if (isInside && isLogged(entry, workload, settings)) entries.push(entry);
    }
  }
  return entries.sort((a, b) => a.endMicros - b.endMicros || a.startMicros - b.startMicros);
}

function isLogged(entry: GeneratedEntry, { deaf = false }: Workload, settings: SlowSettings): boolean {
  const { thresholdMicros, minExaminedRows, logsFullScans, rateLimit, since } = settings;
  if (deaf && entry.connected * 1_000 < since) return false;
  if (entry.rowsExamined < minExaminedRows) return false;
  if (random(entry.threadId, entry.startMicros) * rateLimit >= 1) return false;
  return entry.durationMicros > thresholdMicros || (logsFullScans && entry.fullScan);
}

const begun = cached(entriesBegunIn);
const spoken = cached(spokenIn);

/** The entries of the statements that begin in a second. */
function entriesBegunIn(workload: Workload, second: number): GeneratedEntry[] {
  const form = logForm(workload.engine) ?? "mysql";
  const dice = new Dice(hashText(`${workload.instance}/${workload.seed}/costs/${second}`));
  const records = spoken(workload, second);
  const pauses = pausesAfter(workload, second, records);
  const latest = new Map<number, Cost>();
  return records.flatMap((record, index) => {
    const entry = entryOf(record, form, dice, pauses[index] ?? 0, latest.get(record.threadId));
    if (entry?.command === "Query") latest.set(record.threadId, entry);
    return entry ?? [];
  });
}

/** How long it is from each record of a second until its session says something again, in microseconds. */
function pausesAfter(workload: Workload, second: number, records: readonly Spoken[]): number[] {
  const last = (second + LONGEST_SECONDS) * 1e6;
  const next = new Map<number, number>();
  for (let later = second + LONGEST_SECONDS - 1; later > second; later--) {
    for (const { threadId, momentMicros } of spoken(workload, later).toReversed()) {
      next.set(threadId, momentMicros);
    }
  }
  return records
    .toReversed()
    .map(({ threadId, momentMicros }) => {
      const pause = (next.get(threadId) ?? last) - momentMicros;
      next.set(threadId, momentMicros);
      return pause;
    })
    .reverse();
}

function entryOf(
  record: Spoken,
  form: LogForm,
  dice: Dice,
  pause: number,
  latest: Cost | undefined,
): GeneratedEntry | undefined {
  const { command, statement, momentMicros, ...session } = record;
  const isStatement = command === "Query" || command === "Execute";
  const isAdministrator = ADMINISTRATOR_COMMANDS.has(command);
  if (!isStatement && (form === "mariadb" || !(isAdministrator || command === "Field List")))
    return undefined;
  const own = costOf(isStatement ? statement : "", dice);
  // The rows of a command are those of the statement before it.
  const { rowsSent, rowsExamined } = latest ?? own;
  const cost = isStatement ? own : costOfCommand(command, dice, { rowsSent, rowsExamined });
  const durationMicros = Math.min(cost.durationMicros, Math.floor(pause * SHARE_OF_PAUSE));
  const began = form === "mysql" ? momentMicros : Math.floor(momentMicros / 1e6) * 1e6;
  return {
    ...session,
    ...cost,
    durationMicros,
    rowLockMicros: Math.min(cost.rowLockMicros, durationMicros),
    tableLockMicros: Math.min(cost.tableLockMicros, durationMicros),
    startMicros: momentMicros,
    endMicros: momentMicros + durationMicros,
    timeMicros: began + durationMicros,
    command: isAdministrator ? "Administrator command" : "Query",
    statement: isAdministrator ? command : isStatement ? statement : "",
  };
}

/** How many seconds are cached: consecutive windows need some of the same seconds. */
const CACHED = 32;

/** Caches the newest results of a function of a workload and a second. Workloads with long statements are not cached. */
function cached<Result>(compute: (workload: Workload, second: number) => Result) {
  const results = new Map<string, Result>();
  return (workload: Workload, second: number): Result => {
    const { instance, engine, seed, rate, long } = workload;
    if (long !== undefined) return compute(workload, second);
    const key = [instance, engine, seed, rate, second].join("/");
    const known = results.get(key);
    if (known !== undefined) return known;
    const result = compute(workload, second);
    results.set(key, result);
    const oldest = results.keys().next();
    if (results.size > CACHED && !oldest.done) results.delete(oldest.value);
    return result;
  };
}
