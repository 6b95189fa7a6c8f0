import { type Account, type Accounts, nowOf } from "./accounts.ts";
import { instanceKey, logBodies } from "./control-log-schema.ts";
import {
  accountOf,
  ControlError,
  type Input,
  PlainText,
  type Route,
  withoutUndefined,
} from "./control-route.ts";
import type { Instance } from "./instances.ts";
import { logFiles, logOf, settleParameters } from "./logging.ts";
import type { InstanceLog } from "./logs/instance-log.ts";
import { LIVE_FILE, type LogSource } from "./logs/log-source.ts";
import { CONTROLS, DEFAULT_BEHAVIOUR, PENDING } from "./logs/portion.ts";
import { generatedRecords, generatedText } from "./logs/workload.ts";

const STREAM_CHUNK_BYTES = 256 * 1024;

/** What the control API can do to parameters on their way and to general logs. */
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
      "change what an instance's clients do: {accessKeyId, instance, seed?, rate?, long?: {bytes, everySeconds}|null}; " +
      "rate: statements per second, 0 stops them",
    run: changeWorkload,
  },
  {
    method: "GET",
    path: "workload",
    about:
      "what the clients do in a window, whether or not it is logged: ?accessKeyId=&instance=&from=&to= (epoch " +
      "milliseconds or ISO 8601, to is excluded)",
    run: showWorkload,
  },
  {
    method: "POST",
    path: "log",
    about:
      "write to an instance's live log: {accessKeyId, instance, text} as it is, or {…, records: [{timeMicros?, " +
      "threadId, command, statement}]} in the engine's form",
    run: append,
  },
  {
    method: "GET",
    path: "log",
    about:
      "the whole text of an instance's general log files, oldest first, or of one: ?accessKeyId=&instance=[&logFileName=]",
    run: showText,
  },
  {
    method: "GET",
    path: "log-files",
    about:
      "an instance's general log files, oldest first, whether it logs, and what happened to a real server's file: " +
      "?accessKeyId=&instance=",
    run: showFiles,
  },
  {
    method: "DELETE",
    path: "log-files",
    about: "lose a log file: ?accessKeyId=&instance=&logFileName=",
    run: lose,
  },
  {
    method: "POST",
    path: "log-rotations",
    about:
      "change the hour now: {accessKeyId, instance, suffix?: date|hour, gapMs?}; suffix and gapMs, for how long the " +
      "live file is missing, hold for later hours too",
    run: rotate,
  },
  {
    method: "POST",
    path: "log-truncations",
    about: "cut the live log's end off: {accessKeyId, instance, size}",
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

/** An instance with a general log, and the account's time. */
interface Found {
  account: Account;
  instance: Instance;
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
  const { log, now } = findOwn(accounts, { accessKeyId, instance });
  const workload = { ...log.workload, ...withoutUndefined(changes) };
  if (long !== undefined) workload.long = long ?? undefined;
  const from = log.changeWorkload(workload, now);
  return { ...workload, from };
}

function showWorkload(accounts: Accounts, { values }: Input): unknown {
  const { from, to, ...key } = logBodies.window.parse(values);
  const window = { ...find(accounts, key).log.workload, from, to };
  return { records: generatedRecords(window), text: generatedText(window) };
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
  const files = generalFiles(find(accounts, key)).filter(
    ({ name }) => logFileName === undefined || name === logFileName,
  );
  if (logFileName !== undefined && files.length === 0) throw noFile(logFileName);
  return new PlainText(streamAll(files));
}

function showFiles(accounts: Accounts, { values }: Input): unknown {
  const found = find(accounts, instanceKey.parse(values));
  const files = generalFiles(found).map(({ name, size, lastWritten }) => ({
    logFileName: name,
    size,
    lastWritten,
  }));
  const notices = found.account.diskLogs.get(found.instance.identifier)?.notices ?? [];
  return { isLogging: found.log.isLogging, files, notices };
}

function lose(accounts: Accounts, { values }: Input): void {
  const { logFileName, ...key } = logBodies.file.parse(values);
  const { log, now } = findOwn(accounts, key);
  if (!log.lose(logFileName, now)) throw noFile(logFileName);
}

function rotate(accounts: Accounts, { values }: Input): unknown {
  const { suffix, gapMs, ...key } = logBodies.rotation.parse(values);
  const { log, now } = findOwn(accounts, key);
  if (suffix !== undefined) log.suffixStyle = suffix;
  if (gapMs !== undefined) log.rotationGapMs = gapMs;
  const renamed = log.rotate(now);
  if (renamed === undefined) throw noFile(LIVE_FILE);
  return { logFileName: renamed.name };
}

function truncate(accounts: Accounts, { values }: Input): void {
  const { size, ...key } = logBodies.truncation.parse(values);
  const { log, now } = findOwn(accounts, key);
  if (!log.truncate(size, now)) throw new ControlError(409, `There is no ${LIVE_FILE} of ${size} bytes`);
}

function changePortions(accounts: Accounts, { values }: Input): void {
  const { accessKeyId, instance, ...behaviour } = logBodies.portions.parse(values);
  const { account } = find(accounts, { accessKeyId, instance });
  const before = account.portionBehaviour.get(instance) ?? DEFAULT_BEHAVIOUR;
  account.portionBehaviour.set(instance, { ...before, ...withoutUndefined(behaviour) });
}

function find(accounts: Accounts, key: { accessKeyId: string; instance: string }): Found {
  const account = accountOf(accounts, key);
  const instance = account.instances.get(key.instance);
  if (instance === undefined) throw new ControlError(404, `The account has no instance ${key.instance}`);
  const now = nowOf(account);
  const log = logOf(account, instance, now);
  if (log === undefined) throw new ControlError(409, `${instance.engine} has no general log`);
  return { account, instance, log, now };
}

/** The same, of an instance whose log is of the local AWS's own making. */
function findOwn(accounts: Accounts, key: { accessKeyId: string; instance: string }): Found {
  const found = find(accounts, key);
  if (found.account.diskLogs.has(found.instance.identifier)) {
    throw new ControlError(
      409,
      "The log of this instance is a real server's file: only that server writes to it",
    );
  }
  return found;
}

/** The general log's files, oldest first: by their hours, since their names don't sort so. */
function generalFiles({ account, instance, now }: Found): LogSource[] {
  return logFiles(account, instance, now)
    .filter(({ name }) => name.startsWith(LIVE_FILE))
    .sort((a, b) => a.hour - b.hour);
}

function* streamAll(files: readonly LogSource[]): Iterable<Buffer> {
  for (const file of files) yield* file.stream(STREAM_CHUNK_BYTES);
}

function noFile(name: string): ControlError {
  return new ControlError(404, `The instance has no log file ${name}`);
}
