import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { ConnectionOptions } from "mysql2";
import type { MissingRecords } from "../../client/index.ts";
import { toHtml } from "../../workload/report/html.ts";
import type { Cli } from "../cli.ts";
import { EXIT, Failure } from "../failure.ts";
import { openTarget } from "../files/target.ts";
import { STANDARD_OUTPUT } from "../files/write-failure.ts";
import { CAPTURE_WORDS } from "../finding.ts";
import { countOption, durationWithUnitOption, labelOption, momentOption } from "../options.ts";
import type { LeftOutReason, LostState, Outcome, ReplayEnd } from "../replay/outcome.ts";
import { SourceLost, TargetLost } from "../replay/replay.ts";
import { type BaseReplay, makeReplayReport } from "../replay/report.ts";
import { type ReplayResult, resultFormat } from "../replay/result.ts";
import { ReplayTally } from "../replay/tally.ts";
import { parseTarget, showTarget, type Target } from "../replay/target.ts";
import type { ThreadData } from "../replay/thread-messages.ts";
import { replayInThreads } from "../replay/threads.ts";
import type { Wanted } from "../replay/wanted-records.ts";
import { type Recording, recordingIn, recordingOf } from "../replaying/recording.ts";
import { askAboutTarget, reachTarget } from "../replaying/target.ts";
import { formatCount, formatDuration } from "../terminal/format.ts";
import { say } from "../terminal/print.ts";
import { showProgress } from "../terminal/progress.ts";
import { toText } from "../terminal/report-text.ts";

interface Options extends Omit<Wanted, "to"> {
  /** The server; not read by the parser of options, whose refusal would show its password. */
  to: string;
  from?: Date;
  before?: Date;
  file?: string;
  speed: number | "max";
  writes?: boolean;
  maxConnections: number;
  pipelining: boolean;
  log?: "general" | "slow";
  compare?: string;
  report?: Format;
  output: string;
  yes?: boolean;
}

type Format = "text" | "json" | "html";
const FORMATS: Format[] = ["text", "json", "html"];

const MAX_CONNECTIONS = 100_000;
const PROGRESS_MS = 200;
/** At full speed, where there are so many processors at least. On fewer, a second thread takes from the first, and memory. */
const MAX_THREADS = 2;
const PROCESSORS_FOR_ALL = 3;

/** `captures replay`: runs a capture's statements again, on another server. */
export function addReplay(program: Command, cli: Cli): void {
  program
    .command("replay")
    .description("Replay a capture on a copy of the database: its sessions, in their order, at their pace.")
    .argument("[capture]", `${CAPTURE_WORDS}; or --file`)
    .requiredOption("--to <address>", "the server: mysql://user@host:3306/database")
    .option(
      "--file <path>",
      "a file of captures download instead: NDJSON, packed by gzip or not; - is standard input",
    )
    .option("--speed <factor>", "how many times as fast as recorded, or max", speedOption, 1)
    .option("--writes", "also run what changes data or definitions")
    .option("--max-connections <number>", "sessions wait for a free one", countOption(MAX_CONNECTIONS), 100)
    .option("--no-pipelining", "at --speed max, await each answer before a session's next statement is sent")
    .addOption(
      new Option("--log <log>", "of a capture of both logs; general by default").choices(["general", "slow"]),
    )
    .option("--contains <text>", "only statements with this text, in any letter case")
    .option("--table <name>", "only those that read or write a table: orders, or shop.orders")
    .option("--fingerprint <hex>", "only the statement with this fingerprint of the digest")
    .option("--user <name>", "only of this user's connections")
    .option("--host <name>", "only from this host")
    .option("--db <name>", "only with this default database")
    .option("--thread <id>", "only of this connection", countOption(Number.MAX_SAFE_INTEGER, 0))
    .option(
      "--tag <key=value>",
      "only with this tag of sqlcommenter; several are all to be there",
      labelOption,
    )
    .option(
      "--min-duration <duration>",
      "only what took so long in the slow log, such as 250ms",
      durationWithUnitOption,
    )
    .option("--errors", "only what ended with an error in the slow log")
    .option("--from <time>", "only from this moment of the recording on", momentOption("last"))
    .option("--before <time>", "only before this moment of the recording", momentOption("last"))
    .option("--compare <file>", "the report in JSON of another replay, to compare with")
    .addOption(
      new Option("--report <format>", "by default what the file's name says, else text").choices(FORMATS),
    )
    .option("-o, --output <file>", "where the report goes; - is standard output", STANDARD_OUTPUT)
    .option("-y, --yes", "do not ask, also where the server is one that captures are made of")
    .addHelpText("after", HELP)
    .action((text: string | undefined, options: Options) => run(cli, text, options));
}

