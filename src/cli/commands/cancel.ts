import type { Command } from "commander";
import { type Cli, serviceOf } from "../cli.ts";
import { CAPTURE_WORDS, findCaptureId } from "../finding.ts";
import { saidOf } from "../outcome.ts";
import { print, printJson } from "../terminal/print.ts";

/** `captures cancel`: ends a capture before it runs. */
export function addCancel(program: Command, cli: Cli): void {
  program
    .command("cancel")
    .description("Cancel a capture that does not run yet.")
    .argument("<capture>", CAPTURE_WORDS)
    .addHelpText(
      "after",
      `
It is FAILED then, and its history says who has cancelled it. With --json it prints the capture.

Example:
  captures cancel nightly`,
    )
    .action(async (text: string) => {
      const service = serviceOf(cli);
      const id = await findCaptureId(service, text);
      const cancelled = await service.client.captures.cancel(id, { signal: cli.signal });
      if (cli.global.json) printJson(cli, cancelled);
      else print(cli, saidOf(cli, cancelled));
    });
}
