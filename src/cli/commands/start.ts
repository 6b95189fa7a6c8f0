import { type Command, Option } from "commander";
import type { Capture, Environment, NewCapture } from "../../client/index.ts";
import { type Cli, type Service, serviceOf } from "../cli.ts";
import { endCapture } from "../ending.ts";
import { EXIT, Failure } from "../failure.ts";
import { follow } from "../following.ts";
import {
  addRecordingOptions,
  chooseEnvironment,
  type NewCaptureOptions,
  nameOf,
  recordingOf,
  secondsOf,
} from "../new-capture.ts";
import { durationOption, momentOption } from "../options.ts";
import { saidOf } from "../outcome.ts";
import { askChoice } from "../terminal/ask.ts";
import { formatTime } from "../terminal/format.ts";
import { print, printJson, say } from "../terminal/print.ts";
import { captureAddress } from "../terminal/status.ts";
import { clean } from "../terminal/text.ts";

interface StartOptions extends NewCaptureOptions {
  until?: Date;
  at?: Date;
  since?: Date;
  wait?: true | "running" | "done";
}

/** `captures start`: a capture, now, later or of the past. */
export function addStart(program: Command, cli: Cli): void {
  const command = program
    .command("start")
    .description("Make a capture: one that starts now, at a time, or has begun in the past.")
    .option("-e, --env <name>", "the environment, by its name or id (or the variable CAPTURES_ENV)")
    .option("--name <name>", "its name, unique in the environment; else made of the time")
    .option("--for <duration>", "how long it is to run, such as 10m", durationOption)
    .option("--until <time>", "when it is to end, such as 18:00", momentOption("next"))
    .option("--at <time>", "when it is to start, such as tomorrow 02:00", momentOption("next"))
    .option("--since <time>", "begin in the past, with what the log still has", momentOption("last"));
  addRecordingOptions(command)
    .addOption(
      new Option("-w, --wait [state]", "wait until it has ended, or until it records").choices([
        "running",
        "done",
      ]),
    )
    .addHelpText(
      "after",
      `
Without --for and --until it runs until it is stopped. With --wait it shows how the capture gets on, and exits with 1 if it fails.
Ctrl-C then asks whether to stop the capture; a second Ctrl-C leaves it running. Where nobody can be asked, it is left running.
With --json it prints the capture, after --wait as it is then.

Examples:
  captures start --env prod --for 10m --log slow --wait
  captures start --env prod --name nightly --at "tomorrow 02:00" --for 1h
  captures start --env prod --since "15m ago" --until now --label incident=42`,
    )
    .action(async (options: StartOptions) => {
      const service = serviceOf(cli);
      const environment = await chooseEnvironment(cli, service, options.env);
      const now = new Date();
      const wanted: NewCapture = {
        name: options.name ?? nameOf("cli", now),
        envId: environment.id,
        ...timesOf(options, now),
        ...recordingOf(options),
      };
      const made = await service.client.captures.create(wanted, { signal: cli.signal });
      sayMade(cli, service, made, environment);
      if (options.wait === undefined) {
        if (cli.global.json) printJson(cli, made);
        return;
      }
      const target = options.wait === "running" ? "RUNNING" : "DONE";
      const ended = await waitFor(cli, service, made.id, target);
      if (cli.global.json) printJson(cli, ended);
      else print(cli, saidOf(cli, ended));
      if (ended.status === "FAILED") process.exitCode = EXIT.failed;
    });
}

/**
 * When it is to begin and how long it is to run, for the API.
 * @throws Failure for options that contradict each other
 */
export function timesOf(
  { for: length, until, at, since }: StartOptions,
  now: Date,
): Pick<NewCapture, "scheduledStart" | "start" | "duration"> {
  if (at !== undefined && since !== undefined)
    throw new Failure("--at is for a start to come, --since for one that has passed: give one", EXIT.usage);
  if (length !== undefined && until !== undefined)
    throw new Failure("--for and --until both say when it ends: give one", EXIT.usage);
  const from = at ?? since ?? now;
  if (until !== undefined && until <= from)
    throw new Failure(`It can't end at ${formatTime(until)}, before it begins`, EXIT.usage);
  const milliseconds = until === undefined ? length : until.getTime() - from.getTime();
  return {
    ...(at !== undefined && { scheduledStart: at }),
    ...(since !== undefined && { start: since }),
    ...(milliseconds !== undefined && { duration: secondsOf(milliseconds) }),
  };
}

function sayMade(cli: Cli, { baseUrl }: Service, capture: Capture, environment: Environment): void {
  const { id, name, status, scheduledStart, scheduledEnd } = capture;
  const times = [
    scheduledStart === null ? null : `starts ${formatTime(scheduledStart)}`,
    scheduledEnd === null ? "runs until it is stopped" : `ends ${formatTime(scheduledEnd)}`,
  ].filter((time) => time !== null);
  const line = `Capture ${id} "${clean(name)}" of ${clean(environment.name)}: ${status}, ${times.join(", ")}`;
  const address = captureAddress(baseUrl, id);
  // Standard output is for the JSON alone.
  const write = cli.global.json ? say : print;
  write(cli, line);
  write(cli, address);
}

/** Follows a capture that was just made; Ctrl-C asks what is to become of it. */
function waitFor(cli: Cli, service: Service, id: number, target: "RUNNING" | "DONE"): Promise<Capture> {
  return follow(cli, service, id, {
    until: ({ status }) => target === "RUNNING" && (status === "RUNNING" || status === "STOPPING"),
    onInterrupt: (capture, signal) => askWhatToDo(cli, service, capture, signal),
  });
}

async function askWhatToDo(cli: Cli, service: Service, { id, status }: Capture, signal: AbortSignal) {
  const left = new Failure(
    "Interrupted",
    EXIT.interrupted,
    `Capture ${id} goes on: captures watch ${id} shows it, captures stop ${id} ends it.`,
  );
  if (!cli.isInteractive) throw left;
  const end = status === "RUNNING" ? "Stop it" : "Cancel it";
  const choices = [
    { value: "end", label: status === "STOPPING" ? "Let it end, and leave" : end },
    { value: "leave", label: "Leave it running" },
    { value: "wait", label: "Go on waiting" },
  ];
  const answer = await askChoice(cli, `What is to become of capture ${id}?`, choices, signal).catch(
    (error) => {
      // It has ended meanwhile.
      if (signal.aborted) return "wait";
      throw error instanceof Failure ? left : error;
    },
  );
  if (answer === "leave") throw left;
  if (answer === "end") await endCapture(service, id);
}