const HELP = `
The password is that of the address, or of the variable MYSQL_PWD, or is asked for. Behind the database may stand
?ssl=disabled, required or verified (required by default, but on this machine), ?ssl-ca=FILE and ?socket=PATH.
Statements about accounts, replication and the server are never run. Without --writes, nothing that changes data is run
either, and every connection is read-only to the server. With it, the server's own routines (CALL) and SQL in variables are
run, whatever they do. Ctrl-C ends it in order, with the report so far.

Examples:
  captures replay 7 --to mysql://root@localhost/shop
  captures replay last --to mysql://app@copy.example.com/shop --speed max --writes -o replay.html
  captures replay --file capture-7.ndjson.gz --to mysql://root@localhost --report json -o after.json --compare before.json`;

async function run(cli: Cli, text: string | undefined, options: Options): Promise<void> {
  if ((text === undefined) === (options.file === undefined))
    throw new Failure("Say which capture, or give a --file", EXIT.usage);
  const format = formatOf(cli, options);
  const base = baseOf(options.compare);
  const target = parseTarget(options.to);
  if (typeof target === "string") throw new Failure(target, EXIT.usage);
  checkRange(options);
  const file = options.file === undefined ? null : await recordingIn(options.file);
  const output = await openTarget(cli, options.output);
  let release = () => {};
  try {
    await askAboutTarget(cli, target, options);
    const connection = await reachTarget(cli, target);
    const interruption = takeInterruption(cli, () => void output.discard());
    release = interruption.release;
    const { signal } = interruption;
    const recording = file ?? (await recordingOf(cli, text as string, options, signal));
    const { result, failure } = await replayed(cli, options, target, connection, recording, signal);
    if (result.statements === 0 && failure === null)
      say(cli, `No statement was replayed: ${whyNone(result)}`);
    await output.write(written(format, result, base, widthFor(cli, options)));
    await output.commit();
    if (options.output !== STANDARD_OUTPUT) say(cli, `Wrote ${options.output}`);
    if (failure !== null) throw failure;
  } catch (error) {
    // Nothing is left to discard where the report was written.
    await output.discard();
    throw error;
  } finally {
    release();
  }
}

/** @throws Failure when nothing can be in the time that was asked for */
function checkRange({ from, before }: Options): void {
  if (from !== undefined && before !== undefined && from >= before)
    throw new Failure("--from has to be before --before", EXIT.usage);
}

const whyNone = ({ leftOut }: ReplayResult): string =>
  Object.keys(leftOut).length === 0
    ? "the recording has none"
    : "all records were left out, and the report says why";

/** Has the first Ctrl-C end the replay in order, and the second at once. @param discard what is left of the report then */
function takeInterruption(cli: Cli, discard: () => void): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const release = cli.takeInterrupt(() => {
    if (controller.signal.aborted) {
      discard();
      process.exit(EXIT.interrupted);
    }
    say(cli, "Ending the replay: what runs has five seconds. Ctrl-C again ends it at once.");
    controller.abort(new Failure("Interrupted", EXIT.interrupted));
  });
  return { signal: AbortSignal.any([controller.signal, cli.signal]), release };
}

