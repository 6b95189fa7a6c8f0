import type { Command } from "commander";
import { type Capture, CapturesError } from "../../client/index.ts";
import { type Cli, type Service, serviceOf } from "../cli.ts";
import { EXIT, Failure } from "../failure.ts";
import { CAPTURE_WORDS, findCaptureId, ofCapture } from "../finding.ts";
import { follow } from "../following.ts";
import { saidOf } from "../outcome.ts";
import { print, printJson } from "../terminal/print.ts";

/** `captures stop`: ends a capture that runs. */
export function addStop(program: Command, cli: Cli): void {
  program
    .command("stop")
    .description("Stop a capture that runs; what it has recorded is kept.")
    .argument("<capture>", CAPTURE_WORDS)
    .option("-w, --wait", "wait until the rest of its log is read")
    .addHelpText(
      "after",
      `
One that does not run yet is not stopped but cancelled: captures cancel. With --json it prints the capture.

Examples:
  captures stop 7
  captures stop last --wait`,
    )
    .action(async (text: string, { wait }: { wait?: true }) => {
      const service = serviceOf(cli);
      const id = await findCaptureId(service, text);
      const stopped = await ofCapture(id, stop(service, id));
      const shown = wait ? await follow(cli, service, id) : stopped;
      if (cli.global.json) printJson(cli, shown);
      else print(cli, saidOf(cli, shown));
      if (shown.status === "FAILED") process.exitCode = EXIT.failed;
    });
}

/** The states of a capture that does not run yet. */
const BEFORE: readonly Capture["status"][] = ["SCHEDULED", "STARTED", "STARTING"];

/** Stops a capture. @throws Failure for one that does not run yet, with the command that ends it */
async function stop({ client, signal }: Service, id: number): Promise<Capture> {
  try {
    return await client.captures.stop(id, { signal });
  } catch (error) {
    if (!(error instanceof CapturesError && error.status === 409)) throw error;
    const { status } = await client.captures.get(id, { signal });
    if (!BEFORE.includes(status)) throw error;
    const hint = `captures cancel ${id} ends it.`;
    throw new Failure(`Capture ${id} is ${status}: it does not run yet`, EXIT.failed, hint);
  }
}
