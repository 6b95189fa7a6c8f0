import type { Command } from "commander";
import { type Cli, serviceOf } from "../cli.ts";
import { findCaptureId, ofCapture } from "../finding.ts";
import { saidOf } from "../outcome.ts";
import { print, printJson, say } from "../terminal/print.ts";

/** `captures restore`: brings a deleted capture back. */
export function addRestore(program: Command, cli: Cli): void {
  program
    .command("restore")
    .description("Bring a deleted capture back.")
    .argument("<capture>", "its id, or its address in the console")
    .addHelpText(
      "after",
      `
With --json it prints the capture.

Example:
  captures restore 7`,
    )
    .action(async (text: string) => {
      const service = serviceOf(cli);
      const id = await findCaptureId(service, text);
      const before = await ofCapture(id, service.client.captures.getFull(id, { signal: cli.signal }));
      const restored = await service.client.captures.restore(id, { signal: cli.signal });
      if (before.deletedAt === null) say(cli, `note: Capture ${id} was not deleted: nothing has changed.`);
      if (cli.global.json) printJson(cli, restored);
      else print(cli, saidOf(cli, restored));
    });
}
