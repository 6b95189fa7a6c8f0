import { type Account, type Accounts, nowOf } from "./accounts.ts";
import { logBodies, logKey } from "./control-log-schema.ts";
import {
  accountOf,
  ControlError,
  type Input,
  PlainText,
  type Route,
  withoutUndefined,
} from "./control-route.ts";
import type { Instance } from "./instances.ts";
import { logFiles, logsOf, settleParameters } from "./logging.ts";
import type { InstanceLog } from "./logs/instance-log.ts";
import { LIVE_FILES, LOG_NAMES, type LogName, type LogSource, logNameOf } from "./logs/log-source.ts";
import { CONTROLS, DEFAULT_BEHAVIOUR, PENDING } from "./logs/portion.ts";
import { FULL } from "./logs/slow-settings.ts";
import { generatedEntries } from "./logs/slow-workload.ts";
import { NOTHING_WRITTEN, slowSource } from "./logs/text-source.ts";
import { generatedRecords, generatedText } from "./logs/workload.ts";

const STREAM_CHUNK_BYTES = 256 * 1024;

/** How a call says which log it means: the general one, if it does not. */
const WHICH = `[&log=${LOG_NAMES.join("|")}]`;

/** What the control API can do to parameters on their way and to logs. */
export const LOG_ROUTES: readonly Route[] = [
  {
    method: "PUT",
    path: "parameter-application",
    about:
      "how parameter changes from now on take effect: {accessKeyId, delayMs?, staleMs?, fails?}; staleMs: how long " +
      "DescribeDBInstances still says in-sync",
    run: changeApplication,
  },
  {
    method: "PUT",
    path: "workload",
    about:
      "change what an instance's clients do: {accessKeyId, instance, seed?, rate?, long?: {bytes, everySeconds}|null, " +
      "deaf?}; rate: statements per second, 0 stops them; deaf: whether sessions that connected before the slow log was " +
      "switched on write nothing to it",
    run: changeWorkload,
  },
  {
    method: "GET",
    path: "workload",
    about:
      "what the clients do in a window, whether or not it is logged: ?accessKeyId=&instance=&from=&to= (epoch " +
      `milliseconds or ISO 8601, to is excluded)${WHICH}; of the slow log: what ends in the window, with what it cost, as the ` +
      "server's parameters have it written",
    run: showWorkload,
  },
  {
    method: "POST",
    path: "log-history",
    about:
      "fill both logs of an instance as if they had been on for some time of the past, if it has not logged yet: " +
      "{accessKeyId, instance, from, to} (epoch milliseconds or ISO 8601); the slow log with all that the server can say",
    run: recall,
  },
  {
    method: "POST",
    path: "log",
    about:
      "write to an instance's live log: {accessKeyId, instance, text} as it is, or {…, records: [{timeMicros?, " +
      "threadId, command, statement}]} in the engine's form; text also with log: slow",
    run: append,
  },
  {
    method: "GET",
    path: "log",
    about: `the whole text of a log's files, oldest first, or of one: ?accessKeyId=&instance=[&logFileName=]${WHICH}`,
    run: showText,
  },
  {
    method: "GET",
    path: "log-files",
    about:
      "the files of an instance's log, oldest first, whether it logs, how, and what happened to a real server's file: " +
      `?accessKeyId=&instance=${WHICH}`,
    run: showFiles,
  },
  {
    method: "DELETE",
    path: "log-files",
    about: "lose a log file, of either log: ?accessKeyId=&instance=&logFileName=",
    run: lose,
  },
  {
    method: "POST",
    path: "log-rotations",
    about:
      "change the hour now: {accessKeyId, instance, log?, suffix?: date|hour, gapMs?}; suffix and gapMs, for how long " +
      "the live file is missing, hold for later hours too",
    run: rotate,
  },
  {
    method: "POST",
    path: "log-truncations",
    about: "cut the live log's end off: {accessKeyId, instance, log?, size}",
    run: truncate,
  },
  {
    method: "PUT",
    path: "log-portions",
    about:
      "let DownloadDBLogFilePortion answer as people have met it: {accessKeyId, instance, " +
      `pending?: ${PENDING.join("|")}, controls?: ${CONTROLS.join("|")}, refusesBinary?}`,
    run: changePortions,
  },
];

/** What names a log of an instance. */
interface Key {
  accessKeyId: string;
  instance: string;
  /** The general log, if nobody says. */
  log?: LogName | undefined;
}

/** An instance with logs, one of them, and the account's time. */
interface Found {
  account: Account;
  instance: Instance;
  name: LogName;
  log: InstanceLog;
  now: number;
}

function changeApplication(accounts: Accounts, { values }: Input): void {
  const { accessKeyId, ...changes } = logBodies.application.parse(values);
  const account = accountOf(accounts, { accessKeyId });
  settleParameters(account, nowOf(account));
  account.parameterApplication = { ...account.parameterApplication, ...withoutUndefined(changes) };
}

function changeWorkload(accounts: Accounts, { values }: Input): unknown {
  const { accessKeyId, instance, long, ...changes } = logBodies.workload.parse(values);
  const { account, log, now } = findOwn(accounts, { accessKeyId, instance });
  const workload = { ...log.workload, ...withoutUndefined(changes) };
  if (long !== undefined) workload.long = long ?? undefined;
  account.logs.get(instance)?.slow.changeWorkload(workload, now);
  const from = log.changeWorkload(workload, now);
  return { ...workload, from };
}

