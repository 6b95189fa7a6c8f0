import { writeFileSync } from "node:fs";
import { type Command, Option } from "commander";
import { type Capture, CapturesError } from "../../client/index.ts";
import { type Cli, type Service, serviceOf } from "../cli.ts";
import { endCapture } from "../ending.ts";
import { Failure } from "../failure.ts";
import { writeFailure } from "../files/write-failure.ts";
import { follow } from "../following.ts";
import {
  addRecordingOptions,
  chooseEnvironment,
  type NewCaptureOptions,
  nameOf,
  recordingOf,
  secondsOf,
} from "../new-capture.ts";
import { durationOption } from "../options.ts";
import { requireProgram, runProgram } from "../running.ts";
import { formatBetween, formatDuration } from "../terminal/format.ts";
import { printJson, say } from "../terminal/print.ts";
import { captureAddress } from "../terminal/status.ts";
import { clean } from "../terminal/text.ts";

interface RunOptions extends NewCaptureOptions {
  for: number;
  anyway?: true;
  wait: boolean;
  idFile?: string;
}

/** So long a capture goes on at most when this command was killed and could not stop it. */
const LONGEST_MS = 24 * 3600 * 1000;
/** How long stopping the capture may take, also when the command was told to end. */
const STOP_MS = 60_000;

/** `captures run`: a capture of what goes on while a program runs. */
export function addRun(program: Command, cli: Cli): void {
  const command = program
    .command("run")
    .description("Run a program, and capture the database meanwhile.")
    .usage("[options] -- PROGRAM [ARGUMENTS...]")
    .argument("<program...>", "the program and its arguments, after --")
    .option("-e, --env <name>", "the environment, by its name or id (or the variable CAPTURES_ENV)")
    .option("--name <name>", "the capture's name; else made of the program's and the time")
    .addOption(
      new Option("--for <duration>", "end the capture after so long, whatever the program does")
        .argParser(durationOption)
        .default(LONGEST_MS, formatDuration(LONGEST_MS)),
    );
  addRecordingOptions(command)
    .option("--anyway", "run the program even if there can be no capture")
    .option("--no-wait", "do not wait until the rest of the log is read")
    .option("--id-file <file>", "write the capture's id into this file, as soon as there is one")
    .addHelpText(
      "after",
      `
The program starts once the capture records, with this terminal's input and output. It gets the signals that this command gets.
When it has ended, the capture is stopped. The exit code is the program's; 128 and a signal's number if a signal has ended it.
If the capture can't start, the program is not run, unless --anyway is given.
With --json the capture is the last line of standard output, after the program's own.

Examples:
  captures run --env staging --log slow -- ./load-test.sh
  captures run --env staging --label branch=$BRANCH --id-file capture.id -- pgbench -T 60`,
    )
    .action((words: string[], options: RunOptions) => run(cli, words, options));
}

async function run(cli: Cli, words: readonly string[], options: RunOptions): Promise<void> {
  requireProgram(words[0] as string, cli.env.PATH ?? "");
  const capture = await begin(cli, words, options).catch((error) => {
    if (!options.anyway || cli.signal.aborted) throw error;
    if (!(error instanceof Failure || error instanceof CapturesError)) throw error;
    say(cli, `${clean(error.message)}. The program runs without a capture.`);
    return null;
  });
  const code = await runProgram(words, cli.takeSignals);
  if (capture !== null) await finish(cli, capture, options);
  process.exitCode = code;
}

/** Makes the capture, and waits until it records. @throws Failure when it does not come to that */
async function begin(cli: Cli, words: readonly string[], options: RunOptions): Promise<Capture> {
  const service = serviceOf(cli);
  const environment = await chooseEnvironment(cli, service, options.env);
  const { id } = await service.client.captures.create(
    {
      name: options.name ?? nameOf(words[0] as string, new Date()),
      envId: environment.id,
      duration: secondsOf(options.for),
      ...recordingOf(options),
    },
    { signal: cli.signal },
  );
  try {
    if (options.idFile !== undefined) writeId(options.idFile, id);
    say(cli, `Capture ${id} of ${clean(environment.name)}: ${captureAddress(service.baseUrl, id)}`);
    const capture = await follow(cli, service, id, {
      until: ({ status }) => status === "RUNNING" || status === "STOPPING",
    });
    if (capture.status === "RUNNING") return capture;
    throw new Failure(`Capture ${id} did not start: ${capture.reason ?? capture.status}`);
  } catch (error) {
    await endCapture(withoutInterrupts(service), id).catch(() =>
      say(cli, `Capture ${id} may go on: captures cancel ${id} ends it.`),
    );
    throw error;
  }
}

/** @throws Failure when the file can't be written */
function writeId(file: string, id: number): void {
  try {
    writeFileSync(file, `${id}\n`);
  } catch (error) {
    throw writeFailure(file, error);
  }
}

/** Stops the capture, and says what has become of it. What goes wrong here does not change the program's exit code. */
async function finish(cli: Cli, { id }: Capture, { wait }: RunOptions): Promise<void> {
  const service = serviceOf(cli);
  let capture: Capture | null = null;
  try {
    capture = await endCapture(withoutInterrupts(service), id);
    if (wait && !cli.signal.aborted) capture = await follow(cli, service, id);
  } catch (error) {
    if (!(error instanceof Failure || error instanceof CapturesError)) throw error;
    const hint = capture === null ? `Capture ${id} may go on: captures stop ${id} ends it.` : "";
    say(cli, `${clean(error.message)}. ${hint}`.trimEnd());
    if (capture === null) return;
  }
  const { status, start, end, reason } = capture;
  const length = start !== null && end !== null ? `, ${formatBetween(start, end)}` : "";
  const why = reason === null ? "" : `: ${clean(reason)}`;
  say(cli, `Capture ${id}: ${status}${length}${why}`);
  say(cli, captureAddress(service.baseUrl, id));
  if (cli.global.json) printJson(cli, capture);
}

/** The service for what has to be done also when the command was told to end. */
const withoutInterrupts = (service: Service): Service => ({
  ...service,
  signal: AbortSignal.timeout(STOP_MS),
});