/** Replays, and shows how it gets on. */
async function replayed(
  cli: Cli,
  options: Options,
  target: Target,
  connection: ConnectionOptions,
  { chunks, name, capture, isRedacted, from, to, notes }: Recording,
  signal: AbortSignal,
): Promise<{ result: ReplayResult; failure: Failure | null }> {
  const { maxConnections } = options;
  const speed = options.speed === "max" ? null : options.speed;
  const writes = options.writes === true;
  const tally = new ReplayTally(speed !== null);
  const progress = showProgress(cli);
  const began = performance.now();
  const update = () => {
    const done =
      tally.recordedAt === null || from === null || to === null
        ? null
        : (tally.recordedAt / 1000 - from) / (to - from);
    progress.update({
      label: "Replaying",
      fraction: done,
      details: [
        `${formatCount(tally.statements)} statements`,
        `${formatCount(Math.round(tally.statements / Math.max(1, (performance.now() - began) / 1000)))}/s`,
        `${formatCount(tally.failed)} failed`,
        `${formatCount(tally.connections)} connections`,
        ...(speed === null ? [] : [`late by ${formatDuration(Math.round(tally.lateMicros / 1000))}`]),
      ],
    });
  };
  const timer = setInterval(update, PROGRESS_MS);
  let end: ReplayEnd;
  let failure: Failure | null = null;
  let endedBy: string | null = null;
  try {
    const data: ThreadData = {
      options: { speed, writes, maxConnections, isRedacted },
      wanted: { ...options, to: options.before },
      connection,
      db: target.db,
      mayPipeline: speed === null && options.pipelining,
    };
    const onMissing = (missing: MissingRecords) =>
      void notes.push(`Records are lost in the service's storage: ${JSON.stringify(missing)}`);
    const threads = speed === null && availableParallelism() >= PROCESSORS_FOR_ALL ? MAX_THREADS : 1;
    end = await replayInThreads(chunks, data, threads, tellingMissing(tally, onMissing), signal);
    if (!end.isWhole) {
      endedBy = "It was interrupted";
      failure = new Failure("Interrupted", EXIT.interrupted);
    }
  } catch (error) {
    if (!(error instanceof TargetLost || error instanceof SourceLost)) throw error;
    // Where not a single record was read, there is nothing to report.
    if (error instanceof SourceLost && error.end.recordedFrom === null) throw new Failure(error.message);
    end = error.end;
    endedBy = error.message;
    failure = new Failure(error.message);
  } finally {
    clearInterval(timer);
    progress.clear();
  }
  const plan = {
    source: { capture, name },
    target: showTarget(target).replace(/^.*@/, ""),
    speed,
    writes,
    options: asked(options),
    endedBy,
    notes,
  };
  return { result: tally.result(plan, end), failure };
}

/** A tally that is also told of missing records. */
function tellingMissing(tally: ReplayTally, onMissing: (missing: MissingRecords) => void) {
  return {
    onMissing,
    onOutcome: (outcome: Outcome) => tally.onOutcome(outcome),
    onLeftOut: (reason: LeftOutReason) => tally.onLeftOut(reason),
    onConnections: (open: number) => tally.onConnections(open),
    onStateLost: (state: LostState) => tally.onStateLost(state),
  };
}

/** The filters and limits that were asked for, in words. */
function asked(options: Options): string[] {
  const { contains, table, fingerprint, user, host, db, thread, minDuration, errors, from, before, log } =
    options;
  const given: Record<string, string | number | undefined> = {
    contains,
    table,
    fingerprint,
    user,
    host,
    db,
    thread,
    log,
    "min-duration": minDuration === undefined ? undefined : `${minDuration}ms`,
    from: from?.toISOString(),
    before: before?.toISOString(),
  };
  const words = Object.entries(given).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name} ${value}`],
  );
  for (const [key, value] of Object.entries(options.tag ?? {})) words.push(`--tag ${key}=${value}`);
  if (errors) words.push("--errors");
  if (!options.pipelining) words.push("--no-pipelining");
  return [...words, `--max-connections ${options.maxConnections}`];
}

function baseOf(file: string | undefined): BaseReplay | null {
  if (file === undefined) return null;
  try {
    return { name: basename(file), result: resultFormat().parse(readFileSync(file, "utf8")) };
  } catch (error) {
    throw new Failure(`${file} is no report of a replay in JSON: ${(error as Error).message}`, EXIT.usage);
  }
}

function formatOf(cli: Cli, { report, output }: Options): Format {
  if (cli.global.json && report !== undefined && report !== "json")
    throw new Failure(`--json and --report ${report} are two formats`, EXIT.usage);
  if (cli.global.json) return "json";
  if (report !== undefined) return report;
  if (/\.html?$/i.test(output)) return "html";
  return /\.json$/i.test(output) ? "json" : "text";
}

/** Of the terminal that shows the report, in columns; undefined where it is a file's or a pipe's. */
const widthFor = ({ out }: Cli, { output }: Options): number | undefined =>
  output === STANDARD_OUTPUT && out.isTTY ? out.columns : undefined;

function written(format: Format, result: ReplayResult, base: BaseReplay | null, width?: number): string {
  if (format === "json") return `${resultFormat().stringify(result)}\n`;
  const report = makeReplayReport(result, base);
  return format === "html" ? toHtml(report) : toText(report, width);
}

function speedOption(text: string): number | "max" {
  if (text === "max") return text;
  const speed = /^\d{1,6}(?:\.\d{1,6})?$/.test(text) ? Number(text) : 0;
  if (speed <= 0) throw new InvalidArgumentError("It has to be a number above 0, or max.");
  return speed;
}