function showWorkload(accounts: Accounts, { values }: Input): unknown {
  const { from, to, ...key } = logBodies.window.parse(values);
  const { log, name } = find(accounts, key);
  const window = { ...log.workload, from, to };
  if (name === "general") return { records: generatedRecords(window), text: generatedText(window) };
  const { text } = slowSource(log.workload, log.settings).write({ from, to }, NOTHING_WRITTEN);
  return { entries: generatedEntries(window, log.settings), text };
}

function recall(accounts: Accounts, { values }: Input): void {
  const { from, to, ...key } = logBodies.history.parse(values);
  const { account, instance, now } = findOwn(accounts, key);
  if (to > now) throw new ControlError(409, "to: is in the future");
  const logs = logsOf(account, instance, now);
  const isRecalled = LOG_NAMES.map((log) => logs?.[log].recall(from, to, FULL));
  if (!isRecalled.every((is) => is === true)) throw new ControlError(409, "The instance has logged before");
}

function append(accounts: Accounts, { values }: Input): void {
  const { text, records = [], ...key } = logBodies.append.parse(values);
  const { log, now } = findOwn(accounts, key);
  if (!log.isLogging) throw new ControlError(409, "The instance does not log to a file");
  const timed = records.map((record) => ({ ...record, timeMicros: record.timeMicros ?? now * 1_000 }));
  const isWritten = log.append(text === undefined ? timed : Buffer.from(text), now);
  if (!isWritten) throw new ControlError(507, "The live file holds as much as the local AWS keeps");
}

function showText(accounts: Accounts, { values }: Input): unknown {
  const { logFileName, ...key } = logBodies.text.parse(values);
  const files = filesOf(find(accounts, key)).filter(
    ({ name }) => logFileName === undefined || name === logFileName,
  );
  if (logFileName !== undefined && files.length === 0) throw noFile(logFileName);
  return new PlainText(streamAll(files));
}

function showFiles(accounts: Accounts, { values }: Input): unknown {
  const found = find(accounts, logKey.parse(values));
  const files = filesOf(found).map(({ name, size, lastWritten }) => ({
    logFileName: name,
    size,
    lastWritten,
  }));
  const { account, instance, name, log } = found;
  const notices = account.diskLogs.get(instance.identifier)?.[name]?.notices ?? [];
  const settings = name === "slow" ? { settings: log.settings } : {};
  return { isLogging: log.isLogging, ...settings, files, notices };
}

function lose(accounts: Accounts, { values }: Input): void {
  const { logFileName, ...key } = logBodies.file.parse(values);
  const { log, now } = findOwn(accounts, { ...key, log: logNameOf(logFileName) });
  if (!log.lose(logFileName, now)) throw noFile(logFileName);
}

function rotate(accounts: Accounts, { values }: Input): unknown {
  const { suffix, gapMs, ...key } = logBodies.rotation.parse(values);
  const { log, name, now } = findOwn(accounts, key);
  if (suffix !== undefined) log.suffixStyle = suffix;
  if (gapMs !== undefined) log.rotationGapMs = gapMs;
  const renamed = log.rotate(now);
  if (renamed === undefined) throw noFile(LIVE_FILES[name]);
  return { logFileName: renamed.name };
}

function truncate(accounts: Accounts, { values }: Input): void {
  const { size, ...key } = logBodies.truncation.parse(values);
  const { log, name, now } = findOwn(accounts, key);
  if (!log.truncate(size, now)) {
    throw new ControlError(409, `There is no ${LIVE_FILES[name]} of ${size} bytes`);
  }
}

function changePortions(accounts: Accounts, { values }: Input): void {
  const { accessKeyId, instance, ...behaviour } = logBodies.portions.parse(values);
  const { account } = find(accounts, { accessKeyId, instance });
  const before = account.portionBehaviour.get(instance) ?? DEFAULT_BEHAVIOUR;
  account.portionBehaviour.set(instance, { ...before, ...withoutUndefined(behaviour) });
}

function find(accounts: Accounts, key: Key): Found {
  const account = accountOf(accounts, key);
  const instance = account.instances.get(key.instance);
  if (instance === undefined) throw new ControlError(404, `The account has no instance ${key.instance}`);
  const now = nowOf(account);
  const logs = logsOf(account, instance, now);
  if (logs === undefined) throw new ControlError(409, `${instance.engine} has no general log`);
  const name = key.log ?? "general";
  return { account, instance, name, log: logs[name], now };
}

/** The same, of an instance whose log is of the local AWS's own making. */
function findOwn(accounts: Accounts, key: Key): Found {
  const found = find(accounts, key);
  if (found.account.diskLogs.get(found.instance.identifier)?.[found.name] !== undefined) {
    throw new ControlError(
      409,
      "The log of this instance is a real server's file: only that server writes to it",
    );
  }
  return found;
}

/** A log's files, oldest first: by their hours, since their names don't sort so. */
function filesOf({ account, instance, name: log, now }: Found): LogSource[] {
  return logFiles(account, instance, now)
    .filter(({ name }) => logNameOf(name) === log)
    .sort((a, b) => a.hour - b.hour);
}

function* streamAll(files: readonly LogSource[]): Iterable<Buffer> {
  for (const file of files) yield* file.stream(STREAM_CHUNK_BYTES);
}

function noFile(name: string): ControlError {
  return new ControlError(404, `The instance has no log file ${name}`);
}
