import { basename } from "node:path";
import type { Command } from "commander";
import { Option } from "commander";
import type { NewCapture } from "../client/index.ts";
import { CAPTURED_LOGS } from "../logs/names.ts";
import type { Cli, Service } from "./cli.ts";
import { EXIT, Failure } from "./failure.ts";
import { findEnvironment, whichEnvironments } from "./finding.ts";
import { durationWithUnitOption, labelOption, sizeOption } from "./options.ts";
import { askChoice } from "./terminal/ask.ts";
import { formatClock } from "./terminal/format.ts";
import { clean } from "./terminal/text.ts";

/** The options of the commands that make a capture. */
export interface NewCaptureOptions {
  env?: string;
  name?: string;
  for?: number;
  log: NonNullable<NewCapture["log"]>;
  minDuration?: number;
  redact?: "literals";
  maxSize?: number;
  label?: Record<string, string>;
  notes?: string;
}

/** Gives a command the options that say how to record. */
export function addRecordingOptions(command: Command): Command {
  return command
    .addOption(new Option("--log <log>", "which log to record").choices(CAPTURED_LOGS).default("general"))
    .option(
      "--min-duration <duration>",
      "of the slow log only statements that took so long, such as 100ms",
      durationWithUnitOption,
    )
    .addOption(new Option("--redact <what>", "store ? in place of every literal").choices(["literals"]))
    .option("--max-size <size>", "end when so much is recorded, such as 500MB", sizeOption)
    .option("-l, --label <key=value>", "a label to find it by; several times for several", labelOption)
    .option("--notes <text>", "what there is to say about it");
}

/** What the API is told of those options. */
export const recordingOf = (options: NewCaptureOptions) => ({
  log: options.log,
  ...(options.minDuration !== undefined && { minDuration: options.minDuration }),
  ...(options.redact !== undefined && { redact: options.redact }),
  ...(options.maxSize !== undefined && { maxBytes: options.maxSize }),
  ...(options.label !== undefined && { labels: options.label }),
  ...(options.notes !== undefined && { notes: options.notes }),
});

/** A name for a capture that was given none: what it is of, and when. Arguments are not in it, as there may be secrets in them. */
export const nameOf = (what: string, now: Date): string =>
  `${basename(what).slice(0, 70)} ${formatClock(now)}`;

/** A duration in the API's whole seconds; a part of one is not lost. */
export const secondsOf = (milliseconds: number): number => Math.ceil(milliseconds / 1000);

/**
 * The environment to capture: what `--env` says, or CAPTURES_ENV, or what somebody chooses.
 * @throws Failure when nothing says it, or it is none
 */
export async function chooseEnvironment(cli: Cli, service: Service, given: string | undefined) {
  const text = given || cli.env.CAPTURES_ENV;
  if (text) return findEnvironment(service, text);
  const environments = await service.client.environments.list({ signal: cli.signal });
  if (environments.length === 0)
    throw new Failure("There is no environment yet", EXIT.failed, "captures env add makes one.");
  if (!cli.isInteractive)
    throw new Failure("Which environment?", EXIT.usage, `Say --env NAME. ${whichEnvironments(environments)}`);
  const chosen = await askChoice(
    cli,
    "Which environment?",
    environments.map(({ id, name, instance, ready }) => ({
      value: id,
      label: clean(name),
      hint: ready ? instance : `${instance}, not ready: see captures env check`,
    })),
  );
  return environments.find(({ id }) => id === chosen) as (typeof environments)[number];
}
