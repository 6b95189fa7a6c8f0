import type { Command } from "commander";
import { type Cli, serviceOf } from "../cli.ts";
import { EXIT } from "../failure.ts";
import { CAPTURE_WORDS, findCaptureId } from "../finding.ts";
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
      const stopped = await service.client.captures.stop(id, { signal: cli.signal });
      const shown = wait ? await follow(cli, service, id) : stopped;
      if (cli.global.json) printJson(cli, shown);
      else print(cli, saidOf(cli, shown));
      if (shown.status === "FAILED") process.exitCode = EXIT.failed;
    });
}
